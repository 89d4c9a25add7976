//! Writes of one row, and what they answer; `bulk` has those of many.

use app::input::{Address, Body, Rows};
use app::operations::{Objects, Patch, Precondition, Put, PutWrite, Saved, Write, WriteRows};
use app::{App, BadParameter, Refusal};
use bytes::Bytes;
use expr::EntityId;
use http::header::{IF_MATCH, LOCATION};
use http::{HeaderMap, StatusCode};
use hyper::body::Incoming;
use model::Model;
use plan::read::RowBody;

use super::reply::Reply;
use super::{Call, bulk, etag, import, params, problems, route};
use crate::http::body::PatchType;
use crate::http::prefer::{PREFERENCE_APPLIED, Return};
use crate::http::{Problem, body, etag as condition, pieces};

/// `POST /posts`
pub(super) async fn create(
    call: &Call<'_>,
    entity: EntityId,
    incoming: Incoming,
) -> Result<Reply, Problem> {
    if let Some(format) = pieces::format(&call.parts.headers)? {
        return import::create(call, entity, incoming, format).await;
    }
    let bytes = call.bytes(incoming).await?;
    let rows = Rows::parse(&bytes).map_err(|error| problems::malformed(&error))?;
    let body = match rows {
        Rows::Many(bodies) => return bulk::create(call, entity, &bytes, bodies).await,
        Rows::One(body) if WriteRows::is_nested(&call.app.model, entity, &body) => {
            return create_nested(call, entity, &bytes, body).await;
        }
        Rows::One(body) => body,
    };
    let preferred = Return::preferred(&call.parts.headers);
    call.write(
        &bytes,
        async { Write::create(call.app, &call.caller, entity, body) },
        |refusal| call.problem(refusal),
        move |app, saved| created(app, preferred, saved),
    )
    .await
}

async fn create_nested(
    call: &Call<'_>,
    entity: EntityId,
    bytes: &[u8],
    body: Body,
) -> Result<Reply, Problem> {
    let preferred = Return::preferred(&call.parts.headers);
    call.write(
        bytes,
        async { WriteRows::create(call.app, &call.caller, entity, body) },
        |refusal| call.problem(refusal),
        move |app, mut many| match many.saved.pop() {
            Some(saved) => created(app, preferred, saved),
            None => Reply::empty(StatusCode::CREATED),
        },
    )
    .await
}

/// `PUT /posts/{id}`
pub(super) async fn put(
    call: &Call<'_>,
    entity: EntityId,
    key: &str,
    incoming: Incoming,
) -> Result<Reply, Problem> {
    let address = Address::of_key(&call.app.model, entity, key)
        .ok_or_else(|| call.problem(Refusal::NotFound))?;
    put_at(call, entity, address, incoming).await
}

/// `PUT /posts?slug=…`
pub(super) async fn put_by_unique_key(
    call: &Call<'_>,
    entity: EntityId,
    incoming: Incoming,
) -> Result<Reply, Problem> {
    let address = address(&call.app.model, entity, call.query_text())
        .map_err(|bad| call.problem(Refusal::Parameters(bad)))?;
    put_at(call, entity, address, incoming).await
}

/// Reads the fields of a unique key.
pub(super) fn address(
    model: &Model,
    entity: EntityId,
    query: &str,
) -> Result<Address, Vec<BadParameter>> {
    let params: Vec<_> = params::split(query).collect();
    let named = params.iter().map(|param| match param.op.as_deref() {
        None | Some("eq") => Ok((param.name.as_ref(), param.value.as_ref())),
        Some(_) => Err(BadParameter {
            name: param.name.to_string(),
            code: "unknown_operator",
            detail: "a unique key is named by its values; the only operator is eq".to_owned(),
        }),
    });
    named
        .collect::<Result<Vec<_>, _>>()
        .map_err(|bad| vec![bad])
        .and_then(|named| Address::of_unique_key(model, entity, named.into_iter()))
}

async fn put_at(
    call: &Call<'_>,
    entity: EntityId,
    address: Address,
    incoming: Incoming,
) -> Result<Reply, Problem> {
    let headers = &call.parts.headers;
    let (bytes, body) = call.body(incoming).await?;
    let precondition = put_precondition(headers)?;
    let preferred = Return::preferred(headers);
    let (app, caller) = (call.app, call.caller.clone());
    call.write(
        &bytes,
        async { PutWrite::prepare(app, caller, entity, address, body, precondition) },
        |refusal| call.problem(refusal),
        move |app, put| put_reply(app, preferred, put),
    )
    .await
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
    let (bytes, body) = call.body(incoming).await?;
    let key = call.key(entity, key)?;
    let precondition = precondition(&call.parts.headers)?;
    let preferred = Return::preferred(&call.parts.headers);
    // In a merge patch a list takes the place of another, which nested rows do not.
    if objects == Objects::Replace && WriteRows::is_nested(&call.app.model, entity, &body) {
        return call
            .write(
                &bytes,
                async {
                    WriteRows::update(call.app, &call.caller, entity, key, body, precondition)
                },
                |refusal| call.problem(refusal),
                move |_, mut many| changed(preferred, many.saved.pop().and_then(|saved| saved.row)),
            )
            .await;
    }
    let patch = Patch { body, objects };
    call.write(
        &bytes,
        async { Write::update(call.app, &call.caller, entity, key, patch, precondition) },
        |refusal| call.problem(refusal),
        move |_, saved| changed(preferred, saved.row),
    )
    .await
}

