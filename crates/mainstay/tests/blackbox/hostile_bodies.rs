//! Bodies and parameters that mean harm.

use serde_json::json;
use testkit::{Server, Wire};

use crate::fixtures::ALICE;
use crate::hostile::{guarded, is_refused, is_well};

/// Sends a body as JSON with a token, and returns the answer.
fn post(server: &Server, framing: &str, body: &[u8]) -> Vec<u8> {
    let token = testkit::token(&json!({ "sub": ALICE }));
    let head = format!(
        "POST /api/v1/posts HTTP/1.1\r\nhost: t\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\nconnection: close\r\n{framing}\r\n\r\n"
    );
    Wire::exchange(server, &[head.as_bytes(), body].concat())
}

fn whole(server: &Server, body: &[u8]) -> Vec<u8> {
    post(server, &format!("content-length: {}", body.len()), body)
}

#[tokio::test]
async fn chunks_that_lie_are_refused() {
    let server = guarded("");
    let before = server.memory();
    let extension = format!("1;{}\r\n{{\r\n0\r\n\r\n", "x".repeat(100_000));
    let extensions = format!("{}0\r\n\r\n", "1;xxxxxxxxxxxxxxxxxxxxxxxx\r\n \r\n".repeat(20_000));
    let trailer = format!("2\r\n{{}}\r\n0\r\nx: {}\r\n\r\n", "x".repeat(100_000));
    let trailers = format!("2\r\n{{}}\r\n0\r\n{}\r\n", "x: y\r\n".repeat(20_000));
    let empty = "\r\n".repeat(100_000);
    let bodies = [
        "zz\r\n",
        "-1\r\n{\r\n0\r\n\r\n",
        "+1\r\n{\r\n0\r\n\r\n",
        "0x1\r\n{\r\n0\r\n\r\n",
        " 1\r\n{\r\n0\r\n\r\n",
        "ffffffffffffffff\r\n{",
        "10000000000000000\r\n{",
        "7fffffffffffffff\r\n{",
        "1\r\n{}\r\n0\r\n\r\n",
        "2\r\n{\r\n0\r\n\r\n",
        "1\n{\n0\n\n",
        "\r\n",
        &extension,
        &extensions,
        &trailer,
        &trailers,
        &empty,
    ];
    for body in bodies {
        let shown: String = body.chars().take(60).collect();
        let answer = post(&server, "transfer-encoding: chunked", body.as_bytes());
        is_refused(&answer, &shown);
    }
    is_well(&server, before);
}

#[tokio::test]
async fn bodies_that_are_no_object_of_the_model_are_refused() {
    let server = guarded("");
    let before = server.memory();
    let nest = |open: &str, close: &str, depth| {
        format!("{{\"extra\":{}1{}}}", open.repeat(depth), close.repeat(depth))
    };
    let members = (0..50_000).map(|i| format!("\"a{i}\":1")).collect::<Vec<_>>().join(",");
    let texts = [
        nest("[", "]", 10_000),
        nest("{\"a\":", "}", 10_000),
        "[".repeat(500_000),
        "{\"a\":".repeat(100_000),
        format!("{{{members}}}"),
        format!("{{{}}}", vec!["\"title\":\"a\""; 50_000].join(",")),
        format!("{{\"title\":\"{}\"}}", "x".repeat(1_000_000)),
        format!("{{\"title\":\"t\",\"rating\":{}}}", "9".repeat(1_000_000)),
        format!("{{\"title\":\"t\",\"price\":\"{}\"}}", "9".repeat(1_000_000)),
        format!("{{\"title\":\"t\",\"price\":\"1e{}\"}}", "9".repeat(1000)),
        "{\"title\":\"t\",\"rating\":1e999999999}".to_owned(),
        "{\"title\":\"t\",\"rating\":NaN}".to_owned(),
        "{\"title\":\"\\ud800\"}".to_owned(),
        "{\"title\":\"a\\u0000b\",\"nothing\":1}".to_owned(),
        format!("{{\"title\":\"t\",\"tags\":[{}1]}}", "1,".repeat(400_000)),
        "null".to_owned(),
        "\u{feff}{}".to_owned(),
        "{}{}".to_owned(),
        String::new(),
    ];
    for text in &texts {
        let shown: String = text.chars().take(60).collect();
        let answer = whole(&server, text.as_bytes());
        assert!(answer.len() < 64 * 1024, "{shown}: an answer does not grow with the request");
        assert!(answer.starts_with(b"HTTP/1.1 4"), "{shown}: {}", answer.escape_ascii());
    }
    for bytes in [&b"{\"title\":\"\xff\xfe\"}"[..], b"\xff\xfe{\0}\0", b"\0", b"{\"\xc0\x80\":1}"] {
        let answer = whole(&server, bytes);
        assert!(answer.starts_with(b"HTTP/1.1 4"), "{}", answer.escape_ascii());
    }
    is_well(&server, before);
}

