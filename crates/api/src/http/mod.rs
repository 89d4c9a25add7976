//! HTTP without Mainstay: connections, bodies, problems, entity tags, and what every answer has.
//!
//! `server` accepts, `connection` watches one connection, `shell` surrounds each request.

pub mod accept;
mod access_log;
mod acme;
mod activity;
mod answer_body;
pub mod body;
mod client;
mod codes;
mod compress;
mod compress_stream;
mod connection;
mod cors;
mod encoding;
pub mod etag;
mod forwarded;
pub mod idempotency;
mod listener;
pub mod pieces;
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

use std::sync::atomic::{AtomicBool, Ordering};

pub use acme::{Acme, AcmeError, AcmeSettings};
pub use answer_body::{AnswerBody, Broken, Stream};
pub use client::{Client, Trust};
pub(crate) use codes::PROBLEM_TYPES;
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

/// An answer.
pub type Response = http::Response<AnswerBody>;

/// Headers of a usual answer: those of a row and those that the shell adds. As many fit into a map of
/// the second size; one more would double it.
pub(crate) const HEADERS_USUAL: usize = 12;

/// What is known of a request besides itself.
#[derive(Debug)]
pub struct RequestContext {
    /// The id under which it is logged and answered.
    pub request_id: RequestId,
    /// Who sent it.
    pub client: Client,
    /// How long it may take.
    pub patience: Patience,
}

/// How long a request may take: as long as any, unless its handler sees to it that it ends.
#[derive(Debug, Default)]
pub struct Patience(AtomicBool);

impl Patience {
    /// Leaves it to the handler to end in time.
    pub fn leave_to_handler(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_left_to_handler(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests;
