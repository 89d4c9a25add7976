//! The model as clients name it in filters and sorts.

use expr::{
    Caller, DocumentId, EntityId, EnumId, FieldId, FieldInfo, JsonShape, Kind, LiteralValue,
    Schema, Value,
};
use model::{FieldKind, Model, Rule};

/// The model without the fields that the caller may never read, and with null wherever a read rule
/// may hide something.
pub(super) struct ClientSchema<'m> {
    pub(super) model: &'m Model,
    pub(super) caller: &'m Caller<'m>,
    /// Whether no rule hides anything.
    pub(super) is_trusted: bool,
}

impl Schema for ClientSchema<'_> {
    fn entity_name(&self, entity: EntityId) -> &str {
        self.model.entity_name(entity)
    }

    fn field(&self, entity: EntityId, name: &str) -> Option<FieldInfo> {
        let mut info = Schema::field(self.model, entity, name)?;
        let field = self.model.entity(entity).field(info.id);
        let may_read = match self.is_trusted {
            true => !field.private,
            false => super::may_read(self.model, self.caller, entity, info.id),
        };
        if !may_read {
            return None;
        }
        let row_may_hide = match &field.kind {
            FieldKind::ToOne(relation) => {
                let rule = self.model.entity(relation.target).rules.read.as_ref();
                rule.is_none_or(may_hide)
            }
            _ => false,
        };
        info.nullable |= row_may_hide || field.rules.read.as_ref().is_some_and(may_hide);
        Some(info)
    }

    fn field_names(&self, entity: EntityId) -> Vec<&str> {
        self.model
            .entity(entity)
            .fields
            .iter()
            .filter(|field| !field.private && field.rules.read.is_none())
            .map(|field| field.name.as_str())
            .collect()
    }

    fn enum_name(&self, id: EnumId) -> &str {
        Schema::enum_name(self.model, id)
    }

    fn enum_values(&self, id: EnumId) -> &[String] {
        Schema::enum_values(self.model, id)
    }

    fn shape(&self, entity: EntityId, field: FieldId) -> JsonShape {
        Schema::shape(self.model, entity, field)
    }

    fn document_name(&self, id: DocumentId) -> &str {
        Schema::document_name(self.model, id)
    }

    fn member(&self, id: DocumentId, name: &str) -> Option<JsonShape> {
        Schema::member(self.model, id, name)
    }

    fn member_names(&self, id: DocumentId) -> Vec<&str> {
        Schema::member_names(self.model, id)
    }
}

fn may_hide(rule: &Rule) -> bool {
    !matches!(rule.expr.tree.kind, Kind::Literal(LiteralValue(Value::Bool(true))))
}
