//! Clients that mean harm, over HTTP/2, frame by frame.

use testkit::Wire;

use crate::hostile::{guarded, is_well};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// `ENHANCE_YOUR_CALM`
const CALM: u32 = 11;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a frame is small").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// The headers of `GET /healthz`, in HPACK without a dynamic table.
fn head() -> Vec<u8> {
    [&[0x82, 0x86, 0x04, 8], &b"/healthz"[..], &[0x01, 1], b"t"].concat()
}

/// The start of a connection.
fn start(settings: &[u8]) -> Vec<u8> {
    [PREFACE, &frame(SETTINGS, 0, 0, settings)].concat()
}

/// Streams of clients have odd numbers.
fn streams(count: u32) -> impl Iterator<Item = u32> {
    (0..count).map(|i| 2 * i + 1)
}

/// Takes what the server sent apart: kind, stream and payload.
fn frames(mut bytes: &[u8]) -> Vec<(u8, u32, Vec<u8>)> {
    let mut frames = Vec::new();
    while bytes.len() >= 9 {
        let length = u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]) as usize;
        let stream = u32::from_be_bytes([bytes[5], bytes[6], bytes[7], bytes[8]]);
        let Some(payload) = bytes.get(9..9 + length) else { break };
        frames.push((bytes[3], stream, payload.to_vec()));
        bytes = &bytes[9 + length..];
    }
    frames
}

/// The error with which the server said goodbye, if it did.
fn goodbye(answer: &[u8]) -> Option<u32> {
    let last = frames(answer).into_iter().rev().find(|(kind, _, _)| *kind == GOAWAY)?;
    let code = last.2.get(4..8)?;
    Some(u32::from_be_bytes([code[0], code[1], code[2], code[3]]))
}

/// How many requests were answered.
fn answered(answer: &[u8]) -> usize {
    frames(answer).iter().filter(|(kind, _, _)| *kind == HEADERS).count()
}

#[tokio::test]
async fn the_frames_of_these_tests_are_good() {
    let server = guarded("");
    let mut bytes = start(&[]);
    for stream in streams(3) {
        bytes.extend(frame(HEADERS, END_STREAM | END_HEADERS, stream, &head()));
    }
    let answer = Wire::exchange(&server, &bytes);
    assert_eq!(answered(&answer), 3, "{}", answer.escape_ascii());
    assert_eq!(goodbye(&answer), Some(0), "it closes politely when idle");
}

#[tokio::test]
async fn rapid_resets_end_the_connection() {
    let server = guarded("");
    let before = server.memory();
    let mut bytes = start(&[]);
    for stream in streams(20_000) {
        bytes.extend(frame(HEADERS, END_STREAM | END_HEADERS, stream, &head()));
        bytes.extend(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
    }
    let answer = Wire::exchange(&server, &bytes);
    assert!(answered(&answer) < 20_000);
    // A close with unread bytes may lose what was said last.
    assert!(matches!(goodbye(&answer), Some(CALM) | None), "{:?}", goodbye(&answer));
    is_well(&server, before);
}

#[tokio::test]
async fn streams_beyond_the_bound_are_refused() {
    let server = guarded("");
    let before = server.memory();
    let mut bytes = start(&[]);
    // Bodies that never come keep each stream open.
    let post = [&[0x83, 0x86, 0x04, 13], &b"/api/v1/posts"[..], &[0x01, 1], b"t"].concat();
    let typed = [&post[..], &[0x0f, 0x10, 16], b"application/json"].concat();
    for stream in streams(1000) {
        bytes.extend(frame(HEADERS, END_HEADERS, stream, &typed));
    }
    let answer = Wire::exchange(&server, &bytes);
    let refused = frames(&answer).iter().filter(|(kind, _, _)| *kind == RST_STREAM).count();
    assert!(refused > 0 || goodbye(&answer) == Some(CALM), "{:?}", frames(&answer));
    is_well(&server, before);
}

#[tokio::test]
async fn header_bombs_are_refused() {
    let server = guarded("");
    let before = server.memory();
    // One large header goes into the table, and is then meant sixteen thousand times by one byte.
    let value = vec![b'a'; 3900];
    let length = [0x7f, 0xbd, 0x1d];
    let large = [&head()[..], &[0x40, 1, b'x'], &length, &value].concat();
    for references in [20, 12_000] {
        let bomb = [large.clone(), vec![0xbe; references]].concat();
        let mut bytes = start(&[]);
        for stream in streams(20) {
            bytes.extend(frame(HEADERS, END_STREAM | END_HEADERS, stream, &bomb));
        }
        let answer = Wire::exchange(&server, &bytes);
        let is_answered = |(kind, _, payload): &(u8, u32, Vec<u8>)| {
            // `:status: 200` is the eighth entry of the static table.
            *kind == HEADERS && payload.first() == Some(&0x88)
        };
        assert!(!frames(&answer).iter().any(is_answered), "{references}");
    }
    is_well(&server, before);
}

#[tokio::test]
async fn heads_without_end_end_the_connection() {
    let server = guarded("");
    let before = server.memory();
    for part in [&[][..], &[0x00, 1, b'x', 1, b'y'], &[0x20], &[0xff; 5]] {
        let mut wire = Wire::open(&server);
        wire.send(&start(&[]));
        wire.send(&frame(HEADERS, END_STREAM, 1, &head()));
        let continuation = frame(CONTINUATION, 0, 1, part).repeat(1000);
        wire.flood(&continuation);
        assert_eq!(answered(&wire.rest()), 0);
    }
    // One that goes on, but slowly.
    let mut wire = Wire::open(&server);
    wire.send(&start(&[]));
    wire.send(&frame(HEADERS, END_STREAM, 1, &head()));
    assert_eq!(answered(&wire.rest()), 0);
    is_well(&server, before);
}

#[tokio::test]
async fn floods_of_control_frames_hold_no_memory() {
    let server = guarded("");
    let before = server.memory();
    let floods = [
        frame(PING, 0, 0, &[0; 8]),
        frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0xff, 0xff]),
        frame(WINDOW_UPDATE, 0, 0, &1_u32.to_be_bytes()),
        frame(DATA, 0, 1, &[]),
        frame(2, 0, 1, &[0, 0, 0, 3, 1]),
        frame(0xee, 0, 0, &[0; 100]),
        frame(0xee, 0, 0, &[]),
    ];
    for flood in floods {
        let mut wire = Wire::open(&server);
        wire.send(&start(&[]));
        // Who never reads is stopped by its own window or told to be calm, and closed.
        wire.flood(&flood.repeat(2000));
    }
    is_well(&server, before);
}

