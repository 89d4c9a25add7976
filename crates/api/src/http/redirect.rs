//! Sends clients that come in clear on to HTTPS.

use http::header::{HOST, HeaderValue, LOCATION};
use http::uri::Authority;
use http::{Method, Request, StatusCode};

use super::{Problem, RequestId, Response};

/// The port that URLs leave out.
const HTTPS_PORT: u16 = 443;

/// Answers a request that should have come over TLS. One that changes something is refused: its
/// token and body have been shown already, and to answer as if nothing were would hide that.
pub(super) fn answer<B>(request: &Request<B>, port: u16, request_id: &RequestId) -> Response {
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD);
    let location = is_safe.then(|| location(request, port)).flatten();
    let Some(location) = location else {
        let detail = "this is sent over HTTPS only; what was sent in clear may have been seen";
        let problem = Problem::new(StatusCode::FORBIDDEN, "https_required", detail);
        return problem.into_response(request_id);
    };
    let mut response = Response::default();
    *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
    response.headers_mut().insert(LOCATION, location);
    response
}

/// The same URL over HTTPS; none where it is not clear which host was meant.
fn location<B>(request: &Request<B>, port: u16) -> Option<HeaderValue> {
    let authority = match request.uri().authority() {
        Some(authority) => authority.clone(),
        None => Authority::try_from(request.headers().get(HOST)?.as_bytes()).ok()?,
    };
    let host = Some(authority.host()).filter(|host| !host.is_empty())?;
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    // `*` and the like are no paths.
    let path = Some(path).filter(|path| path.starts_with('/'))?;
    let url = match port {
        HTTPS_PORT => format!("https://{host}{path}"),
        _ => format!("https://{host}:{port}{path}"),
    };
    HeaderValue::try_from(url).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(target: &str, host: Option<&str>, port: u16, expected: Option<&str>) {
        let mut request = Request::builder().uri(target);
        if let Some(host) = host {
            request = request.header(HOST, host);
        }
        let request = request.body(()).expect("the request is one");
        let found = location(&request, port);
        let found = found.as_ref().map(|value| value.to_str().expect("a text"));
        assert_eq!(found, expected, "{target} {host:?}");
    }

    #[test]
    fn only_scheme_and_port_change() {
        let target = "/api/v1/posts?filter=a%20b";
        let same = "https://shop.test/api/v1/posts?filter=a%20b";
        check(target, Some("shop.test"), 443, Some(same));
        check(target, Some("shop.test:80"), 443, Some(same));
        check("/", Some("shop.test:8080"), 8443, Some("https://shop.test:8443/"));
        check("/", Some("[::1]:8080"), 443, Some("https://[::1]/"));
        check("http://shop.test/a", None, 443, Some("https://shop.test/a"));
        // The target counts, RFC 9112, section 3.2.2.
        check("http://shop.test/a", Some("evil.test"), 443, Some("https://shop.test/a"));
        check("//evil.test/a", Some("shop.test"), 443, Some("https://shop.test//evil.test/a"));
    }

    #[test]
    fn without_a_clear_host_there_is_nowhere_to_go() {
        check("/", None, 443, None);
        for host in ["", "a b", "shop.test/evil", "<script>", "a:b:c", ":80"] {
            check("/", Some(host), 443, None);
        }
        check("*", Some("shop.test"), 443, None);
        // Whoever asks for this has to live with it.
        check("/", Some("user@shop.test"), 443, Some("https://shop.test/"));
    }
}
