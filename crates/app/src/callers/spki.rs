//! Public keys in PEM (RFC 7468) and DER: just what keys need, read strictly.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const TAG_INTEGER: u8 = 0x02;
const TAG_BIT_STRING: u8 = 0x03;
const TAG_NULL: u8 = 0x05;
const TAG_OID: u8 = 0x06;
const TAG_SEQUENCE: u8 = 0x30;

const OID_ED25519: &[u8] = &[0x2b, 0x65, 0x70];
const OID_EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const OID_P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const OID_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

/// A public key as SubjectPublicKeyInfo (RFC 5280, section 4.1) holds it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PublicKeyInfo {
    /// The point, 32 bytes.
    Ed25519(Vec<u8>),
    /// The point on P-256, uncompressed.
    P256(Vec<u8>),
    /// Modulus and exponent, big-endian without leading zeros.
    Rsa { n: Vec<u8>, e: Vec<u8> },
}

/// Reads one block `PUBLIC KEY` and nothing around it.
pub(super) fn decode_pem(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    let text = text.strip_prefix("-----BEGIN PUBLIC KEY-----")?;
    let text = text.strip_suffix("-----END PUBLIC KEY-----")?;
    let compact: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(compact).ok()
}

/// Reads SubjectPublicKeyInfo; `None` for other kinds of keys and for anything that is not DER.
pub(super) fn parse_public_key(der: &[u8]) -> Option<PublicKeyInfo> {
    let mut outer = Reader(der);
    let mut info = Reader(outer.take(TAG_SEQUENCE)?);
    outer.finish()?;
    let mut algorithm = Reader(info.take(TAG_SEQUENCE)?);
    // The first byte counts unused bits at the end; keys are whole bytes.
    let (0, key) = info.take(TAG_BIT_STRING)?.split_first()? else { return None };
    info.finish()?;
    let oid = algorithm.take(TAG_OID)?;
    if oid == OID_ED25519 {
        algorithm.finish()?;
        return (key.len() == 32).then(|| PublicKeyInfo::Ed25519(key.to_vec()));
    }
    if oid == OID_EC {
        let curve = algorithm.take(TAG_OID)?;
        algorithm.finish()?;
        let fits = curve == OID_P256 && key.len() == 65 && key[0] == 4;
        return fits.then(|| PublicKeyInfo::P256(key.to_vec()));
    }
    if oid == OID_RSA {
        let null = algorithm.take(TAG_NULL)?;
        algorithm.finish()?;
        let mut outer = Reader(key);
        let mut numbers = Reader(outer.take(TAG_SEQUENCE)?);
        outer.finish()?;
        let (n, e) = (numbers.positive()?, numbers.positive()?);
        numbers.finish()?;
        return null.is_empty().then(|| PublicKeyInfo::Rsa { n: n.to_vec(), e: e.to_vec() });
    }
    None
}

/// What is left to read.
struct Reader<'d>(&'d [u8]);

impl<'d> Reader<'d> {
    /// Reads a value of a type.
    fn take(&mut self, tag: u8) -> Option<&'d [u8]> {
        let [found, length, rest @ ..] = self.0 else { return None };
        if *found != tag {
            return None;
        }
        let (length, rest) = match *length {
            short @ 0..=0x7f => (usize::from(short), rest),
            // DER wants the shortest form of a length; keys need two bytes at most.
            0x81 => match rest {
                [length, rest @ ..] if *length >= 0x80 => (usize::from(*length), rest),
                _ => return None,
            },
            0x82 => match rest {
                [high, low, rest @ ..] if *high > 0 => {
                    (usize::from(*high) << 8 | usize::from(*low), rest)
                }
                _ => return None,
            },
            _ => return None,
        };
        let (value, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(value)
    }

    /// Reads a positive integer, without the zero that keeps it from being negative.
    fn positive(&mut self) -> Option<&'d [u8]> {
        match self.take(TAG_INTEGER)? {
            [0, rest @ ..] if rest.first().is_some_and(|first| *first >= 0x80) => Some(rest),
            value @ [1..=0x7f, ..] => Some(value),
            _ => None,
        }
    }

    fn finish(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}
