//! Headers that tell browsers to be careful. See the OWASP REST security cheat sheet.
//!
//! `X-Frame-Options` is not sent: `frame-ancestors` says the same to every browser of today.

use http::HeaderMap;
use http::header::{
    CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use model::config::HeadersConfig;

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");

/// What every answer tells browsers.
#[derive(Debug, Clone)]
pub struct SecurityHeaders {
    always: Vec<(HeaderName, HeaderValue)>,
    over_tls: Option<HeaderValue>,
}

impl SecurityHeaders {
    /// Takes `[headers]`.
    pub fn from_config(config: &HeadersConfig) -> Self {
        let headers = [
            (
                CONTENT_SECURITY_POLICY,
                &config.content_security_policy,
                HeadersConfig::CONTENT_SECURITY_POLICY,
            ),
            (
                CROSS_ORIGIN_RESOURCE_POLICY,
                &config.cross_origin_resource_policy,
                HeadersConfig::CROSS_ORIGIN_RESOURCE_POLICY,
            ),
            (REFERRER_POLICY, &config.referrer_policy, HeadersConfig::REFERRER_POLICY),
        ];
        let always = headers
            .into_iter()
            .filter_map(|(name, text, default)| Some((name, value(text, default)?)))
            .collect();
        let transport = HeadersConfig::STRICT_TRANSPORT_SECURITY;
        Self { always, over_tls: value(&config.strict_transport_security, transport) }
    }

    /// Adds what the handler has not set itself.
    pub(super) fn apply(&self, headers: &mut HeaderMap, is_secure: bool) {
        headers.insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
        for (name, value) in &self.always {
            headers.entry(name).or_insert_with(|| value.clone());
        }
        // Browsers ignore it over plain HTTP, RFC 6797, section 8.1.
        if is_secure && let Some(value) = &self.over_tls {
            headers.insert(STRICT_TRANSPORT_SECURITY, value.clone());
        }
    }
}

/// The usual values are shared by all threads without counting their uses.
fn value(text: &str, default: &'static str) -> Option<HeaderValue> {
    match text {
        "" => None,
        _ if text == default => Some(HeaderValue::from_static(default)),
        // The configuration has checked the characters.
        _ => HeaderValue::from_str(text).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(config: &HeadersConfig, is_secure: bool, expected: &[(&str, &str)]) {
        let mut headers = HeaderMap::new();
        SecurityHeaders::from_config(config).apply(&mut headers, is_secure);
        let mut found: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().expect("a text")))
            .collect();
        found.sort_unstable();
        assert_eq!(found, expected);
    }

    #[test]
    fn headers_are_strict_unless_told_otherwise() {
        let mut expected = vec![
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("cross-origin-resource-policy", "same-origin"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
        ];
        check(&HeadersConfig::default(), false, &expected);
        expected.insert(3, ("strict-transport-security", "max-age=31536000"));
        check(&HeadersConfig::default(), true, &expected);
        let config = HeadersConfig {
            strict_transport_security: String::new(),
            content_security_policy: "default-src 'self'".to_owned(),
            cross_origin_resource_policy: String::new(),
            referrer_policy: String::new(),
        };
        let expected = [
            ("content-security-policy", "default-src 'self'"),
            ("x-content-type-options", "nosniff"),
        ];
        check(&config, true, &expected);
    }

    #[test]
    fn handlers_know_better() {
        let mut headers = HeaderMap::new();
        let own = HeaderValue::from_static("default-src 'self'");
        headers.insert(CONTENT_SECURITY_POLICY, own.clone());
        SecurityHeaders::from_config(&HeadersConfig::default()).apply(&mut headers, false);
        assert_eq!(headers[CONTENT_SECURITY_POLICY], own);
    }
}
