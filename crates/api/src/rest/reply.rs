//! A successful answer before it becomes HTTP.

use app::idempotency::Answer;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, ETAG, HeaderName, LOCATION};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Map, Value as Json};

use crate::http::{AnswerBody, HEADERS_USUAL, Response};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A status, headers and perhaps a body.
pub(crate) struct Reply {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// JSON.
    body: Option<Vec<u8>>,
    /// A body in place of that one, which is made while it is sent; its headers say of what type.
    stream: Option<AnswerBody>,
}

impl Reply {
    /// Answers with JSON.
    pub(crate) fn json(status: StatusCode, body: Vec<u8>) -> Self {
        Self { status, headers: Vec::new(), body: Some(body), stream: None }
    }

    /// Answers with a body that is made while it is sent.
    pub(crate) fn stream(body: AnswerBody) -> Self {
        Self { status: StatusCode::OK, headers: Vec::new(), body: None, stream: Some(body) }
    }

    /// Answers with a status alone.
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self { status, headers: Vec::new(), body: None, stream: None }
    }

    /// Answers without a body.
    pub(crate) fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT, headers: Vec::new(), body: None, stream: None }
    }

    /// Answers that what the client has is still right.
    pub(crate) fn not_modified() -> Self {
        Self { status: StatusCode::NOT_MODIFIED, headers: Vec::new(), body: None, stream: None }
    }

    /// Adds a header. A value that cannot be one is left out.
    pub(crate) fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// Adds the entity tag.
    pub(crate) fn etag(self, tag: &str) -> Self {
        self.header(ETAG, tag)
    }

    /// Turns it into an answer that can be kept.
    pub(crate) fn into_answer(self) -> Answer {
        let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let headers = self.headers.iter();
        Answer {
            status: self.status.as_u16(),
            headers: headers.map(|(name, value)| (name.to_string(), text(value))).collect(),
            body: self.body.map(|body| String::from_utf8_lossy(&body).into_owned()),
        }
    }

    /// Gives an answer that was kept.
    pub(crate) fn from_answer(answer: Answer) -> Self {
        let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
        let body = answer.body.map(String::into_bytes);
        let empty = Self { status, headers: Vec::new(), body, stream: None };
        answer.headers.iter().fold(empty, |reply, (name, value)| {
            match HeaderName::from_bytes(name.as_bytes()) {
                Ok(name) => reply.header(name, value),
                Err(_) => reply,
            }
        })
    }

    /// Appends it as one of a batch's results: status, the headers that say something of the row,
    /// and body.
    pub(crate) fn write_result(self, out: &mut Vec<u8>, id: Option<&str>) {
        out.push(b'{');
        if let Some(id) = id {
            out.extend_from_slice(format!("\"id\":{},", Json::from(id)).as_bytes());
        }
        out.extend_from_slice(format!("\"status\":{}", self.status.as_u16()).as_bytes());
        let headers: Map<String, Json> = [("Location", LOCATION), ("ETag", ETAG)]
            .into_iter()
            .filter_map(|(shown, name)| {
                let (_, value) = self.headers.iter().find(|(header, _)| *header == name)?;
                Some((shown.to_owned(), value.to_str().ok()?.into()))
            })
            .collect();
        if !headers.is_empty() {
            let headers = Json::Object(headers);
            out.extend_from_slice(format!(",\"headers\":{headers}").as_bytes());
        }
        if let Some(body) = &self.body {
            out.extend_from_slice(b",\"body\":");
            out.extend_from_slice(body);
        }
        out.push(b'}');
    }

    /// Turns it into HTTP.
    pub(crate) fn into_response(self) -> Response {
        let has_body = self.body.is_some();
        let json = || Bytes::from(self.body.unwrap_or_default()).into();
        let mut response = Response::new(self.stream.unwrap_or_else(json));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        *headers = HeaderMap::with_capacity(HEADERS_USUAL);
        if has_body {
            headers.insert(CONTENT_TYPE, JSON);
        }
        headers.extend(self.headers);
        response
    }
}
