//! What is read from `mainstay.toml`, and what is said about mistakes in it.

use std::time::Duration;

use super::{
    Address, Algorithm, Config, KeyMaterial, ProxyHeader, REFERENCE, TlsConfig, TlsVersion,
};
use crate::{Report, Sources, load};

fn read(toml: &str) -> Result<Config, Report> {
    let files = [("mainstay.toml", toml), ("modules/a/schema.graphql", "")];
    let sources = Sources::new(files).with_environment(|name| match name {
        "PORT" => Some("9000".to_owned()),
        "SECRET" => Some("0123456789abcdef0123456789abcdef".to_owned()),
        _ => None,
    });
    load(&sources).map(|loaded| loaded.config)
}

/// Checks what is said about a configuration.
#[track_caller]
fn check(toml: &str, expected: &[&str]) {
    let report = read(toml).map(|_| ()).expect_err("it is bad");
    let found: Vec<String> = report
        .iter()
        .map(|d| {
            let help = d.help.as_ref().map(|help| format!(" | {help}")).unwrap_or_default();
            format!("{}:{} {}: {}{help}", d.labels[0].line, d.labels[0].column, d.code, d.message)
        })
        .collect();
    assert_eq!(found, expected, "\n{toml}");
}

#[test]
fn the_reference_holds_the_defaults() {
    assert_eq!(read(REFERENCE).expect("the reference is good"), Config::default());
    assert_eq!(read("").expect("nothing is needed"), Config::default());
}

#[test]
fn each_setting_is_read() {
    let config = read(
        r#"
        [app]
        name = "shop"
        [server]
        address = ["0.0.0.0:${PORT}", "unix:/run/a.sock"]
        socket_mode = "600"
        drain_timeout = "1m"
        trusted_proxies = ["10.0.0.0/8", "::1", "unix"]
        proxy_headers = ["Forwarded"]
        [server.tls]
        certificate = "a.pem"
        key = "b.pem"
        version_min = "1.3"
        reload_interval = "10s"
        handshake_timeout = "5s"
        handshakes_max = 10
        redirect_address = "0.0.0.0:80"
        [headers]
        referrer_policy = ""
        content_security_policy = "default-src 'self'"
        [limits]
        body_bytes_max = 0x10_000
        page_max = 50
        page_default = 10
        request_timeout = "500ms"
        connections_max = "${PORT}"
        [database]
        path = "data/${PORT}.db"
        [api]
        default = "v12"
        [cors]
        origins = ["https://example.com", "http://localhost:5173"]
        credentials = true
        max_age = "1h"
        [auth]
        issuer = "https://id.example.com"
        audience = "shop"
        leeway = "0s"
        jwks_file = "jwks.json"
        [[auth.keys]]
        kid = "a"
        alg = "HS256"
        secret = "${SECRET}"
        [[auth.keys]]
        kid = "b"
        alg = "EdDSA"
        public_key_file = "b.pem"
        "#,
    )
    .expect("the configuration is good");
    assert_eq!(config.app.name.as_deref(), Some("shop"));
    let addresses: Vec<String> = config.server.addresses.iter().map(Address::to_string).collect();
    assert_eq!(addresses, ["0.0.0.0:9000", "unix:/run/a.sock"]);
    assert_eq!(config.server.socket_mode, 0o600);
    assert_eq!(config.server.drain_timeout, Duration::from_secs(60));
    assert_eq!((config.server.proxies.networks.len(), config.server.proxies.unix), (2, true));
    assert_eq!(config.server.proxies.headers, [ProxyHeader::Forwarded]);
    let tls = TlsConfig {
        certificate: "a.pem".to_owned(),
        key: "b.pem".to_owned(),
        acme: None,
        version_min: TlsVersion::V1_3,
        reload_interval: Duration::from_secs(10),
        handshake_timeout: Duration::from_secs(5),
        handshakes_max: 10,
        redirect_address: Some(([0, 0, 0, 0], 80).into()),
    };
    assert_eq!(config.server.tls, Some(tls));
    assert_eq!(config.headers.referrer_policy, "");
    assert_eq!(config.headers.content_security_policy, "default-src 'self'");
    assert_eq!(config.limits.body_bytes_max, 65536);
    assert_eq!((config.limits.page_max, config.limits.page_default), (50, 10));
    assert_eq!(config.limits.request_timeout, Duration::from_millis(500));
    assert_eq!(config.limits.connections_max, 9000);
    assert_eq!(config.database.path, "data/9000.db");
    assert_eq!(config.api.default, "v12");
    assert!(config.cors.credentials);
    assert_eq!(config.cors.origins.len(), 2);
    assert_eq!(config.auth.leeway, Duration::ZERO);
    assert_eq!(config.auth.keys[1].algorithm, Algorithm::EdDsa);
    assert_eq!(config.auth.keys[1].material, KeyMaterial::PublicKeyFile("b.pem".to_owned()));
}