/// `DELETE /posts/{id}`
pub(super) async fn delete(call: &Call<'_>, entity: EntityId, key: &str) -> Result<Reply, Problem> {
    let key = call.key(entity, key)?;
    let precondition = precondition(&call.parts.headers)?;
    let preferred = Return::preferred(&call.parts.headers);
    let (app, caller) = (call.app, &call.caller);
    call.write(
        b"",
        async {
            Ok(match preferred {
                Some(Return::Representation) => {
                    Write::delete_returning(app, caller, entity, key, precondition)
                }
                _ => Write::delete(app, caller, entity, key, precondition),
            })
        },
        |refusal| call.problem(refusal),
        move |_, saved| deleted(preferred, saved.row),
    )
    .await
}

/// Answers that a row was deleted: with what it was, where that is preferred and the caller could
/// read it.
fn deleted(preferred: Option<Return>, row: Option<RowBody>) -> Reply {
    match (row, preferred) {
        // A tag would be one of a row that is no more.
        (Some(row), _) => applied(Reply::json(StatusCode::OK, row.json), preferred),
        (None, Some(Return::Representation)) => Reply::no_content(),
        (None, _) => applied(Reply::no_content(), preferred),
    }
}

/// `POST /posts/{id}/restore`
pub(super) async fn restore(
    call: &Call<'_>,
    entity: EntityId,
    key: &str,
) -> Result<Reply, Problem> {
    let key = call.key(entity, key)?;
    let precondition = precondition(&call.parts.headers)?;
    let preferred = Return::preferred(&call.parts.headers);
    call.write(
        b"",
        async { Write::restore(call.app, &call.caller, entity, key, precondition) },
        |refusal| call.problem(refusal),
        move |_, saved| changed(preferred, saved.row),
    )
    .await
}

fn shown(status: StatusCode, row: RowBody) -> Reply {
    let tag = etag::of_row(row.hash);
    Reply::json(status, row.json).etag(&tag)
}

pub(super) fn applied(reply: Reply, preferred: Option<Return>) -> Reply {
    match preferred {
        Some(preferred) => reply.header(PREFERENCE_APPLIED, preferred.applied()),
        None => reply,
    }
}

/// Answers that a row was created: with the row, its key alone where the caller may not read it, or
/// nothing where that is preferred.
pub(super) fn created(app: &App, preferred: Option<Return>, saved: Saved) -> Reply {
    let described = app.model.entity(saved.entity);
    let location = route::of_row(described, &saved.key);
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

/// Answers that a row was put.
pub(super) fn put_reply(app: &App, preferred: Option<Return>, put: Put) -> Reply {
    match put {
        Put::Created(saved) => created(app, preferred, saved),
        Put::Replaced(saved) => changed(preferred, saved.row),
    }
}

/// Reads `If-Match` and `If-None-Match: *`.
pub(super) fn put_precondition(headers: &HeaderMap) -> Result<Precondition, Problem> {
    match (precondition(headers)?, condition::must_be_absent(headers)?) {
        (precondition, false) => Ok(precondition),
        (Precondition::None, true) => Ok(Precondition::Absent),
        (_, true) => {
            let detail = "`If-Match` and `If-None-Match: *` cannot both hold";
            Err(Problem::new(StatusCode::BAD_REQUEST, "invalid_header", detail))
        }
    }
}

/// Reads `If-Match`.
pub(super) fn precondition(headers: &HeaderMap) -> Result<Precondition, Problem> {
    if !headers.contains_key(IF_MATCH) {
        return Ok(Precondition::None);
    }
    let tags = condition::if_match(headers)?;
    Ok(match tags {
        None => Precondition::Exists,
        Some(tags) => {
            Precondition::Hashes(tags.iter().filter_map(|tag| etag::row_hash(tag)).collect())
        }
    })
}

impl Call<'_> {
    async fn bytes(&self, incoming: Incoming) -> Result<Bytes, Problem> {
        body::read_json(&self.parts.headers, incoming, &self.app.config.limits).await
    }

    /// Reads the body, as it was sent and as it is meant.
    pub(super) async fn body(&self, incoming: Incoming) -> Result<(Bytes, Body), Problem> {
        let bytes = self.bytes(incoming).await?;
        let body = Body::parse(&bytes).map_err(|error| problems::malformed(&error))?;
        Ok((bytes, body))
    }
}
