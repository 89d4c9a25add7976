//! `[limits]`: the bounds of a request.

use std::time::Duration;

use crate::config::reader::{Reader, Section};

/// `[limits]`
#[derive(Clone, Debug, PartialEq)]
pub struct LimitsConfig {
    /// The largest request body.
    pub body_bytes_max: u64,
    /// The bytes of all bodies together that are arriving in pieces.
    pub bodies_bytes_max: u64,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    /// The largest request head: request line and headers.
    pub header_bytes_max: u64,
    /// How long a head may take, from the first byte or the start of a connection.
    pub head_timeout: Duration,
    /// How long a connection may do nothing.
    pub idle_timeout: Duration,
    /// The longest path and query.
    pub url_bytes_max: u64,
    /// The most rows of a page.
    pub page_max: u64,
    /// The rows of a page without `limit=`; at most `page_max`.
    pub page_default: u64,
    /// How deep `expand=` may go.
    pub expand_depth_max: u64,
    /// The most rows of an expanded to-many relation, for each parent.
    pub expand_rows_max: u64,
    /// The longest `filter=`.
    pub filter_bytes_max: u64,
    /// The most operations of a batch.
    pub batch_operations_max: u64,
    /// How long the answer to a write with an `Idempotency-Key` is kept.
    pub idempotency_keep: Duration,
    /// The largest body of such an answer.
    pub idempotency_body_bytes_max: u64,
    /// The most rows that one request writes.
    pub bulk_rows_max: u64,
    /// The most exports at a time.
    pub exports_max: u64,
    /// How long an export may take.
    pub export_timeout: Duration,
    /// How long an export waits for a client that takes nothing.
    pub export_stall_timeout: Duration,
    /// The most imports at a time.
    pub imports_max: u64,
    /// The most rows of an import that keeps all or none.
    pub import_rows_max: u64,
    /// The largest import.
    pub import_bytes_max: u64,
    /// How long an import may take.
    pub import_timeout: Duration,
    /// How long a request may take.
    pub request_timeout: Duration,
    /// The most connections at a time.
    pub connections_max: u64,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            body_bytes_max: 1024 * 1024,
            bodies_bytes_max: 256 * 1024 * 1024,
            // At the default bound of a body this asks for 50 KiB a second.
            body_timeout: Duration::from_secs(20),
            header_bytes_max: 32 * 1024,
            head_timeout: Duration::from_secs(10),
            // Load balancers keep theirs for a minute, and should be the ones to close.
            idle_timeout: Duration::from_secs(75),
            url_bytes_max: 16 * 1024,
            page_max: 200,
            page_default: 20,
            expand_depth_max: 3,
            expand_rows_max: 100,
            filter_bytes_max: 8 * 1024,
            batch_operations_max: 100,
            idempotency_keep: Duration::from_secs(24 * 3600),
            idempotency_body_bytes_max: 1024 * 1024,
            bulk_rows_max: 1000,
            // Each holds a thread, and a snapshot behind which the log cannot be folded back.
            exports_max: 4,
            export_timeout: Duration::from_secs(300),
            export_stall_timeout: Duration::from_secs(30),
            imports_max: 4,
            // Others wait for as long as it takes to write them: less than a second.
            import_rows_max: 10_000,
            import_bytes_max: 1024 * 1024 * 1024,
            import_timeout: Duration::from_secs(600),
            request_timeout: Duration::from_secs(30),
            connections_max: 10_000,
        }
    }
}

pub(super) fn read(root: &mut Section<'_>, reader: &mut Reader<'_, '_>) -> LimitsConfig {
    let mut section = root.section("limits", reader);
    let mut config = LimitsConfig::default();
    let mut number = |key, to: &mut u64, bounds| {
        section.number(key, bounds, reader).map(|number| {
            *to = number.value;
            number.place
        })
    };
    number("body_bytes_max", &mut config.body_bytes_max, 1024..=64 * 1024 * 1024);
    number("header_bytes_max", &mut config.header_bytes_max, 1024..=1024 * 1024);
    number("url_bytes_max", &mut config.url_bytes_max, 256..=64 * 1024);
    number("page_max", &mut config.page_max, 1..=10_000);
    let page_default = number("page_default", &mut config.page_default, 1..=10_000);
    number("expand_depth_max", &mut config.expand_depth_max, 0..=10);
    number("expand_rows_max", &mut config.expand_rows_max, 1..=10_000);
    number("filter_bytes_max", &mut config.filter_bytes_max, 64..=64 * 1024);
    number("batch_operations_max", &mut config.batch_operations_max, 1..=1000);
    let bytes = 1024..=64 * 1024 * 1024;
    number("idempotency_body_bytes_max", &mut config.idempotency_body_bytes_max, bytes);
    number("bulk_rows_max", &mut config.bulk_rows_max, 1..=10_000);
    number("exports_max", &mut config.exports_max, 1..=1000);
    number("imports_max", &mut config.imports_max, 1..=1000);
    number("import_rows_max", &mut config.import_rows_max, 1..=100_000);
    let bytes = 1024..=1024 * 1024 * 1024 * 1024;
    number("import_bytes_max", &mut config.import_bytes_max, bytes);
    number("connections_max", &mut config.connections_max, 1..=1_000_000);
    let bodies =
        number("bodies_bytes_max", &mut config.bodies_bytes_max, 1024..=64 * 1024 * 1024 * 1024);
    for (key, to) in [
        ("body_timeout", &mut config.body_timeout),
        ("head_timeout", &mut config.head_timeout),
        ("idle_timeout", &mut config.idle_timeout),
        ("export_timeout", &mut config.export_timeout),
        ("export_stall_timeout", &mut config.export_stall_timeout),
        ("import_timeout", &mut config.import_timeout),
        ("request_timeout", &mut config.request_timeout),
    ] {
        let timeout = Duration::from_millis(100)..=Duration::from_secs(3600);
        if let Some(timeout) = section.duration(key, timeout, reader) {
            *to = timeout;
        }
    }
    let (one, all) = (config.body_bytes_max, config.bodies_bytes_max);
    match bodies {
        None => config.bodies_bytes_max = all.max(one),
        Some(place) if all < one => {
            let message =
                format!("`bodies_bytes_max` ({all}) is less than `body_bytes_max` ({one})");
            reader.error(place, message, None);
        }
        Some(_) => {}
    }
    let keep = Duration::from_secs(60)..=Duration::from_secs(30 * 24 * 3600);
    if let Some(keep) = section.duration("idempotency_keep", keep, reader) {
        config.idempotency_keep = keep;
    }
    match page_default {
        None => config.page_default = config.page_default.min(config.page_max),
        Some(place) if config.page_default > config.page_max => {
            let (default, max) = (config.page_default, config.page_max);
            let message = format!("`page_default` ({default}) is more than `page_max` ({max})");
            reader.error(place, message, None);
        }
        Some(_) => {}
    }
    section.finish(reader);
    config
}
