//! HTTP itself: methods, paths, CORS, compression, request ids.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use http::Method;
use serde_json::json;
use testkit::{Folder, Server};

use crate::fixtures::{ALICE, BINARY, BLOG, blog, post};

#[tokio::test]
async fn paths_and_methods_that_are_not_there_say_so() {
    let server = blog().await;
    let client = server.client();
    for path in ["/nothing", "/api/v1/nothing", "/api/v2/posts", "/api/v1/posts/a/b"] {
        let answer = client.get(path).await.expect(404).json();
        assert_eq!(answer["code"], json!("no_route"), "{path}");
    }
    let answer = client.post(&format!("/api/v1/posts/{ALICE}"), json!({})).await.expect(405);
    assert_eq!(answer.header("allow"), Some("GET, HEAD, PUT, PATCH, DELETE, OPTIONS"));
    let options = client.send(Method::OPTIONS, "/api/v1/posts", None).await.expect(204);
    assert_eq!(options.header("allow"), Some("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"));
    assert_eq!(
        client.get("/api/v1/posts/not-a-uuid").await.expect(404).json()["code"],
        json!("not_found")
    );
    client.get("/api/posts").await.expect(200);
    client.get("/healthz").await.expect(200);
    client.get("/readyz").await.expect(200);
    let index = client.get("/api/v1").await.expect(200).json();
    assert_eq!(index["collections"][1]["url"], json!("/api/v1/posts"));
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let server = blog().await;
    let alice = server.client().as_user(ALICE);
    post(&alice, json!({ "title": "t" })).await;
    let get = alice.get("/api/v1/posts").await.expect(200);
    let head = alice.send(Method::HEAD, "/api/v1/posts", None).await.expect(200);
    assert!(head.body.is_empty());
    assert_eq!(head.etag(), get.etag());
    assert_eq!(head.header("content-length"), Some(get.body.len().to_string().as_str()));
}

#[tokio::test]
async fn problems_carry_the_request_id() {
    let server = blog().await;
    let client = server.client();
    let own = client.with("x-request-id", "my-id-1").get("/nothing").await.expect(404);
    assert_eq!(own.header("x-request-id"), Some("my-id-1"));
    assert_eq!(own.json()["requestId"], json!("my-id-1"));
    assert_eq!(own.header("content-type"), Some("application/problem+json"));
    let made = client.get("/nothing").await.expect(404);
    let id = made.header("x-request-id").expect("a request id").to_owned();
    assert_eq!(made.json()["requestId"], json!(id));
    let bad = client.with("x-request-id", &"x".repeat(500)).get("/nothing").await.expect(404);
    assert_ne!(bad.header("x-request-id"), Some("x".repeat(500).as_str()));
}

#[tokio::test]
async fn answers_are_compressed_for_those_who_ask() {
    let server = blog().await;
    let alice = server.client().as_user(ALICE);
    let row = post(&alice, json!({ "title": "t", "body": "long ".repeat(2000) })).await;
    let path = format!("/api/v1/posts/{}", row["id"].as_str().expect("an id"));
    let plain = alice.get(&path).await.expect(200);
    for coding in ["gzip", "br"] {
        let packed = alice.with("accept-encoding", coding).get(&path).await.expect(200);
        assert_eq!(packed.header("content-encoding"), Some(coding));
        assert!(packed.body.len() < plain.body.len() / 4);
        assert!(
            packed.header("vary").unwrap_or_default().to_lowercase().contains("accept-encoding")
        );
        let tag = packed.etag();
        alice.with("if-match", &tag).patch(&path, json!({ "title": "t" })).await.expect(200);
        let tag = alice.with("accept-encoding", coding).get(&path).await.expect(200).etag();
        let same = alice.with("accept-encoding", coding).with("if-none-match", &tag);
        same.get(&path).await.expect(304);
    }
    assert_eq!(plain.header("content-encoding"), None);
}

#[tokio::test]
async fn browsers_of_allowed_origins_get_in() {
    let config = "[cors]\norigins = [\"https://app.example.com\"]\n";
    let folder = Folder::new(BLOG);
    let text = std::fs::read_to_string(folder.path().join("mainstay.toml")).expect("the file");
    let server = Server::start(BINARY, folder.file("mainstay.toml", &format!("{text}\n{config}")));
    let client = server.client();
    let preflight = client
        .with("origin", "https://app.example.com")
        .with("access-control-request-method", "PATCH")
        .with("access-control-request-headers", "authorization, content-type")
        .send(Method::OPTIONS, "/api/v1/posts/x", None)
        .await;
    assert!(preflight.status.is_success(), "{preflight}");
    assert_eq!(preflight.header("access-control-allow-origin"), Some("https://app.example.com"));
    let methods = preflight.header("access-control-allow-methods").unwrap_or_default().to_owned();
    assert!(methods.contains("PATCH"), "{methods}");
    let allowed = client.with("origin", "https://app.example.com").get("/api/v1/posts").await;
    assert_eq!(allowed.header("access-control-allow-origin"), Some("https://app.example.com"));
    let other =
        client.with("origin", "https://evil.example").get("/api/v1/posts").await.expect(200);
    assert_eq!(other.header("access-control-allow-origin"), None);
}

/// Sends bytes and returns what comes back until the server closes.
fn raw(server: &Server, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address()).expect("the server listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    // The server may hang up while still being written to.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn malformed_requests_end_with_a_4xx_or_a_closed_connection() {
    let server = blog().await;
    let cases: Vec<Vec<u8>> = vec![
        b"nonsense\r\n\r\n".to_vec(),
        format!("GET /{} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", "a".repeat(100_000)).into_bytes(),
        format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\nconnection: close\r\n\r\n", "a".repeat(200_000)).into_bytes(),
        [b"GET / HTTP/1.1\r\nhost: x\r\n".to_vec(), b"x: y\r\n".repeat(500), b"connection: close\r\n\r\n".to_vec()].concat(),
        b"POST /api/v1/posts HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello".to_vec(),
        b"POST /api/v1/posts HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\nzz\r\n".to_vec(),
        b"GET /api/v1/posts?filter=%FF%FE HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".to_vec(),
        b"GET /api/v1/posts/%00 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".to_vec(),
    ];
    for case in cases {
        let answer = raw(&server, &case);
        let start = String::from_utf8_lossy(&case[..case.len().min(60)]).into_owned();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{start}: {answer:.200}");
    }
    server.client().get("/healthz").await.expect(200);
}

#[tokio::test]
async fn the_server_drains_on_sigterm() {
    let server = blog().await;
    server.client().get("/healthz").await.expect(200);
    assert_eq!(server.terminate(), Some(0));
}
