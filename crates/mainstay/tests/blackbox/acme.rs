//! Certificates that the server orders itself, from Pebble, the small authority made for tests.

use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use rcgen::generate_simple_self_signed;
use serde_json::{Value as Json, json};
use testkit::{Folder, Server, command};

use crate::fixtures::{BINARY, BLOG};

const DOMAIN: &str = "shop.example.com";
const CERTIFICATE: &str = ".mainstay/acme/certificate.pem";
const ACCOUNT: &str = ".mainstay/acme/account.json";

/// A running authority, and the name server that leads it to this machine.
struct Authority {
    children: Vec<Child>,
    folder: Folder,
    directory: String,
    management: u16,
}

impl Drop for Authority {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A port that nobody listens on. The authority has to be told where the server will be, and the
/// server where the authority is, so neither can choose when it starts.
fn free_port() -> u16 {
    loop {
        let tcp = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = tcp.local_addr().expect("an address").port();
        // Names are asked for over UDP.
        if UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

impl Authority {
    /// Starts an authority that looks for servers at this port.
    async fn start(server: u16) -> Self {
        Self::issuing(server, 90 * 86_400).await
    }

    /// Starts one whose certificates are valid for so many seconds.
    async fn issuing(server: u16, valid_s: u64) -> Self {
        let [port, management, names] = std::array::from_fn(|_| free_port());
        let folder = Folder::empty();
        let issued = generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
        folder.write("root.pem", &issued.cert.pem());
        folder.write("key.pem", &issued.signing_key.serialize_pem());
        let path = |name: &str| folder.path().join(name).display().to_string();
        let config = json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{port}"),
            "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": path("root.pem"), "privateKey": path("key.pem"),
            "httpPort": free_port(), "tlsPort": server, "ocspResponderURL": "",
            "externalAccountBindingRequired": false, "certificateValidityPeriod": valid_s,
        } });
        folder.write("pebble.json", &config.to_string());
        let dns = format!("127.0.0.1:{names}");
        let quiet = |program: &str| {
            let mut command = Command::new(program);
            command.stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null());
            command
        };
        let resolver = quiet("pebble-challtestsrv")
            .args(["-dns01", &dns, "-http01", "", "-https01", "", "-tlsalpn01", ""])
            .args(["-management", &format!("127.0.0.1:{}", free_port())])
            .args(["-defaultIPv6", "", "-defaultIPv4", "127.0.0.1"])
            .spawn()
            .expect("cargo xtask test installs pebble");
        let pebble = quiet("pebble")
            .args(["-config", &path("pebble.json"), "-dnsserver", &dns])
            .env("PEBBLE_VA_NOSLEEP", "1")
            .spawn()
            .expect("cargo xtask test installs pebble");
        let directory = format!("https://127.0.0.1:{port}/dir");
        let authority = Self { children: vec![resolver, pebble], folder, directory, management };
        let start = std::time::Instant::now();
        // It answers names over TCP as well.
        let is_named = || TcpStream::connect(("127.0.0.1", names)).is_ok();
        while !is_named() || !authority.ask(port, "dir").status.success() {
            assert!(start.elapsed().as_secs() < 20, "pebble does not come up");
            tokio::task::yield_now().await;
        }
        authority
    }

    fn ask(&self, port: u16, path: &str) -> Output {
        Command::new("curl")
            .args(["--silent", "--fail", "--max-time", "20", "--cacert"])
            .arg(self.folder.path().join("root.pem"))
            .arg(format!("https://127.0.0.1:{port}/{path}"))
            .output()
            .expect("curl runs")
    }

    /// Returns the root of what it issues, which is another one each time it starts.
    fn root(&self) -> String {
        let output = self.ask(self.management, "roots/0");
        assert!(output.status.success(), "the root can be asked for");
        String::from_utf8(output.stdout).expect("PEM")
    }

    /// A blog that orders its certificate here.
    fn blog(&self) -> Folder {
        let folder = Folder::new(BLOG);
        folder.write("root.pem", &self.root());
        let acme = format!(
            "[server.tls.acme]\ndomains = [\"{DOMAIN}\"]\nemail = \"ops@example.com\"\n\
             directory = \"{}\"\nauthority = \"{}\"\n",
            self.directory,
            self.folder.path().join("root.pem").display()
        );
        let text = std::fs::read_to_string(folder.path().join("mainstay.toml")).expect("the file");
        folder.file("mainstay.toml", &format!("{acme}{text}"))
    }
}

/// Migrates, and serves at a port.
fn serve(folder: Folder, port: u16) -> Server {
    let (code, _, said) = command(BINARY, &["migrate", "--apply"], folder.path());
    assert_eq!(code, Some(0), "{said}");
    serve_again(Arc::new(folder), port)
}

fn serve_again(folder: Arc<Folder>, port: u16) -> Server {
    Server::listen(BINARY, "serve", folder, &[&format!("127.0.0.1:{port}")])
}

