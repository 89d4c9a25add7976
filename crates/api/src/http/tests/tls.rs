//! TLS over real sockets.

use std::path::Path;

use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::generate_simple_self_signed;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tempfile::TempDir;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::*;
use crate::http::{Tls, TlsError, TlsSettings};

/// A certificate with its key, in files.
struct Issued {
    dir: TempDir,
    certificate: CertificateDer<'static>,
}

impl Issued {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let certificate = issue(dir.path());
        Self { dir, certificate }
    }

    fn settings(&self) -> TlsSettings {
        TlsSettings {
            certificate: self.dir.path().join("certificate.pem"),
            key: self.dir.path().join("key.pem"),
            is_tls12_spoken: true,
            handshake_timeout: HANG,
            handshakes_max: 10,
        }
    }
}

/// Writes a new certificate and its key.
fn issue(dir: &Path) -> CertificateDer<'static> {
    let issued = generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    std::fs::write(dir.join("key.pem"), issued.signing_key.serialize_pem()).expect("a file");
    std::fs::write(dir.join("certificate.pem"), issued.cert.pem()).expect("a file");
    issued.cert.der().clone()
}

async fn start(tls: &Tls, settings: Settings) -> Server {
    let any = "127.0.0.1:0".parse().expect("an address");
    let listener = Listener::tcp(any).expect("a port").over_tls(tls.clone());
    let address = listener.address().expect("a port");
    assert_eq!(listener.url(), format!("https://{address}/"));
    Server::on(vec![listener], address, settings)
}

/// How a client shakes hands.
fn client(
    certificate: &CertificateDer<'static>,
    protocols: &[&str],
    version: &'static SupportedProtocolVersion,
) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).expect("the certificate is one");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let versions = builder.with_protocol_versions(&[version]).expect("the version is spoken");
    let mut config = versions.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    TlsConnector::from(Arc::new(config))
}

async fn shake(server: &Server, connector: &TlsConnector) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(server.address).await.expect("the server listens");
    let name = ServerName::try_from("localhost").expect("a name");
    timeout(HANG, connector.connect(name, stream)).await.expect("no hang")
}

/// Asks who the server thinks is calling, over HTTP/1.1.
async fn ask(stream: &mut TlsStream<TcpStream>) -> String {
    stream.write_all(b"GET /whoami HTTP/1.1\r\nhost: localhost\r\n\r\n").await.expect("it is read");
    let mut answer = Vec::new();
    while !answer.ends_with(b"https\"") {
        let read = timeout(HANG, stream.read_buf(&mut answer)).await.expect("no hang");
        assert!(read.expect("it is answered") > 0, "{}", answer.escape_ascii());
    }
    String::from_utf8(answer).expect("ASCII")
}

#[tokio::test]
async fn both_versions_and_both_protocols_are_spoken() {
    let issued = Issued::new();
    let server = start(&Tls::load(issued.settings()).expect("it is good"), settings()).await;
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        // A client that can do both gets HTTP/2; one that says nothing gets what it speaks.
        for (offered, chosen) in [
            (&["http/1.1"][..], Some(&b"http/1.1"[..])),
            (&["http/1.1", "h2"], Some(b"h2")),
            (&[], None),
        ] {
            let connector = client(&issued.certificate, offered, version);
            let mut stream = shake(&server, &connector).await.expect("hands are shaken");
            assert_eq!(stream.get_ref().1.alpn_protocol(), chosen);
            if chosen != Some(b"h2") {
                let answer = ask(&mut stream).await;
                assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
                assert!(answer.contains("strict-transport-security: max-age=31536000\r\n"));
                continue;
            }
            let io = TokioIo::new(stream);
            let shaken = hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await;
            let (mut sender, connection) = shaken.expect("the server speaks HTTP/2");
            let mut tasks = JoinSet::new();
            tasks.spawn(connection);
            let request = Request::get("https://localhost/whoami").body(Empty::<Bytes>::new());
            let answer = sender.send_request(request.expect("a request")).await.expect("answered");
            assert!(answer.headers().contains_key("strict-transport-security"));
            let body = answer.into_body().collect().await.expect("it ends").to_bytes();
            assert_eq!(body, &b"\"127.0.0.1 https\""[..]);
        }
        let connector = client(&issued.certificate, &["spdy/3"], version);
        shake(&server, &connector).await.expect_err("nothing in common");
    }
}

#[tokio::test]
async fn old_versions_can_be_refused() {
    let issued = Issued::new();
    let strict = TlsSettings { is_tls12_spoken: false, ..issued.settings() };
    let server = start(&Tls::load(strict).expect("it is good"), settings()).await;
    let old = client(&issued.certificate, &[], &rustls::version::TLS12);
    shake(&server, &old).await.expect_err("it is too old");
    let new = client(&issued.certificate, &[], &rustls::version::TLS13);
    ask(&mut shake(&server, &new).await.expect("hands are shaken")).await;
}

