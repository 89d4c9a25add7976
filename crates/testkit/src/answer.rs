//! What a client got back.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::Value as Json;

/// An answer to a request.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body's bytes.
    pub body: Bytes,
}

impl Answer {
    /// Fails the test unless the answer has this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "unexpected answer: {self}");
        self
    }

    /// Returns the body as JSON.
    #[track_caller]
    pub fn json(&self) -> Json {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("not JSON ({error}): {self}"))
    }

    /// Returns the rows of a list.
    #[track_caller]
    pub fn items(&self) -> Vec<Json> {
        match &self.json()["items"] {
            Json::Array(items) => items.clone(),
            _ => panic!("not a list: {self}"),
        }
    }

    /// Returns one field of each row of a list.
    #[track_caller]
    pub fn column(&self, name: &str) -> Vec<Json> {
        self.items().iter().map(|row| row[name].clone()).collect()
    }

    /// Returns a text field of the body.
    #[track_caller]
    pub fn text(&self, name: &str) -> String {
        match &self.json()[name] {
            Json::String(text) => text.clone(),
            other => panic!("`{name}` is {other}: {self}"),
        }
    }

    /// Returns the pointer and the code of each error that a problem names.
    #[track_caller]
    pub fn errors(&self) -> Vec<(String, String)> {
        let problem = self.json();
        let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
        let errors = problem["errors"].as_array().into_iter().flatten();
        errors.map(|error| (text(&error["pointer"]), text(&error["code"]))).collect()
    }

    /// Returns the row's id.
    #[track_caller]
    pub fn id(&self) -> String {
        self.text("id")
    }

    /// Returns a header's value, or nothing.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns the entity tag.
    #[track_caller]
    pub fn etag(&self) -> String {
        self.header("etag").unwrap_or_else(|| panic!("no ETag: {self}")).to_owned()
    }
}

/// `200 {"id":…}`, for messages and snapshots; request ids are left out.
impl fmt::Display for Answer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.status.as_u16())?;
        if self.body.is_empty() {
            return Ok(());
        }
        match serde_json::from_slice::<Json>(&self.body) {
            Ok(mut json) => {
                if let Json::Object(members) = &mut json {
                    members.remove("requestId");
                }
                write!(out, " {json}")
            }
            Err(_) => write!(out, " {}", String::from_utf8_lossy(&self.body)),
        }
    }
}
