//! Keys that cannot be used say why.

use serde_json::json;

use super::*;
use crate::callers::{KeyError, spki};

#[test]
fn secrets_have_a_length() {
    assert_eq!(Key::hs256("a", &[1; 31]).map(|_| ()), Err(KeyError::ShortSecret));
    assert!(Key::hs256("a", &[1; 32]).is_ok());
}

#[test]
fn pem_keys_are_pinned_to_their_algorithm() {
    let fixtures = fixtures();
    let check = |name: &str, algorithm: Algorithm, expected: Result<(), KeyError>| {
        let pem = fixtures["pem"][name].as_str().expect("there is a PEM");
        assert_eq!(Key::from_pem("a", algorithm, pem).map(|_| ()), expected, "{name}");
    };
    check("RS256", Algorithm::Rs256, Ok(()));
    check("RS256", Algorithm::Es256, Err(KeyError::Algorithm("RS256")));
    check("ES256", Algorithm::EdDsa, Err(KeyError::Algorithm("ES256")));
    check("EdDSA", Algorithm::Hs256, Err(KeyError::Algorithm("EdDSA")));
    check("rsa3072e3", Algorithm::Rs256, Ok(()));
    check("rsa1024", Algorithm::Rs256, Err(KeyError::RsaSize));
    check("p384", Algorithm::Es256, Err(KeyError::Kind));
}

#[test]
fn other_texts_are_no_pem_keys() {
    let fixtures = fixtures();
    let pem = fixtures["pem"]["EdDSA"].as_str().expect("there is a PEM");
    assert!(Key::from_pem("a", Algorithm::EdDsa, &pem.replace('\n', "\r\n")).is_ok());
    for wrong in [
        String::new(),
        pem.replace("PUBLIC", "PRIVATE"),
        pem.replace("-----END", "----END"),
        format!("{pem}{pem}"),
        pem.replace("MC", "M!"),
    ] {
        let refused = Key::from_pem("a", Algorithm::EdDsa, &wrong).map(|_| ());
        assert_eq!(refused, Err(KeyError::NotPem), "{wrong}");
    }
}

/// No cut, lengthened or changed DER is read as another key or ends the process.
#[test]
fn damaged_der_is_refused_or_is_the_same_kind() {
    let fixtures = fixtures();
    for name in ["EdDSA", "ES256", "RS256"] {
        let pem = fixtures["pem"][name].as_str().expect("there is a PEM");
        let der = spki::decode_pem(pem).expect("the PEM is good");
        assert!(spki::parse_public_key(&der).is_some());
        for length in 0..der.len() {
            assert_eq!(spki::parse_public_key(&der[..length]), None, "{name} cut at {length}");
        }
        assert_eq!(spki::parse_public_key(&[&der[..], &[0]].concat()), None);
        // Every byte of the structure before the key itself matters.
        for at in 0..if name == "RS256" { 24 } else { 12 } {
            for bit in 0..8 {
                let mut changed = der.clone();
                changed[at] ^= 1 << bit;
                assert_eq!(spki::parse_public_key(&changed), None, "{name} at {at} bit {bit}");
            }
        }
    }
}

#[test]
fn lengths_in_der_have_one_form() {
    let fixtures = fixtures();
    let pem = fixtures["pem"]["EdDSA"].as_str().expect("there is a PEM");
    let der = spki::decode_pem(pem).expect("the PEM is good");
    let long = [&[der[0], 0x81, der[1]][..], &der[2..]].concat();
    assert_eq!(spki::parse_public_key(&long), None);
    let longer = [&[der[0], 0x82, 0, der[1]][..], &der[2..]].concat();
    assert_eq!(spki::parse_public_key(&longer), None);
}

#[test]
fn jwk_sets_hold_public_keys_that_are_whole() {
    let point = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let check = |key: Json, expected: Result<usize, KeyError>| {
        let set = json!({ "keys": [key] }).to_string();
        assert_eq!(Key::from_jwks(&set).map(|keys| keys.len()), expected, "{set}");
    };
    let ed = |name: &str, value: Json| {
        let mut key = json!({ "kty": "OKP", "crv": "Ed25519", "x": point });
        key[name] = value;
        key
    };
    check(ed("use", json!("sig")), Ok(1));
    check(ed("key_ops", json!(["verify"])), Ok(1));
    check(ed("x", json!("AAAA")), Err(KeyError::Member("x")));
    check(ed("x", json!(null)), Err(KeyError::Member("x")));
    check(ed("d", json!(point)), Err(KeyError::Private));
    check(json!({ "kty": "oct", "k": point }), Err(KeyError::Private));
    check(fixtures()["jwk1024"].clone(), Err(KeyError::RsaSize));
    check(json!({ "kty": "EC", "crv": "P-256", "x": point }), Err(KeyError::Member("y")));
    check(json!({ "kty": "RSA", "n": point }), Err(KeyError::Member("e")));
    // What is for something else is passed over.
    check(ed("use", json!("enc")), Ok(0));
    check(ed("key_ops", json!(["deriveKey"])), Ok(0));
    check(ed("alg", json!("ES256")), Ok(0));
    check(json!({ "kty": "OKP", "crv": "X25519", "x": point }), Ok(0));
    check(json!({ "kty": "EC", "crv": "P-521" }), Ok(0));
    check(json!({ "kty": "RSA", "alg": "PS256" }), Ok(0));
    check(json!({ "kty": "new" }), Ok(0));
    check(json!("key"), Err(KeyError::NotJwks));
    for text in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#] {
        assert_eq!(Key::from_jwks(text).map(|_| ()), Err(KeyError::NotJwks), "{text}");
    }
    let many = json!({ "keys": vec![ed("use", json!("sig")); 101] }).to_string();
    assert_eq!(Key::from_jwks(&many).map(|_| ()), Err(KeyError::TooMany));
}

#[test]
fn names_of_keys_are_different() {
    let key = |kid| Key::hs256(kid, SECRET).expect("the secret is long enough");
    let made = Keyring::new(vec![key("a"), key("b"), key("a")], None, None, Duration::ZERO);
    assert_eq!(made.map(|_| ()), Err(KeyError::Repeated("a".to_owned())));
}

#[test]
fn keys_are_not_shown() {
    let ring = strict_ring();
    let shown = format!("{ring:?}");
    assert_eq!(
        shown,
        r#"Keyring { keys: [Key { kid: Some("main"), algorithm: "HS256", .. }], .. }"#
    );
}
