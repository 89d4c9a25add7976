//! Why a caller may do something to a row, or may not: the rules on the real rows, part by part.
//!
//! Reads only, and all in one snapshot. The verdict is held to that of the operations by a test;
//! what the database alone judges (uniqueness, checks, rows that refer to a deleted one) is not part
//! of it. A rule over a many-to-many relation that the same write sets sees the links of before.

mod around;
mod gather;
mod json;
mod judge;
mod part;
mod snapshot;
mod stored;
mod text;

use std::sync::Arc;

use expr::{Caller, EntityId};
use plan::Bind;
use serde_json::Value as Json;

pub use judge::{Judgement, On, Verdict};
pub use part::Part;

use super::matrix::Operation;
use crate::application::App;
use crate::input::{Body, Purpose, Written, written};
use crate::operations::may_create;
use crate::refusal::Refusal;
use gather::Gather;
use judge::{Judged, Question};

/// What is to be explained.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// What is tried.
    pub operation: Operation,
    /// On an entity.
    pub entity: EntityId,
    /// On this row; empty for a new one.
    pub key: Vec<Bind>,
    /// With this body.
    pub body: Body,
}

/// Whether a caller may do something to a row, and why.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// What was tried.
    pub operation: Operation,
    /// The row, `catalog.Product/0190…`.
    pub row: String,
    /// The caller's claims; none for nobody.
    pub caller: Option<Arc<Json>>,
    /// What the rules say.
    pub verdict: Verdict,
    /// The rules that were asked, in the order of the operation.
    pub judgements: Vec<Judgement>,
}

/// Why something cannot be explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// No rule is asked: the operation refuses the body.
    #[error("the input is refused before any rule is asked")]
    Refused(Refusal),
    /// The rules look at too many rows.
    #[error("the rules look at more than a thousand rows of one relation, or 20000 in all")]
    TooManyRows,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Explains what the rules say to an attempt. Nothing is written.
///
/// # Errors
/// That the body is wrong, the rows are too many, or the database fails.
pub async fn explain(
    app: &App,
    caller: &Caller<'_>,
    attempt: Attempt,
) -> Result<Explanation, ExplainError> {
    let Attempt { operation, entity, key, body } = attempt;
    let purpose = match operation {
        Operation::Create => Some(Purpose::Create),
        Operation::Update => Some(Purpose::Update),
        Operation::Read | Operation::Delete => None,
    };
    let closed = operation == Operation::Create && may_create(app, caller, entity).is_err();
    let input = purpose.map_or(Ok(Written::default()), |purpose| {
        written(&app.model, entity, body, purpose, caller, &app.ids)
    });
    let mut input = match input {
        Ok(input) => input,
        Err(_) if closed => Written::default(),
        Err(refusal) => return Err(ExplainError::Refused(refusal)),
    };
    if operation == Operation::Update && input.sent.is_empty() {
        input.columns.clear();
    }
    let described = app.model.entity(entity);
    let mut row = format!("{}.{}", app.model.modules[described.module].name, described.name);
    if operation != Operation::Create {
        row = format!("{row}/{}", plan::key_text(described, &key));
    }
    let question = Question {
        operation,
        entity,
        key,
        user: caller.user.clone(),
        now: caller.now,
        sent: input.sent,
        links: input.links,
        columns: input.columns,
        closed,
    };
    let gather = Gather::new(Arc::clone(&app.model), app.dialect, question);
    let (question, snapshot) = app.store.read(gather).await?;
    if snapshot.cut {
        return Err(ExplainError::TooManyRows);
    }
    let Judged { verdict, judgements } = question.judge(&app.model, &snapshot);
    Ok(Explanation { operation, row, caller: caller.user.clone(), verdict, judgements })
}

impl Explanation {
    /// Returns whether the rules allow it.
    pub fn is_allowed(&self) -> bool {
        self.verdict == Verdict::Allowed
    }

    /// Returns what a client would be answered: a status and a code.
    pub fn answer(&self) -> (u16, &'static str) {
        match &self.verdict {
            Verdict::Allowed => match self.operation {
                Operation::Create => (201, "created"),
                Operation::Delete => (204, "deleted"),
                Operation::Read | Operation::Update => (200, "ok"),
            },
            Verdict::Missing | Verdict::Hidden => (404, "not_found"),
            Verdict::Denied if self.caller.is_none() => (401, "unauthenticated"),
            Verdict::Denied => (403, "forbidden"),
            Verdict::DeniedFields(_) => (403, "forbidden_field"),
            Verdict::NoTarget(_) => (422, "invalid_body"),
        }
    }
}
