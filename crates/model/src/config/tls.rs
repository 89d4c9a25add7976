//! `[server.tls]`: the certificate, and how handshakes are bounded.

use std::net::SocketAddr;
use std::time::Duration;

use crate::config::acme::{self, AcmeConfig};
use crate::config::reader::{Reader, Section};

/// `[server.tls]`
#[derive(Clone, Debug, PartialEq)]
pub struct TlsConfig {
    /// The certificate and those that lead to its authority, in PEM, relative to the application folder;
    /// empty where it is ordered.
    pub certificate: String,
    /// Its private key in PEM, relative to the application folder.
    pub key: String,
    /// Where the server orders its certificate itself.
    pub acme: Option<AcmeConfig>,
    /// The oldest version that is spoken.
    pub version_min: TlsVersion,
    /// How often the files are looked at.
    pub reload_interval: Duration,
    /// The longest time for a handshake.
    pub handshake_timeout: Duration,
    /// The most handshakes at a time.
    pub handshakes_max: u64,
    /// A port for plain HTTP, which sends clients on to HTTPS.
    pub redirect_address: Option<SocketAddr>,
}

/// A version of TLS.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// TLS 1.2
    V1_2,
    /// TLS 1.3
    V1_3,
}

impl Default for TlsConfig {
    fn default() -> Self {
        Self {
            certificate: String::new(),
            key: String::new(),
            acme: None,
            version_min: TlsVersion::V1_2,
            reload_interval: Duration::from_secs(60),
            handshake_timeout: Duration::from_secs(10),
            handshakes_max: 1000,
            redirect_address: None,
        }
    }
}

pub(super) fn read(root: &mut Section<'_>, reader: &mut Reader<'_, '_>) -> Option<TlsConfig> {
    let is_absent = root.is_absent("tls");
    let mut section = root.section("tls", reader);
    if is_absent {
        return None;
    }
    let mut config = TlsConfig { acme: acme::read(&mut section, reader), ..TlsConfig::default() };
    for (key, to) in [("certificate", &mut config.certificate), ("key", &mut config.key)] {
        if section.is_absent(key) && config.acme.is_none() {
            reader.error(section.place(), format!("TLS needs `{key}`, a file in PEM"), None);
        }
        match section.text(key, reader) {
            Some(file) if config.acme.is_some() => {
                let help = "remove it, or `[server.tls.acme]`";
                let message = format!("with `[server.tls.acme]` there is no `{key}` to be given");
                reader.error(file.place, message, Some(help.to_owned()));
            }
            Some(file) if file.value.is_empty() => {
                reader.error(file.place, "this is not a path", None);
            }
            Some(file) => *to = file.value,
            None => {}
        }
    }
    if let Some(version) = section.text("version_min", reader) {
        match version.value.as_str() {
            "1.2" => config.version_min = TlsVersion::V1_2,
            "1.3" => config.version_min = TlsVersion::V1_3,
            other => {
                let message = format!("`{other}` is not a version of TLS that is spoken");
                reader.error(version.place, message, Some("write \"1.2\" or \"1.3\"".to_owned()));
            }
        }
    }
    let interval = Duration::from_millis(100)..=Duration::from_secs(86_400);
    if let Some(interval) = section.duration("reload_interval", interval, reader) {
        config.reload_interval = interval;
    }
    let timeout = Duration::from_millis(100)..=Duration::from_secs(60);
    if let Some(timeout) = section.duration("handshake_timeout", timeout, reader) {
        config.handshake_timeout = timeout;
    }
    if let Some(max) = section.number("handshakes_max", 1..=1_000_000, reader) {
        config.handshakes_max = max.value;
    }
    if let Some(address) = section.text("redirect_address", reader) {
        match address.value.parse() {
            Ok(parsed) => config.redirect_address = Some(parsed),
            Err(_) => reader.error(
                address.place,
                format!("`{}` is not an IP address and a port", address.value),
                Some("write it like \"0.0.0.0:80\" or \"[::]:80\"".to_owned()),
            ),
        }
    }
    section.finish(reader);
    Some(config)
}
