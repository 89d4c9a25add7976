//! A key that checks signatures, pinned to one algorithm.

use model::config::Algorithm;
use ring::hmac;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};

use super::error::TokenError;
use super::jwk;
use super::spki::{self, PublicKeyInfo};

/// Shorter HS256 secrets can be guessed (RFC 7518, section 3.2).
const SECRET_BYTES_MIN: usize = 32;
/// Shorter RSA keys can be factored (RFC 7518, section 3.3); longer ones than `RSA_BITS_MAX` cost
/// too much to check.
const RSA_BITS_MIN: usize = 2048;
const RSA_BITS_MAX: usize = 8192;
/// The most keys at a time; an issuer publishes two or three.
pub(super) const KEYS_MAX: usize = 100;

/// A key that checks signatures.
#[derive(Clone)]
pub struct Key {
    pub(super) kid: Option<String>,
    material: Material,
}

#[derive(Clone)]
enum Material {
    Hs256(hmac::Key),
    Ed25519(Vec<u8>),
    P256(Vec<u8>),
    Rsa { n: Vec<u8>, e: Vec<u8> },
}

/// Why a key cannot be used. Nothing here shows the key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// An HS256 secret that can be guessed.
    #[error("an HS256 secret has at least {SECRET_BYTES_MIN} bytes")]
    ShortSecret,
    /// Not a public key in PEM.
    #[error(
        "this is not a public key in PEM; it begins with `-----BEGIN PUBLIC KEY-----` \
         (`openssl pkey -pubout` makes one of a private key)"
    )]
    NotPem,
    /// A kind of key that no supported algorithm uses.
    #[error("the key is neither Ed25519, nor on the curve P-256, nor RSA")]
    Kind,
    /// Another algorithm than the key is for.
    #[error("the key is for {0}")]
    Algorithm(&'static str),
    /// An RSA key that can be factored, or costs too much.
    #[error("an RSA key has {RSA_BITS_MIN} to {RSA_BITS_MAX} bits and an odd exponent above 1")]
    RsaSize,
    /// Not a JWK set.
    #[error("this is not a JWK set: a JSON object with a list `keys`")]
    NotJwks,
    /// Not a JWK of the kind that is needed here.
    #[error("this is not a private Ed25519 key as a JWK")]
    NotPrivateJwk,
    /// A member of a JWK is missing or not base64url of the right length.
    #[error("the member `{0}` of a key is missing or wrong")]
    Member(&'static str),
    /// A private or secret key where a public one belongs.
    #[error("the key set holds a private or secret key; it should hold public keys only")]
    Private,
    /// Two keys with one name.
    #[error("two keys are named `{0}`")]
    Repeated(String),
    /// No key set is that long.
    #[error("there are more than {KEYS_MAX} keys")]
    TooMany,
    /// The operating system gave no random numbers.
    #[error("the system has no randomness")]
    Randomness,
}

impl Key {
    /// Takes an HS256 secret.
    ///
    /// # Errors
    /// When it is too short.
    pub fn hs256(kid: &str, secret: &[u8]) -> Result<Self, KeyError> {
        if secret.len() < SECRET_BYTES_MIN {
            return Err(KeyError::ShortSecret);
        }
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        Ok(Self { kid: Some(kid.to_owned()), material: Material::Hs256(key) })
    }

    /// Takes a public key in PEM.
    ///
    /// # Errors
    /// When it is not one, or not one for the algorithm.
    pub fn from_pem(kid: &str, algorithm: Algorithm, pem: &str) -> Result<Self, KeyError> {
        let der = spki::decode_pem(pem).ok_or(KeyError::NotPem)?;
        let info = spki::parse_public_key(&der).ok_or(KeyError::Kind)?;
        let key = Self::from_info(Some(kid.to_owned()), info)?;
        if key.algorithm() != algorithm {
            return Err(KeyError::Algorithm(key.algorithm().name()));
        }
        Ok(key)
    }

    /// Takes the keys of a JWK set (RFC 7517) that check signatures; others are passed over.
    ///
    /// # Errors
    /// When it is no such set, or one of its keys cannot be what it says.
    pub fn from_jwks(text: &str) -> Result<Vec<Self>, KeyError> {
        jwk::read_set(text)
    }

    /// Takes a public key that was read.
    pub(super) fn from_info(kid: Option<String>, info: PublicKeyInfo) -> Result<Self, KeyError> {
        let material = match info {
            PublicKeyInfo::Ed25519(point) => Material::Ed25519(point),
            PublicKeyInfo::P256(point) => Material::P256(point),
            PublicKeyInfo::Rsa { n, e } => Material::rsa(n, e)?,
        };
        Ok(Self { kid, material })
    }

    /// Returns the key's name.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Returns the one algorithm that the key is used with.
    pub fn algorithm(&self) -> Algorithm {
        match self.material {
            Material::Hs256(_) => Algorithm::Hs256,
            Material::Ed25519(_) => Algorithm::EdDsa,
            Material::P256(_) => Algorithm::Es256,
            Material::Rsa { .. } => Algorithm::Rs256,
        }
    }

    /// Checks a signature.
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), TokenError> {
        let verified = match &self.material {
            Material::Hs256(key) => hmac::verify(key, message, signature),
            Material::Ed25519(point) => {
                UnparsedPublicKey::new(&ED25519, point).verify(message, signature)
            }
            Material::P256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
            Material::Rsa { n, e } => RsaPublicKeyComponents { n, e }.verify(
                &RSA_PKCS1_2048_8192_SHA256,
                message,
                signature,
            ),
        };
        verified.map_err(|_| TokenError::Signature)
    }
}

impl Material {
    fn rsa(n: Vec<u8>, e: Vec<u8>) -> Result<Self, KeyError> {
        let bits = match n.first() {
            Some(first) if *first != 0 => n.len() * 8 - first.leading_zeros() as usize,
            _ => return Err(KeyError::RsaSize),
        };
        let odd = e.last().is_some_and(|last| last % 2 == 1);
        // ring takes exponents below 2^33; whoever has a larger one has made a mistake.
        let fits = e.first().is_some_and(|first| *first != 0) && e.len() <= 4 && e != [1];
        if (RSA_BITS_MIN..=RSA_BITS_MAX).contains(&bits) && odd && fits {
            Ok(Self::Rsa { n, e })
        } else {
            Err(KeyError::RsaSize)
        }
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key")
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm().name())
            .finish_non_exhaustive()
    }
}
