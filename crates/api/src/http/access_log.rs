//! One line for each request, at level `debug` under the target `access`.

use std::time::Instant;

use http::{Method, StatusCode, Uri};
use tracing::Level;

use super::{Client, RequestId};

/// What a line needs to know of a request before its handler takes it. Nothing is kept where the
/// log is off: then this costs one atomic load.
pub(super) struct AccessLog(Option<Box<Entry>>);

struct Entry {
    method: Method,
    uri: Uri,
    client: Client,
    start: Instant,
}

impl AccessLog {
    #[inline]
    pub(super) fn start(method: &Method, uri: &Uri, client: &Client) -> Self {
        let on = tracing::enabled!(target: "access", Level::DEBUG);
        Self(on.then(|| {
            Box::new(Entry {
                method: method.clone(),
                uri: uri.clone(),
                client: client.clone(),
                start: Instant::now(),
            })
        }))
    }

    /// Writes the line. The query is left out: it may hold personal data.
    #[inline]
    pub(super) fn finish(self, status: StatusCode, request_id: &RequestId) {
        let Some(entry) = self.0 else { return };
        let Entry { method, uri, client, start } = *entry;
        let micros = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        let status = status.as_u16();
        tracing::debug!(
            target: "access",
            method = %method,
            path = uri.path(),
            status,
            duration_us = micros,
            client.address = %client,
            request.id = %request_id,
            "{method} {} {status} in {micros} µs",
            uri.path(),
        );
    }
}
