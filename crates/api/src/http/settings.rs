//! The bounds of connections and requests.

use std::time::Duration;

use model::Config;

use super::client::Trust;
use super::cors::Cors;
use super::security::SecurityHeaders;

/// How connections and requests are bounded, and which pages may call.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The most connections. Further ones wait in the system's backlog until one closes.
    pub connections_max: usize,
    /// The longest time from a request's first byte, or from the start of a connection, to the end
    /// of its head.
    pub head_timeout: Duration,
    /// How long a connection may be idle.
    pub idle_timeout: Duration,
    /// The most bytes of a head: request line and headers.
    pub head_bytes_max: usize,
    /// The longest path and query.
    pub url_bytes_max: usize,
    /// The longest time from a request's head to its answer.
    pub request_timeout: Duration,
    /// How long requests may go on after the signal to stop.
    pub drain_timeout: Duration,
    /// Which web pages may call.
    pub cors: Cors,
    /// Which proxies are believed.
    pub trust: Trust,
    /// What every answer tells browsers.
    pub security: SecurityHeaders,
}

impl Settings {
    /// Takes `[server]`, `[limits]`, `[cors]` and `[headers]`.
    pub fn from_config(config: &Config) -> Self {
        let size = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        Self {
            connections_max: size(config.limits.connections_max),
            head_timeout: config.limits.head_timeout,
            idle_timeout: config.limits.idle_timeout,
            head_bytes_max: size(config.limits.header_bytes_max),
            url_bytes_max: size(config.limits.url_bytes_max),
            request_timeout: config.limits.request_timeout,
            drain_timeout: config.server.drain_timeout,
            cors: Cors::from_config(&config.cors),
            trust: Trust::from_config(&config.server.proxies),
            security: SecurityHeaders::from_config(&config.headers),
        }
    }
}
