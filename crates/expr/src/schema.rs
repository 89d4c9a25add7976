//! What the type checker asks of a model.

use crate::types::Type;

/// An entity's index in the model.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntityId(pub u32);

/// A field's index in its entity.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldId(pub u32);

/// An enum's index in the model.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EnumId(pub u32);

/// A nested type's index in the model.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DocumentId(pub u32);

/// What is known of the JSON in a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JsonShape {
    /// Anything.
    Any,
    /// A scalar of this type.
    Scalar(Type),
    /// An object of a nested type.
    Object(DocumentId),
    /// A list of such.
    List(Box<JsonShape>),
}

/// What is known of a field when an expression names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldInfo {
    /// The field's index in its entity.
    pub id: FieldId,
    /// A scalar, `Row` for a to-one relation, `Rows` for a to-many relation.
    pub ty: Type,
    /// Whether the field may be null.
    pub nullable: bool,
    /// For to-one relations: the target may be archived. It is no row then, whatever its key says.
    pub may_be_archived: bool,
    /// For relations: the target belongs to another module, so only its key can be used here.
    pub other_module: bool,
    /// For to-one relations whose target has a key of one part: that key's type.
    pub key: Option<Type>,
    /// For a field of a to-one target: this field is the whole key of its entity.
    pub is_sole_key: bool,
}

/// The part of a model that expressions can see.
pub trait Schema {
    /// Returns the entity's name, for messages.
    fn entity_name(&self, entity: EntityId) -> &str;
    /// Looks a field up by its name. `authorId` finds nothing: it is handled by the checker as the
    /// key of `author`.
    fn field(&self, entity: EntityId, name: &str) -> Option<FieldInfo>;
    /// Returns every field name of the entity, for suggestions.
    fn field_names(&self, entity: EntityId) -> Vec<&str>;
    /// Returns the enum's name, for messages.
    fn enum_name(&self, id: EnumId) -> &str;
    /// Returns the enum's values in the order of declaration.
    fn enum_values(&self, id: EnumId) -> &[String];

    /// Returns what the JSON in a field is declared to be.
    fn shape(&self, _entity: EntityId, _field: FieldId) -> JsonShape {
        JsonShape::Any
    }

    /// Returns the nested type's name, for messages.
    fn document_name(&self, _id: DocumentId) -> &str {
        ""
    }

    /// Returns what a member of a nested type is declared to be.
    fn member(&self, _id: DocumentId, _name: &str) -> Option<JsonShape> {
        None
    }

    /// Returns the names of a nested type's members, for suggestions.
    fn member_names(&self, _id: DocumentId) -> Vec<&str> {
        Vec::new()
    }
}

/// The names an expression may use, and what they mean.
#[derive(Clone)]
pub struct Scope<'s> {
    /// The model.
    pub schema: &'s dyn Schema,
    /// The entity behind `row`, which is variable 0.
    pub row: Option<EntityId>,
    /// Whether a bare name is a field of `row`: `price > 5` for `row.price > 5`, as in filters.
    pub bare_fields: bool,
    /// The entity whose fields `input` has: the values a create or update sent.
    pub input: Option<EntityId>,
    /// Whether `user`, the caller's claims, is in scope.
    pub user: bool,
    /// Whether `now` is in scope.
    pub now: bool,
}