#[test]
fn servers_and_headers_are_written_clearly() {
    check(
        "[server]\naddress = []\nsocket_mode = \"9\"\ntrusted_proxies = [\"10.0.0.1/8\"]\n\
         proxy_headers = [\"x-forwarded-for\", \"forwarded\", \"x-real-ip\"]\n\
         [headers]\nreferrer_policy = \"a\\nb\"\ncsp = \"\"\n",
        &[
            "2:11 config: a server has from 1 to 16 addresses",
            r#"3:15 config: `9` is not a file mode | write three octal digits: "660" lets the group connect"#,
            r#"4:20 config: `10.0.0.1/8` has bits behind its prefix | write "10.0.0.7", "10.0.0.0/8", "fd00::/8" or "unix""#,
            "5:37 config: `Forwarded` says all that the others say | name the ones that your proxy sets, and only those",
            "5:50 config: `x-real-ip` is not a header of proxies | there are `forwarded`, `x-forwarded-for`, `x-forwarded-proto`, `x-forwarded-host`",
            "7:19 config: a header has visible ASCII characters only",
            "8:1 unknown-setting: there is no setting `csp` in `[headers]` | there are `strict_transport_security`, `content_security_policy`, `cross_origin_resource_policy`, `referrer_policy`",
        ],
    );
    check(
        "[server]\naddress = [\"127.0.0.1:1\", \"127.0.0.1:1\", \"unix:\"]\n",
        &[
            "2:27 config: `127.0.0.1:1` is there already",
            r#"2:42 config: `unix:` names no file | write a path: "unix:/run/shop.sock""#,
        ],
    );
}

#[test]
fn tls_needs_a_certificate_and_its_key() {
    check(
        "[server.tls]\nkey = \"\"\nversion_min = \"1.1\"\nredirect_address = \":80\"\ncert = \"x\"\n",
        &[
            "1:1 config: TLS needs `certificate`, a file in PEM",
            "2:7 config: this is not a path",
            r#"3:15 config: `1.1` is not a version of TLS that is spoken | write "1.2" or "1.3""#,
            r#"4:20 config: `:80` is not an IP address and a port | write it like "0.0.0.0:80" or "[::]:80""#,
            "5:1 unknown-setting: there is no setting `cert` in `[server.tls]` | did you mean `certificate`?",
        ],
    );
}

/// Returns the settings that are written as comments.
fn commented(section: &str) -> String {
    let is_setting = |line: &&str| {
        line.strip_prefix("# ").is_some_and(|line| line.split(' ').nth(1) == Some("="))
    };
    section.lines().filter(is_setting).map(|line| format!("{}\n", &line[2..])).collect()
}

#[test]
fn the_settings_of_tls_in_the_reference_are_its_defaults() {
    let (_, section) = REFERENCE.split_once("# [server.tls]\n").expect("it is there");
    let (section, _) = section.split_once("\n[headers]").expect("it ends");
    let (files, acme) = section.split_once("# [server.tls.acme]\n").expect("it is there");
    let config = read(&format!("[server.tls]\n{}", commented(files))).expect("it is good");
    let defaults = TlsConfig {
        certificate: "tls/certificate.pem".to_owned(),
        key: "tls/key.pem".to_owned(),
        redirect_address: Some(([0, 0, 0, 0], 80).into()),
        ..TlsConfig::default()
    };
    assert_eq!(config.server.tls, Some(defaults));
    let written = |settings: &str| {
        let config = read(&format!("[server.tls.acme]\n{settings}")).expect("it is good");
        config.server.tls.and_then(|tls| tls.acme).expect("it is there")
    };
    let mut minimal = written("domains = [\"shop.example.com\"]\n");
    minimal.email = Some("ops@example.com".to_owned());
    minimal.authority = Some("tls/root.pem".to_owned());
    assert_eq!(written(&commented(acme)), minimal);
}

#[test]
fn a_page_is_never_larger_than_the_largest() {
    let config = read("[limits]\npage_max = 10\n").expect("the configuration is good");
    assert_eq!(config.limits.page_default, 10);
}

