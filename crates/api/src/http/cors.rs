//! Which web pages may call the API (the Fetch standard, CORS protocol).

use std::time::Duration;

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderValue, ORIGIN, VARY,
};
use http::{HeaderMap, Method, StatusCode};
use model::config::CorsConfig;

use super::Response;

const METHODS: HeaderValue =
    HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
const REQUEST_HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, if-match, if-none-match, idempotency-key, last-event-id, prefer, x-request-id",
);
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "content-disposition, etag, idempotency-replayed, link, location, preference-applied, x-request-id, retry-after, ratelimit-limit, ratelimit-remaining, ratelimit-reset",
);
const ANY: HeaderValue = HeaderValue::from_static("*");
const TRUE: HeaderValue = HeaderValue::from_static("true");
const VARY_ORIGIN: HeaderValue = HeaderValue::from_static("origin");
const VARY_PREFLIGHT: HeaderValue = HeaderValue::from_static(
    "origin, access-control-request-method, access-control-request-headers",
);

/// Which origins may read answers, and how.
#[derive(Debug, Clone)]
pub struct Cors {
    any: bool,
    origins: Vec<Pattern>,
    credentials: bool,
    max_age: HeaderValue,
}

/// An origin, or all below a host.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    Exactly(String),
    /// `https://*.example.com`: the scheme up to `://`, and what the host and port end in.
    Below {
        scheme: String,
        end: String,
    },
}

impl Cors {
    /// Takes the origins of `[cors]`: `*`, `https://example.com`, `https://*.example.com`.
    pub fn new(origins: &[String], credentials: bool, max_age: Duration) -> Self {
        let pattern = |origin: &String| match origin.split_once("*.") {
            Some((scheme, end)) if scheme.ends_with("://") => {
                Pattern::Below { scheme: scheme.to_owned(), end: format!(".{end}") }
            }
            _ => Pattern::Exactly(origin.clone()),
        };
        Self {
            any: origins.iter().any(|origin| origin == "*"),
            origins: origins.iter().filter(|origin| *origin != "*").map(pattern).collect(),
            credentials,
            max_age: HeaderValue::from(max_age.as_secs()),
        }
    }

    /// Takes `[cors]`.
    pub fn from_config(config: &CorsConfig) -> Self {
        Self::new(&config.origins, config.credentials, config.max_age)
    }

    fn is_off(&self) -> bool {
        !self.any && self.origins.is_empty()
    }

    /// Returns what `Access-Control-Allow-Origin` says to an origin. With credentials, `*` would be
    /// refused by browsers, and letting everybody in would be a hole: the configuration forbids it,
    /// and so does this.
    fn allow(&self, origin: &HeaderValue) -> Option<HeaderValue> {
        if self.any && !self.credentials {
            return Some(ANY);
        }
        let text = origin.to_str().ok()?;
        self.origins.iter().any(|pattern| pattern.fits(text)).then(|| origin.clone())
    }

    /// Answers a preflight, a browser's question before a request that a form could not send.
    /// `None` for any other request, and where no origin is configured.
    pub(super) fn preflight(&self, method: &Method, headers: &HeaderMap) -> Option<Response> {
        if self.is_off()
            || method != Method::OPTIONS
            || !headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
        {
            return None;
        }
        let origin = headers.get(ORIGIN)?;
        let mut response = Response::default();
        *response.status_mut() = StatusCode::NO_CONTENT;
        let answer = response.headers_mut();
        answer.insert(VARY, VARY_PREFLIGHT);
        if let Some(allowed) = self.allow(origin) {
            answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
            answer.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
            answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS);
            answer.insert(ACCESS_CONTROL_MAX_AGE, self.max_age.clone());
            if self.credentials {
                answer.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
            }
        }
        Some(response)
    }

    /// Lets a page read an answer, if its origin may.
    pub(super) fn apply(&self, origin: Option<&HeaderValue>, answer: &mut HeaderMap) {
        if self.is_off() {
            return;
        }
        if !self.any || self.credentials {
            answer.append(VARY, VARY_ORIGIN);
        }
        let Some(allowed) = origin.and_then(|origin| self.allow(origin)) else { return };
        answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        answer.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        if self.credentials {
            answer.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
        }
    }
}

impl Pattern {
    fn fits(&self, origin: &str) -> bool {
        match self {
            Self::Exactly(exactly) => origin == exactly,
            Self::Below { scheme, end } => origin
                .strip_prefix(scheme.as_str())
                .and_then(|rest| rest.strip_suffix(end.as_str()))
                .is_some_and(is_host_part),
        }
    }
}

