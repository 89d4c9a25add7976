//! Fields, their columns and their constraints.

use expr::{DocumentId, EntityId, EnumId, FieldId, Value};

use crate::entity::Rule;
use crate::join::{JoinId, Side};

/// A column's index in its entity.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ColumnId(pub u32);

/// A field of an entity.
#[derive(Debug)]
pub struct Field {
    /// The name in SDL, JSON and GraphQL, `placedAt`.
    pub name: String,
    /// The description in the SDL.
    pub description: Option<String>,
    /// What it holds.
    pub kind: FieldKind,
    /// Whether it is declared with `!`.
    pub required: bool,
    /// Who sets it.
    pub role: Role,
    /// `@readonly`: clients may send it neither on create nor on update.
    pub readonly: bool,
    /// `@private`: never leaves the server, and cannot be filtered or sorted on.
    pub private: bool,
    /// `@unique`
    pub unique: bool,
    /// The value of a row created without one.
    pub default: Option<Default>,
    /// `@length`, in code points for text, in elements for lists.
    pub length: Option<Length>,
    /// `@range`
    pub range: Option<Range>,
    /// `@pattern`
    pub pattern: Option<Pattern>,
    /// Field-level access, on top of the entity's.
    pub rules: FieldRules,
}

/// What a field holds.
#[derive(Debug)]
pub enum FieldKind {
    /// A scalar or enum in one column.
    Scalar {
        /// Its type.
        scalar: Scalar,
        /// Where it is stored.
        column: ColumnId,
    },
    /// A list of scalars or enums in one JSON column.
    List {
        /// The elements' type; an element is never null.
        scalar: Scalar,
        /// Where it is stored.
        column: ColumnId,
    },
    /// A to-one relation, stored as the target's key.
    ToOne(Relation),
    /// A to-many relation.
    ToMany {
        /// The entity of the other side.
        target: EntityId,
        /// How its rows are found.
        via: Via,
    },
    /// `@computed` from the row's own fields; not stored.
    Computed {
        /// The result's type.
        scalar: Scalar,
        /// The expression.
        expr: Rule,
    },
}

/// How the rows of a to-many relation are found.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Via {
    /// Each points here with its to-one relation.
    Inverse(FieldId),
    /// A join table links the two sides.
    Join {
        /// The table.
        join: JoinId,
        /// Which of the table's sides is this one.
        near: Side,
    },
}

/// A to-one relation.
#[derive(Debug)]
pub struct Relation {
    /// The entity it points to.
    pub target: EntityId,
    /// One column for each column of the target's key, in its order.
    pub columns: Vec<ColumnId>,
    /// What happens to this row when the target is deleted.
    pub on_delete: OnDelete,
    /// Whether the target is in another module: no foreign key, checked at write.
    pub other_module: bool,
    /// The JSON name of the stored key, `authorId`.
    pub id_name: String,
}

/// What deleting the target does.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum OnDelete {
    /// The target cannot be deleted; the default.
    Restrict,
    /// This row is deleted too.
    Cascade,
    /// The relation becomes null.
    SetNull,
}

/// The scalars of the modelling language.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scalar {
    /// `ID`: a UUID.
    Id,
    /// `String`
    String,
    /// `Int`: 32 bits.
    Int,
    /// `BigInt`: 64 bits; a string in JSON.
    BigInt,
    /// `Float`
    Float,
    /// `Decimal`: exact; a string in JSON.
    Decimal,
    /// `Boolean`
    Boolean,
    /// `DateTime`
    DateTime,
    /// `Date`
    Date,
    /// `JSON`
    Json,
    /// `Email`
    Email,
    /// `URL`
    Url,
    /// An enum's value.
    Enum(EnumId),
    /// JSON of a nested type.
    Document(DocumentId),
    /// A list of such.
    Documents(DocumentId),
}

impl Field {
    /// Whether clients know it by this name: its own, or for a relation that of its key.
    pub fn goes_by(&self, name: &str) -> bool {
        self.name == name
            || matches!(&self.kind, FieldKind::ToOne(relation) if relation.id_name == name)
    }
}

impl Scalar {
    /// Returns whether it is stored as JSON, which has no order and is in no key.
    pub fn is_json(self) -> bool {
        self == Self::Json || self.is_nested()
    }

    /// Returns whether it is JSON of a nested type.
    pub fn is_nested(self) -> bool {
        matches!(self, Self::Document(_) | Self::Documents(_))
    }
}

/// Who sets a field.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// The client.
    Plain,
    /// The server, to the caller's id, at creation (`@owner`).
    Owner,
    /// The server, to the caller's tenant, at creation (`@tenant`).
    Tenant,
    /// The server, to the time of creation (`@created`).
    Created,
    /// The server, to the time at which the row was archived (`@archive`).
    Archived,
    /// The server, to the time of each write (`@updated`).
    Updated,
}

/// A default.
#[derive(Debug)]
pub enum Default {
    /// A constant that fits the field.
    Value(Value),
    /// An expression over `input`, `user` and `now`.
    Expr(Rule),
}

/// Bounds of a length, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Length {
    /// At least this many.
    pub min: Option<u64>,
    /// At most this many.
    pub max: Option<u64>,
}

/// Bounds of a number, both inclusive, compared exactly.
#[derive(Debug, Clone, PartialEq)]
pub struct Range {
    /// At least this; of the field's type.
    pub min: Option<Value>,
    /// At most this.
    pub max: Option<Value>,
}

/// A regular expression that a text must contain a match of.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// As written.
    pub text: String,
    /// Compiled, with a size limit.
    pub regex: regex::Regex,
}

/// Field-level access rules. `None` leaves it to the entity's rule.
#[derive(Debug, Default)]
pub struct FieldRules {
    /// On which rows the field can be read; elsewhere it is absent.
    pub read: Option<Rule>,
    /// When the field may be sent on create; judged on the new row.
    pub create: Option<Rule>,
    /// When the field may be sent on update; judged on the old row and on the new one.
    pub update: Option<Rule>,
}

/// A column of an entity's table.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// The column's name, `placed_at`.
    pub name: String,
    /// The column's name under the field's earlier name (`@was`).
    pub was: Option<String>,
    /// What rows that are there get when a migration adds or changes it (`@fill`), as written. It is
    /// checked against the rows it meets, which only the migration knows.
    pub fill: Option<String>,
    /// How it is stored.
    pub ty: ColumnType,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// The field it belongs to.
    pub field: FieldId,
    /// For a foreign key: the target and its key column.
    pub references: Option<(EntityId, ColumnId)>,
}

/// How a column is stored. Each dialect maps it to a native type.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum ColumnType {
    /// 16 bytes.
    Uuid,
    /// UTF-8 text, compared by code point.
    Text,
    /// 32 bits.
    Int,
    /// 64 bits.
    BigInt,
    /// A double.
    Float,
    /// An exact decimal.
    Decimal,
    /// A truth value.
    Boolean,
    /// Microseconds since 1970 in UTC.
    Timestamp,
    /// A day.
    Date,
    /// JSON.
    Json,
    /// A list as JSON.
    List,
}