#[test]
fn a_secret_is_never_shown() {
    let config = read("[[auth.keys]]\nkid = \"a\"\nalg = \"HS256\"\nsecret = \"${SECRET}\"\n");
    let shown = format!("{:?}", config.expect("the configuration is good"));
    assert!(shown.contains("***") && !shown.contains("abcdef"), "{shown}");
    let report = read("[[auth.keys]]\nkid = \"a\"\nalg = \"HS256\"\nsecret = \"tell-nobody\"\n");
    let shown = report.map(|_| ()).expect_err("it is too short").to_human(false);
    assert!(!shown.contains("tell-nobody"), "{shown}");
}

#[test]
fn all_mistakes_are_reported_together() {
    check(
        r#"
sever = 1
[server]
adress = "x"
address = "localhost"
drain_timeout = 10
trusted_proxies = ["x", 1]
[limits]
page_max = 5
page_default = 0
request_timeout = "soon"
connections_max = "${MISSING}"
[database]
path = ""
url = "postgres://x"
[api]
default = "1"
[cors]
origins = ["*", "example.com"]
credentials = true
[auth]
issuer = "${A"
[[auth.keys]]
alg = "none"
[[auth.keys]]
kid = "k"
alg = "HS256"
public_key = "x"
[[auth.keys]]
kid = "l"
alg = "ES256"
public_key = "x"
"#,
        &[
            "2:1 unknown-setting: there is no section `sever` | did you mean `server`?",
            "4:1 unknown-setting: there is no setting `adress` in `[server]` | did you mean `address`?",
            r#"5:11 config: `localhost` is not an address | write an IP address and a port: "127.0.0.1:8090", "0.0.0.0:80", "[::]:80"; or a Unix socket: "unix:/run/shop.sock""#,
            "6:17 config: `server.drain_timeout` is a text in quotes, not a TOML integer",
            r#"7:20 config: `x` is not an IP address, a network or `unix` | write "10.0.0.7", "10.0.0.0/8", "fd00::/8" or "unix""#,
            "7:25 config: `server.trusted_proxies` is a list of texts, not a TOML integer",
            "10:16 config: `page_default` is a number from 1 to 10000",
            r#"11:19 config: `request_timeout` is a time from 100ms to 3600s | write it like "500ms", "30s", "5m" or "1h""#,
            "12:19 config: the environment variable `MISSING` is not set | set it before the start: MISSING=… mainstay serve",
            "14:8 config: this is not a path",
            "15:7 not-supported-yet: another database than SQLite is not supported yet | use `path`, the name of an SQLite file",
            r#"17:11 config: `1` is not a version | versions are "v1", "v2" and so on"#,
            "19:12 config: with `credentials`, every origin has to be named | browsers refuse `*` together with cookies",
            r#"19:17 config: `example.com` is not an origin | write scheme, host and port only: "https://example.com""#,
            "22:10 config: `${` is never closed | write `${NAME}`, or `$${` for the characters themselves",
            "23:1 config: a key needs `kid`",
            "24:7 config: `none` is not an algorithm that can be used | there are EdDSA, ES256, RS256, HS256",
            "27:7 config: a key for HS256 has `secret` and nothing else",
            "32:14 config: this is not a public key in PEM | it begins with `-----BEGIN PUBLIC KEY-----`",
        ],
    );
}

#[test]
fn mistakes_in_the_form_have_places_too() {
    check(
        "[server\naddress = \"127.0.0.1:1\"\n[limits]\npage_max = 0\n",
        &[
            "1:8 syntax: this is not TOML: unclosed table, expected `]`",
            "4:12 config: `page_max` is a number from 1 to 10000",
        ],
    );
    check(
        "server = 1\nlimits = []\n",
        &[
            "1:10 config: `server` is a table, not a TOML integer",
            "2:10 config: `limits` is a table, not a TOML array",
        ],
    );
    check(
        "[limits]\npage_max = 10\npage_default = 11\n",
        &["3:16 config: `page_default` (11) is more than `page_max` (10)"],
    );
    check(
        "[[auth.keys]]\nkid = \"a\"\nalg = \"RS256\"\npublic_key_file = \"x\"\n[[auth.keys]]\nkid = \"a\"\nalg = \"RS256\"\npublic_key_file = \"x\"\n",
        &["6:7 config: two keys are named `a`"],
    );
}
