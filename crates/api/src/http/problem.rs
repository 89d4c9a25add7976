//! Problem details (RFC 9457).

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderValue, StatusCode};
use serde_json::{Map, Value as Json, json};

use super::{Response, codes};

/// An answer that says what is wrong and what to do.
#[derive(Debug, Clone)]
pub struct Problem {
    /// The status.
    pub status: StatusCode,
    /// A stable code.
    pub code: &'static str,
    /// What is wrong, for people.
    pub detail: String,
    /// The parts of the request that are wrong.
    pub errors: Vec<ProblemError>,
    /// The operation of a batch that it is about.
    pub operation: Option<Box<ProblemOperation>>,
    /// Further members.
    pub also: Option<Box<Map<String, Json>>>,
    /// Further headers.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

/// A part of the request that is wrong.
#[derive(Debug, Clone, Default)]
pub struct ProblemError {
    /// A JSON pointer into the body.
    pub pointer: Option<String>,
    /// A parameter's name.
    pub parameter: Option<String>,
    /// A stable code.
    pub code: &'static str,
    /// What is wrong, for people.
    pub detail: String,
}

/// An operation of a batch.
#[derive(Debug, Clone)]
pub struct ProblemOperation {
    /// Its place, counted from 0.
    pub index: usize,
    /// Its id.
    pub id: Option<String>,
}

impl Problem {
    /// Starts a problem.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            errors: Vec::new(),
            operation: None,
            also: None,
            headers: Vec::new(),
        }
    }

    /// Adds the wrong parts.
    pub fn with_errors(mut self, errors: Vec<ProblemError>) -> Self {
        self.errors = errors;
        self
    }

    /// Says what is wrong, as a part of another document.
    pub fn members(self) -> Map<String, Json> {
        let mut body = Map::new();
        body.insert("status".into(), self.status.as_u16().into());
        body.insert("code".into(), self.code.into());
        body.insert("detail".into(), self.detail.into());
        if let Some(about) = self.operation {
            let mut operation = json!({ "index": about.index });
            if let Some(id) = about.id {
                operation["id"] = id.into();
            }
            body.insert("operation".into(), operation);
        }
        if !self.errors.is_empty() {
            let errors = self.errors.into_iter().map(|error| {
                let mut member = json!({ "code": error.code, "detail": error.detail });
                if let Some(pointer) = error.pointer {
                    member["pointer"] = pointer.into();
                }
                if let Some(parameter) = error.parameter {
                    member["parameter"] = parameter.into();
                }
                member
            });
            body.insert("errors".into(), errors.collect());
        }
        body.extend(self.also.into_iter().flat_map(|also| *also));
        body
    }

    /// Turns it into HTTP.
    pub fn into_response(mut self, request_id: &str) -> Response {
        let (status, headers) = (self.status, std::mem::take(&mut self.headers));
        let mut body = Map::new();
        body.insert("type".into(), codes::uri(self.code).into());
        body.insert("title".into(), codes::title(self.code).into());
        body.extend(self.members());
        body.insert("requestId".into(), request_id.into());
        let body = Bytes::from(Json::Object(body).to_string());
        let mut response = Response::new(body.into());
        *response.status_mut() = status;
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(CONTENT_TYPE, kind);
        response.headers_mut().extend(headers);
        response
    }
}
