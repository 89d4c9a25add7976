//! Why an operation is refused, in the product's words. Doors turn it into their own form.

use expr::{EntityId, FieldId};

use crate::input::BodyError;

/// Mistakes of one request that are named at most. Who makes more learns enough from these, and an
/// answer does not grow with the request.
const MISTAKES_MAX: usize = 100;

/// Whether enough mistakes are named, so that further ones need not be looked for.
pub(crate) fn are_enough<M>(mistakes: &[M]) -> bool {
    mistakes.len() >= MISTAKES_MAX
}

/// A refused operation.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The request's parameters are wrong.
    #[error("the parameters are wrong")]
    Parameters(Vec<BadParameter>),
    /// The request's body is wrong.
    #[error("the body is wrong")]
    Body(Vec<BadMember>),
    /// What was sent cannot be read.
    #[error("{0}")]
    Malformed(BodyError),
    /// There is no such row, as far as the caller may know.
    #[error("there is no such row")]
    NotFound,
    /// The operation needs a caller.
    #[error("this needs a signed-in caller")]
    Unauthenticated,
    /// The caller may not do this.
    #[error("the caller may not do this")]
    Forbidden,
    /// The caller may not send these fields.
    #[error("the caller may not send some of the fields")]
    ForbiddenFields(Vec<String>),
    /// The row has moved on since the caller read it.
    #[error("the row has changed")]
    Stale,
    /// There is such a row already, where there must be none.
    #[error("there is such a row already")]
    Exists,
    /// Another row has these values already.
    #[error("another row has the same values")]
    Duplicate(Vec<String>),
    /// A condition of the model does not hold.
    #[error("{message}")]
    Check {
        /// What the model says of it.
        message: String,
        /// The field it was written on.
        field: Option<String>,
    },
    /// A row of this entity, which the row belongs to or relies on, is archived.
    #[error("what the row refers to is archived")]
    Archived(EntityId),
    /// Rows refer to the row.
    #[error("rows refer to this one")]
    InUse(Option<EntityId>),
    /// More rows would be written at once than may be.
    #[error("too many rows")]
    TooManyRows {
        /// The most rows.
        max: u64,
    },
    /// As many of something run as may run at a time.
    #[error("too many {what} at a time")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The most.
        max: u64,
        /// The setting that says so.
        bound: &'static str,
    },
    /// A row inside the body is refused.
    #[error("{refusal}")]
    At {
        /// The JSON pointer to the row.
        pointer: String,
        /// Why.
        refusal: Box<Refusal>,
    },
    /// A line of an import is refused.
    #[error("{refusal}")]
    OfLine {
        /// The line on which its row begins.
        line: u64,
        /// Why.
        refusal: Box<Refusal>,
    },
    /// One of the rows that a filter matches is refused.
    #[error("{refusal}")]
    OfRow {
        /// The row's key.
        key: String,
        /// Why.
        refusal: Box<Refusal>,
    },
    /// What would be answered is too much to be held.
    #[error("the answer is too large")]
    AnswerTooLarge {
        /// The most bytes.
        bytes_max: u64,
        /// What bounds it.
        bound: &'static str,
    },
    /// The idempotency key came with another request before.
    #[error("the key was used for another request")]
    KeyReused,
    /// The database failed, is busy or full.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refusal {
    /// Says of which row inside the body it is; of the body itself where the pointer is empty.
    pub(crate) fn at(self, pointer: &str) -> Self {
        match pointer {
            "" => self,
            pointer => Self::At { pointer: pointer.to_owned(), refusal: Box::new(self) },
        }
    }

    /// Says what is wrong to a person at a terminal.
    pub fn in_words(&self) -> String {
        let all = |details: &mut dyn Iterator<Item = &String>| {
            details.map(String::as_str).collect::<Vec<_>>().join("; ")
        };
        match self {
            Self::Body(bad) => all(&mut bad.iter().map(|bad| &bad.detail)),
            Self::Parameters(bad) => all(&mut bad.iter().map(|bad| &bad.detail)),
            Self::Duplicate(fields) => format!("another row has the same {}", fields.join(" and ")),
            Self::ForbiddenFields(fields) => format!("{self}: {}", fields.join(", ")),
            Self::Check { message, field: Some(field) } => format!("{field} {message}"),
            Self::OfLine { refusal, .. } | Self::At { refusal, .. } => refusal.in_words(),
            other => other.to_string(),
        }
    }
}

/// A wrong parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadParameter {
    /// Its name, `filter`.
    pub name: String,
    /// A stable code, `unknown_field`.
    pub code: &'static str,
    /// What is wrong, and what to do.
    pub detail: String,
}

/// A wrong member of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadMember {
    /// A JSON pointer (RFC 6901).
    pub pointer: String,
    /// A stable code, `required`.
    pub code: &'static str,
    /// What is wrong, and what to do.
    pub detail: String,
}

impl BadMember {
    /// A mistake in a member of the body's object.
    pub fn new(name: &str, code: &'static str, detail: impl Into<String>) -> Self {
        Self { pointer: pointer(name), code, detail: detail.into() }
    }
}

/// Returns the JSON pointer of a member of the body's object.
pub fn pointer(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// Names fields for a client.
pub(crate) fn field_names(entity: &model::Entity, fields: &[FieldId]) -> Vec<String> {
    fields.iter().map(|field| entity.field(*field).name.clone()).collect()
}
