//! The types an expression can have.

use crate::schema::{EntityId, EnumId};

/// The type of a checked expression. Nullability is kept beside it, on the node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// The literal `null`.
    Null,
    /// `true` or `false`.
    Bool,
    /// A signed 64-bit integer; the model's `Int` and `BigInt`.
    Int,
    /// An IEEE 754 double.
    Float,
    /// An exact decimal of up to 28 digits.
    Decimal,
    /// UTF-8 text; also `Email` and `URL`. Compared by code point.
    Text,
    /// A UUID; the model's `ID`.
    Uuid,
    /// A moment in UTC with microseconds.
    Timestamp,
    /// A day of the proleptic Gregorian calendar, years 0001 to 9999.
    Date,
    /// A signed span of time in microseconds.
    Duration,
    /// One of an enum's names.
    Enum(EnumId),
    /// A JSON value of any shape: a JSON field, or the caller's claims.
    Json,
    /// A list of scalars or enums.
    List(Box<Type>),
    /// A row reached as `row`, by a loop variable or over a to-one relation.
    Row(EntityId),
    /// The rows on the other side of a to-many relation.
    Rows(EntityId),
}
