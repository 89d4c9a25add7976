//! Where an expression's values come from.

use std::convert::Infallible;
use std::sync::Arc;

use crate::schema::FieldId;
use crate::value::{Timestamp, Value};

/// What the evaluator asks of its surroundings.
pub trait Env {
    /// A row, cheap to clone.
    type Row: Clone;

    /// Returns the time of the request.
    fn now(&self) -> Timestamp;
    /// Returns the caller's claims; none without a caller.
    fn user(&self) -> Option<Arc<serde_json::Value>>;
    /// Returns a value of the request's body; none when it was not sent.
    fn input(&self, field: FieldId) -> Option<Value>;
    /// Returns the value of a part that `prepare` took out.
    fn atom(&self, index: u16) -> Value;
    /// Returns the row behind `row`, variable 0.
    fn row(&self) -> Option<Self::Row>;
    /// Returns a scalar or list field of a row.
    fn field(&self, row: &Self::Row, field: FieldId) -> Value;
    /// Follows a to-one relation.
    fn hop(&self, row: &Self::Row, field: FieldId) -> Option<Self::Row>;
    /// Returns the key that a to-one relation holds; null when it holds none. For a key of several
    /// parts, any value that is not null.
    fn ref_key(&self, row: &Self::Row, field: FieldId) -> Value;
    /// Returns the rows of a to-many relation.
    fn rows(&self, row: &Self::Row, field: FieldId) -> Vec<Self::Row>;
}

/// Surroundings without rows: what is known of a request before any row is read.
#[derive(Clone, Debug)]
pub struct Caller<'a> {
    /// The caller's claims; none without a caller.
    pub user: Option<Arc<serde_json::Value>>,
    /// The time of the request.
    pub now: Timestamp,
    /// The values that a create or update sent.
    pub input: &'a [(FieldId, Value)],
    /// The id of the request, for what is kept of writes; no expression sees it.
    pub request: Option<Arc<str>>,
}

impl Env for Caller<'_> {
    type Row = Infallible;

    fn now(&self) -> Timestamp {
        self.now
    }

    fn user(&self) -> Option<Arc<serde_json::Value>> {
        self.user.clone()
    }

    fn input(&self, field: FieldId) -> Option<Value> {
        self.input.iter().find(|(id, _)| *id == field).map(|(_, value)| value.clone())
    }

    fn atom(&self, _index: u16) -> Value {
        Value::Null
    }

    fn row(&self) -> Option<Infallible> {
        None
    }

    fn field(&self, row: &Infallible, _field: FieldId) -> Value {
        match *row {}
    }

    fn hop(&self, row: &Infallible, _field: FieldId) -> Option<Infallible> {
        match *row {}
    }

    fn ref_key(&self, row: &Infallible, _field: FieldId) -> Value {
        match *row {}
    }

    fn rows(&self, row: &Infallible, _field: FieldId) -> Vec<Infallible> {
        match *row {}
    }
}

/// Surroundings in which the atoms of a prepared expression are known.
pub(crate) struct WithAtoms<'a, E> {
    pub(crate) env: &'a E,
    pub(crate) atoms: &'a [Value],
}

impl<E: Env> Env for WithAtoms<'_, E> {
    type Row = E::Row;

    fn now(&self) -> Timestamp {
        self.env.now()
    }

    fn user(&self) -> Option<Arc<serde_json::Value>> {
        self.env.user()
    }

    fn input(&self, field: FieldId) -> Option<Value> {
        self.env.input(field)
    }

    fn atom(&self, index: u16) -> Value {
        self.atoms[usize::from(index)].clone()
    }

    fn row(&self) -> Option<E::Row> {
        self.env.row()
    }

    fn field(&self, row: &E::Row, field: FieldId) -> Value {
        self.env.field(row, field)
    }

    fn hop(&self, row: &E::Row, field: FieldId) -> Option<E::Row> {
        self.env.hop(row, field)
    }

    fn ref_key(&self, row: &E::Row, field: FieldId) -> Value {
        self.env.ref_key(row, field)
    }

    fn rows(&self, row: &E::Row, field: FieldId) -> Vec<E::Row> {
        self.env.rows(row, field)
    }
}
