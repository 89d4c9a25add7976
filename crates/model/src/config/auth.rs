//! `[auth]`: whose tokens are believed.

use std::ops::Range;
use std::time::Duration;

use crate::config::reader::{Reader, Section};
use crate::config::secret::Secret;

/// Shorter HS256 secrets can be guessed; RFC 7518, section 3.2, asks for as many bits as the hash has.
const SECRET_BYTES_MIN: usize = 32;
/// The most keys; a token names its own, so more are a mistake.
const KEYS_MAX: usize = 100;

/// `[auth]`
#[derive(Clone, Debug, PartialEq)]
pub struct AuthConfig {
    /// What `iss` has to be; not checked where it is not given.
    pub issuer: Option<String>,
    /// What `aud` has to contain; not checked where it is not given.
    pub audience: Option<String>,
    /// The claim that names the caller's tenant (`@tenant`).
    pub tenant_claim: String,
    /// How far clocks may differ.
    pub leeway: Duration,
    /// A JWKS file, relative to the application folder.
    pub jwks_file: Option<String>,
    /// `[[auth.keys]]`
    pub keys: Vec<AuthKey>,
}

/// `[[auth.keys]]`
#[derive(Clone, Debug, PartialEq)]
pub struct AuthKey {
    /// The key's name in the token's header.
    pub kid: String,
    /// The one algorithm it may be used with.
    pub algorithm: Algorithm,
    /// The key itself.
    pub material: KeyMaterial,
}

/// A signature algorithm of JWTs.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// Ed25519
    EdDsa,
    /// ECDSA on P-256 with SHA-256
    Es256,
    /// RSA with SHA-256
    Rs256,
    /// HMAC with SHA-256
    Hs256,
}

/// The key with which a signature is checked.
#[derive(Clone, Debug, PartialEq)]
pub enum KeyMaterial {
    /// For HS256.
    Secret(Secret),
    /// A public key in PEM.
    PublicKey(String),
    /// A file with a public key in PEM, relative to the application folder.
    PublicKeyFile(String),
}

impl Default for AuthConfig {
    fn default() -> Self {
        Self {
            issuer: None,
            audience: None,
            tenant_claim: "org".to_owned(),
            leeway: Duration::from_secs(30),
            jwks_file: None,
            keys: Vec::new(),
        }
    }
}

impl Algorithm {
    const ALL: [Self; 4] = [Self::EdDsa, Self::Es256, Self::Rs256, Self::Hs256];

    /// Returns the name in JWT headers.
    pub fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
            Self::Hs256 => "HS256",
        }
    }

    /// Finds an algorithm by its name in JWT headers.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }
}

pub(super) fn read(root: &mut Section<'_>, reader: &mut Reader<'_, '_>) -> AuthConfig {
    let mut section = root.section("auth", reader);
    let mut config = AuthConfig {
        issuer: section.text("issuer", reader).map(|issuer| issuer.value),
        audience: section.text("audience", reader).map(|audience| audience.value),
        jwks_file: section.text("jwks_file", reader).map(|file| file.value),
        ..AuthConfig::default()
    };
    if let Some(leeway) =
        section.duration("leeway", Duration::ZERO..=Duration::from_secs(600), reader)
    {
        config.leeway = leeway;
    }
    if let Some(claim) = section.text("tenant_claim", reader) {
        if claim.value.is_empty() {
            reader.error(claim.place.clone(), "a claim has a name", None);
        }
        config.tenant_claim = claim.value;
    }
    let keys = section.sections("keys", reader);
    if keys.len() > KEYS_MAX {
        let place = keys[KEYS_MAX].place();
        reader.error(place, format!("there are at most {KEYS_MAX} keys"), None);
    }
    for mut key in keys {
        if let Some((key, place)) = read_key(&mut key, reader) {
            if config.keys.iter().any(|other| other.kid == key.kid) {
                reader.error(place, format!("two keys are named `{}`", key.kid), None);
            }
            config.keys.push(key);
        }
        key.finish(reader);
    }
    section.finish(reader);
    config
}

fn read_key(
    section: &mut Section<'_>,
    reader: &mut Reader<'_, '_>,
) -> Option<(AuthKey, Range<usize>)> {
    let kid = section.text("kid", reader);
    let alg = section.text("alg", reader);
    let secret = section.text("secret", reader);
    let public = section.text("public_key", reader);
    let file = section.text("public_key_file", reader);
    for (key, missing) in [("kid", kid.is_none()), ("alg", alg.is_none())] {
        if missing && section.is_absent(key) {
            reader.error(section.place(), format!("a key needs `{key}`"), None);
        }
    }
    let alg = alg?;
    let Some(algorithm) = Algorithm::named(&alg.value) else {
        let names: Vec<&str> = Algorithm::ALL.iter().map(|algorithm| algorithm.name()).collect();
        let message = format!("`{}` is not an algorithm that can be used", alg.value);
        reader.error(alg.place, message, Some(format!("there are {}", names.join(", "))));
        return None;
    };
    let kid = kid?;
    let material = match (secret, public, file) {
        (Some(secret), None, None) if algorithm == Algorithm::Hs256 => {
            if secret.value.len() < SECRET_BYTES_MIN {
                let message = format!("an HS256 secret has at least {SECRET_BYTES_MIN} bytes");
                // Not at the secret itself: the excerpt would show it.
                reader.error(
                    alg.place,
                    message,
                    Some("make one with `openssl rand -base64 48`".to_owned()),
                );
                return None;
            }
            KeyMaterial::Secret(Secret::new(secret.value))
        }
        (None, Some(public), None) if algorithm != Algorithm::Hs256 => {
            if !public.value.trim_start().starts_with("-----BEGIN PUBLIC KEY-----") {
                let help = Some("it begins with `-----BEGIN PUBLIC KEY-----`".to_owned());
                reader.error(public.place, "this is not a public key in PEM", help);
                return None;
            }
            KeyMaterial::PublicKey(public.value)
        }
        (None, None, Some(file)) if algorithm != Algorithm::Hs256 => {
            KeyMaterial::PublicKeyFile(file.value)
        }
        _ => {
            let needs = match algorithm {
                Algorithm::Hs256 => "`secret` and nothing else",
                _ => "either `public_key` or `public_key_file`",
            };
            reader.error(alg.place, format!("a key for {} has {needs}", algorithm.name()), None);
            return None;
        }
    };
    Some((AuthKey { kid: kid.value, algorithm, material }, kid.place))
}
