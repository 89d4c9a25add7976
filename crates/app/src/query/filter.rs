//! `filter=price > 10 && category.name == "Books"` and the short form `price[gt]=10`.

use expr::{
    CompareOp, EntityId, Expect, FieldId, Func, Kind, Node, Schema, Scope, Span, Type, Value, VarId,
};
use model::FieldKind;

use super::Query;
use super::client_schema::ClientSchema;
use crate::input::{key_value, scalar_from_text};

/// Values in one `[in]=a,b,c` at most.
const IN_VALUES_MAX: usize = 200;

/// The operators of short filters.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum FilterOp {
    /// `name=x` or `name[eq]=x`, `ne`, `lt`, `lte`, `gt`, `gte`
    Compare(CompareOp),
    /// `name[in]=a,b`
    In,
    /// `name[contains]=x`, `startsWith`, `endsWith`
    Text(Func),
    /// `name[null]=true`
    Null,
}

impl FilterOp {
    /// Reads an operator's name.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "eq" => Self::Compare(CompareOp::Eq),
            "ne" => Self::Compare(CompareOp::Ne),
            "lt" => Self::Compare(CompareOp::Lt),
            "lte" => Self::Compare(CompareOp::Le),
            "gt" => Self::Compare(CompareOp::Gt),
            "gte" => Self::Compare(CompareOp::Ge),
            "in" => Self::In,
            "contains" => Self::Text(Func::Contains),
            "startsWith" => Self::Text(Func::StartsWith),
            "endsWith" => Self::Text(Func::EndsWith),
            "null" => Self::Null,
            _ => return None,
        })
    }
}

