//! Clients that mean harm, over HTTP/1.1: each gets a 4xx or a closed connection, soon, and others
//! notice nothing.

use testkit::{Folder, Server, Wire};

use crate::fixtures::{BINARY, BLOG};

/// Whatever waits, waits this long at most, so that tests see the end.
const SHORT: &str =
    "head_timeout = \"500ms\"\nidle_timeout = \"500ms\"\nbody_timeout = \"500ms\"\n";

/// What a server may grow by while it is flooded. A body of 1 MiB becomes some 50 MiB of values where
/// it is a list of single digits.
const GROWTH_MAX: usize = 128 * 1024 * 1024;

/// A blog with short timeouts and further limits.
pub(crate) fn guarded(limits: &str) -> Server {
    let folder = Folder::new(BLOG);
    let text = std::fs::read_to_string(folder.path().join("mainstay.toml")).expect("the file");
    let folder = folder.file("mainstay.toml", &format!("[limits]\n{SHORT}{limits}{text}"));
    Server::start(BINARY, folder)
}

/// The server answers others, has not panicked, and has not grown beyond measure.
#[track_caller]
pub(crate) fn is_well(server: &Server, memory_before: usize) {
    let mut wire = Wire::open(server);
    assert!(wire.send(b"GET /api/v1/posts HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n"));
    let answer = wire.rest();
    assert!(answer.starts_with(b"HTTP/1.1 200 OK"), "{}", answer.escape_ascii());
    assert!(!server.log().contains("panicked"), "{}", server.log());
    let growth = server.memory().saturating_sub(memory_before);
    assert!(growth < GROWTH_MAX, "it has grown by {} MiB", growth / (1024 * 1024));
}

/// A 4xx, or nothing but a closed connection.
#[track_caller]
pub(crate) fn is_refused(answer: &[u8], what: &str) {
    let first = &answer[..answer.len().min(200)];
    assert!(
        answer.is_empty() || answer.starts_with(b"HTTP/1.1 4"),
        "{what}: {}",
        first.escape_ascii()
    );
}

#[tokio::test]
async fn silent_and_trickling_heads_are_closed() {
    let server = guarded("");
    let before = server.memory();
    let mut silent: Vec<Wire> = (0..50).map(|_| Wire::open(&server)).collect();
    let mut half: Vec<Wire> = (0..50).map(|_| Wire::open(&server)).collect();
    for wire in &mut half {
        wire.send(b"GET /api/v1/posts HTTP/1.1\r\nhost: t\r\nx-slow: ");
    }
    // One more byte whenever there is time for it, as slowloris does, for as long as it is taken.
    let mut trickle = Wire::open(&server);
    trickle.send(b"GET / HTTP/1.1\r\nhost: t\r\nx-slow: ");
    while trickle.send(b"a") {
        assert_eq!(trickle.until_quiet(), b"");
    }
    for wire in silent.iter_mut().chain(&mut half) {
        assert_eq!(wire.rest(), b"");
    }
    is_well(&server, before);
}

#[tokio::test]
async fn slow_bodies_are_answered_408() {
    let server = guarded("");
    let before = server.memory();
    let head = "POST /api/v1/posts HTTP/1.1\r\nhost: t\r\ncontent-type: application/json\r\n";
    for framing in ["content-length: 100\r\n\r\n{", "transfer-encoding: chunked\r\n\r\n1\r\n{\r\n"]
    {
        let mut wire = Wire::open(&server);
        wire.send(format!("{head}{framing}").as_bytes());
        let answer = wire.rest();
        assert!(answer.starts_with(b"HTTP/1.1 408 "), "{}", answer.escape_ascii());
        assert!(String::from_utf8_lossy(&answer).contains("[limits] body_timeout"));
    }
    is_well(&server, before);
}

#[tokio::test]
async fn pipelines_are_answered_in_order_and_hold_no_memory() {
    let server = guarded("");
    let before = server.memory();
    let one = b"GET /healthz HTTP/1.1\r\nhost: t\r\n\r\n";
    let answers = Wire::exchange(&server, &one.repeat(20_000));
    let count = answers.windows(12).filter(|window| window == b"HTTP/1.1 200").count();
    assert_eq!(count, 20_000);
    // Who only asks and never reads is stopped by its own window, and then closed.
    let mut deaf = Wire::open(&server);
    let ask = b"GET /nothing HTTP/1.1\r\nhost: t\r\n\r\n".repeat(1000);
    while deaf.send(&ask) {}
    is_well(&server, before);
}

