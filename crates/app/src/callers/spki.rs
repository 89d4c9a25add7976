//! Public keys in PEM: as much of DER (X.690) as SubjectPublicKeyInfo (RFC 5280) needs.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

const SEQUENCE: u8 = 0x30;
const OBJECT: u8 = 0x06;
const BITS: u8 = 0x03;
const INTEGER: u8 = 0x02;

/// A public key.
pub(super) enum Public {
    Ed25519(Vec<u8>),
    P256(Vec<u8>),
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
}

/// Returns the bytes between the PEM lines of a public key.
pub(super) fn pem_body(pem: &str) -> Option<Vec<u8>> {
    let (_, rest) = pem.split_once("-----BEGIN PUBLIC KEY-----")?;
    let (body, _) = rest.split_once("-----END PUBLIC KEY-----")?;
    let body: String = body.split_whitespace().collect();
    STANDARD.decode(body).ok()
}

/// Reads a SubjectPublicKeyInfo.
pub(super) fn read(der: &[u8]) -> Option<Public> {
    let (outer, rest) = element(der, SEQUENCE)?;
    let (algorithm, key) = element(outer, SEQUENCE)?;
    let (kind, parameters) = element(algorithm, OBJECT)?;
    let (bits, end) = element(key, BITS)?;
    // The first byte of a bit string counts unused bits: none in a key.
    let key = bits.strip_prefix(&[0])?;
    if !rest.is_empty() || !end.is_empty() {
        return None;
    }
    match kind {
        ED25519 => Some(Public::Ed25519(key.to_vec())),
        EC => {
            let (curve, _) = element(parameters, OBJECT)?;
            (curve == P256).then(|| Public::P256(key.to_vec()))
        }
        RSA => {
            let (numbers, _) = element(key, SEQUENCE)?;
            let (modulus, rest) = element(numbers, INTEGER)?;
            let (exponent, _) = element(rest, INTEGER)?;
            let exponent = exponent.iter().copied().skip_while(|byte| *byte == 0).collect();
            Some(Public::Rsa { modulus: modulus.to_vec(), exponent })
        }
        _ => None,
    }
}

/// Reads one element of a tag: its content, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81 | 0x82 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    (*found == tag).then(|| rest.split_at_checked(length)).flatten()
}
