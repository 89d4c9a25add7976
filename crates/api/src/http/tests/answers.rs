//! What every answer has, whatever the handler does.

use super::*;

#[tokio::test]
async fn answers_have_an_id_and_safe_headers() {
    let server = Server::start(settings()).await;
    let mut client = server.connect().await;
    let answer = client.get("/ok", "").await;
    assert_eq!((answer.status, &answer.body[..]), (200, &b"\"ok\""[..]));
    assert_eq!(answer.header("x-request-id").map(str::len), Some(36));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    let policy = Some("default-src 'none'; frame-ancestors 'none'");
    assert_eq!(answer.header("content-security-policy"), policy);
    assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"));
    assert_eq!(answer.header("strict-transport-security"), None, "over TLS only");
    assert_eq!(answer.header("cache-control"), Some("private, no-cache"));
    assert_eq!(answer.header("access-control-allow-origin"), None);

    let answer = client.get("/ok", "x-request-id: mine-1\r\n").await;
    assert_eq!(answer.header("x-request-id"), Some("mine-1"));
    let answer = client.get("/ok", "x-request-id: not mine\r\n").await;
    assert_eq!(answer.header("x-request-id").map(str::len), Some(36));
}

#[tokio::test]
async fn panicking_handlers_answer_500_and_the_connection_lives_on() {
    let server = Server::start(settings()).await;
    let mut client = server.connect().await;
    let answer = client.get("/panic", "origin: https://a.test\r\n").await;
    let body = answer.is_problem(500, "internal");
    assert!(!body["detail"].as_str().expect("a text").contains("told to"));
    // The page may read what went wrong.
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://a.test"));
    assert_eq!(client.get("/ok", "").await.status, 200);
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let server = Server::start(settings()).await;
    let mut client = server.connect().await;
    let answer = client.send("HEAD", "/big", "").await;
    assert_eq!((answer.status, answer.header("content-length")), (200, Some("5000")));
    // Nothing of the body is in the way of the next answer.
    let packed = client.get("/big", "accept-encoding: gzip\r\n").await;
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert_eq!(packed.header("etag"), Some("\"abc-gzip\""));
    assert_eq!(packed.header("vary"), Some("origin"), "the first of two");
    assert!(packed.head.contains("\r\nvary: accept-encoding\r\n"));
    assert!(packed.body.len() < 500);

    let head = client.send("HEAD", "/big", "accept-encoding: gzip\r\n").await;
    for name in ["content-length", "content-encoding", "etag", "content-type"] {
        assert_eq!(head.header(name), packed.header(name), "{name}");
    }
    assert_eq!(client.get("/ok", "").await.status, 200);
}

#[tokio::test]
async fn options_reach_the_handler_unless_they_are_preflights() {
    let server = Server::start(settings()).await;
    let mut client = server.connect().await;
    let answer = client.send("OPTIONS", "/ok", "origin: https://a.test\r\n").await;
    assert_eq!((answer.status, answer.header("allow")), (204, Some("GET, HEAD, OPTIONS")));
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://a.test"));
    assert_eq!(server.handled(), 1);

    let asked = "origin: https://a.test\r\naccess-control-request-method: PATCH\r\n";
    let answer = client.send("OPTIONS", "/ok", asked).await;
    assert_eq!((answer.status, answer.header("access-control-max-age")), (204, Some("600")));
    assert_eq!(server.handled(), 1);
    assert!(answer.header("x-request-id").is_some());

    let asked = asked.replace("a.test", "b.test");
    let answer = client.send("OPTIONS", "/ok", &asked).await;
    assert_eq!(answer.status, 204);
    assert!(!answer.head.contains("access-control-allow"), "{}", answer.head);
}

#[tokio::test]
async fn requests_in_one_packet_are_answered_in_order() {
    let server = Server::start(settings()).await;
    let mut client = server.connect().await;
    let one = "GET /big HTTP/1.1\r\nhost: test\r\n\r\n";
    client.write(&format!("{one}{}{one}", one.replace("big", "ok"))).await;
    let lengths = [5000, 4, 5000];
    for length in lengths {
        assert_eq!(client.answer(true).await.body.len(), length);
    }
}
