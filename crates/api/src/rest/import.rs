//! `POST /posts` with CSV or NDJSON: rows that are created as they come.

use app::transfer::{self, By, Ended, Format, Import, Imported, OnError, Wanted};
use app::{App, Refusal};
use expr::EntityId;
use http::StatusCode;
use hyper::body::Incoming;
use serde_json::{Map, Value as Json};

use super::reply::Reply;
use super::{Call, params, problems};
use crate::http::Problem;
use crate::http::idempotency::IDEMPOTENCY_KEY;
use crate::http::pieces::Pieces;

/// Refused rows that an answer names.
const FAILURES_MAX: usize = 100;

/// Creates the rows: all or none, or each by itself.
pub(super) async fn create(
    call: &Call<'_>,
    entity: EntityId,
    incoming: Incoming,
    format: Format,
) -> Result<Reply, Problem> {
    if call.parts.headers.contains_key(IDEMPOTENCY_KEY) {
        let detail = "an import takes no `Idempotency-Key`: its body is not held to be compared. \
                      Send the rows with their keys, and none is created twice";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "invalid_header", detail));
    }
    let params = params::import(call.query_text());
    let params = params.map_err(|bad| call.problem(Refusal::Parameters(bad)))?;
    // The pieces have a time of their own.
    call.context.patience.leave_to_handler();
    let mut pieces = Pieces::new(&call.parts.headers, incoming, &call.app.config.limits);
    let on_error = params.on_error;
    let import = Import {
        entity,
        format,
        by: By::Caller(call.caller.clone()),
        on_error,
        wanted: Wanted { names: params.columns, without_computed: false },
        replace: params.replace,
        from_line: 0,
        failures_max: FAILURES_MAX,
    };
    let (done, ended) = transfer::import(call.app, import, &mut pieces).await;
    let mut problem = match ended {
        Ok(()) => return Ok(answer(call.app, on_error, done)),
        Err(Ended::Source(problem)) => problem,
        Err(Ended::Refused(refusal)) => call.problem(refusal),
        Err(Ended::Rows) => {
            let detail = "rows are refused, each named in `failures`; nothing was kept";
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_rows", detail)
        }
    };
    pieces.discard().await;
    if on_error == OnError::Skip || done.failed > 0 {
        problem.also = Some(Box::new(told(call.app, done)));
    }
    Err(problem)
}

fn answer(app: &App, on_error: OnError, done: Imported) -> Reply {
    let status = match on_error {
        OnError::Skip => StatusCode::OK,
        OnError::Undo | OnError::Stop => StatusCode::CREATED,
    };
    Reply::json(status, Json::Object(told(app, done)).to_string().into_bytes())
}

/// `{"created":2,"replaced":0,"failed":1,"failures":[{"line":3,…}]}`
fn told(app: &App, done: Imported) -> Map<String, Json> {
    let failures = done.failures.into_iter().map(|failure| {
        let mut told = Map::new();
        told.insert("line".to_owned(), failure.line.into());
        told.extend(problems::of(app, failure.refusal).members());
        Json::Object(told)
    });
    let failures: Vec<Json> = failures.collect();
    let mut told = Map::new();
    told.insert("created".to_owned(), done.created.into());
    told.insert("replaced".to_owned(), done.replaced.into());
    told.insert("failed".to_owned(), done.failed.into());
    told.insert("failures".to_owned(), failures.into());
    told
}