#[tokio::test]
async fn answers_that_nobody_takes_are_given_up() {
    let server = guarded("");
    let before = server.memory();
    // No window at all: answers can only wait.
    let mut bytes = start(&[0, 4, 0, 0, 0, 0]);
    let list = [&[0x82, 0x86, 0x04, 13], &b"/api/v1/posts"[..], &[0x01, 1], b"t"].concat();
    for stream in streams(100) {
        bytes.extend(frame(HEADERS, END_STREAM | END_HEADERS, stream, &list));
    }
    let answer = Wire::exchange(&server, &bytes);
    assert!(answered(&answer) > 0);
    is_well(&server, before);
}

#[tokio::test]
async fn frames_that_break_the_rules_end_the_connection() {
    let server = guarded("");
    let before = server.memory();
    let broken = [
        // Too long, on the wrong stream, of the wrong size.
        frame(HEADERS, END_HEADERS, 1, &vec![0; 100_000]),
        frame(HEADERS, END_STREAM | END_HEADERS, 0, &head()),
        frame(HEADERS, END_STREAM | END_HEADERS, 2, &head()),
        frame(DATA, 0, 5, b"x"),
        frame(PING, 0, 0, &[0; 7]),
        frame(SETTINGS, 0, 0, &[0; 5]),
        frame(SETTINGS, 0, 1, &[]),
        frame(SETTINGS, 0, 0, &[0, 4, 0xff, 0xff, 0xff, 0xff]),
        frame(WINDOW_UPDATE, 0, 0, &0_u32.to_be_bytes()),
        frame(WINDOW_UPDATE, 0, 0, &0x7fff_ffff_u32.to_be_bytes()).repeat(2),
        frame(CONTINUATION, END_HEADERS, 1, &head()),
        // HPACK that means nothing: an index that is not there, a number without end.
        frame(HEADERS, END_STREAM | END_HEADERS, 1, &[0xff, 0xff, 0xff, 0xff, 0x0f]),
        frame(HEADERS, END_STREAM | END_HEADERS, 1, &[0x80]),
        vec![0xff; 1000],
    ];
    for bytes in broken {
        let shown = bytes[..bytes.len().min(20)].escape_ascii().to_string();
        let answer = Wire::exchange(&server, &[start(&[]), bytes].concat());
        assert_eq!(answered(&answer), 0, "{shown}");
    }
    // Malformed requests: without a method, twice a path, a header in capitals, a connection's.
    let heads: [&[u8]; 5] = [
        &[0x86, 0x84, 0x01, 1, b't'],
        &[0x82, 0x86, 0x84, 0x84, 0x01, 1, b't'],
        &[0x82, 0x86, 0x84, 0x00, 1, b'X', 1, b'y'],
        &[0x82, 0x86, 0x04, 0, 0x01, 1, b't'],
        b"\x82\x86\x84\x00\x0aconnection\x05close",
    ];
    for head in heads {
        let bytes = frame(HEADERS, END_STREAM | END_HEADERS, 1, head);
        let answer = Wire::exchange(&server, &[start(&[]), bytes].concat());
        let is_fine = |(kind, _, payload): &(u8, u32, Vec<u8>)| {
            *kind == HEADERS && payload.first() == Some(&0x88)
        };
        assert!(!frames(&answer).iter().any(is_fine), "{}", head.escape_ascii());
    }
    is_well(&server, before);
}
