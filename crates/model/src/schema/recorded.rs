//! A recorded table as an entity, for the expressions of `@fill`: they read rows as the last
//! migration left them, when today's model is no help.
//!
//! Only columns were recorded, so a field is found by the name its column is made from, or by the
//! column's own. Enums are texts here, whose values may be gone from today's model.

use expr::{EntityId, EnumId, FieldId, FieldInfo, Schema};

use super::Table;
use crate::entity::{Entity, Model, RuleSet};
use crate::field::{Column, ColumnId, ColumnType, Field, FieldKind, FieldRules, Role, Scalar};
use crate::load::names::{lower_camel_case, snake_case};

/// The entity that stands for the table.
pub const ROW: EntityId = EntityId(0);

/// Tells a table as a model of one entity; its fields are the columns, in their order.
pub fn model(table: &Table) -> Model {
    let mut fields = Vec::with_capacity(table.columns.len());
    let mut columns = Vec::with_capacity(table.columns.len());
    for (index, column) in table.columns.iter().enumerate() {
        let id = ColumnId(index as u32);
        let scalar = scalar(column.element.unwrap_or(column.ty));
        let kind = match column.ty {
            ColumnType::List => FieldKind::List { scalar, column: id },
            _ => FieldKind::Scalar { scalar, column: id },
        };
        fields.push(field(field_name(table, &column.name), kind, !column.nullable));
        columns.push(Column {
            name: column.name.clone(),
            was: None,
            fill: None,
            ty: column.ty,
            nullable: column.nullable,
            field: FieldId(index as u32),
            references: None,
        });
    }
    let entity = Entity {
        id: ROW,
        name: table.name.clone(),
        description: None,
        module: 0,
        exposed: false,
        plural: String::new(),
        route: String::new(),
        table: table.name.clone(),
        was_table: None,
        fields,
        columns,
        key: Vec::new(),
        key_columns: Vec::new(),
        tenant: None,
        archive: None,
        audit: None,
        identity: false,
        indexes: Vec::new(),
        search: None,
        checks: Vec::new(),
        rules: RuleSet::default(),
    };
    Model { entities: vec![entity], ..Model::default() }
}

/// Returns the scalar that stands for a stored type. A list's own is that of its elements.
pub(super) fn scalar(ty: ColumnType) -> Scalar {
    match ty {
        ColumnType::Uuid => Scalar::Id,
        ColumnType::Text => Scalar::String,
        ColumnType::Int => Scalar::Int,
        ColumnType::BigInt => Scalar::BigInt,
        ColumnType::Float => Scalar::Float,
        ColumnType::Decimal => Scalar::Decimal,
        ColumnType::Boolean => Scalar::Boolean,
        ColumnType::Timestamp => Scalar::DateTime,
        ColumnType::Date => Scalar::Date,
        ColumnType::Json | ColumnType::List => Scalar::Json,
    }
}

/// What expressions see of the recorded table.
pub(super) struct OldRow<'m>(pub(super) &'m Model);

impl Schema for OldRow<'_> {
    fn entity_name(&self, entity: EntityId) -> &str {
        self.0.entity_name(entity)
    }

    fn field(&self, entity: EntityId, name: &str) -> Option<FieldInfo> {
        let owner = self.0.entity(entity);
        let column = owner.columns.iter().position(|column| column.name == name);
        let name = column.map_or(name, |index| owner.fields[index].name.as_str());
        Schema::field(self.0, entity, name)
    }

    fn field_names(&self, entity: EntityId) -> Vec<&str> {
        self.0.field_names(entity)
    }

    fn enum_name(&self, id: EnumId) -> &str {
        self.0.enum_name(id)
    }

    fn enum_values(&self, id: EnumId) -> &[String] {
        self.0.enum_values(id)
    }
}

/// Finds the name of the field that a column was made from; an adopted column keeps its own.
fn field_name(table: &Table, column: &str) -> String {
    let field = lower_camel_case(column);
    let made_from_it = snake_case(&field) == column && table.column(&field).is_none();
    if made_from_it { field } else { column.to_owned() }
}

fn field(name: String, kind: FieldKind, required: bool) -> Field {
    Field {
        name,
        description: None,
        kind,
        required,
        role: Role::Plain,
        readonly: false,
        private: false,
        unique: false,
        default: None,
        length: None,
        range: None,
        pattern: None,
        rules: FieldRules::default(),
    }
}