#[tokio::test]
async fn parameters_are_refused_by_name() {
    let server = guarded("");
    let before = server.memory();
    let mib = "a".repeat(1024 * 1024);
    let cases = [
        (format!("filter={mib}"), None),
        (format!("filter={}", "(".repeat(8000)), Some("invalid_parameters")),
        (format!("filter={}true", "!".repeat(8000)), Some("invalid_parameters")),
        (format!("filter={}1", "-".repeat(8000)), Some("invalid_parameters")),
        (format!("filter={}", "title.".repeat(1300)), Some("invalid_parameters")),
        (format!("filter={}", vec!["true"; 1300].join("%26%26")), None),
        (format!("filter=title.matches('{}')", "(a*)*".repeat(500)), None),
        (format!("filter=title.matches('{}a')", "%28".repeat(500)), Some("invalid_parameters")),
        (
            "filter=title.matches('a%7B1000%7D%7B1000%7D%7B1000%7D')".to_owned(),
            Some("invalid_parameters"),
        ),
        // What is there already changes nothing.
        (format!("sort={}", vec!["title"; 2000].join(",")), None),
        (format!("expand={}", vec!["author"; 2000].join(",")), None),
        (format!("expand={}", vec!["author"; 2000].join(".")), Some("invalid_parameters")),
        (format!("expand={}", "comments(".repeat(1000)), Some("invalid_parameters")),
        (format!("fields={}", vec!["title"; 2000].join(",")), None),
        (format!("title[in]={}", vec!["a"; 5000].join(",")), Some("invalid_parameters")),
        ("title=a&".repeat(1500), Some("invalid_parameters")),
        ("limit=99999999999999999999999999".to_owned(), Some("invalid_parameters")),
        ("offset=-1".to_owned(), Some("invalid_parameters")),
        (format!("after={}", "A".repeat(10_000)), Some("invalid_parameters")),
        ("after=%00%FF%FE".to_owned(), Some("invalid_parameters")),
        ("filter=%FF%FE%00".to_owned(), Some("invalid_parameters")),
        ("%FF%FE=1".to_owned(), Some("invalid_parameters")),
        ("%=%&%%=%zz&[=]&]=[&a[b[c]=d".to_owned(), Some("invalid_parameters")),
    ];
    for (query, code) in cases {
        let shown: String = query.chars().take(60).collect();
        let head =
            format!("GET /api/v1/posts?{query} HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n");
        let answer = Wire::exchange(&server, head.as_bytes());
        let text = String::from_utf8_lossy(&answer);
        match code {
            Some(code) => {
                assert!(answer.starts_with(b"HTTP/1.1 400 "), "{shown}: {text}");
                assert!(text.contains(&format!("\"code\":\"{code}\"")), "{shown}: {text}");
            }
            // A bound, or an answer: both are fine, as long as there is one.
            None => {
                let status = answer.get(9).copied();
                assert!(matches!(status, Some(b'2' | b'4')), "{shown}: {text}");
            }
        }
    }
    is_well(&server, before);
}

#[tokio::test]
async fn many_slow_bodies_do_not_fill_the_memory() {
    let server = guarded("bodies_bytes_max = 4_194_304\n");
    let before = server.memory();
    let token = testkit::token(&json!({ "sub": ALICE }));
    let head = format!(
        "POST /api/v1/posts HTTP/1.1\r\nhost: t\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: 1000000\r\n\r\n"
    );
    let part = " ".repeat(900_000);
    let mut answers: Vec<Vec<u8>> = std::thread::scope(|scope| {
        let flood: Vec<_> = (0..100)
            .map(|_| {
                scope.spawn(|| {
                    let mut wire = Wire::open(&server);
                    wire.send(head.as_bytes());
                    wire.send(part.as_bytes());
                    wire.rest()
                })
            })
            .collect();
        flood.into_iter().map(|client| client.join().expect("no panic")).collect()
    });
    answers.retain(|answer| answer.starts_with(b"HTTP/1.1 503"));
    assert!(!answers.is_empty(), "some were sent away");
    assert!(String::from_utf8_lossy(&answers[0]).contains("[limits] bodies_bytes_max"));
    is_well(&server, before);
}