#[tokio::test]
async fn heads_that_can_be_read_in_two_ways_are_refused() {
    let server = guarded("");
    let before = server.memory();
    let long = "a".repeat(70_000);
    let many = (0..500).map(|i| format!("x-{i}: y\r\n")).collect::<String>();
    let heads = [
        // Two lengths, or a length and chunks: where one request ends would be a matter of taste.
        "POST /healthz HTTP/1.1\r\nhost: t\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        "POST /healthz HTTP/1.1\r\nhost: t\r\ncontent-length: 5, 6\r\n\r\nhello",
        "POST /healthz HTTP/1.1\r\nhost: t\r\ncontent-length: +5\r\n\r\nhello",
        "POST /healthz HTTP/1.1\r\nhost: t\r\ncontent-length: -1\r\n\r\n",
        "POST /healthz HTTP/1.1\r\nhost: t\r\ncontent-length: 18446744073709551616\r\n\r\n",
        "POST /healthz HTTP/1.1\r\nhost: t\r\ntransfer-encoding: gzip\r\n\r\n0\r\n\r\n",
        "POST /healthz HTTP/1.1\r\nhost: t\r\ntransfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "POST /healthz HTTP/1.1\r\nhost: t\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
        "POST /healthz HTTP/1.0\r\nhost: t\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        // Names and lines that are none.
        "GET /healthz HTTP/1.1\r\nhost : t\r\n\r\n",
        "GET /healthz HTTP/1.1\r\n host: t\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nhost: t\r\nx: a\r\n folded\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nhost: t\r\nx\0y: a\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nhost: t\r\nx: a\0b\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nhost: t\r\n: a\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nhost: t\r\nno colon\r\n\r\n",
        "GET /healthz HTTP/1.1\rhost: t\r\r",
        "GET  /healthz HTTP/1.1\r\nhost: t\r\n\r\n",
        "GET /healthz HTTP/2.0\r\nhost: t\r\n\r\n",
        "GET /healthz HTTP/9.9\r\nhost: t\r\n\r\n",
        "GET healthz HTTP/1.1\r\nhost: t\r\n\r\n",
        "GET /health\u{e4} HTTP/1.1\r\nhost: t\r\n\r\n",
        "\u{e4}\u{f6} / HTTP/1.1\r\nhost: t\r\n\r\n",
        "\r\n\r\n\r\n",
        "\0\0\0\0\0\0\0\0",
        // Which host was meant.
        "GET /healthz HTTP/1.1\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nhost: a b\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nhost: a/b\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nhost: \u{e4}\r\n\r\n",
    ];
    let long = [
        format!("GET /healthz HTTP/1.1\r\nhost: t\r\nx: {long}\r\n\r\n"),
        format!("GET /healthz HTTP/1.1\r\nhost: t\r\n{long}: x\r\n\r\n"),
        format!("GET /{long} HTTP/1.1\r\nhost: t\r\n\r\n"),
        format!("{long} / HTTP/1.1\r\nhost: t\r\n\r\n"),
        format!("GET /healthz HTTP/1.1\r\nhost: t\r\n{many}\r\n"),
        "\r\n".repeat(100_000),
    ];
    for head in heads.into_iter().chain(long.iter().map(String::as_str)) {
        let shown: String = head.chars().take(100).collect();
        is_refused(&Wire::exchange(&server, head.as_bytes()), &shown);
    }
    is_well(&server, before);
}

#[tokio::test]
async fn repeated_and_invalid_headers_harm_nobody() {
    let server = guarded("");
    let before = server.memory();
    let ask = |headers: &[u8]| {
        let head = b"GET /api/v1/posts HTTP/1.1\r\nhost: t\r\nconnection: close\r\n";
        Wire::exchange(&server, &[head, headers, b"\r\n"].concat())
    };
    let names = [
        "authorization",
        "if-none-match",
        "if-match",
        "accept-encoding",
        "origin",
        "prefer",
        "cookie",
        "content-type",
        "x-request-id",
        "x-forwarded-for",
        "forwarded",
        "accept",
        "range",
        "expect",
        "access-control-request-method",
        "idempotency-key",
        "traceparent",
    ];
    let values: [&[u8]; 8] = [
        b"",
        b"\xff\xfe",
        b"\xc3\xa4",
        b"\"",
        b",,,,,,,,",
        b"*",
        b"Bearer",
        b"a;q=999999999999999999999",
    ];
    for name in names {
        for value in values {
            for times in [1, 40] {
                let line = [name.as_bytes(), b": ", value, b"\r\n"].concat();
                let answer = ask(&line.repeat(times));
                let status = answer.get(9..12).unwrap_or_default();
                assert!(
                    answer.is_empty() || matches!(status[0], b'2' | b'3' | b'4'),
                    "{}: {}",
                    line.escape_ascii(),
                    answer.escape_ascii()
                );
            }
        }
    }
    is_well(&server, before);
}

#[tokio::test]
async fn connections_beyond_the_bound_wait_and_cost_nothing() {
    let server = guarded("connections_max = 20\n");
    let before = server.memory();
    let mut flood: Vec<Wire> = (0..100).map(|_| Wire::open(&server)).collect();
    for wire in &mut flood {
        wire.send(b"GET /healthz HTTP/1.1\r\nhost: t\r\n\r\n");
    }
    // In turn each gets its answer, and is closed when it has nothing more to say.
    for wire in &mut flood {
        let answer = wire.rest();
        assert!(answer.starts_with(b"HTTP/1.1 200 OK"), "{}", answer.escape_ascii());
    }
    is_well(&server, before);
}
