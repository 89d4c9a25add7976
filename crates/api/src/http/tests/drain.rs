//! How serving ends.

use super::*;

#[tokio::test]
async fn draining_finishes_requests_and_refuses_connections() {
    let server = Server::start(settings()).await;
    let mut waiting = server.connect().await;
    waiting.write("GET /wait HTTP/1.1\r\nhost: test\r\n\r\n").await;
    server.entered().await;
    let mut idle = server.connect().await;
    assert_eq!(idle.get("/ok", "").await.status, 200);

    server.stop.cancel();
    assert_eq!(idle.closed().await, b"", "idle connections close at once");
    while TcpStream::connect(server.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    server.release();
    let answer = waiting.answer(true).await;
    assert_eq!((answer.status, answer.header("connection")), (200, Some("close")));
    assert_eq!(waiting.closed().await, b"");
    assert_eq!(server.ended().await, Drained { cut_off: 0 });
}

#[tokio::test]
async fn requests_that_outlast_the_drain_are_cut_off() {
    let server =
        Server::start(Settings { drain_timeout: Duration::from_millis(30), ..settings() }).await;
    let mut waiting = server.connect().await;
    waiting.write("GET /wait HTTP/1.1\r\nhost: test\r\n\r\n").await;
    server.entered().await;
    server.stop.cancel();
    assert_eq!(waiting.closed().await, b"");
    assert_eq!(server.ended().await, Drained { cut_off: 1 });
}

#[tokio::test]
async fn idle_servers_end_at_once() {
    let server = Server::start(settings()).await;
    let silent = server.connect().await;
    server.stop.cancel();
    assert_eq!(silent.closed().await, b"");
    assert_eq!(server.ended().await, Drained { cut_off: 0 });
}

#[tokio::test]
async fn clients_that_hang_up_end_their_request() {
    let server = Server::start(settings()).await;
    let mut gone = server.connect().await;
    gone.write("GET /wait HTTP/1.1\r\nhost: test\r\n\r\n").await;
    server.entered().await;
    drop(gone);
    server.stop.cancel();
    // Its handler is never released, yet nothing waits for it.
    assert_eq!(server.ended().await, Drained { cut_off: 0 });
}
