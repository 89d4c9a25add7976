//! Each bound, and what happens at it.

use super::*;

#[tokio::test]
async fn long_urls_and_heads_are_refused_by_name() {
    let server = Server::start(settings()).await;
    let mut client = server.connect().await;
    let long = format!("/ok?{}", "x".repeat(996));
    assert_eq!(client.get(&long, "").await.status, 200);
    let answer = client.get(&format!("{long}x"), "").await;
    answer.is_problem(414, "url_too_long");

    let header = format!("x-long: {}\r\n", "x".repeat(2000));
    let body = client.get("/ok", &header).await.is_problem(431, "head_too_large");
    assert!(body["detail"].as_str().expect("a text").contains("header_bytes_max"));
    // Nothing is broken by it.
    assert_eq!(client.get("/ok", "").await.status, 200);
    assert_eq!(server.handled(), 2);
}

#[tokio::test]
async fn heads_far_beyond_the_bound_end_the_connection() {
    let server = Server::start(settings()).await;
    for headers in [format!("x-long: {}\r\n", "x".repeat(20_000)), "x: y\r\n".repeat(101)] {
        let mut client = server.connect().await;
        let answer = client.get("/ok", &headers).await;
        assert_eq!(answer.status, 431);
    }
    assert_eq!(server.handled(), 0);
}

#[tokio::test]
async fn silent_connections_are_closed() {
    let server =
        Server::start(Settings { head_timeout: Duration::from_millis(50), ..settings() }).await;
    let client = server.connect().await;
    assert_eq!(client.closed().await, b"");
}

#[tokio::test]
async fn heads_that_never_end_are_cut_off() {
    let server =
        Server::start(Settings { head_timeout: Duration::from_millis(50), ..settings() }).await;
    let mut first = server.connect().await;
    first.write("GET /ok HTTP/1.1\r\nhost: te").await;
    assert_eq!(first.closed().await, b"");

    let mut second = server.connect().await;
    assert_eq!(second.get("/ok", "").await.status, 200);
    second.write("G").await;
    assert_eq!(second.closed().await, b"");
}

#[tokio::test]
async fn idle_connections_are_closed() {
    let short = Duration::from_millis(40);
    let server =
        Server::start(Settings { head_timeout: short, idle_timeout: short, ..settings() }).await;
    let mut client = server.connect().await;
    assert_eq!(client.get("/ok", "").await.status, 200);
    assert_eq!(client.closed().await, b"");
}

#[tokio::test]
async fn running_requests_are_not_idle() {
    let short = Duration::from_millis(10);
    let server =
        Server::start(Settings { head_timeout: short, idle_timeout: short, ..settings() }).await;
    let mut waiting = server.connect().await;
    waiting.write("GET /wait HTTP/1.1\r\nhost: test\r\n\r\n").await;
    server.entered().await;
    // Another connection goes idle and is closed meanwhile.
    let mut idle = server.connect().await;
    assert_eq!(idle.get("/ok", "").await.status, 200);
    assert_eq!(idle.closed().await, b"");
    server.release();
    assert_eq!(waiting.answer(true).await.status, 200);
}

#[tokio::test]
async fn requests_have_a_time() {
    let server =
        Server::start(Settings { request_timeout: Duration::from_millis(30), ..settings() }).await;
    let mut client = server.connect().await;
    let answer = client.get("/never", "").await;
    answer.is_problem(503, "timeout");
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(client.get("/ok", "").await.status, 200);
}

#[tokio::test]
async fn connections_beyond_the_bound_wait_for_room() {
    let server = Server::start(Settings { connections_max: 2, ..settings() }).await;
    let (mut first, mut second) = (server.connect().await, server.connect().await);
    assert_eq!(first.get("/ok", "").await.status, 200);
    assert_eq!(second.get("/ok", "").await.status, 200);
    let mut third = server.connect().await;
    third.write("GET /ok HTTP/1.1\r\nhost: test\r\n\r\n").await;
    // The others are served as before, the third is not.
    for _ in 0..10 {
        assert_eq!(first.get("/ok", "").await.status, 200);
    }
    assert_eq!(server.handled(), 12);
    drop(second);
    assert_eq!(third.answer(true).await.status, 200);
    assert_eq!(server.handled(), 13);
}

#[tokio::test]
async fn bodies_beyond_the_bound_are_refused_by_name() {
    let server = Server::start(settings()).await;
    let mut client = server.connect().await;
    let json = "content-type: application/json\r\n";
    let fits = format!("{json}content-length: 1024\r\n");
    client
        .write(&format!("POST /echo HTTP/1.1\r\nhost: t\r\n{fits}\r\n{}", " ".repeat(1024)))
        .await;
    assert_eq!(client.answer(true).await.body.len(), 1024);

    // The client sends everything before it reads, and still gets the answer.
    let long = 300_000;
    let head = format!("POST /echo HTTP/1.1\r\nhost: t\r\n{json}content-length: {long}\r\n\r\n");
    client.write(&format!("{head}{}", " ".repeat(long))).await;
    let body = client.answer(true).await.is_problem(413, "body_too_large");
    assert!(body["detail"].as_str().expect("a text").contains("1024"));

    // Of a body of unknown length as much is read as fits.
    let chunk = format!("400\r\n{}\r\n", " ".repeat(1024));
    let head =
        format!("POST /echo HTTP/1.1\r\nhost: t\r\n{json}transfer-encoding: chunked\r\n\r\n");
    client.write(&format!("{head}{chunk}{chunk}0\r\n\r\n")).await;
    client.answer(true).await.is_problem(413, "body_too_large");

    let answer = client.send("POST", "/echo", "content-type: text/plain\r\n").await;
    answer.is_problem(415, "unsupported_media_type");
}

#[tokio::test]
async fn clients_that_ask_before_sending_are_told_not_to() {
    let server = Server::start(settings()).await;
    let mut client = server.connect().await;
    let headers =
        "content-type: application/json\r\nexpect: 100-continue\r\ncontent-length: 5000\r\n";
    client.send("POST", "/echo", headers).await.is_problem(413, "body_too_large");
}

#[tokio::test]
async fn bodies_that_end_early_are_refused() {
    let server = Server::start(settings()).await;
    let mut client = server.connect().await;
    let head = "content-type: application/json\r\ncontent-length: 10\r\n";
    client.write(&format!("POST /echo HTTP/1.1\r\nhost: t\r\n{head}\r\n[1")).await;
    client.stream.shutdown().await.expect("the client closes its half");
    // Nobody may be there to read the answer; the server only has to stay well.
    let _ = client.closed().await;
    assert_eq!(server.connect().await.get("/ok", "").await.status, 200);
}