/// One or more labels of a host name; nothing that ends a host, such as `/` or `:`.
fn is_host_part(text: &str) -> bool {
    text.split('.').all(|label| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cors(origins: &[&str], credentials: bool) -> Cors {
        let origins: Vec<String> = origins.iter().map(|origin| (*origin).to_owned()).collect();
        Cors::new(&origins, credentials, Duration::from_secs(600))
    }

    #[track_caller]
    fn check(origins: &[&str], credentials: bool, origin: &str, expected: Option<&str>) {
        let origin = HeaderValue::from_str(origin).expect("the origin is a header");
        let allowed = cors(origins, credentials).allow(&origin);
        let expected = expected.map(|text| HeaderValue::from_str(text).expect("a header"));
        assert_eq!(allowed, expected, "{origins:?} {origin:?}");
    }

    #[test]
    fn origins_are_compared_as_a_whole() {
        let list = ["https://example.com", "http://localhost:3000"];
        check(&list, false, "https://example.com", Some("https://example.com"));
        check(&list, true, "http://localhost:3000", Some("http://localhost:3000"));
        for other in [
            "http://example.com",
            "https://example.com:8443",
            "https://example.com.evil.test",
            "https://evilexample.com",
            "https://a.example.com",
            "http://localhost",
            "null",
            "",
        ] {
            check(&list, false, other, None);
        }
    }

    #[test]
    fn stars_stand_for_labels() {
        let list = ["https://*.example.com", "http://*.local.test:8080"];
        for inside in
            ["https://a.example.com", "https://a-1.b.example.com", "http://x.local.test:8080"]
        {
            check(&list, true, inside, Some(inside));
        }
        for outside in [
            "https://example.com",
            "https://.example.com",
            "https://a..example.com",
            "http://a.example.com",
            "https://a.example.com:443",
            "https://evil.test/.example.com",
            "https://evil.test?.example.com",
            "https://user@.example.com",
            "https://evil.test:1.example.com",
            "https://aexample.com",
            "http://x.local.test",
        ] {
            check(&list, true, outside, None);
        }
    }

    #[test]
    fn any_origin_is_never_combined_with_credentials() {
        check(&["*"], false, "https://anyone.test", Some("*"));
        check(&["*"], true, "https://anyone.test", None);
        check(&["*", "https://a.test"], true, "https://a.test", Some("https://a.test"));
    }

    fn preflight(origin: Option<&'static str>, method: Option<&'static str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Some(origin) = origin {
            headers.insert(ORIGIN, HeaderValue::from_static(origin));
        }
        if let Some(method) = method {
            headers.insert(ACCESS_CONTROL_REQUEST_METHOD, HeaderValue::from_static(method));
        }
        headers
    }

    #[test]
    fn preflights_are_answered_and_other_requests_passed_on() {
        let cors = cors(&["https://a.test"], true);
        let asked = preflight(Some("https://a.test"), Some("PATCH"));
        let answer = cors.preflight(&Method::OPTIONS, &asked).expect("a preflight is answered");
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        assert_eq!(answer.headers()[ACCESS_CONTROL_ALLOW_ORIGIN], "https://a.test");
        assert_eq!(answer.headers()[ACCESS_CONTROL_ALLOW_METHODS], METHODS);
        assert_eq!(answer.headers()[ACCESS_CONTROL_ALLOW_HEADERS], REQUEST_HEADERS);
        assert_eq!(answer.headers()[ACCESS_CONTROL_ALLOW_CREDENTIALS], "true");
        assert_eq!(answer.headers()[ACCESS_CONTROL_MAX_AGE], "600");

        let stranger = preflight(Some("https://b.test"), Some("PATCH"));
        let answer = cors.preflight(&Method::OPTIONS, &stranger).expect("it is answered");
        assert!(!answer.headers().contains_key(ACCESS_CONTROL_ALLOW_ORIGIN));
        assert!(!answer.headers().contains_key(ACCESS_CONTROL_ALLOW_METHODS));
        assert_eq!(answer.headers()[VARY], VARY_PREFLIGHT);

        for (method, headers) in [
            (Method::GET, preflight(Some("https://a.test"), Some("PATCH"))),
            (Method::OPTIONS, preflight(Some("https://a.test"), None)),
            (Method::OPTIONS, preflight(None, Some("PATCH"))),
        ] {
            assert!(cors.preflight(&method, &headers).is_none(), "{method} {headers:?}");
        }
        assert!(self::cors(&[], false).preflight(&Method::OPTIONS, &asked).is_none());
    }

    #[test]
    fn answers_say_what_they_depend_on() {
        let check = |origins: &[&str], origin: Option<&'static str>, allow: Option<&str>, vary| {
            let mut answer = HeaderMap::new();
            let origin = origin.map(HeaderValue::from_static);
            cors(origins, false).apply(origin.as_ref(), &mut answer);
            let found = answer.get(ACCESS_CONTROL_ALLOW_ORIGIN).map(|v| v.to_str().expect("ASCII"));
            assert_eq!(found, allow, "{origins:?} {origin:?}");
            assert_eq!(answer.contains_key(VARY), vary, "{origins:?} {origin:?}");
            assert_eq!(answer.contains_key(ACCESS_CONTROL_EXPOSE_HEADERS), allow.is_some());
        };
        check(&[], Some("https://a.test"), None, false);
        check(&["*"], Some("https://a.test"), Some("*"), false);
        check(&["https://a.test"], Some("https://a.test"), Some("https://a.test"), true);
        check(&["https://a.test"], Some("https://b.test"), None, true);
        check(&["https://a.test"], None, None, true);
    }
}
