//! `[server]`: where to listen, whom to believe and how to stop.

use std::ops::Range;
use std::time::Duration;

use crate::config::address::Address;
use crate::config::proxies::{self, ProxyConfig};
use crate::config::reader::{Reader, Section, Setting};
use crate::config::tls::{self, TlsConfig};

/// The most addresses to listen on.
const ADDRESSES_MAX: usize = 16;

/// `[server]`
#[derive(Clone, Debug, PartialEq)]
pub struct ServerConfig {
    /// The addresses to listen on, at least one.
    pub addresses: Vec<Address>,
    /// The permissions of Unix sockets.
    pub socket_mode: u32,
    /// How long requests may go on after the signal to stop.
    pub drain_timeout: Duration,
    /// Which proxies are believed, and what.
    pub proxies: ProxyConfig,
    /// `[server.tls]`: how ports speak TLS; in clear without it.
    pub tls: Option<TlsConfig>,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            addresses: vec![Address::default()],
            socket_mode: 0o660,
            drain_timeout: Duration::from_secs(10),
            proxies: ProxyConfig::default(),
            tls: None,
        }
    }
}

pub(super) fn read(root: &mut Section<'_>, reader: &mut Reader<'_, '_>) -> ServerConfig {
    let mut section = root.section("server", reader);
    let mut config = ServerConfig::default();
    if let Some(addresses) = section.text_or_texts("address", reader) {
        config.addresses = read_addresses(addresses, reader);
    }
    if let Some(mode) = section.text("socket_mode", reader) {
        match u32::from_str_radix(&mode.value, 8) {
            Ok(bits) if bits <= 0o777 => config.socket_mode = bits,
            _ => reader.error(
                mode.place,
                format!("`{}` is not a file mode", mode.value),
                Some("write three octal digits: \"660\" lets the group connect".to_owned()),
            ),
        }
    }
    let drain = Duration::ZERO..=Duration::from_secs(600);
    if let Some(timeout) = section.duration("drain_timeout", drain, reader) {
        config.drain_timeout = timeout;
    }
    config.proxies = proxies::read(&mut section, reader);
    config.tls = tls::read(&mut section, reader);
    section.finish(reader);
    config
}

fn read_addresses(
    (texts, place): (Vec<Setting<String>>, Range<usize>),
    reader: &mut Reader<'_, '_>,
) -> Vec<Address> {
    let mut addresses: Vec<Address> = Vec::new();
    if texts.is_empty() || texts.len() > ADDRESSES_MAX {
        let message = format!("a server has from 1 to {ADDRESSES_MAX} addresses");
        reader.error(place, message, None);
        return vec![Address::default()];
    }
    for text in texts {
        match text.value.parse::<Address>() {
            Ok(address) if addresses.contains(&address) && !address.is_any_port() => {
                reader.error(text.place, format!("`{}` is there already", text.value), None);
            }
            Ok(address) => addresses.push(address),
            Err(error) => reader.error(text.place, error.to_string(), Some(error.help().into())),
        }
    }
    addresses
}
