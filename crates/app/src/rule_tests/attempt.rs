//! One line of a test, `update Order/cart {"status": "PAID"}`, and what comes of it.

use expr::Caller;
use serde_json::{Map, Value as Json};

use super::fixtures::Fixtures;
use crate::access::{Attempt, Operation, explain};
use crate::application::App;
use crate::input::Body;
use crate::operations::{self, Objects, Patch, Precondition, Prepared as _, Write};
use crate::query::Query;
use crate::refusal::Refusal;

/// What came of an attempt.
pub(super) enum Tried {
    /// It was done.
    Done,
    /// A rule refused it.
    Denied,
    /// Something else refused it.
    Refused(String),
}

/// Reads a line.
pub(super) fn read(fixtures: &Fixtures<'_>, line: &str) -> Result<Attempt, String> {
    let (operation, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
    let operation = Operation::named(operation)
        .ok_or_else(|| format!("`{line}` begins with none of read, create, update and delete"))?;
    let (row, body) = rest.trim().split_once(' ').unwrap_or((rest.trim(), ""));
    let (entity, key) = fixtures.row(row)?;
    let body = match body.trim() {
        "" => Map::new(),
        text => serde_json::from_str(text)
            .map_err(|error| format!("`{text}` is no JSON object: {error}"))?,
    };
    let takes_body = matches!(operation, Operation::Create | Operation::Update);
    match (operation, key) {
        _ if !body.is_empty() && !takes_body => Err(format!("`{line}` takes no body")),
        (Operation::Create, Some(_)) => Err(format!("`{line}` creates no row that is there")),
        (Operation::Read | Operation::Update | Operation::Delete, None) => {
            Err(format!("`{line}` does not say which row"))
        }
        (_, key) => {
            let body = Body(fixtures.resolved(entity, body).into_iter().collect());
            Ok(Attempt { operation, entity: entity.id, key: key.unwrap_or_default(), body })
        }
    }
}

/// Does it, with the operation that every door calls.
pub(super) async fn perform(
    app: &App,
    caller: &Caller<'_>,
    attempt: Attempt,
) -> Result<Tried, store::Error> {
    let Attempt { operation, entity, key, body } = attempt;
    let done = match operation {
        Operation::Read => {
            let query = Query::new(&app.model, caller, entity, app.read_bounds());
            match query.one() {
                Ok(ready) => operations::get(app, caller, ready, key).await.map(|_| ()),
                Err(bad) => Err(Refusal::Parameters(bad)),
            }
        }
        Operation::Create => written(app, Write::create(app, caller, entity, body)).await,
        Operation::Update => {
            let (patch, none) = (Patch { body, objects: Objects::Replace }, Precondition::None);
            written(app, Write::update(app, caller, entity, key, patch, none)).await
        }
        Operation::Delete => {
            written(app, Ok(Write::delete(app, caller, entity, key, Precondition::None))).await
        }
    };
    Ok(match done {
        Ok(()) => Tried::Done,
        Err(Refusal::Store(error)) => return Err(error),
        Err(refusal) if is_denial(&refusal) => Tried::Denied,
        Err(refusal) => Tried::Refused(described(&refusal)),
    })
}

async fn written(app: &App, write: Result<Write, Refusal>) -> Result<(), Refusal> {
    write?.run(app).await.map(|_| ())
}

/// Returns whether a rule refused, and not what the model says of values.
fn is_denial(refusal: &Refusal) -> bool {
    match refusal {
        Refusal::NotFound
        | Refusal::Unauthenticated
        | Refusal::Forbidden
        | Refusal::ForbiddenFields(_) => true,
        Refusal::Body(bad) => bad.iter().all(|bad| bad.code == "not_found"),
        _ => false,
    }
}

fn described(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Body(bad) => {
            bad.iter().map(|bad| bad.detail.clone()).collect::<Vec<_>>().join("; ")
        }
        other => other.to_string(),
    }
}

/// Says why, by the rules.
pub(super) async fn reasons(app: &App, caller: &Caller<'_>, attempt: Attempt) -> String {
    match explain(app, caller, attempt).await {
        Ok(explanation) => explanation.to_string(),
        Err(error) => error.to_string(),
    }
}

/// Lists the rows that a caller sees.
pub(super) async fn list(
    app: &App,
    caller: &Caller<'_>,
    entity: expr::EntityId,
) -> Result<Vec<Map<String, Json>>, Refusal> {
    let mut rows = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let mut query = Query::new(&app.model, caller, entity, app.read_bounds());
        query.limit(&app.read_bounds().page_max.to_string());
        if let Some(after) = &after {
            query.after(after);
        }
        let ready = query.many().map_err(Refusal::Parameters)?;
        let page = match operations::list(app, caller, ready, b"").await {
            Err(Refusal::Forbidden | Refusal::Unauthenticated) => return Ok(rows),
            page => page?,
        };
        let more: Vec<Map<String, Json>> = serde_json::from_slice(&page.json).unwrap_or_default();
        rows.extend(more);
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(rows),
        }
    }
}

/// Reads the fields that a caller sees of a row; none where the row is hidden.
pub(super) async fn fields(
    app: &App,
    caller: &Caller<'_>,
    (entity, key): (expr::EntityId, Vec<plan::Bind>),
) -> Result<Option<Vec<String>>, Refusal> {
    let query = Query::new(&app.model, caller, entity, app.read_bounds());
    let ready = query.one().map_err(Refusal::Parameters)?;
    match operations::get(app, caller, ready, key).await {
        Ok(row) => {
            let row: Map<String, Json> = serde_json::from_slice(&row.json).unwrap_or_default();
            Ok(Some(row.into_iter().map(|(name, _)| name).collect()))
        }
        Err(Refusal::NotFound) => Ok(None),
        Err(refusal) => Err(refusal),
    }
}
