//! Where requests come in: Unix sockets beside TCP, and proxies in front.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use testkit::{Folder, Server};

use crate::fixtures::{BINARY, BLOG};

/// Sends a request over a Unix socket and returns the answer.
fn over(path: &Path, target: &str) -> String {
    let mut stream = UnixStream::connect(path).expect("the server listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    let head = format!("GET {target} HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("the server reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the server answers");
    answer
}

#[tokio::test]
async fn a_unix_socket_serves_beside_tcp_and_survives_a_crash() {
    let server = Server::start(BINARY, Folder::new(BLOG));
    let folder = server.kill();
    let path = folder.path().join("app.sock");
    let unix = format!("unix:{}", path.display());
    // The second start finds what the first one left when it was killed.
    for _ in 0..2 {
        let addresses = [unix.as_str(), "127.0.0.1:0"];
        let server = Server::listen(BINARY, "serve", Arc::clone(&folder), &addresses);
        let answer = over(&path, "/api/v1/posts");
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
        server.client().get("/api/v1/posts").await.expect(200);
        let mode = std::fs::metadata(&path).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o660);
        server.kill();
        assert!(path.exists());
    }
    let server = Server::listen(BINARY, "serve", Arc::clone(&folder), &[&unix, "127.0.0.1:0"]);
    assert_eq!(server.terminate(), Some(0));
    assert!(!path.exists());
}

#[tokio::test]
async fn two_servers_cannot_share_a_socket() {
    let folder = Folder::new(BLOG);
    let path = folder.path().join("app.sock");
    let unix = format!("unix:{}", path.display());
    let server = Server::start(BINARY, folder);
    let folder = Arc::clone(server.folder());
    drop(server);
    let _first = Server::listen(BINARY, "serve", Arc::clone(&folder), &[&unix, "127.0.0.1:0"]);
    let args = ["serve", "--listen", &unix];
    let (code, _, stderr) = testkit::command(BINARY, &args, folder.path());
    assert_eq!(code, Some(2));
    assert!(stderr.contains("another server listens there"), "{stderr}");
    assert!(over(&path, "/healthz").starts_with("HTTP/1.1 200 OK"));
}

#[tokio::test]
async fn headers_of_proxies_count_only_where_the_proxy_is_trusted() {
    let trusting = "[server]\ntrusted_proxies = [\"127.0.0.0/8\"]\n";
    for (config, is_believed) in [("", false), (trusting, true)] {
        let folder = Folder::new(BLOG);
        let text = std::fs::read_to_string(folder.path().join("mainstay.toml")).expect("the file");
        let folder = folder.file("mainstay.toml", &format!("{config}{text}"));
        let server = Server::start(BINARY, folder);
        let client = server.client().with("x-forwarded-proto", "https");
        let answer = client.get("/api/v1/posts").await.expect(200);
        let strict = answer.header("strict-transport-security");
        assert_eq!(strict, is_believed.then_some("max-age=31536000"));
    }
}
