//! Whom a request comes from, also behind proxies.
//!
//! What a request says about its origin is believed only where the connection comes from a trusted
//! proxy, and only the headers that this proxy is known to set: any other one may have come from the
//! client, and passed through.

use std::fmt;
use std::net::IpAddr;

use http::uri::{Authority, Scheme};
use http::{HeaderMap, HeaderName};
use model::config::{Network, ProxyConfig, ProxyHeader};

use super::forwarded;
use super::listener::Speaks;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
/// The longest chain of proxies; what stands further left is not looked at.
const HOPS_MAX: usize = 32;

/// Who sent a request, as far as can be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// The address; none for a peer on a Unix socket that speaks for nobody.
    pub address: Option<IpAddr>,
    /// Whether the request travelled over TLS: to here, or to the proxy that says so.
    pub is_secure: bool,
    /// The host that the client asked for, where a proxy says it.
    pub host: Option<Authority>,
}

/// The other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Peer {
    Ip(IpAddr),
    Unix,
}

/// A connection's other end, looked at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin {
    peer: Peer,
    is_secure: bool,
    is_trusted: bool,
    /// The port of HTTPS, where this one only sends on to it.
    pub(super) redirect: Option<u16>,
}

/// Which proxies are believed, and what.
#[derive(Debug, Clone)]
pub struct Trust {
    networks: Vec<Network>,
    unix: bool,
    forwarded: bool,
    x_for: bool,
    x_proto: bool,
    x_host: bool,
}

impl Trust {
    /// Takes `[server] trusted_proxies` and `proxy_headers`.
    pub fn from_config(config: &ProxyConfig) -> Self {
        let believes = |header| config.headers.contains(&header);
        Self {
            networks: config.networks.clone(),
            unix: config.unix,
            forwarded: believes(ProxyHeader::Forwarded),
            x_for: believes(ProxyHeader::For),
            x_proto: believes(ProxyHeader::Proto),
            x_host: believes(ProxyHeader::Host),
        }
    }

    /// Looks at the other end of a connection.
    pub(super) fn origin(&self, peer: Peer, speaks: &Speaks) -> Origin {
        let is_trusted = match peer {
            Peer::Ip(address) => self.contains(address),
            Peer::Unix => self.unix,
        };
        let is_secure = matches!(speaks, Speaks::Https(_));
        let redirect = match speaks {
            Speaks::Redirect(port) => Some(*port),
            Speaks::Http | Speaks::Https(_) => None,
        };
        Origin { peer, is_secure, is_trusted, redirect }
    }

    /// Says whom a request comes from.
    pub(super) fn client(&self, origin: Origin, headers: &HeaderMap) -> Client {
        let address = match origin.peer {
            Peer::Ip(address) => Some(address),
            Peer::Unix => None,
        };
        let mut client = Client { address, is_secure: origin.is_secure, host: None };
        if !origin.is_trusted {
            return client;
        }
        if self.forwarded {
            self.standard(&mut client, headers);
        } else {
            self.customary(&mut client, headers);
        }
        client
    }

    fn contains(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(address))
    }

    /// `Forwarded`: from the right, each element is what a trusted proxy has added.
    fn standard(&self, client: &mut Client, headers: &HeaderMap) {
        let mut hops = 0;
        for line in headers.get_all(http::header::FORWARDED).iter().rev() {
            // Without its own end it cannot be told who wrote what.
            let Some(elements) = line.to_str().ok().and_then(forwarded::parse) else { return };
            for element in elements.into_iter().rev() {
                hops += 1;
                if let Some(is_secure) = element.proto.as_deref().and_then(is_secure) {
                    client.is_secure = is_secure;
                }
                if let Some(host) = element.host.as_deref().and_then(authority) {
                    client.host = Some(host);
                }
                let Some(address) = element.node.as_deref().and_then(forwarded::address) else {
                    return;
                };
                client.address = Some(address);
                if hops == HOPS_MAX || !self.contains(address) {
                    return;
                }
            }
        }
    }

    /// `X-Forwarded-*`: addresses from the right, as long as they are proxies; the others are the
    /// nearest proxy's word.
    fn customary(&self, client: &mut Client, headers: &HeaderMap) {
        if self.x_for {
            for hop in values(headers, &X_FORWARDED_FOR).take(HOPS_MAX) {
                let Some(address) = forwarded::address(hop) else { break };
                client.address = Some(address);
                if !self.contains(address) {
                    break;
                }
            }
        }
        if self.x_proto
            && let Some(is_secure) = values(headers, &X_FORWARDED_PROTO).next().and_then(is_secure)
        {
            client.is_secure = is_secure;
        }
        if self.x_host {
            client.host = values(headers, &X_FORWARDED_HOST).next().and_then(authority);
        }
    }
}

