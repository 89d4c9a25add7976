//! `[headers]`: what every answer tells browsers, for security.

use crate::config::reader::{Reader, Section};

/// The longest value; it is sent with every answer.
const VALUE_BYTES_MAX: usize = 1024;

/// `[headers]`: values of headers; an empty one is not sent.
#[derive(Clone, Debug, PartialEq)]
pub struct HeadersConfig {
    /// `Strict-Transport-Security`, sent over TLS only.
    pub strict_transport_security: String,
    /// `Content-Security-Policy`
    pub content_security_policy: String,
    /// `Cross-Origin-Resource-Policy`
    pub cross_origin_resource_policy: String,
    /// `Referrer-Policy`
    pub referrer_policy: String,
}

impl HeadersConfig {
    /// A year: browsers that came once never send anything in clear again.
    pub const STRICT_TRANSPORT_SECURITY: &'static str = "max-age=31536000";
    /// Answers are data: shown as a page they load, run and frame nothing.
    pub const CONTENT_SECURITY_POLICY: &'static str = "default-src 'none'; frame-ancestors 'none'";
    /// Pages of other sites cannot embed answers; what `[cors]` allows is not touched by it.
    pub const CROSS_ORIGIN_RESOURCE_POLICY: &'static str = "same-origin";
    /// URLs of rows are told to nobody.
    pub const REFERRER_POLICY: &'static str = "no-referrer";
}

impl Default for HeadersConfig {
    fn default() -> Self {
        Self {
            strict_transport_security: Self::STRICT_TRANSPORT_SECURITY.to_owned(),
            content_security_policy: Self::CONTENT_SECURITY_POLICY.to_owned(),
            cross_origin_resource_policy: Self::CROSS_ORIGIN_RESOURCE_POLICY.to_owned(),
            referrer_policy: Self::REFERRER_POLICY.to_owned(),
        }
    }
}

pub(super) fn read(root: &mut Section<'_>, reader: &mut Reader<'_, '_>) -> HeadersConfig {
    let mut section = root.section("headers", reader);
    let mut config = HeadersConfig::default();
    for (key, to) in [
        ("strict_transport_security", &mut config.strict_transport_security),
        ("content_security_policy", &mut config.content_security_policy),
        ("cross_origin_resource_policy", &mut config.cross_origin_resource_policy),
        ("referrer_policy", &mut config.referrer_policy),
    ] {
        let Some(text) = section.text(key, reader) else { continue };
        let is_visible = text.value.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if text.value.len() > VALUE_BYTES_MAX {
            let message = format!("a header has at most {VALUE_BYTES_MAX} bytes");
            reader.error(text.place, message, None);
        } else if is_visible && text.value.trim() == text.value {
            *to = text.value;
        } else {
            reader.error(text.place, "a header has visible ASCII characters only", None);
        }
    }
    section.finish(reader);
    config
}
