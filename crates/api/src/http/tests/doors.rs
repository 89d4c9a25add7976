//! Several listeners, and who is on the other side.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use super::*;

/// Sends a request over a Unix socket and returns the answer until the server closes.
async fn over(path: &Path, headers: &'static str) -> String {
    let path = path.to_owned();
    let ask = tokio::task::spawn_blocking(move || {
        let mut stream = UnixStream::connect(path).expect("the server listens");
        let head = format!("GET /whoami HTTP/1.1\r\nhost: t\r\n{headers}connection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).expect("the server reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("the server answers");
        answer
    });
    timeout(HANG, ask).await.expect("no hang").expect("no panic")
}

#[tokio::test]
async fn all_doors_lead_to_the_same_server() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("a.sock");
    let any = "127.0.0.1:0".parse().expect("an address");
    let (first, second) = (Listener::tcp(any), Listener::tcp(any));
    let (first, second) = (first.expect("a port"), second.expect("a port"));
    let unix = Listener::unix(&path, 0o600).expect("it is free");
    assert_eq!(unix.url(), format!("unix:{}", path.display()));
    let addresses = [&first, &second].map(|door| door.address().expect("a port"));
    // One connection at a time: an idle door keeps no place for itself.
    let settings = Settings { connections_max: 1, ..settings() };
    let server = Server::on(vec![first, unix, second], addresses[0], settings);
    for address in addresses {
        let stream = TcpStream::connect(address).await.expect("the server listens");
        let mut client = Client { stream, buffer: Vec::new() };
        assert_eq!(client.get("/whoami", "").await.body, b"\"127.0.0.1 http\"");
    }
    assert!(over(&path, "").await.ends_with("\"unix http\""));
    assert_eq!(server.handled(), 3);
    server.stop.cancel();
    assert_eq!(server.ended().await, Drained { cut_off: 0 });
    assert!(!path.exists(), "the file goes with the server");
}

#[tokio::test]
async fn only_trusted_proxies_speak_for_others() {
    const SPOOFED: &str = "x-forwarded-for: 192.0.2.7\r\nx-forwarded-proto: https\r\n\
                           forwarded: for=192.0.2.8\r\n";
    let dir = tempfile::tempdir().expect("a folder");
    for (networks, unix) in [(vec![], false), (vec!["127.0.0.0/8"], true)] {
        let path = dir.path().join("a.sock");
        let any = "127.0.0.1:0".parse().expect("an address");
        let tcp = Listener::tcp(any).expect("a port");
        let address = tcp.address().expect("a port");
        let doors = vec![tcp, Listener::unix(&path, 0o600).expect("it is free")];
        let trust = Trust::from_config(&ProxyConfig {
            networks: networks.iter().map(|text| text.parse().expect("a network")).collect(),
            unix,
            ..ProxyConfig::default()
        });
        let server = Server::on(doors, address, Settings { trust, ..settings() });
        let answer = server.connect().await.get("/whoami", SPOOFED).await;
        let hsts = answer.header("strict-transport-security");
        let socket = over(&path, SPOOFED).await;
        if unix {
            assert_eq!(answer.body, b"\"192.0.2.7 https\"");
            assert_eq!(hsts, Some("max-age=31536000"));
            assert!(socket.ends_with("\"192.0.2.7 https\""), "{socket}");
        } else {
            assert_eq!(answer.body, b"\"127.0.0.1 http\"");
            assert_eq!(hsts, None);
            assert!(socket.ends_with("\"unix http\""), "{socket}");
        }
        server.stop.cancel();
        server.ended().await;
    }
}
