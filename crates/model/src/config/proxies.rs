//! Which proxies are believed, and what they are believed.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::config::reader::{Reader, Section};
use crate::suggest::did_you_mean_or_list;

/// The name of all peers on Unix sockets.
const UNIX: &str = "unix";
/// The most networks; each address of a request is held against all.
const PROXIES_MAX: usize = 100;

/// `[server] trusted_proxies` and `proxy_headers`
#[derive(Clone, Debug, PartialEq)]
pub struct ProxyConfig {
    /// The networks of proxies.
    pub networks: Vec<Network>,
    /// Whether whoever connects to a Unix socket is a proxy.
    pub unix: bool,
    /// What is believed; the others may come from anybody, through a proxy that passes them on.
    pub headers: Vec<ProxyHeader>,
}

/// A header in which a proxy says whom it speaks for.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum ProxyHeader {
    /// `Forwarded`, RFC 7239
    Forwarded,
    /// `X-Forwarded-For`
    For,
    /// `X-Forwarded-Proto`
    Proto,
    /// `X-Forwarded-Host`
    Host,
}

/// A range of IP addresses: `10.0.0.0/8`, or one address.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// What is wrong with a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// It is no address with a prefix.
    #[error("`{0}` is not an IP address, a network or `unix`")]
    Unknown(String),
    /// Bits behind the prefix are set, so that it is not clear what was meant.
    #[error("`{0}` has bits behind its prefix")]
    HostBits(String),
}

impl Default for ProxyConfig {
    fn default() -> Self {
        Self {
            networks: Vec::new(),
            unix: false,
            headers: vec![ProxyHeader::For, ProxyHeader::Proto],
        }
    }
}

impl ProxyHeader {
    const ALL: [Self; 4] = [Self::Forwarded, Self::For, Self::Proto, Self::Host];

    /// Returns the header's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Forwarded => "forwarded",
            Self::For => "x-forwarded-for",
            Self::Proto => "x-forwarded-proto",
            Self::Host => "x-forwarded-host",
        }
    }
}

impl Network {
    /// Whether an address lies within. IPv4 addresses written as IPv6 count as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        let same = |ours: u128, theirs: u128, width: u32| {
            // A shift by the whole width is none at all; then everything lies within.
            (ours ^ theirs).checked_shr(width - u32::from(self.prefix)).unwrap_or(0) == 0
        };
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                same(u32::from(ours).into(), u32::from(theirs).into(), 32)
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => same(ours.into(), theirs.into(), 128),
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let unknown = || NetworkError::Unknown(text.to_owned());
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| unknown())?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().ok().filter(|prefix| *prefix <= width).ok_or_else(unknown)?
            }
            Some(_) => return Err(unknown()),
            None => width,
        };
        let bits: u128 = match address {
            IpAddr::V4(address) => u32::from(address).into(),
            IpAddr::V6(address) => address.into(),
        };
        let behind = 1_u128.checked_shl(u32::from(width - prefix)).map_or(u128::MAX, |bit| bit - 1);
        if bits & behind != 0 {
            return Err(NetworkError::HostBits(text.to_owned()));
        }
        Ok(Self { address, prefix })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

pub(super) fn read(section: &mut Section<'_>, reader: &mut Reader<'_, '_>) -> ProxyConfig {
    let mut config = ProxyConfig::default();
    for proxy in section.texts("trusted_proxies", reader).unwrap_or_default() {
        if proxy.value == UNIX {
            config.unix = true;
            continue;
        }
        match proxy.value.parse() {
            Ok(_) if config.networks.len() == PROXIES_MAX => {
                let message = format!("there are at most {PROXIES_MAX} networks");
                reader.error(proxy.place, message, None);
                break;
            }
            Ok(network) => config.networks.push(network),
            Err(error) => reader.error(
                proxy.place,
                NetworkError::to_string(&error),
                Some("write \"10.0.0.7\", \"10.0.0.0/8\", \"fd00::/8\" or \"unix\"".to_owned()),
            ),
        }
    }
    if let Some(headers) = section.texts("proxy_headers", reader) {
        config.headers.clear();
        for name in headers {
            let found = ProxyHeader::ALL
                .into_iter()
                .find(|header| header.name().eq_ignore_ascii_case(&name.value));
            match found {
                Some(header) if is_mixed(&config.headers, header) => reader.error(
                    name.place,
                    "`Forwarded` says all that the others say",
                    Some("name the ones that your proxy sets, and only those".to_owned()),
                ),
                Some(header) => config.headers.push(header),
                None => {
                    let names = ProxyHeader::ALL.into_iter().map(ProxyHeader::name);
                    let help = did_you_mean_or_list(&name.value, names, "there are");
                    let message = format!("`{}` is not a header of proxies", name.value);
                    reader.error(name.place, message, help);
                }
            }
        }
    }
    config
}

/// Whether two headers would say the same, so that a client could choose which one counts.
fn is_mixed(headers: &[ProxyHeader], more: ProxyHeader) -> bool {
    let is_standard = more == ProxyHeader::Forwarded;
    headers.iter().any(|header| (*header == ProxyHeader::Forwarded) != is_standard)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_contain_their_addresses() {
        let check = |network: &str, address: &str, expected: bool| {
            let network: Network = network.parse().expect("a network");
            let address = address.parse().expect("an address");
            assert_eq!(network.contains(address), expected, "{network} {address}");
        };
        check("10.0.0.0/8", "10.255.0.1", true);
        check("10.0.0.0/8", "11.0.0.0", false);
        check("10.0.0.0/8", "::ffff:10.1.2.3", true);
        check("10.0.0.0/8", "::1", false);
        check("10.0.0.7", "10.0.0.7", true);
        check("10.0.0.7", "10.0.0.6", false);
        check("0.0.0.0/0", "255.255.255.255", true);
        check("0.0.0.0/0", "::1", false);
        check("::/0", "ffff::1", true);
        check("fd00::/8", "fdff::1", true);
        check("fd00::/8", "fc00::1", false);
        check("::1", "::1", true);
        check("::1", "::2", false);
    }

    #[test]
    fn networks_are_written_clearly() {
        let check = |text: &str, expected: fn(String) -> NetworkError| {
            assert_eq!(text.parse::<Network>(), Err(expected(text.to_owned())));
        };
        for text in ["", "x", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "10/8", "::/129", "/8"] {
            check(text, NetworkError::Unknown);
        }
        for text in ["10.0.0.1/8", "fd00::1/8", "1.0.0.0/0"] {
            check(text, NetworkError::HostBits);
        }
    }
}
