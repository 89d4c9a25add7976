//! From when until when a certificate is valid: all that has to be known of it.

use expr::{Timestamp, ops};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

const TAG_INTEGER: u8 = 0x02;
const TAG_UTC_TIME: u8 = 0x17;
const TAG_GENERALIZED_TIME: u8 = 0x18;
const TAG_SEQUENCE: u8 = 0x30;
const TAG_VERSION: u8 = 0xa0;

/// Reads `notBefore` and `notAfter` of the first certificate in PEM (RFC 5280, section 4.1).
pub(super) fn of_pem(pem: &[u8]) -> Option<(Timestamp, Timestamp)> {
    let certificate = CertificateDer::from_pem_slice(pem).ok()?;
    let (outer, _) = value(&certificate, TAG_SEQUENCE)?;
    let (body, _) = value(outer, TAG_SEQUENCE)?;
    let body = value(body, TAG_VERSION).map_or(body, |(_, rest)| rest);
    let (_serial, rest) = value(body, TAG_INTEGER)?;
    let (_algorithm, rest) = value(rest, TAG_SEQUENCE)?;
    let (_issuer, rest) = value(rest, TAG_SEQUENCE)?;
    let (validity, _) = value(rest, TAG_SEQUENCE)?;
    let (not_before, rest) = time(validity)?;
    let (not_after, _) = time(rest)?;
    Some((not_before, not_after))
}

/// Reads a value in DER, and returns what follows it.
fn value(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let [found, length, rest @ ..] = der else { return None };
    if *found != tag {
        return None;
    }
    let (length, rest) = match *length {
        short @ 0..=0x7f => (usize::from(short), rest),
        long @ 0x81..=0x83 => {
            let (digits, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
            (digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

fn time(der: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (text, rest) = value(der, TAG_UTC_TIME).or_else(|| value(der, TAG_GENERALIZED_TIME))?;
    let text = std::str::from_utf8(text).ok().filter(|text| text.is_ascii())?;
    // Two digits of a year are those of 1950 to 2049.
    let text = match (text.len(), text.bytes().next()?) {
        (13, b'5'..=b'9') => format!("19{text}"),
        (13, _) => format!("20{text}"),
        (15, _) => text.to_owned(),
        _ => return None,
    };
    let part = |from: usize, to: usize| text.get(from..to);
    let written = format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0, 4)?,
        part(4, 6)?,
        part(6, 8)?,
        part(8, 10)?,
        part(10, 12)?,
        part(12, 14)?
    );
    Some((ops::parse_timestamp(&written)?, rest))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    fn pem(from: i32, to: i32) -> String {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(["a.example".to_owned()]).expect("a name");
        params.not_before = date_time_ymd(from, 1, 2);
        params.not_after = date_time_ymd(to, 12, 31);
        params.self_signed(&key).expect("a certificate").pem()
    }

    fn check(from: i32, to: i32) {
        let expected = [format!("{from}-01-02T00:00:00Z"), format!("{to}-12-31T00:00:00Z")];
        let found = of_pem(pem(from, to).as_bytes()).expect("a certificate");
        let expected = expected.map(|text| ops::parse_timestamp(&text).expect("a time"));
        assert_eq!([found.0, found.1], expected);
    }

    #[test]
    fn validity_is_read_in_both_forms_of_time() {
        check(2026, 2027);
        check(1999, 2049);
        check(2026, 2060);
    }

    #[test]
    fn what_is_no_certificate_has_none() {
        assert_eq!(of_pem(b""), None);
        let whole = pem(2026, 2027);
        for end in 0..whole.len() - 30 {
            assert_eq!(of_pem(&whole.as_bytes()[..end]), None);
        }
        assert_eq!(of_pem(b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"), None);
    }
}
