//! Creating a post.

use std::borrow::Cow;

use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use uuid::Uuid;

use crate::caller::{Caller, now_micros};
use crate::writer::{NewPost, Write};
use crate::{Failure, State};

/// The longest title, in code points.
pub(crate) const TITLE_CHARS_MAX: usize = 200;
/// The longest body, in code points.
pub(crate) const BODY_CHARS_MAX: usize = 20_000;

/// The body of a create.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Input<'a> {
    #[serde(borrow)]
    title: Cow<'a, str>,
    #[serde(borrow)]
    body: Cow<'a, str>,
    #[serde(default)]
    status: Status,
    #[serde(default)]
    view_count: i32,
}

/// A post's status.
#[derive(Deserialize, Default, Clone, Copy)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Status {
    /// Only its author sees it.
    #[default]
    Draft,
    /// Everyone sees it.
    Published,
}

impl Status {
    /// Returns the stored form.
    pub(crate) fn stored(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Published => "PUBLISHED",
        }
    }
}

/// Creates a post of the caller.
pub(crate) async fn create(
    Shared(state): Shared<State>,
    caller: Caller,
    body: Bytes,
) -> Result<Response, Failure> {
    let input: Input<'_> = serde_json::from_slice(&body).map_err(|_| Failure::Invalid)?;
    let title = input.title.chars().count();
    if title == 0 || title > TITLE_CHARS_MAX || input.body.chars().count() > BODY_CHARS_MAX {
        return Err(Failure::Invalid);
    }
    let id = new_id();
    let post = NewPost {
        id,
        author: caller.id,
        title: input.title.into_owned(),
        body: input.body.into_owned(),
        status: input.status.stored(),
        created_at: now_micros(),
        view_count: input.view_count,
    };
    let json = state.writer.write(Write::Create(post)).await?;
    let location = format!("/api/v1/posts/{id}");
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::LOCATION, &location)];
    Ok((StatusCode::CREATED, headers, json).into_response())
}

#[expect(clippy::disallowed_methods, reason = "the limit has no id source to inject")]
fn new_id() -> Uuid {
    Uuid::now_v7()
}
