//! What is believed, for how long, and how the cache keeps to it.

use std::time::Duration;

use expr::Timestamp;
use model::config::Algorithm;
use serde_json::json;

use super::*;
use crate::callers::DevKey;

const ALL: [Algorithm; 4] =
    [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Rs256, Algorithm::Hs256];

#[test]
fn tokens_of_an_independent_implementation_are_verified() {
    let fixtures = fixtures();
    for algorithm in ALL {
        let token = fixtures["tokens"][algorithm.name()].as_str().expect("there is a token");
        let caller = ring(vec![fixture_key(algorithm)]).verify(token, NOW).expect(token);
        assert_eq!(*caller.claims, fixtures["claims"]);
        assert_eq!(&*caller.id, "ann");
        assert_eq!(caller.expires_at(), Timestamp(4_102_444_800_000_000));
    }
}

#[test]
fn keys_of_a_jwk_set_are_those_in_pem() {
    let fixtures = fixtures();
    let keys = Key::from_jwks(&fixtures["jwks"].to_string()).expect("the set is good");
    let ring = ring(keys);
    for name in ["EdDSA", "ES256", "RS256", "EdDSA kid", "ES256 kid", "RS256 kid"] {
        let token = fixtures["tokens"][name].as_str().expect("there is a token");
        assert!(ring.verify(token, NOW).is_ok(), "{name}");
    }
}

#[test]
fn every_changed_bit_of_a_signature_or_a_text_is_noticed() {
    let fixtures = fixtures();
    for algorithm in ALL {
        let token = fixtures["tokens"][algorithm.name()].as_str().expect("there is a token");
        let ring = ring(vec![fixture_key(algorithm)]);
        // RSA and the curves are slow in debug builds: every seventh character will do.
        for at in (0..token.len()).step_by(7).chain(token.len() - 3..token.len()) {
            let mut bytes = token.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).expect("ASCII for ASCII");
            assert!(ring.verify(&changed, NOW).is_err(), "{} at {at}", algorithm.name());
        }
    }
}

/// RFC 7515, appendix A.1 and A.3, and RFC 8037, appendix A.4: their payloads are not all claims,
/// so that the signatures are checked by themselves.
#[test]
fn vectors_of_the_standards_are_verified() {
    let a1 = concat!(
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQog",
        "Imh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    );
    let secret = base64url::decode(
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    )
    .expect("the vector is base64url");
    let check = |key: &Key, message: &str, signature: &str| {
        let signature = base64url::decode(signature).expect("the vector is base64url");
        assert_eq!(key.verify(message.as_bytes(), &signature), Ok(()));
        assert_eq!(key.verify(b"another", &signature), Err(TokenError::Signature));
    };
    let key = Key::hs256("a1", &secret).expect("the secret is long enough");
    check(&key, a1, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");

    let a3 = concat!(
        "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQog",
        "Imh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    );
    let set = json!({ "keys": [
        {
            "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        },
        { "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" },
    ] });
    let keys = Key::from_jwks(&set.to_string()).expect("the set is good");
    check(
        &keys[0],
        a3,
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
    );
    check(
        &keys[1],
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
    );
}

#[test]
fn tokens_of_the_development_key_are_believed() {
    let key = DevKey::generate().expect("there is randomness");
    let token = key.sign(&good());
    let caller = ring(vec![key.verifying_key()]).verify(&token, NOW).expect("the key is known");
    assert_eq!(*caller.claims, good());
}

#[test]
fn headers_may_name_type_and_key() {
    for header in [
        HEADER,
        r#"{"alg":"HS256"}"#,
        r#"{"alg":"HS256","typ":"jwt","kid":"main"}"#,
        r#"{"alg":"HS256","typ":"at+jwt"}"#,
        r#"{"alg":"HS256","typ":"application/at+JWT"}"#,
        // What a header offers as a key is never looked at.
        r#"{"alg":"HS256","jku":"https://evil.example","jwk":{"kty":"oct","k":"AA"}}"#,
    ] {
        accept(&hs256(header, &good().to_string()));
    }
}

#[test]
fn audience_may_be_one_of_several() {
    accept(&hs256(HEADER, &good_with("aud", json!(["other", "shop"]))));
}

#[test]
fn times_may_have_fractions() {
    let claims = good_with("exp", json!(NOW_S as f64 + 0.5));
    let caller = accept(&hs256(HEADER, &claims));
    assert_eq!(caller.expires_at(), Timestamp(NOW.0 + 500_000));
    accept(&hs256(HEADER, &good_with("nbf", json!(NOW_S))));
}

#[test]
fn times_are_held_against_the_clock_on_each_use() {
    let ring = strict_ring();
    let mut claims = good();
    claims["nbf"] = json!(NOW_S);
    let token = hs256(HEADER, &claims.to_string());
    let at = |offset_s: i64| ring.verify(&token, Timestamp((NOW_S + offset_s) * 1_000_000));
    assert_eq!(at(-1), Err(TokenError::NotYet));
    assert_eq!(ring.cached(), 0);
    assert!(at(0).is_ok());
    assert_eq!(ring.cached(), 1);
    assert!(at(59).is_ok());
    assert_eq!(at(60), Err(TokenError::Expired));
    assert_eq!(at(-1), Err(TokenError::NotYet));
}

#[test]
fn leeway_widens_both_ends() {
    let key = Key::hs256("main", SECRET).expect("the secret is long enough");
    let ring = Keyring::new(vec![key], None, None, Duration::from_secs(30)).expect("one key");
    let check = |claims: Json, expected: Result<(), TokenError>| {
        let token = hs256(HEADER, &claims.to_string());
        assert_eq!(ring.verify(&token, NOW).map(|_| ()), expected);
    };
    check(json!({ "sub": "ann", "exp": NOW_S - 29 }), Ok(()));
    check(json!({ "sub": "ann", "exp": NOW_S - 30 }), Err(TokenError::Expired));
    check(json!({ "sub": "ann", "exp": NOW_S + 60, "nbf": NOW_S + 30 }), Ok(()));
    let later = json!({ "sub": "ann", "exp": NOW_S + 60, "nbf": NOW_S + 31 });
    check(later, Err(TokenError::NotYet));
}

#[test]
fn cache_is_bounded_and_tells_tokens_apart() {
    let ring = strict_ring();
    for number in 0..3000 {
        let claims = good_with("sub", json!(format!("user-{number}-{}", "x".repeat(4000))));
        let token = hs256(HEADER, &claims);
        let first = ring.verify(&token, NOW).expect("the token is good");
        let again = ring.verify(&token, NOW).expect("the token is good");
        assert_eq!(first, again);
        assert!(first.id.starts_with(&format!("user-{number}-")));
    }
    assert!(ring.cached() < 1000, "{} tokens of 5 KiB are kept", ring.cached());
    // A changed token is not the one in the cache.
    let token = hs256(HEADER, &good().to_string());
    assert!(ring.verify(&token, NOW).is_ok());
    let changed = format!("{}A", &token[..token.len() - 1]);
    assert!(ring.verify(&changed, NOW).is_err());
}
