//! Writes of many rows: an array of new ones, or those that a filter matches.

use app::input::Body;
use app::operations::{Change, ChangeMatching, Many, Objects, Patch, WriteRows};
use app::query::Ready;
use app::{App, BadParameter, Refusal};
use expr::EntityId;
use http::StatusCode;
use http::header::{IF_MATCH, IF_NONE_MATCH};
use hyper::body::Incoming;

use super::reply::Reply;
use super::writes::applied;
use super::{Call, params};
use crate::http::Problem;
use crate::http::body::{self, PatchType};
use crate::http::prefer::Return;

/// `POST /posts` with an array.
pub(super) async fn create(
    call: &Call<'_>,
    entity: EntityId,
    bytes: &[u8],
    bodies: Vec<Body>,
) -> Result<Reply, Problem> {
    let preferred = Return::preferred(&call.parts.headers);
    let answered = preferred != Some(Return::Minimal);
    call.write(
        bytes,
        async { WriteRows::create_many(call.app, &call.caller, entity, bodies, answered) },
        |refusal| call.problem(refusal),
        move |app, many| {
            let body = counted(app, "created", many, answered);
            applied(Reply::json(StatusCode::CREATED, body), preferred)
        },
    )
    .await
}

/// `PATCH /posts?filter=…`
pub(super) async fn update(
    call: &Call<'_>,
    entity: EntityId,
    incoming: Incoming,
) -> Result<Reply, Problem> {
    let objects = match body::patch_type(&call.parts.headers)? {
        PatchType::Json => Objects::Replace,
        PatchType::Merge => Objects::Merge,
    };
    let ready = matching(call, entity)?;
    let (bytes, body) = call.body(incoming).await?;
    change(call, &bytes, ready, Change::Update(Patch { body, objects }), "updated").await
}

/// `DELETE /posts?filter=…`
pub(super) async fn delete(call: &Call<'_>, entity: EntityId) -> Result<Reply, Problem> {
    let ready = matching(call, entity)?;
    change(call, b"", ready, Change::Delete, "deleted").await
}

async fn change(
    call: &Call<'_>,
    bytes: &[u8],
    ready: Ready,
    change: Change,
    done: &'static str,
) -> Result<Reply, Problem> {
    let preferred = Return::preferred(&call.parts.headers);
    let answered = preferred == Some(Return::Representation);
    call.write(
        bytes,
        ChangeMatching::prepare(call.app, &call.caller, ready, change, answered),
        |refusal| call.problem(refusal),
        move |app, many| {
            let body = counted(app, done, many, answered);
            applied(Reply::json(StatusCode::OK, body), preferred)
        },
    )
    .await
}

/// Reads the filter, which must be there: nobody changes all rows by forgetting something.
fn matching(call: &Call<'_>, entity: EntityId) -> Result<Ready, Problem> {
    for condition in [IF_MATCH, IF_NONE_MATCH] {
        if call.parts.headers.contains_key(&condition) {
            let detail = format!("`{condition}` guards one row, and a filter may match many");
            return Err(Problem::new(StatusCode::BAD_REQUEST, "invalid_header", detail));
        }
    }
    let mut query = call.query(entity);
    params::filters(&mut query, call.query_text());
    let ready = query.many().map_err(|bad| call.problem(Refusal::Parameters(bad)))?;
    if ready.shape.filter.is_none() {
        let detail = "say which rows are meant; `filter=true` means all of them".to_owned();
        let missing = BadParameter { name: "filter".to_owned(), code: "required", detail };
        return Err(call.problem(Refusal::Parameters(vec![missing])));
    }
    Ok(ready)
}

/// `{"updated":2,"items":[…]}`. A row that the caller may not read is shown by its key.
fn counted(app: &App, done: &str, many: Many, answered: bool) -> Vec<u8> {
    let mut json = format!("{{\"{done}\":{}", many.count).into_bytes();
    if answered {
        let rows: Vec<Vec<u8>> = many
            .saved
            .into_iter()
            .map(|saved| match saved.row {
                Some(row) => row.json,
                None => plan::key_object(app.model.entity(saved.entity), &saved.key),
            })
            .collect();
        json.extend_from_slice(b",\"items\":[");
        json.extend_from_slice(&rows.join(&b','));
        json.push(b']');
    }
    json.push(b'}');
    json
}
