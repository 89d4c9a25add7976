//! Changing a post.

use std::borrow::Cow;

use axum::body::Bytes;
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use uuid::Uuid;

use crate::caller::Caller;
use crate::create::{BODY_CHARS_MAX, Status, TITLE_CHARS_MAX};
use crate::writer::{Change, Write};
use crate::{Failure, State, json};

/// The body of an update.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input<'a> {
    #[serde(borrow)]
    title: Option<Cow<'a, str>>,
    #[serde(borrow)]
    body: Option<Cow<'a, str>>,
    status: Option<Status>,
}

/// Changes a post of the caller.
pub(crate) async fn update(
    Shared(state): Shared<State>,
    caller: Caller,
    Path(id): Path<Uuid>,
    body: Bytes,
) -> Result<Response, Failure> {
    let input: Input<'_> = serde_json::from_slice(&body).map_err(|_| Failure::Invalid)?;
    let title = input.title.as_ref().map_or(1, |title| title.chars().count());
    let body = input.body.as_ref().map_or(0, |body| body.chars().count());
    if title == 0 || title > TITLE_CHARS_MAX || body > BODY_CHARS_MAX {
        return Err(Failure::Invalid);
    }
    let change = Change {
        id,
        author: caller.id,
        title: input.title.map(Cow::into_owned),
        body: input.body.map(Cow::into_owned),
        status: input.status.map(Status::stored),
    };
    Ok(json(StatusCode::OK, state.writer.write(Write::Update(change)).await?))
}