impl Query<'_> {
    /// Adds a filter expression.
    pub fn filter(&mut self, text: &str) {
        if self.is_too_long("filter", text) {
            return;
        }
        let schema = ClientSchema(self.model, self.caller);
        if let Some(condition) = self.condition("filter", text, &schema, self.entity) {
            let condition = self.take_atoms(condition);
            self.conditions.push(condition);
        }
    }

    pub(super) fn is_too_long(&mut self, parameter: &str, text: &str) -> bool {
        let max = self.bounds.filter_bytes_max;
        let too_long = text.len() as u64 > max;
        if too_long {
            self.mistake(parameter, "too_long", format!("a condition has at most {max} bytes"));
        }
        too_long
    }

    /// Compiles a condition over the fields of a schema's entity. Its mistakes are reported.
    pub(super) fn condition(
        &mut self,
        parameter: &str,
        text: &str,
        schema: &dyn Schema,
        entity: EntityId,
    ) -> Option<Node> {
        let scope = Scope {
            schema,
            row: Some(entity),
            bare_fields: true,
            input: None,
            user: true,
            now: true,
        };
        match expr::compile(text, &scope, Expect::Type(Type::Bool)) {
            Ok(node) => Some(node),
            Err(mistakes) => {
                for mistake in mistakes {
                    let place = format!(" (at character {})", mistake.span.start + 1);
                    let help = mistake.help.map(|help| format!("; {help}")).unwrap_or_default();
                    let detail = format!("{}{help}{place}", mistake.message);
                    self.mistake(parameter, "invalid_filter", detail);
                }
                None
            }
        }
    }

    /// Takes the parts that depend on no row out of a condition, and keeps their values.
    pub(super) fn take_atoms(&mut self, condition: Node) -> Node {
        let mut prepared = expr::prepare(condition);
        prepared.tree.shift_atoms(self.atoms.len() as u16);
        self.atoms.extend(prepared.atom_values(self.caller));
        prepared.tree
    }

    /// Adds a short filter on a field.
    pub fn short_filter(&mut self, name: &str, op: FilterOp, text: &str) {
        let Some(id) = self.find_readable(self.entity, name) else {
            self.unknown_parameter(name);
            return;
        };
        let Some((left, ty)) = self.operand(id) else {
            let detail = format!("`{name}` cannot be compared; use `filter`");
            self.mistake(name, "not_comparable", detail);
            return;
        };
        let condition = match op {
            FilterOp::Compare(op) => self
                .value(name, id, text)
                .map(|right| Kind::Compare(op, Box::new(left), Box::new(right))),
            FilterOp::In => self
                .values(name, id, text, &ty)
                .map(|list| Kind::In(Box::new(left), Box::new(list))),
            FilterOp::Text(func) if ty == Type::Text => {
                let right = self.atom(Value::Text(text.to_owned()), Type::Text);
                Some(Kind::Call(func, vec![left, right]))
            }
            FilterOp::Text(_) => {
                let detail = format!("`{name}` is not text");
                self.mistake(name, "not_comparable", detail);
                None
            }
            FilterOp::Null => match text {
                "true" | "false" => {
                    let op = if text == "true" { CompareOp::Eq } else { CompareOp::Ne };
                    let null = self.atom(Value::Null, Type::Null);
                    Some(Kind::Compare(op, Box::new(left), Box::new(null)))
                }
                _ => {
                    self.mistake(name, "invalid", "use `true` or `false`");
                    None
                }
            },
        };
        if let Some(kind) = condition {
            self.conditions.push(node(kind, Type::Bool, true));
        }
    }

    /// The field as an operand of a comparison.
    fn operand(&self, id: FieldId) -> Option<(Node, Type)> {
        let field = self.model.entity(self.entity).field(id);
        let info = ClientSchema(self.model, self.caller).field(self.entity, &field.name)?;
        let row = Box::new(node(Kind::Row(VarId(0)), Type::Row(self.entity), false));
        let (kind, ty) = match &field.kind {
            FieldKind::ToOne(_) => (Kind::RefKey { of: row, field: id }, info.key?),
            FieldKind::Scalar { .. } | FieldKind::Computed { .. } => {
                (Kind::Field { of: row, field: id }, info.ty)
            }
            FieldKind::List { .. } | FieldKind::ToMany { .. } => return None,
        };
        (ty != Type::Json).then(|| (node(kind, ty.clone(), info.nullable), ty))
    }

    fn atom(&mut self, value: Value, ty: Type) -> Node {
        let nullable = value == Value::Null;
        self.atoms.push(value);
        node(Kind::Atom((self.atoms.len() - 1) as u16), ty, nullable)
    }

    fn read(&mut self, name: &str, id: FieldId, text: &str) -> Option<(Value, Type)> {
        let model = self.model;
        let field = model.entity(self.entity).field(id);
        let info = Schema::field(model, self.entity, &field.name)?;
        let read = match &field.kind {
            FieldKind::ToOne(relation) => {
                let target = model.entity(relation.target);
                let column = target.column(*target.key_columns.first()?);
                let ty = info.key?;
                key_value(column.ty, text).map(|value| (value, ty)).ok_or("a key")
            }
            FieldKind::Scalar { scalar, .. } | FieldKind::Computed { scalar, .. } => {
                scalar_from_text(model, *scalar, text).map(|value| (value, info.ty))
            }
            FieldKind::List { .. } | FieldKind::ToMany { .. } => return None,
        };
        match read {
            Ok(read) => Some(read),
            Err(expected) => {
                let detail = format!("expected {expected}");
                self.mistake(name, "invalid_value", detail);
                None
            }
        }
    }

    fn value(&mut self, name: &str, id: FieldId, text: &str) -> Option<Node> {
        let (value, ty) = self.read(name, id, text)?;
        Some(self.atom(value, ty))
    }

    fn values(&mut self, name: &str, id: FieldId, text: &str, ty: &Type) -> Option<Node> {
        let texts: Vec<&str> = text.split(',').collect();
        if texts.len() > IN_VALUES_MAX {
            let detail = format!("list at most {IN_VALUES_MAX} values");
            self.mistake(name, "too_many", detail);
            return None;
        }
        let mut values = Vec::with_capacity(texts.len());
        for text in texts {
            values.push(self.read(name, id, text)?.0);
        }
        Some(self.atom(Value::List(values), Type::List(Box::new(ty.clone()))))
    }
}

fn node(kind: Kind, ty: Type, nullable: bool) -> Node {
    Node { kind, ty, nullable, span: Span::default() }
}
