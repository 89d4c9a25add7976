//! HTTP without Mainstay: connections, bodies, problems, entity tags.

pub mod body;
pub mod etag;
mod problem;
mod server;

use bytes::Bytes;
use http_body_util::Full;

pub use problem::{Problem, ProblemError};
pub use server::{Handler, serve};

/// An answer, whole.
pub type Response = http::Response<Full<Bytes>>;

/// What is known of a request besides itself.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// The id under which it is logged and answered.
    pub request_id: String,
}
