//! Whether it is clear what a request asks for.
//!
//! A server and a proxy in front of it that read a request differently can be played off against
//! each other, RFC 9112, section 11.2. hyper sees to the framing; this is what it leaves open.

use http::header::HOST;
use http::{Method, Request, Version};

/// Whether the request has a path, and names its host once where it has to.
pub(super) fn is_clear<B>(request: &Request<B>) -> bool {
    has_path(request) && names_host(request)
}

/// `*` stands for the whole server, and only for OPTIONS. A target without a path asks for a tunnel.
fn has_path<B>(request: &Request<B>) -> bool {
    let path = request.uri().path();
    path.starts_with('/') || (path == "*" && request.method() == Method::OPTIONS)
}

/// RFC 9112, section 3.2; in HTTP/2 the authority of the URL is the host.
fn names_host<B>(request: &Request<B>) -> bool {
    let mut hosts = request.headers().get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => !host.is_empty() && host.as_bytes().iter().all(is_host_byte),
        (None, _) => request.version() != Version::HTTP_11,
        (Some(_), Some(_)) => false,
    }
}

/// What names, addresses and ports are made of, RFC 3986, section 3.2.2.
fn is_host_byte(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:[]".contains(byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: &str, target: &str, version: Version, hosts: &[&[u8]], expected: bool) {
        let mut request = Request::builder().method(method).uri(target).version(version);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        let request = request.body(()).expect("the request is one");
        assert_eq!(is_clear(&request), expected, "{method} {target} {hosts:?}");
    }

    #[test]
    fn hosts_are_named_once() {
        let check =
            |version, hosts: &[&[u8]], expected| check("GET", "/", version, hosts, expected);
        for host in [&b"shop.test"[..], b"shop.test:80", b"[::1]:80", b"127.0.0.1", b"a_b"] {
            check(Version::HTTP_11, &[host], true);
        }
        for host in [&b""[..], b"a b", b"a/b", b"user@a", b"\xe4", b"a\tb", b"<a>"] {
            check(Version::HTTP_11, &[host], false);
            check(Version::HTTP_10, &[host], false);
        }
        check(Version::HTTP_11, &[], false);
        check(Version::HTTP_11, &[b"a", b"a"], false);
        check(Version::HTTP_10, &[], true);
        check(Version::HTTP_2, &[], true);
    }

    #[test]
    fn targets_have_paths() {
        let check =
            |method, target, expected| check(method, target, Version::HTTP_11, &[b"a"], expected);
        check("GET", "/", true);
        check("GET", "http://a/b", true);
        check("GET", "http://a", true);
        check("OPTIONS", "*", true);
        check("GET", "*", false);
        check("GET", "healthz", false);
        check("CONNECT", "a:80", false);
    }
}
