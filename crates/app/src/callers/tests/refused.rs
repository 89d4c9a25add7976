//! The corpus of tokens that are not believed, with the reason of each.

use serde_json::json;

use super::*;

#[test]
fn texts_that_are_no_tokens() {
    for text in ["", ".", "..", "...", "a.b.c", "a", "a.b", "é.é.é", "Bearer x.y.z"] {
        refuse(text, TokenError::Malformed);
    }
    let token = hs256(HEADER, &good().to_string());
    refuse(&format!("{token}."), TokenError::Malformed);
    refuse(&format!("{token}.{token}"), TokenError::Malformed);
    refuse(&format!("{token}="), TokenError::Malformed);
    refuse(&format!("{token}\n"), TokenError::Malformed);
    refuse(&format!(" {token}"), TokenError::Malformed);
}

#[test]
fn tokens_that_are_too_long() {
    let claims = good_with("padding", json!("x".repeat(6200)));
    refuse(&hs256(HEADER, &claims), TokenError::TooLong);
    let claims = good_with("padding", json!("x".repeat(5900)));
    accept(&hs256(HEADER, &claims));
}

#[test]
fn base64url_with_padding_other_alphabets_or_stray_bits() {
    let claims = base64url::encode(good().to_string());
    let header = base64url::encode(r#"{"alg":"HS256"}"#);
    refuse(&sign(&format!("{header}=.{claims}")), TokenError::Malformed);
    refuse(&sign(&format!("{header}.{claims}=")), TokenError::Malformed);
    refuse(&sign(&format!("{header}.{claims}+/")), TokenError::Malformed);

    // The last character of 32 bytes carries two bits that must be zero.
    let token = hs256(HEADER, &good().to_string());
    let last = token.chars().last().expect("the token is not empty");
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let next = alphabet.chars().nth(alphabet.find(last).expect("base64url") + 1);
    let twin = format!("{}{}", &token[..token.len() - 1], next.expect("stray bits are low"));
    refuse(&twin, TokenError::Malformed);
}

#[test]
fn headers_that_are_no_objects_or_repeat_names() {
    let claims = good().to_string();
    for header in ["", "x", "[]", "null", r#""HS256""#, r#"{"alg":"HS256""#, r#"{"alg":"HS256"}x"#]
    {
        refuse(&hs256(header, &claims), TokenError::Malformed);
    }
    refuse(&hs256(r#"{"alg":"HS256","alg":"none"}"#, &claims), TokenError::Repeated);
    refuse(&hs256(r#"{"alg":"HS256","kid":7}"#, &claims), TokenError::Malformed);
}

#[test]
fn algorithms_that_are_unknown_or_not_of_the_key() {
    let claims = good().to_string();
    for alg in ["none", "None", "NONE", "nOnE", "HS384", "HS512", "hs256", "PS256", "ES256K", ""] {
        let header = json!({ "alg": alg }).to_string();
        refuse(&hs256(&header, &claims), TokenError::Algorithm);
        let unsigned = format!("{}.{}.", base64url::encode(header), base64url::encode(&claims));
        refuse(&unsigned, TokenError::Algorithm);
    }
    refuse(&hs256("{}", &claims), TokenError::Algorithm);
    refuse(&hs256(r#"{"alg":["HS256"]}"#, &claims), TokenError::Algorithm);
    refuse(&hs256(r#"{"alg":"RS256"}"#, &claims), TokenError::UnknownKey);
    refuse(&hs256(r#"{"alg":"RS256","kid":"main"}"#, &claims), TokenError::AlgorithmOfKey);
}

/// The classic: a public key, known to all, used as the secret of an HS256 token.
#[test]
fn public_keys_are_no_secrets() {
    let fixtures = fixtures();
    let pem = fixtures["pem"]["RS256"].as_str().expect("there is a PEM");
    let header = base64url::encode(r#"{"alg":"HS256","kid":"RS256"}"#);
    let message = format!("{header}.{}", base64url::encode(good().to_string()));
    let key = hmac::Key::new(hmac::HMAC_SHA256, pem.as_bytes());
    let signature = base64url::encode(hmac::sign(&key, message.as_bytes()));
    let ring = ring(vec![fixture_key(Algorithm::Rs256)]);
    let refused = ring.verify(&format!("{message}.{signature}"), NOW);
    assert_eq!(refused, Err(TokenError::AlgorithmOfKey));
}

#[test]
fn keys_that_are_not_known_or_not_clear() {
    let claims = good().to_string();
    refuse(&hs256(r#"{"alg":"HS256","kid":"other"}"#, &claims), TokenError::UnknownKey);
    refuse(&hs256(r#"{"alg":"HS256","kid":""}"#, &claims), TokenError::UnknownKey);

    let other = Key::hs256("other", &[7; 32]).expect("the secret is long enough");
    let main = Key::hs256("main", SECRET).expect("the secret is long enough");
    let two = ring(vec![other, main]);
    let token = hs256(HEADER, &claims);
    assert_eq!(two.verify(&token, NOW), Err(TokenError::UnknownKey));
    assert!(two.verify(&hs256(r#"{"alg":"HS256","kid":"main"}"#, &claims), NOW).is_ok());
    assert_eq!(ring(Vec::new()).verify(&token, NOW), Err(TokenError::UnknownKey));
}

#[test]
fn extensions_and_other_types() {
    let claims = good().to_string();
    for crit in [r#"["exp"]"#, "[]", "null", r#"["b64"]"#] {
        let header = format!(r#"{{"alg":"HS256","crit":{crit},"b64":false}}"#);
        refuse(&hs256(&header, &claims), TokenError::Critical);
    }
    for typ in [r#""logout+jwt""#, r#""dpop+jwt""#, r#""""#, "7", "null", r#""application/json""#] {
        let header = format!(r#"{{"alg":"HS256","typ":{typ}}}"#);
        refuse(&hs256(&header, &claims), TokenError::WrongType);
    }
}

#[test]
fn signatures_that_are_wrong_cut_or_missing() {
    let token = hs256(HEADER, &good().to_string());
    let (message, signature) = token.rsplit_once('.').expect("a token has dots");
    refuse(&format!("{message}."), TokenError::Signature);
    refuse(&format!("{message}.AAAA"), TokenError::Signature);
    let longer =
        base64url::encode([&base64url::decode(signature).expect("base64url")[..], b"x"].concat());
    refuse(&format!("{message}.{longer}"), TokenError::Signature);
    let shorter = base64url::encode(&base64url::decode(signature).expect("base64url")[..31]);
    refuse(&format!("{message}.{shorter}"), TokenError::Signature);
    let other = hs256(HEADER, &good_with("sub", json!("bob")));
    let (other, _) = other.rsplit_once('.').expect("a token has dots");
    refuse(&format!("{other}.{signature}"), TokenError::Signature);
}

#[test]
fn claims_that_are_no_objects_or_repeat_names() {
    for claims in ["", "x", "[]", "null", "7", r#""sub""#, "{", "{} {}"] {
        refuse(&hs256(HEADER, claims), TokenError::Malformed);
    }
    let exp = NOW_S + 60;
    let repeated = [
        format!(r#"{{"sub":"ann","sub":"bob","exp":{exp}}}"#),
        format!(r#"{{"sub":"ann","\u0073ub":"bob","exp":{exp}}}"#),
        format!(r#"{{"sub":"ann","exp":{exp},"x":{{"role":"user","role":"admin"}}}}"#),
    ];
    for claims in repeated {
        refuse(&hs256(HEADER, &claims), TokenError::Repeated);
    }
}

#[test]
fn times_that_are_over_not_come_missing_or_no_times() {
    let refuse_claims = |claims: String, expected| refuse(&hs256(HEADER, &claims), expected);
    refuse_claims(good_without("exp"), TokenError::NoExpiry);
    for exp in [json!("soon"), json!(null), json!(true), json!(1e300), json!(i64::MAX), json!([1])]
    {
        refuse_claims(good_with("exp", exp), TokenError::NoExpiry);
    }
    refuse_claims(good_with("exp", json!(NOW_S)), TokenError::Expired);
    refuse_claims(good_with("exp", json!(0)), TokenError::Expired);
    refuse_claims(good_with("exp", json!(-1)), TokenError::Expired);
    refuse_claims(good_with("nbf", json!(NOW_S + 1)), TokenError::NotYet);
    for nbf in [json!("now"), json!(null), json!(1e300)] {
        refuse_claims(good_with("nbf", nbf), TokenError::Time);
    }
}

#[test]
fn audiences_issuers_and_subjects_that_are_others() {
    let refuse_claims = |claims: String, expected| refuse(&hs256(HEADER, &claims), expected);
    refuse_claims(good_without("aud"), TokenError::Audience);
    for aud in [json!("shop2"), json!(["a", "b"]), json!([]), json!(["shop", 7]), json!(null)] {
        refuse_claims(good_with("aud", aud), TokenError::Audience);
    }
    refuse_claims(good_without("iss"), TokenError::Issuer);
    for iss in [json!("https://issuer/"), json!(["https://issuer"]), json!(null)] {
        refuse_claims(good_with("iss", iss), TokenError::Issuer);
    }
    refuse_claims(good_without("sub"), TokenError::NoSubject);
    for sub in [json!(""), json!(7), json!(null), json!({})] {
        refuse_claims(good_with("sub", sub), TokenError::NoSubject);
    }
}
