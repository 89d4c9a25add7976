//! The key with which `mainstay user token` signs. `dev` believes it, `serve` does not.

use ring::digest;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value as Json, json};

use super::base64url;
use super::jwk;
use super::key::{Key, KeyError};
use super::spki::PublicKeyInfo;
use crate::strict_json;

const SEED_BYTES: usize = 32;

/// An Ed25519 key pair, named by its thumbprint (RFC 7638), so that no configured key has its name.
pub struct DevKey {
    kid: String,
    seed: [u8; SEED_BYTES],
    pair: Ed25519KeyPair,
}

impl DevKey {
    /// Makes a new one.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn generate() -> Result<Self, KeyError> {
        let mut seed = [0; SEED_BYTES];
        SystemRandom::new().fill(&mut seed).map_err(|_| KeyError::Randomness)?;
        Self::from_seed(seed)
    }

    /// Reads it from its private JWK, as `to_jwk` writes it.
    ///
    /// # Errors
    /// When it is not one, or its parts do not belong together.
    pub fn from_jwk(text: &str) -> Result<Self, KeyError> {
        let jwk =
            strict_json::parse_object(text.as_bytes()).map_err(|_| KeyError::NotPrivateJwk)?;
        let is = |name: &str, expected: &str| jwk.get(name).is_some_and(|found| found == expected);
        if !is("kty", "OKP") || !is("crv", "Ed25519") {
            return Err(KeyError::NotPrivateJwk);
        }
        let seed = jwk::bytes(&jwk, "d")?.try_into().map_err(|_| KeyError::Member("d"))?;
        let key = Self::from_seed(seed)?;
        if jwk::bytes(&jwk, "x")? == key.public() { Ok(key) } else { Err(KeyError::Member("x")) }
    }

    fn from_seed(seed: [u8; SEED_BYTES]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| KeyError::Member("d"))?;
        let kid = thumbprint(pair.public_key().as_ref());
        Ok(Self { kid, seed, pair })
    }

    /// Returns its private JWK. Whoever reads it can sign: keep the file to its owner.
    pub fn to_jwk(&self) -> String {
        let jwk = json!({
            "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": self.kid,
            "x": base64url::encode(self.public()), "d": base64url::encode(self.seed),
        });
        format!("{jwk:#}\n")
    }

    /// Returns the key that verifies its tokens.
    ///
    /// # Panics
    /// Never: every Ed25519 key pair has a public key.
    pub fn verifying_key(&self) -> Key {
        let info = PublicKeyInfo::Ed25519(self.public().to_vec());
        Key::from_info(Some(self.kid.clone()), info).expect("an Ed25519 public key is a key")
    }

    /// Signs claims.
    pub fn sign(&self, claims: &Json) -> String {
        let part = |json: &Json| base64url::encode(json.to_string());
        let header = json!({ "alg": "EdDSA", "typ": "JWT", "kid": self.kid });
        let message = format!("{}.{}", part(&header), part(claims));
        let signature = self.pair.sign(message.as_bytes());
        format!("{message}.{}", base64url::encode(signature))
    }

    fn public(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }
}

/// Never shows the key.
impl std::fmt::Debug for DevKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DevKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// RFC 7638 for Ed25519 (RFC 8037, appendix A.3): the members in this order, without spaces.
fn thumbprint(public: &[u8]) -> String {
    let x = base64url::encode(public);
    let text = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    base64url::encode(digest::digest(&digest::SHA256, text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thumbprint_is_that_of_rfc_8037() {
        let public = base64url::decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        let expected = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
        assert_eq!(thumbprint(&public.expect("the vector is base64url")), expected);
    }

    #[test]
    fn stored_key_is_the_same_key() {
        let key = DevKey::generate().expect("there is randomness");
        let again = DevKey::from_jwk(&key.to_jwk()).expect("its own JWK is read");
        assert_eq!((key.kid, key.seed), (again.kid, again.seed));
    }

    #[test]
    fn damaged_keys_are_refused() {
        let key = DevKey::generate().expect("there is randomness").to_jwk();
        let other = DevKey::generate().expect("there is randomness");
        let x = |key: &str| {
            let jwk: Json = serde_json::from_str(key).expect("a JWK is JSON");
            jwk["x"].as_str().expect("`x` is a text").to_owned()
        };
        let check = |text: &str, expected: KeyError| {
            assert_eq!(DevKey::from_jwk(text).map(|_| ()), Err(expected), "{text}");
        };
        check("", KeyError::NotPrivateJwk);
        check("[]", KeyError::NotPrivateJwk);
        check(&key.replace("OKP", "EC"), KeyError::NotPrivateJwk);
        check(&key.replace("\"d\"", "\"e\""), KeyError::Member("d"));
        check(&key.replace(&x(&key), &x(&other.to_jwk())), KeyError::Member("x"));
    }
}
