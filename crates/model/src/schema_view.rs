//! What expressions see of a model: the type checker's `Schema`, and the types of scalars.

use expr::{DocumentId, EntityId, EnumId, FieldId, FieldInfo, JsonShape, Schema, Type};

use crate::document::Member;
use crate::entity::Model;
use crate::field::{ColumnType, FieldKind, Scalar};

impl Scalar {
    /// Returns the type a value of this scalar has in expressions.
    pub fn expr_type(self) -> Type {
        match self {
            Self::Id => Type::Uuid,
            Self::String | Self::Email | Self::Url => Type::Text,
            Self::Int | Self::BigInt => Type::Int,
            Self::Float => Type::Float,
            Self::Decimal => Type::Decimal,
            Self::Boolean => Type::Bool,
            Self::DateTime => Type::Timestamp,
            Self::Date => Type::Date,
            Self::Json | Self::Document(_) | Self::Documents(_) => Type::Json,
            Self::Enum(id) => Type::Enum(id),
        }
    }

    /// Returns how a column stores this scalar.
    pub fn column_type(self) -> ColumnType {
        match self {
            Self::Id => ColumnType::Uuid,
            Self::String | Self::Email | Self::Url | Self::Enum(_) => ColumnType::Text,
            Self::Int => ColumnType::Int,
            Self::BigInt => ColumnType::BigInt,
            Self::Float => ColumnType::Float,
            Self::Decimal => ColumnType::Decimal,
            Self::Boolean => ColumnType::Boolean,
            Self::DateTime => ColumnType::Timestamp,
            Self::Date => ColumnType::Date,
            Self::Json | Self::Document(_) | Self::Documents(_) => ColumnType::Json,
        }
    }

    /// Returns the scalar's name in SDL; the name of an enum or nested type is in the model.
    pub fn name(self) -> &'static str {
        match self {
            Self::Id => "ID",
            Self::String => "String",
            Self::Int => "Int",
            Self::BigInt => "BigInt",
            Self::Float => "Float",
            Self::Decimal => "Decimal",
            Self::Boolean => "Boolean",
            Self::DateTime => "DateTime",
            Self::Date => "Date",
            Self::Json => "JSON",
            Self::Email => "Email",
            Self::Url => "URL",
            Self::Enum(_) => "enum",
            Self::Document(_) => "nested type",
            Self::Documents(_) => "list of a nested type",
        }
    }

    /// Finds a scalar of the language by its name in SDL.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "ID" => Self::Id,
            "String" => Self::String,
            "Int" => Self::Int,
            "BigInt" => Self::BigInt,
            "Float" => Self::Float,
            "Decimal" => Self::Decimal,
            "Boolean" => Self::Boolean,
            "DateTime" => Self::DateTime,
            "Date" => Self::Date,
            "JSON" => Self::Json,
            "Email" => Self::Email,
            "URL" => Self::Url,
            _ => return None,
        })
    }
}

impl Model {
    /// Returns the scalar at the end of an entity's key, if the key is one column.
    pub fn sole_key_scalar(&self, id: EntityId) -> Option<Scalar> {
        let entity = self.entity(id);
        let [field] = entity.key.as_slice() else { return None };
        match &entity.field(*field).kind {
            FieldKind::Scalar { scalar, .. } => Some(*scalar),
            // Keys have no cycles: that was checked at load.
            FieldKind::ToOne(relation) => self.sole_key_scalar(relation.target),
            _ => None,
        }
    }
}

impl Schema for Model {
    fn entity_name(&self, entity: EntityId) -> &str {
        &self.entity(entity).name
    }

    fn field(&self, entity: EntityId, name: &str) -> Option<FieldInfo> {
        let owner = self.entity(entity);
        let (id, field) = owner.field_named(name)?;
        let mut info = FieldInfo {
            id,
            ty: Type::Null,
            nullable: !field.required,
            may_be_archived: false,
            other_module: false,
            key: None,
            is_sole_key: owner.key == [id],
        };
        match &field.kind {
            FieldKind::Scalar { scalar, .. } => info.ty = scalar.expr_type(),
            FieldKind::Computed { scalar, expr } => {
                info.ty = scalar.expr_type();
                info.nullable = expr.expr.tree.nullable;
            }
            FieldKind::List { scalar, .. } => info.ty = Type::List(Box::new(scalar.expr_type())),
            FieldKind::ToOne(relation) => {
                info.ty = Type::Row(relation.target);
                info.may_be_archived = self.entity(relation.target).archive.is_some();
                info.other_module = relation.other_module;
                info.key = self.sole_key_scalar(relation.target).map(Scalar::expr_type);
            }
            FieldKind::ToMany { target, .. } => {
                info.ty = Type::Rows(*target);
                info.nullable = false;
            }
        }
        Some(info)
    }

    fn field_names(&self, entity: EntityId) -> Vec<&str> {
        self.entity(entity).fields.iter().map(|field| field.name.as_str()).collect()
    }

    fn enum_name(&self, id: EnumId) -> &str {
        &self.enum_type(id).name
    }

    fn enum_values(&self, id: EnumId) -> &[String] {
        &self.enum_type(id).values
    }

    fn shape(&self, entity: EntityId, field: FieldId) -> JsonShape {
        match self.entity(entity).field(field).kind {
            FieldKind::Scalar { scalar, .. } => scalar.json_shape(),
            _ => JsonShape::Any,
        }
    }

    fn document_name(&self, id: DocumentId) -> &str {
        &self.document(id).name
    }

    fn member(&self, id: DocumentId, name: &str) -> Option<JsonShape> {
        self.document(id).member(name).map(Member::shape)
    }

    fn member_names(&self, id: DocumentId) -> Vec<&str> {
        self.document(id).members.iter().map(|member| member.name.as_str()).collect()
    }
}

impl crate::entity::Entity {
    /// Returns the ids of all fields, in order.
    pub fn field_ids(&self) -> impl Iterator<Item = FieldId> + use<> {
        (0..self.fields.len() as u32).map(FieldId)
    }
}
