//! Tokens that are believed, and every way not to be.

mod keys;
mod refused;
mod verified;

use std::time::Duration;

use expr::Timestamp;
use model::config::Algorithm;
use ring::hmac;
use serde_json::Value as Json;

use super::{Caller, Key, Keyring, TokenError, base64url};

/// Halfway through 2027.
const NOW: Timestamp = Timestamp(1_815_000_000_000_000);
const NOW_S: i64 = NOW.0 / 1_000_000;
const SECRET: &[u8] = b"a secret for these tests, 32+ bytes";

/// What an independent implementation made; `about` in the file tells which.
fn fixtures() -> Json {
    serde_json::from_str(include_str!("fixtures.json")).expect("the fixtures are JSON")
}

/// A key of the fixtures under the name of its algorithm.
fn fixture_key(algorithm: Algorithm) -> Key {
    let fixtures = fixtures();
    let name = algorithm.name();
    match algorithm {
        Algorithm::Hs256 => {
            let secret = fixtures["secret"].as_str().expect("there is a secret");
            Key::hs256(name, secret.as_bytes()).expect("the secret is long enough")
        }
        _ => {
            let pem = fixtures["pem"][name].as_str().expect("there is a PEM");
            Key::from_pem(name, algorithm, pem).expect("the PEM is a key")
        }
    }
}

fn ring(keys: Vec<Key>) -> Keyring {
    Keyring::new(keys, None, None, Duration::ZERO).expect("the keys have different names")
}

/// The ring of most tests: one secret, and expectations of issuer and audience.
fn strict_ring() -> Keyring {
    let key = Key::hs256("main", SECRET).expect("the secret is long enough");
    let (issuer, audience) = (Some("https://issuer".to_owned()), Some("shop".to_owned()));
    Keyring::new(vec![key], issuer, audience, Duration::ZERO).expect("one key has one name")
}

/// Signs texts as they are, however wrong.
fn hs256(header: &str, claims: &str) -> String {
    sign(&format!("{}.{}", base64url::encode(header), base64url::encode(claims)))
}

fn sign(message: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET);
    format!("{message}.{}", base64url::encode(hmac::sign(&key, message.as_bytes())))
}

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// Claims that the strict ring accepts.
fn good() -> Json {
    serde_json::json!({
        "sub": "ann", "iss": "https://issuer", "aud": "shop", "exp": NOW_S + 60,
    })
}

fn good_with(name: &str, value: Json) -> String {
    let mut claims = good();
    claims[name] = value;
    claims.to_string()
}

fn good_without(name: &str) -> String {
    let mut claims = good();
    claims.as_object_mut().expect("claims are an object").remove(name);
    claims.to_string()
}

#[track_caller]
fn refuse(token: &str, expected: TokenError) {
    let ring = strict_ring();
    assert_eq!(ring.verify(token, NOW), Err(expected), "{token}");
    assert_eq!(ring.cached(), 0, "what is refused is not kept");
}

#[track_caller]
fn accept(token: &str) -> Caller {
    strict_ring().verify(token, NOW).expect("the token is good")
}
