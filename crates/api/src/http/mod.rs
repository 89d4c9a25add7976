//! HTTP without Mainstay: connections, bodies, problems, entity tags, and what every answer has.
//!
//! `server` accepts, `connection` watches one connection, `shell` surrounds each request.

mod access_log;
mod activity;
pub mod body;
mod client;
mod codes;
mod compress;
mod connection;
mod cors;
mod encoding;
pub mod etag;
mod forwarded;
pub mod idempotency;
mod listener;
pub mod prefer;
mod problem;
mod redirect;
mod request_id;
mod security;
mod server;
mod settings;
mod shell;
mod socket;
mod socket_file;
mod target;
mod tls;

use bytes::Bytes;
use http_body_util::Full;

pub use client::{Client, Trust};
pub use codes::{CODES, Code};
pub use cors::Cors;
pub use listener::Listener;
pub use problem::{Problem, ProblemError, ProblemOperation};
pub use request_id::RequestId;
pub use security::SecurityHeaders;
pub use server::{Drained, serve};
pub use settings::Settings;
pub use shell::{Handler, Shell};
pub use tls::{Tls, TlsError, TlsSettings};

/// An answer, whole.
pub type Response = http::Response<Full<Bytes>>;

/// What is known of a request besides itself.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// The id under which it is logged and answered.
    pub request_id: RequestId,
    /// Who sent it.
    pub client: Client,
}

#[cfg(test)]
mod tests;
