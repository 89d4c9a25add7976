//! HTTP/2 by prior knowledge.

use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::*;

async fn connect(server: &Server, tasks: &mut JoinSet<()>) -> SendRequest<Empty<Bytes>> {
    let stream = TcpStream::connect(server.address).await.expect("the server listens");
    let shaken = handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
    let (sender, connection) = shaken.expect("the server speaks HTTP/2");
    tasks.spawn(async move {
        // A test that cares about the end sees it in its requests.
        let _ = connection.await;
    });
    sender
}

fn request(method: Method, path: &str) -> Request<Empty<Bytes>> {
    let request = Request::builder().method(method).uri(format!("http://test{path}"));
    request.body(Empty::new()).expect("the request is one")
}

#[tokio::test]
async fn requests_are_answered_side_by_side() {
    let server = Server::start(settings()).await;
    let mut tasks = JoinSet::new();
    let mut sender = connect(&server, &mut tasks).await;
    let waiting = sender.send_request(request(Method::GET, "/wait"));
    let quick = sender.send_request(request(Method::GET, "/big"));
    let quick = timeout(HANG, quick).await.expect("it overtakes").expect("it is answered");
    assert_eq!(quick.status(), 200);
    assert!(quick.headers().contains_key("x-request-id"));
    let body = quick.into_body().collect().await.expect("the body arrives").to_bytes();
    assert_eq!(body.len(), 5000);

    server.release();
    let waited = timeout(HANG, waiting).await.expect("no hang").expect("it is answered");
    assert_eq!(waited.status(), 200);
}

#[tokio::test]
async fn head_and_panics_are_as_in_http1() {
    let server = Server::start(settings()).await;
    let mut tasks = JoinSet::new();
    let mut sender = connect(&server, &mut tasks).await;
    let head = sender.send_request(request(Method::HEAD, "/big")).await.expect("answered");
    assert_eq!(head.headers()["content-length"], "5000");
    assert_eq!(head.into_body().collect().await.expect("ends").to_bytes().len(), 0);
    let broken = sender.send_request(request(Method::GET, "/panic")).await.expect("answered");
    assert_eq!(broken.status(), 500);
    let fine = sender.send_request(request(Method::GET, "/ok")).await.expect("answered");
    assert_eq!(fine.status(), 200);
}

#[tokio::test]
async fn draining_finishes_streams_or_cuts_them_off() {
    let server = Server::start(settings()).await;
    let mut tasks = JoinSet::new();
    let mut sender = connect(&server, &mut tasks).await;
    let waiting = sender.send_request(request(Method::GET, "/wait"));
    tasks.spawn(async move {
        let answer = waiting.await.expect("it is answered");
        assert_eq!(answer.status(), 200);
    });
    server.entered().await;
    server.stop.cancel();
    server.release();
    while let Some(ended) = timeout(HANG, tasks.join_next()).await.expect("no hang") {
        ended.expect("the request was answered");
    }
    assert_eq!(server.ended().await, Drained { cut_off: 0 });

    let short = Settings { drain_timeout: Duration::from_millis(30), ..settings() };
    let server = Server::start(short).await;
    let mut sender = connect(&server, &mut tasks).await;
    let never = sender.send_request(request(Method::GET, "/wait"));
    tasks.spawn(async move {
        assert!(never.await.is_err());
    });
    server.entered().await;
    server.stop.cancel();
    assert_eq!(server.ended().await, Drained { cut_off: 1 });
}

#[tokio::test]
async fn idle_connections_are_closed_politely() {
    let short = Duration::from_millis(40);
    let server =
        Server::start(Settings { head_timeout: short, idle_timeout: short, ..settings() }).await;
    let mut tasks = JoinSet::new();
    let mut sender = connect(&server, &mut tasks).await;
    let answer = sender.send_request(request(Method::GET, "/ok")).await.expect("answered");
    assert_eq!(answer.status(), 200);
    let ended = timeout(HANG, tasks.join_next()).await.expect("the connection ends");
    ended.expect("it was started").expect("without panicking");
    assert!(sender.is_closed());
}