/// Asks the server at its name, trusting only what the authority issues.
fn curl(folder: &Path, port: u16) -> Output {
    Command::new("curl")
        .args(["--silent", "--show-error", "--max-time", "20", "--cacert"])
        .arg(folder.join("root.pem"))
        .args(["--resolve", &format!("{DOMAIN}:{port}:127.0.0.1")])
        .arg(format!("https://{DOMAIN}:{port}/api/v1/posts"))
        .output()
        .expect("curl runs")
}

#[track_caller]
fn check_serves(folder: &Path, port: u16) {
    let output = curl(folder, port);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let rows: Json = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(rows["items"], json!([]));
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).expect("the file is there")
}

#[tokio::test]
async fn a_certificate_is_ordered_served_kept_and_used_again() {
    let port = free_port();
    let authority = Authority::start(port).await;
    let server = serve(authority.blog(), port);
    server.until_logged("the TLS certificate is a new one");
    check_serves(server.folder().path(), port);
    let path = server.folder().path().to_owned();
    for name in [CERTIFICATE, ACCOUNT] {
        let mode = std::fs::metadata(path.join(name)).expect("it is kept").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let (certificate, account) = (read(&path, CERTIFICATE), read(&path, ACCOUNT));

    // Served from the first moment after a restart, also when the authority is away.
    let folder = server.kill();
    drop(authority);
    let server = serve_again(folder, port);
    check_serves(&path, port);
    assert_eq!(read(&path, CERTIFICATE), certificate);
    assert_eq!(read(&path, ACCOUNT), account);
    assert_eq!(server.terminate(), Some(0));
}

#[tokio::test]
async fn other_names_are_ordered_by_the_same_account() {
    let port = free_port();
    let authority = Authority::start(port).await;
    let server = serve(authority.blog(), port);
    server.until_logged("the TLS certificate is a new one");
    let folder = server.kill();
    let path = folder.path().to_owned();
    let (certificate, account) = (read(&path, CERTIFICATE), read(&path, ACCOUNT));
    let names = format!("[\"{DOMAIN}\", \"www.{DOMAIN}\"]");
    let config = read(&path, "mainstay.toml").replace(&format!("[\"{DOMAIN}\"]"), &names);
    folder.write("mainstay.toml", &config);
    let server = serve_again(folder, port);
    server.until_logged("the TLS certificate is a new one");
    check_serves(&path, port);
    assert_ne!(read(&path, CERTIFICATE), certificate);
    assert_eq!(read(&path, ACCOUNT), account);
}

#[tokio::test]
async fn a_certificate_is_renewed_before_its_end_without_a_restart() {
    let port = free_port();
    let authority = Authority::issuing(port, 6).await;
    let server = serve(authority.blog(), port);
    let start = std::time::Instant::now();
    while server.log().matches("the TLS certificate is a new one").count() < 3 {
        assert!(start.elapsed().as_secs() < 20, "{}", server.log());
        tokio::task::yield_now().await;
    }
    check_serves(server.folder().path(), port);
    assert_eq!(server.log().matches("no TLS certificate").count(), 0, "{}", server.log());
}

#[tokio::test]
async fn without_an_authority_the_server_goes_on_trying() {
    let port = free_port();
    let authority = Authority::start(port).await;
    let folder = authority.blog();
    drop(authority);
    let server = serve(folder, port);
    let said = server.until_logged("no TLS certificate was given");
    assert!(said.contains("the next attempt is in 120 s"), "{said}");
    assert!(!curl(server.folder().path(), port).status.success(), "there is nothing to serve with");
    assert_eq!(server.terminate(), Some(0));
}

#[tokio::test]
async fn a_server_that_the_authority_does_not_find_gets_no_certificate() {
    let (port, elsewhere) = (free_port(), free_port());
    let authority = Authority::start(elsewhere).await;
    let server = serve(authority.blog(), port);
    let said = server.until_logged("no TLS certificate was given");
    assert!(said.contains("the tls-alpn-01 challenge"), "{said}");
    assert!(!server.folder().path().join(CERTIFICATE).exists());
}

#[test]
fn mistakes_in_the_settings_are_named() {
    let folder = Folder::new(BLOG);
    let tls = "[server.tls]\nkey = \"k.pem\"\n[server.tls.acme]\n\
               domains = [\"*.a.example\", \"10.0.0.1\", \"a.example:443\"]\ndirectory = \"http://a\"\n";
    let folder = folder.file("mainstay.toml", tls);
    let (code, out, said) = command(BINARY, &["check"], folder.path());
    assert_eq!(code, Some(1), "{out}{said}");
    let said = out + &said;
    for part in ["*.a.example", "10.0.0.1", "a.example:443", "no `key` to be given", "`http://a`"] {
        assert!(said.contains(part), "{part}: {said}");
    }
}
