//! Values as expressions compute them and as the store binds them.

use std::sync::Arc;

use rust_decimal::Decimal;
use uuid::Uuid;

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(pub i64);

/// Days since 1970-01-01.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Date(pub i32);

/// A value of any type of the language.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// A truth value.
    Bool(bool),
    /// A 64-bit integer.
    Int(i64),
    /// A finite double.
    Float(f64),
    /// An exact decimal; its scale is kept, so `19.90` stays `19.90`.
    Decimal(Decimal),
    /// Text, or the name of an enum value.
    Text(String),
    /// A UUID.
    Uuid(Uuid),
    /// A moment.
    Timestamp(Timestamp),
    /// A day.
    Date(Date),
    /// A span of time in microseconds.
    Duration(i64),
    /// A JSON value.
    Json(Arc<serde_json::Value>),
    /// A list of scalars.
    List(Vec<Value>),
}
