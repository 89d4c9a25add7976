//! The key with which `mainstay user token` signs. `dev` accepts it, `serve` does not.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value as Json, json};

use super::key::{Key, KeyError};

/// The name by which its tokens call it.
const KID: &str = "development";

/// An Ed25519 key pair.
pub struct DevKey {
    seed: [u8; 32],
    pair: Ed25519KeyPair,
}

impl DevKey {
    /// Makes a new one.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn generate() -> Result<Self, KeyError> {
        let mut seed = [0; 32];
        SystemRandom::new().fill(&mut seed).map_err(|_| KeyError::WrongKind("EdDSA"))?;
        Self::from_seed(seed)
    }

    fn from_seed(seed: [u8; 32]) -> Result<Self, KeyError> {
        let pair =
            Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| KeyError::WrongKind("EdDSA"))?;
        Ok(Self { seed, pair })
    }

    /// Reads it from its JWK.
    ///
    /// # Errors
    /// When it is not one.
    pub fn from_jwk(text: &str) -> Result<Self, KeyError> {
        let damaged = || KeyError::NotJwks("not a private Ed25519 key".to_owned());
        let jwk: Json = serde_json::from_str(text).map_err(|_| damaged())?;
        let seed = jwk["d"].as_str().and_then(|seed| URL_SAFE_NO_PAD.decode(seed).ok());
        Self::from_seed(seed.and_then(|seed| seed.try_into().ok()).ok_or_else(damaged)?)
    }

    /// Returns its JWK, which holds the private part.
    pub fn to_jwk(&self) -> String {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({
            "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": KID,
            "x": encode(self.pair.public_key().as_ref()), "d": encode(&self.seed),
        })
        .to_string()
    }

    /// Returns the key that verifies its tokens.
    ///
    /// # Panics
    /// Never: an Ed25519 public key has 32 bytes.
    pub fn verifying_key(&self) -> Key {
        Key::ed25519(Some(KID), self.pair.public_key().as_ref())
            .expect("an Ed25519 public key has 32 bytes")
    }

    /// Signs claims.
    pub fn sign(&self, claims: &Json) -> String {
        let part = |json: &Json| URL_SAFE_NO_PAD.encode(json.to_string());
        let header = json!({ "alg": "EdDSA", "typ": "JWT", "kid": KID });
        let message = format!("{}.{}", part(&header), part(claims));
        let signature = self.pair.sign(message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}
