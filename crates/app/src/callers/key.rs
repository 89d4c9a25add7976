//! Keys that verify signatures.

use model::config::Algorithm;
use ring::{hmac, signature};

use super::{jwk, spki};

/// A shorter secret could be guessed (RFC 7518 section 3.2).
const SECRET_BYTES_MIN: usize = 32;

/// A key, its name, and the one algorithm it is used with.
#[derive(Clone)]
pub struct Key {
    pub(super) kid: Option<String>,
    pub(super) algorithm: Algorithm,
    material: Material,
}

#[derive(Clone)]
enum Material {
    Secret(hmac::Key),
    Public(Vec<u8>),
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
}

/// Why a key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The secret is too short.
    #[error("the secret has less than 32 bytes; `openssl rand -base64 48` makes a good one")]
    ShortSecret,
    /// The text is no PEM of a public key.
    #[error("not a public key in PEM (`-----BEGIN PUBLIC KEY-----`)")]
    NotPem,
    /// The key is not of the algorithm.
    #[error("the key is not one for {0}")]
    WrongKind(&'static str),
    /// An RSA key is too short.
    #[error("an RSA key has at least 2048 bits")]
    ShortRsa,
    /// A JWK or JWKS cannot be read.
    #[error("not a JWK set: {0}")]
    NotJwks(String),
}

/// Never shows the key.
impl std::fmt::Debug for Key {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Key({:?}, {})", self.kid, self.algorithm.name())
    }
}

impl Key {
    /// A shared secret for HS256.
    ///
    /// # Errors
    /// When it is shorter than 32 bytes.
    pub fn hs256(kid: &str, secret: &[u8]) -> Result<Self, KeyError> {
        if secret.len() < SECRET_BYTES_MIN {
            return Err(KeyError::ShortSecret);
        }
        let material = Material::Secret(hmac::Key::new(hmac::HMAC_SHA256, secret));
        Ok(Self { kid: Some(kid.to_owned()), algorithm: Algorithm::Hs256, material })
    }

    /// A public key in PEM (SubjectPublicKeyInfo, RFC 7468).
    ///
    /// # Errors
    /// When it is not one, or not of the algorithm.
    pub fn from_pem(kid: &str, algorithm: Algorithm, pem: &str) -> Result<Self, KeyError> {
        let der = spki::pem_body(pem).ok_or(KeyError::NotPem)?;
        let public = spki::read(&der).ok_or(KeyError::NotPem)?;
        let wrong = KeyError::WrongKind(algorithm.name());
        match (algorithm, public) {
            (Algorithm::EdDsa, spki::Public::Ed25519(bytes)) => Self::ed25519(Some(kid), &bytes),
            (Algorithm::Es256, spki::Public::P256(bytes)) => Self::p256(Some(kid), bytes),
            (Algorithm::Rs256, spki::Public::Rsa { modulus, exponent }) => {
                Self::rsa(Some(kid), modulus, exponent)
            }
            _ => Err(wrong),
        }
    }

    /// The keys of a JWK set (RFC 7517) that can verify signatures; others are passed over.
    ///
    /// # Errors
    /// When it is no JWK set, or a key in it is damaged.
    pub fn from_jwks(text: &str) -> Result<Vec<Self>, KeyError> {
        jwk::read_set(text)
    }

    pub(super) fn ed25519(kid: Option<&str>, bytes: &[u8]) -> Result<Self, KeyError> {
        if bytes.len() != 32 {
            return Err(KeyError::WrongKind("EdDSA"));
        }
        Ok(Self::public(kid, Algorithm::EdDsa, Material::Public(bytes.to_vec())))
    }

    pub(super) fn p256(kid: Option<&str>, point: Vec<u8>) -> Result<Self, KeyError> {
        if point.len() != 65 || point[0] != 4 {
            return Err(KeyError::WrongKind("ES256"));
        }
        Ok(Self::public(kid, Algorithm::Es256, Material::Public(point)))
    }

    pub(super) fn rsa(
        kid: Option<&str>,
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    ) -> Result<Self, KeyError> {
        let modulus: Vec<u8> = modulus.into_iter().skip_while(|byte| *byte == 0).collect();
        if modulus.len() < 256 {
            return Err(KeyError::ShortRsa);
        }
        Ok(Self::public(kid, Algorithm::Rs256, Material::Rsa { modulus, exponent }))
    }

    fn public(kid: Option<&str>, algorithm: Algorithm, material: Material) -> Self {
        Self { kid: kid.map(str::to_owned), algorithm, material }
    }

    /// Returns whether the signature is right.
    pub(super) fn verifies(&self, message: &[u8], signed: &[u8]) -> bool {
        match (&self.material, self.algorithm) {
            (Material::Secret(key), _) => hmac::verify(key, message, signed).is_ok(),
            (Material::Public(key), Algorithm::EdDsa) => {
                signature::UnparsedPublicKey::new(&signature::ED25519, key)
                    .verify(message, signed)
                    .is_ok()
            }
            (Material::Public(key), _) => {
                signature::UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, key)
                    .verify(message, signed)
                    .is_ok()
            }
            (Material::Rsa { modulus, exponent }, _) => {
                signature::RsaPublicKeyComponents { n: modulus, e: exponent }
                    .verify(&signature::RSA_PKCS1_2048_8192_SHA256, message, signed)
                    .is_ok()
            }
        }
    }
}