#[tokio::test]
async fn handshakes_have_a_time_and_wait_for_their_turn() {
    let issued = Issued::new();
    let short = Duration::from_millis(200);
    let one = TlsSettings { handshake_timeout: short, handshakes_max: 1, ..issued.settings() };
    let server = start(&Tls::load(one).expect("it is good"), settings()).await;
    // One says nothing, one stops within its first record.
    for beginning in ["", "\u{16}\u{3}\u{1}\u{2}"] {
        let mut slow = server.connect().await;
        slow.write(beginning).await;
        assert_eq!(slow.closed().await, b"");
    }
    let connector = client(&issued.certificate, &[], &rustls::version::TLS13);
    ask(&mut shake(&server, &connector).await.expect("the turn is free again")).await;
    assert_eq!(server.handled(), 1);
}

#[tokio::test]
async fn what_is_not_tls_is_not_answered_in_clear() {
    let issued = Issued::new();
    let server = start(&Tls::load(issued.settings()).expect("it is good"), settings()).await;
    for bytes in ["GET / HTTP/1.1\r\nhost: t\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\0\0\0"]
    {
        let mut plain = server.connect().await;
        plain.write(bytes).await;
        plain.stream.shutdown().await.expect("the client closes its half");
        let answer = plain.closed().await;
        assert!(!answer.starts_with(b"HTTP"), "{}", answer.escape_ascii());
    }
    assert_eq!(server.handled(), 0);
}

#[tokio::test]
async fn new_certificates_are_taken_without_dropping_connections() {
    let issued = Issued::new();
    let tls = Tls::load(issued.settings()).expect("it is good");
    let server = start(&tls, settings()).await;
    let mut tasks = JoinSet::new();
    let (following, stop) = (tls.clone(), server.stop.clone());
    tasks.spawn(async move { following.follow(Duration::from_millis(5), &stop).await });

    let old = client(&issued.certificate, &[], &rustls::version::TLS13);
    let mut stays = shake(&server, &old).await.expect("hands are shaken");
    ask(&mut stays).await;

    // Half of a renewal, and worse: nothing changes.
    let files = issued.settings();
    for junk in ["", "junk", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        std::fs::write(&files.certificate, junk).expect("a file");
        for _ in 0..3 {
            ask(&mut shake(&server, &old).await.expect("the old one goes on")).await;
        }
    }
    std::fs::remove_file(&files.key).expect("it is there");
    ask(&mut shake(&server, &old).await.expect("the old one goes on")).await;

    let renewed = issue(issued.dir.path());
    let new = client(&renewed, &[], &rustls::version::TLS13);
    let taken = async {
        while shake(&server, &new).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    timeout(HANG, taken).await.expect("the new certificate is taken");
    shake(&server, &old).await.expect_err("the old one is gone");
    ask(&mut stays).await;

    server.stop.cancel();
    timeout(HANG, tasks.join_next()).await.expect("following ends with the server");
    assert_eq!(server.ended().await, Drained { cut_off: 0 });
}

#[tokio::test]
async fn draining_does_not_wait_for_handshakes() {
    let issued = Issued::new();
    let server = start(&Tls::load(issued.settings()).expect("it is good"), settings()).await;
    let silent = server.connect().await;
    let connector = client(&issued.certificate, &[], &rustls::version::TLS13);
    let mut idle = shake(&server, &connector).await.expect("hands are shaken");
    ask(&mut idle).await;
    server.stop.cancel();
    assert_eq!(silent.closed().await, b"");
    assert_eq!(server.ended().await, Drained { cut_off: 0 });
}

#[tokio::test]
async fn files_that_do_not_fit_are_named() {
    let issued = Issued::new();
    let check = |settings: TlsSettings, expected: &str| {
        let error: TlsError = Tls::load(settings).expect_err("it is bad");
        let shown = error.to_string().replace(&format!("{}/", issued.dir.path().display()), "");
        assert_eq!(shown, expected);
    };
    let path = |name: &str| issued.dir.path().join(name);
    check(
        TlsSettings { certificate: path("none.pem"), ..issued.settings() },
        "cannot read none.pem",
    );
    check(
        TlsSettings { certificate: path("key.pem"), ..issued.settings() },
        "key.pem holds no certificate in PEM",
    );
    check(
        TlsSettings { key: path("certificate.pem"), ..issued.settings() },
        "certificate.pem holds no private key in PEM",
    );
    let other = Issued::new();
    std::fs::copy(other.settings().key, path("other.pem")).expect("it can be copied");
    check(
        TlsSettings { key: path("other.pem"), ..issued.settings() },
        "the certificate certificate.pem cannot be used with the key other.pem",
    );
}

#[tokio::test]
async fn clear_requests_are_sent_on_or_refused() {
    let any = "127.0.0.1:0".parse().expect("an address");
    let listener = Listener::tcp(any).expect("a port").redirecting(8443);
    let address = listener.address().expect("a port");
    let server = Server::on(vec![listener], address, settings());
    let mut client = server.connect().await;
    let answer = client.get("/api/v1/posts?limit=1", "").await;
    assert_eq!(answer.status, 308);
    assert_eq!(answer.header("location"), Some("https://test:8443/api/v1/posts?limit=1"));
    assert_eq!(answer.header("strict-transport-security"), None);
    assert_eq!(client.send("HEAD", "/", "").await.status, 308);
    for method in ["POST", "PATCH", "DELETE", "OPTIONS"] {
        client.send(method, "/", "").await.is_problem(403, "https_required");
    }
    assert_eq!(server.handled(), 0);
}