impl Client {
    /// Returns the scheme of its URLs.
    pub fn scheme(&self) -> Scheme {
        if self.is_secure { Scheme::HTTPS } else { Scheme::HTTP }
    }
}

/// The address, or `unix`.
impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            Some(address) => write!(f, "{address}"),
            None => f.write_str("unix"),
        }
    }
}

/// The comma-separated values of a header, last first. A line that is not text ends them.
fn values<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h str> {
    let lines = headers.get_all(name).iter().rev().map_while(|line| line.to_str().ok());
    lines.flat_map(|line| line.rsplit(',').map(str::trim))
}

fn is_secure(scheme: &str) -> Option<bool> {
    match scheme {
        _ if scheme.eq_ignore_ascii_case("https") => Some(true),
        _ if scheme.eq_ignore_ascii_case("http") => Some(false),
        _ => None,
    }
}

fn authority(text: &str) -> Option<Authority> {
    Authority::try_from(text).ok().filter(|authority| !authority.as_str().contains('@'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROXY: &str = "10.0.0.1";

    fn trust(headers: &[ProxyHeader]) -> Trust {
        let networks = ["10.0.0.0/8", "fd00::/8"];
        Trust::from_config(&ProxyConfig {
            networks: networks.map(|text| text.parse().expect("a network")).to_vec(),
            unix: true,
            headers: headers.to_vec(),
        })
    }

    /// What is made of headers from a peer: the address, the scheme, the host.
    #[track_caller]
    fn check(trust: &Trust, peer: &str, lines: &[(&str, &str)], expected: &str) {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let name: HeaderName = name.parse().expect("a name");
            headers.append(name, http::HeaderValue::from_bytes(value.as_bytes()).expect("a value"));
        }
        let peer = peer.parse().map_or(Peer::Unix, Peer::Ip);
        let client = trust.client(trust.origin(peer, &Speaks::Http), &headers);
        let host = client.host.as_ref().map_or("-", Authority::as_str);
        let found = format!("{client} {} {host}", client.scheme());
        assert_eq!(found, expected, "{lines:?}");
    }

    #[test]
    fn strangers_are_not_believed() {
        use ProxyHeader::{For, Forwarded, Host, Proto};
        let lines = [
            ("x-forwarded-for", "1.1.1.1"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "evil.test"),
            ("forwarded", "for=1.1.1.1;proto=https;host=evil.test"),
        ];
        for headers in [&[Forwarded][..], &[For, Proto, Host]] {
            check(&trust(headers), "203.0.113.9", &lines, "203.0.113.9 http -");
        }
        let nobody = Trust::from_config(&ProxyConfig::default());
        check(&nobody, PROXY, &lines, "10.0.0.1 http -");
        check(&nobody, "unix", &lines, "unix http -");
        // What a proxy passes on without setting it is the client's word.
        check(&trust(&[For]), PROXY, &lines, "1.1.1.1 http -");
        check(&trust(&[Proto]), PROXY, &lines, "10.0.0.1 https -");
        check(&trust(&[]), PROXY, &lines, "10.0.0.1 http -");
    }

    #[test]
    fn addresses_before_the_first_stranger_are_made_up() {
        let trust = trust(&[ProxyHeader::For]);
        let check = |value: &str, expected: &str| {
            check(&trust, PROXY, &[("x-forwarded-for", value)], &format!("{expected} http -"));
        };
        check("1.1.1.1", "1.1.1.1");
        check("8.8.8.8, 1.1.1.1", "1.1.1.1");
        check("8.8.8.8,1.1.1.1 , 10.0.0.2,10.0.0.3", "1.1.1.1");
        check("127.0.0.1, 10.9.9.9, 1.1.1.1", "1.1.1.1");
        // Proxies all the way: the first of them asks on its own behalf.
        check("10.0.0.3, 10.0.0.2", "10.0.0.3");
        check("2001:db8::1", "2001:db8::1");
        check("[2001:db8::1]:443", "2001:db8::1");
        check("1.1.1.1:5000", "1.1.1.1");
        check("::ffff:1.1.1.1", "1.1.1.1");
        // What is no address ends the search at the hop that said so.
        check("1.1.1.1, unknown", "10.0.0.1");
        check("1.1.1.1, unknown, 10.0.0.2", "10.0.0.2");
        check("", "10.0.0.1");
        check("1.1.1.1,", "10.0.0.1");
        check("<script>", "10.0.0.1");
    }

    #[test]
    fn several_lines_are_one_list() {
        let trust = trust(&[ProxyHeader::For, ProxyHeader::Proto]);
        let lines = [("x-forwarded-for", "8.8.8.8"), ("x-forwarded-for", "1.1.1.1, 10.0.0.2")];
        check(&trust, PROXY, &lines, "1.1.1.1 http -");
        let lines = [("x-forwarded-proto", "http"), ("x-forwarded-proto", "HTTPS")];
        check(&trust, "unix", &lines, "unix https -");
        let lines = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "\u{e4}")];
        check(&trust, PROXY, &lines, "10.0.0.1 http -");
    }

    #[test]
    fn the_standard_header_is_read_from_the_right() {
        let trust = trust(&[ProxyHeader::Forwarded]);
        let check = |value: &str, expected: &str| {
            check(&trust, PROXY, &[("forwarded", value)], expected);
        };
        check("for=1.1.1.1;proto=https;host=shop.test", "1.1.1.1 https shop.test");
        check("for=8.8.8.8;host=evil.test, for=1.1.1.1;proto=https", "1.1.1.1 https -");
        check("for=1.1.1.1;proto=https, for=10.0.0.2;proto=http", "1.1.1.1 https -");
        check("For=\"[2001:db8::1]:47011\"; Proto=https", "2001:db8::1 https -");
        check("for=unknown;proto=https", "10.0.0.1 https -");
        check("for=8.8.8.8, for=_hidden", "10.0.0.1 http -");
        check("for=8.8.8.8, proto=https", "10.0.0.1 https -");
        check("for=1.1.1.1;host=\"a@b\"", "1.1.1.1 http -");
        check("for=1.1.1.1;proto=gopher", "1.1.1.1 http -");
        // A quote that the client left open swallows what the proxy added.
        check("for=\"8.8.8.8, for=1.1.1.1", "10.0.0.1 http -");
    }

    #[test]
    fn a_malformed_line_hides_only_what_is_left_of_it() {
        let trust = trust(&[ProxyHeader::Forwarded]);
        let lines = [("forwarded", "for=\"8.8.8.8"), ("forwarded", "for=1.1.1.1")];
        check(&trust, PROXY, &lines, "1.1.1.1 http -");
        let lines = [("forwarded", "for=\"8.8.8.8"), ("forwarded", "for=10.0.0.2")];
        check(&trust, PROXY, &lines, "10.0.0.2 http -");
    }

    #[test]
    fn chains_have_a_length() {
        let all = trust(&[ProxyHeader::For]);
        let long = vec!["10.0.0.5"; HOPS_MAX].join(",");
        check(&all, PROXY, &[("x-forwarded-for", &format!("8.8.8.8,{long}"))], "10.0.0.5 http -");
        let standard = trust(&[ProxyHeader::Forwarded]);
        let long = vec!["for=10.0.0.5"; HOPS_MAX].join(",");
        let line = format!("for=8.8.8.8,{long}");
        check(&standard, PROXY, &[("forwarded", &line)], "10.0.0.5 http -");
    }
}
