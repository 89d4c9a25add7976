//! Writes of one row, and what they answer.

use app::App;
use app::input::Body;
use app::operations::{self, Objects, Patch, Precondition, Saved};
use expr::EntityId;
use http::header::{IF_MATCH, LOCATION};
use http::{HeaderMap, StatusCode};
use hyper::body::Incoming;
use plan::read::RowBody;

use super::reply::Reply;
use super::{Call, etag, problems};
use crate::http::body::PatchType;
use crate::http::prefer::{PREFERENCE_APPLIED, Return};
use crate::http::{Problem, body, etag as condition};

/// `POST /posts`
pub(super) async fn create(
    call: &Call<'_>,
    entity: EntityId,
    incoming: Incoming,
) -> Result<Reply, Problem> {
    let body = call.body(incoming).await?;
    let saved = operations::create(call.app, &call.caller, entity, body)
        .await
        .map_err(|refusal| call.problem(refusal))?;
    Ok(created(call.app, Return::preferred(&call.parts.headers), saved))
}

/// `PATCH /posts/{id}`
pub(super) async fn update(
    call: &Call<'_>,
    entity: EntityId,
    key: &str,
    incoming: Incoming,
) -> Result<Reply, Problem> {
    let objects = match body::patch_type(&call.parts.headers)? {
        PatchType::Json => Objects::Replace,
        PatchType::Merge => Objects::Merge,
    };
    let body = call.body(incoming).await?;
    let key = call.key(entity, key)?;
    let precondition = precondition(&call.parts.headers)?;
    let patch = Patch { body, objects };
    let saved = operations::update(call.app, &call.caller, entity, key, patch, precondition)
        .await
        .map_err(|refusal| call.problem(refusal))?;
    Ok(changed(Return::preferred(&call.parts.headers), saved.row))
}

/// `DELETE /posts/{id}`
pub(super) async fn delete(call: &Call<'_>, entity: EntityId, key: &str) -> Result<Reply, Problem> {
    let key = call.key(entity, key)?;
    let precondition = precondition(&call.parts.headers)?;
    let preferred = Return::preferred(&call.parts.headers);
    if preferred == Some(Return::Representation) {
        let saved = operations::delete_returning(call.app, &call.caller, entity, key, precondition)
            .await
            .map_err(|refusal| call.problem(refusal))?;
        return Ok(saved.row.map_or_else(Reply::no_content, |row| {
            // A tag would be one of a row that is no more.
            applied(Reply::json(StatusCode::OK, row.json), preferred)
        }));
    }
    operations::delete(call.app, &call.caller, entity, key, precondition)
        .await
        .map_err(|refusal| call.problem(refusal))?;
    Ok(applied(Reply::no_content(), preferred))
}

fn shown(status: StatusCode, row: RowBody) -> Reply {
    let tag = etag::of_row(row.hash);
    Reply::json(status, row.json).etag(&tag)
}

fn applied(reply: Reply, preferred: Option<Return>) -> Reply {
    match preferred {
        Some(preferred) => reply.header(PREFERENCE_APPLIED, preferred.applied()),
        None => reply,
    }
}

/// Answers that a row was created: with the row, its key alone where the caller may not read it, or
/// nothing where that is preferred.
pub(super) fn created(app: &App, preferred: Option<Return>, saved: Saved) -> Reply {
    let described = app.model.entity(saved.entity);
    let location = format!("/api/v1/{}/{}", described.route, plan::key_text(described, &saved.key));
    let reply = match (saved.row, preferred) {
        (Some(row), Some(Return::Minimal)) => {
            applied(Reply::empty(StatusCode::CREATED), preferred).etag(&etag::of_row(row.hash))
        }
        (None, Some(Return::Minimal)) => applied(Reply::empty(StatusCode::CREATED), preferred),
        (Some(row), _) => applied(shown(StatusCode::CREATED, row), preferred),
        (None, _) => Reply::json(StatusCode::CREATED, plan::key_object(described, &saved.key)),
    };
    reply.header(LOCATION, &location)
}

/// Answers that a row was changed: with the row, or nothing where the caller may not read it (any
/// more) or that is preferred.
pub(super) fn changed(preferred: Option<Return>, row: Option<RowBody>) -> Reply {
    match (row, preferred) {
        (Some(row), Some(Return::Minimal)) => {
            applied(Reply::no_content(), preferred).etag(&etag::of_row(row.hash))
        }
        (None, Some(Return::Minimal)) => applied(Reply::no_content(), preferred),
        (Some(row), _) => applied(shown(StatusCode::OK, row), preferred),
        (None, _) => Reply::no_content(),
    }
}

/// Reads `If-Match`.
pub(super) fn precondition(headers: &HeaderMap) -> Result<Precondition, Problem> {
    if !headers.contains_key(IF_MATCH) {
        return Ok(Precondition::None);
    }
    let tags = condition::if_match(headers)?;
    Ok(match tags {
        None => Precondition::None,
        Some(tags) => {
            Precondition::Hashes(tags.iter().filter_map(|tag| etag::row_hash(tag)).collect())
        }
    })
}

impl Call<'_> {
    async fn body(&self, incoming: Incoming) -> Result<Body, Problem> {
        let bytes = body::read_json(&self.parts.headers, incoming, &self.app.config.limits).await?;
        Body::parse(&bytes).map_err(|error| problems::malformed(&error))
    }
}
