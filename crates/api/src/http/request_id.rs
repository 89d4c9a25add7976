//! The id under which a request is logged and answered.

use std::ops::Deref;

use app::ids::Ids;
use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::fmt::Hyphenated;

/// Where a client sends it, and where every answer has it.
pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longer ids are replaced: they would fill the log.
const LENGTH_MAX: usize = 64;

/// An id that the client or a proxy sent, or a new UUIDv7. Kept in place: no allocation.
#[derive(Clone, Copy)]
pub struct RequestId {
    bytes: [u8; LENGTH_MAX],
    length: u8,
}

impl RequestId {
    /// Takes the client's id where it is harmless, or makes one.
    pub(super) fn of(headers: &HeaderMap, ids: &Ids) -> Self {
        headers
            .get(X_REQUEST_ID)
            .and_then(|sent| Self::parse(sent.as_bytes()))
            .unwrap_or_else(|| Self::new(ids))
    }

    /// Makes a new one.
    pub fn new(ids: &Ids) -> Self {
        let mut bytes = [0; LENGTH_MAX];
        ids.next().as_hyphenated().encode_lower(&mut bytes);
        Self { bytes, length: Hyphenated::LENGTH as u8 }
    }

    /// Letters, digits and a few marks that mean nothing in logs, shells and HTML.
    fn parse(sent: &[u8]) -> Option<Self> {
        let harmless = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:/+=@".contains(byte);
        if sent.is_empty() || sent.len() > LENGTH_MAX || !sent.iter().all(harmless) {
            return None;
        }
        let mut bytes = [0; LENGTH_MAX];
        bytes[..sent.len()].copy_from_slice(sent);
        Some(Self { bytes, length: sent.len() as u8 })
    }

    pub(super) fn header(&self) -> HeaderValue {
        HeaderValue::from_bytes(self.as_bytes()).expect("harmless characters make a header")
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

impl Deref for RequestId {
    type Target = str;

    fn deref(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).expect("harmless characters are ASCII")
    }
}

impl std::fmt::Display for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self)
    }
}

impl std::fmt::Debug for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RequestId({})", &**self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sent: &[u8], kept: bool) {
        let parsed = RequestId::parse(sent);
        assert_eq!(parsed.is_some(), kept, "{}", sent.escape_ascii());
        if let Some(id) = parsed {
            assert_eq!(id.as_bytes(), sent);
        }
    }

    #[test]
    fn only_harmless_ids_are_taken() {
        check(b"0198c0de-0000-7000-8000-000000000001", true);
        check(b"Root=1-67891233-abcdef012345678912345678", true);
        check(b"a", true);
        check(&[b'x'; 64], true);
        check(&[b'x'; 65], false);
        check(b"", false);
        for wrong in
            [&b"a b"[..], b"a\"b", b"<script>", b"a;b", b"$(x)", b"\xc3\xa4", b"a\tb", b"%0a"]
        {
            check(wrong, false);
        }
    }

    #[test]
    fn new_ids_are_uuids() {
        let ids = Ids::system();
        let id = RequestId::of(&HeaderMap::new(), &ids);
        let uuid = uuid::Uuid::parse_str(&id).expect("the id is a UUID");
        assert_eq!(uuid.get_version_num(), 7);
        assert_eq!(id.header().as_bytes(), id.as_bytes());
    }
}
