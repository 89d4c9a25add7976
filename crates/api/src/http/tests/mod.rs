//! The server over real sockets.

mod answers;
mod bounds;
mod doors;
mod drain;
mod http2;
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use app::ids::Ids;
use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, ETAG};
use http::{HeaderValue, Method, Request, StatusCode};
use hyper::body::Incoming;
use model::config::{HeadersConfig, LimitsConfig, ProxyConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{
    Cors, Drained, Handler, Listener, RequestContext, Response, SecurityHeaders, Settings, Shell,
    Trust, body, serve,
};

/// Longer than anything here takes; a test that waits longer has found a hang.
const HANG: Duration = Duration::from_secs(20);

/// Does what the path says.
struct Actor {
    handled: AtomicUsize,
    /// Gets a permit when `/wait` has begun.
    entered: Semaphore,
    /// Lets one `/wait` go on for each permit.
    released: Semaphore,
    limits: LimitsConfig,
}

impl Handler for Actor {
    async fn handle(&self, request: Request<Incoming>, context: &RequestContext) -> Response {
        self.handled.fetch_add(1, Ordering::SeqCst);
        let (parts, incoming) = request.into_parts();
        if parts.method == Method::OPTIONS {
            let mut response = Response::default();
            *response.status_mut() = StatusCode::NO_CONTENT;
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
            return response;
        }
        match parts.uri.path() {
            "/panic" => panic!("told to"),
            "/never" => std::future::pending().await,
            "/wait" => {
                self.entered.add_permits(1);
                self.released.acquire().await.expect("never closed").forget();
                json(b"\"done\"".to_vec())
            }
            "/big" => json(vec![b' '; 5000]),
            "/echo" => match body::read_json(&parts.headers, incoming, &self.limits).await {
                Ok(bytes) => json(bytes.to_vec()),
                Err(problem) => problem.into_response(&context.request_id),
            },
            "/whoami" => {
                let client = &context.client;
                json(format!("\"{client} {}\"", client.scheme()).into_bytes())
            }
            _ => json(b"\"ok\"".to_vec()),
        }
    }
}

fn json(body: Vec<u8>) -> Response {
    let mut response = Response::new(Bytes::from(body).into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(ETAG, HeaderValue::from_static("\"abc\""));
    response
}

/// A running server.
struct Server {
    address: SocketAddr,
    actor: Arc<Actor>,
    stop: CancellationToken,
    running: JoinSet<Drained>,
}

/// Generous, so that tests shorten what they are about.
fn settings() -> Settings {
    Settings {
        connections_max: 100,
        head_timeout: HANG,
        idle_timeout: HANG,
        head_bytes_max: 2000,
        url_bytes_max: 1000,
        request_timeout: HANG,
        drain_timeout: HANG,
        cors: Cors::new(&["https://a.test".to_owned()], false, Duration::from_secs(600)),
        trust: Trust::from_config(&ProxyConfig::default()),
        security: SecurityHeaders::from_config(&HeadersConfig::default()),
    }
}

impl Server {
    async fn start(settings: Settings) -> Self {
        let any = "127.0.0.1:0".parse().expect("an address");
        let listener = Listener::tcp(any).expect("a port is free");
        let address = listener.address().expect("it is a port");
        Self::on(vec![listener], address, settings)
    }

    fn on(listeners: Vec<Listener>, address: SocketAddr, settings: Settings) -> Self {
        let actor = Arc::new(Actor {
            handled: AtomicUsize::new(0),
            entered: Semaphore::new(0),
            released: Semaphore::new(0),
            limits: LimitsConfig { body_bytes_max: 1024, ..LimitsConfig::default() },
        });
        let shell = Arc::new(Shell::new(Arc::clone(&actor), settings, Ids::system()));
        let stop = CancellationToken::new();
        let mut running = JoinSet::new();
        running.spawn(serve(listeners, shell, stop.clone()));
        Self { address, actor, stop, running }
    }

    async fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.address).await.expect("the server listens");
        Client { stream, buffer: Vec::new() }
    }

    fn handled(&self) -> usize {
        self.actor.handled.load(Ordering::SeqCst)
    }

    async fn entered(&self) {
        let entered = timeout(HANG, self.actor.entered.acquire()).await;
        entered.expect("the request begins").expect("never closed").forget();
    }

    fn release(&self) {
        self.actor.released.add_permits(1);
    }

    /// Waits for the end of serving.
    async fn ended(mut self) -> Drained {
        let ended = timeout(HANG, self.running.join_next()).await;
        ended.expect("serving ends").expect("it was started").expect("without panicking")
    }
}

/// A connection that speaks HTTP/1.1 by hand.
struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer taken apart.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Client {
    async fn write(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.expect("the server reads");
    }

    async fn get(&mut self, path: &str, headers: &str) -> Answer {
        self.send("GET", path, headers).await
    }

    async fn send(&mut self, method: &str, path: &str, headers: &str) -> Answer {
        self.write(&format!("{method} {path} HTTP/1.1\r\nhost: test\r\n{headers}\r\n")).await;
        self.answer(method != "HEAD").await
    }

    /// Reads an answer, with as much body as it announces.
    async fn answer(&mut self, has_body: bool) -> Answer {
        let end = loop {
            if let Some(at) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            assert!(self.read().await > 0, "closed before the end of a head");
        };
        let rest = self.buffer.split_off(end);
        let head = String::from_utf8(std::mem::replace(&mut self.buffer, rest)).expect("ASCII");
        let status = head[9..12].parse().expect("a status is a number");
        let mut answer = Answer { status, head, body: Vec::new() };
        let length = answer.header("content-length").map(|length| length.parse().expect("digits"));
        let length: usize = if has_body { length.unwrap_or(0) } else { 0 };
        while self.buffer.len() < length {
            assert!(self.read().await > 0, "closed before the end of a body");
        }
        let rest = self.buffer.split_off(length);
        answer.body = std::mem::replace(&mut self.buffer, rest);
        answer
    }

    async fn read(&mut self) -> usize {
        let read = timeout(HANG, self.stream.read_buf(&mut self.buffer)).await;
        read.expect("the server answers or closes").unwrap_or(0)
    }

    /// Waits until the server closes, and returns what came before.
    async fn closed(mut self) -> Vec<u8> {
        while self.read().await > 0 {}
        self.buffer
    }
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    #[track_caller]
    fn is_problem(&self, status: u16, code: &str) -> serde_json::Value {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        let body: serde_json::Value = serde_json::from_slice(&self.body).expect("JSON");
        assert_eq!(body["code"], code);
        assert_eq!(body["status"], status);
        assert_eq!(body["requestId"].as_str(), self.header("x-request-id"));
        body
    }
}
