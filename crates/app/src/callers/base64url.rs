//! Base64url as JOSE writes it (RFC 7515, section 2): no padding, and one text for each value.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Decodes; `None` for other characters, for padding, and for bits that no encoder would set.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Encodes.
pub(super) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_text_is_read() {
        assert_eq!(decode("").as_deref(), Some(&b""[..]));
        assert_eq!(decode("_-8").as_deref(), Some(&b"\xff\xef"[..]));
        for wrong in ["_-8=", "_-9", "/+8", "A", "AA A", "AA\n", "AAé"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }
}
