//! `[server]`: where to listen and how to stop.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::config::reader::{Reader, Section};

/// `[server]`
#[derive(Clone, Debug, PartialEq)]
pub struct ServerConfig {
    /// The address to listen on; port 0 takes any free one.
    pub address: SocketAddr,
    /// How long requests may go on after the signal to stop.
    pub drain_timeout: Duration,
    /// Proxies whose `Forwarded` headers are believed.
    pub trusted_proxies: Vec<IpAddr>,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            address: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8090),
            drain_timeout: Duration::from_secs(10),
            trusted_proxies: Vec::new(),
        }
    }
}

pub(super) fn read(root: &mut Section<'_>, reader: &mut Reader<'_, '_>) -> ServerConfig {
    let mut section = root.section("server", reader);
    let mut config = ServerConfig::default();
    if let Some(address) = section.text("address", reader) {
        match address.value.parse() {
            Ok(parsed) => config.address = parsed,
            Err(_) => reader.error(
                address.place,
                format!("`{}` is not an address", address.value),
                Some("write an IP address and a port: \"127.0.0.1:8090\", \"0.0.0.0:80\", \"[::]:80\"".into()),
            ),
        }
    }
    let drain = Duration::ZERO..=Duration::from_secs(600);
    if let Some(timeout) = section.duration("drain_timeout", drain, reader) {
        config.drain_timeout = timeout;
    }
    for proxy in section.texts("trusted_proxies", reader).unwrap_or_default() {
        match proxy.value.parse() {
            Ok(parsed) => config.trusted_proxies.push(parsed),
            Err(_) => {
                reader.error(proxy.place, format!("`{}` is not an IP address", proxy.value), None);
            }
        }
    }
    section.finish(reader);
    config
}
