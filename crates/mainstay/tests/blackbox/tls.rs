//! HTTPS as other programs speak it.

use std::path::Path;
use std::process::{Command, Output};

use rcgen::generate_simple_self_signed;
use testkit::{Folder, Server};

use crate::fixtures::{BINARY, BLOG};

const TLS: &str = "[server.tls]\ncertificate = \"tls/certificate.pem\"\nkey = \"tls/key.pem\"\n\
                   reload_interval = \"100ms\"\nredirect_address = \"127.0.0.1:0\"\n";

/// A blog with a certificate.
fn folder() -> Folder {
    let folder = Folder::new(BLOG);
    issue(&folder);
    let text = std::fs::read_to_string(folder.path().join("mainstay.toml")).expect("the file");
    folder.file("mainstay.toml", &format!("{TLS}{text}"))
}

/// Writes a new certificate and its key.
fn issue(folder: &Folder) {
    let names = ["localhost", "127.0.0.1"].map(str::to_owned);
    let issued = generate_simple_self_signed(names).expect("a certificate");
    folder.write("tls/key.pem", &issued.signing_key.serialize_pem());
    folder.write("tls/certificate.pem", &issued.cert.pem());
}

/// Asks with curl; the certificate is believed as it lies in the folder.
fn curl(folder: &Path, url: &str, args: &[&str]) -> Output {
    let authority = folder.join("tls/certificate.pem");
    Command::new("curl")
        .args(["--silent", "--show-error", "--include", "--max-time", "20", "--cacert"])
        .arg(authority)
        .args(args)
        .arg(url)
        .output()
        .expect("curl runs")
}

#[track_caller]
fn answer(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test]
async fn curl_speaks_http2_and_http1_over_both_versions() {
    let server = Server::start(BINARY, folder());
    let url = format!("https://{}/api/v1/posts", server.address());
    let ask = |args: &[&str]| answer(&curl(server.folder().path(), &url, args));
    for version in [&["--tls-max", "1.2"][..], &["--tlsv1.3"]] {
        let http2 = ask(&[&["--http2"], version].concat());
        assert!(http2.starts_with("HTTP/2 200"), "{http2}");
        assert!(http2.contains("strict-transport-security: max-age=31536000"), "{http2}");
        assert!(http2.contains("\"items\":[]"), "{http2}");
        let http1 = ask(&[&["--http1.1"], version].concat());
        assert!(http1.starts_with("HTTP/1.1 200 OK"), "{http1}");
    }
    let old = curl(server.folder().path(), &url, &["--tls-max", "1.1"]);
    assert!(!old.status.success());
    assert_eq!(server.terminate(), Some(0));
}

#[tokio::test]
async fn plain_http_is_sent_on_to_https() {
    let server = Server::start(BINARY, folder());
    let address = server.address().to_owned();
    // Printed behind the first.
    let plain = server.until_logged("http://");
    let ask = |path: &str, args: &[&str]| {
        answer(&curl(server.folder().path(), &format!("{plain}{path}"), args))
    };
    let sent_on = ask("api/v1/posts", &[]);
    assert!(sent_on.starts_with("HTTP/1.1 308"), "{sent_on}");
    assert!(sent_on.contains(&format!("location: https://{address}/api/v1/posts\r\n")));
    let followed = ask("api/v1/posts", &["--location"]);
    assert!(followed.contains("\"items\":[]"), "{followed}");
    let refused = ask("api/v1/posts", &["--json", "{}"]);
    assert!(refused.starts_with("HTTP/1.1 403"), "{refused}");
    assert!(refused.contains("https_required"), "{refused}");
}

#[tokio::test]
async fn renewed_certificates_are_served_without_a_restart() {
    let server = Server::start(BINARY, folder());
    let url = format!("https://{}/healthz", server.address());
    answer(&curl(server.folder().path(), &url, &[]));
    issue(server.folder());
    // The new certificate is trusted by now, the old one is not.
    server.until_logged("the TLS certificate is a new one");
    answer(&curl(server.folder().path(), &url, &[]));
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_ends_the_start() {
    let server = Server::start(BINARY, folder());
    let folder = server.kill();
    std::fs::remove_file(folder.path().join("tls/key.pem")).expect("it is there");
    let args = ["serve", "--listen", "127.0.0.1:0"];
    let (code, _, stderr) = testkit::command(BINARY, &args, folder.path());
    assert_eq!(code, Some(2));
    assert!(stderr.contains("[server.tls]: cannot read"), "{stderr}");
    assert!(stderr.contains("tls/key.pem"), "{stderr}");
}
