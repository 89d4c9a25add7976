//! Tokens of the benchmark's users.

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use uuid::Uuid;

use crate::workspace;

/// 2100-01-01.
const EXPIRES: i64 = 4_102_444_800;

/// Signs tokens with the key of `bench/blog/mainstay.toml`.
pub(super) struct Signer {
    /// The secret, for the limit.
    pub(super) secret: String,
    id: String,
}

impl Signer {
    /// Reads the key.
    pub(super) fn read() -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(workspace::root().join("bench/blog/mainstay.toml"))?;
        let config: toml::Table = text.parse().context("bench/blog/mainstay.toml is not TOML")?;
        let key = config.get("auth").and_then(|auth| auth.get("keys")).and_then(|keys| keys.get(0));
        let member = |name| {
            let value = key.and_then(|key| key.get(name)).and_then(toml::Value::as_str);
            value.map(str::to_owned).with_context(|| format!("the benchmark's key has no {name}"))
        };
        Ok(Self { secret: member("secret")?, id: member("kid")? })
    }

    /// Returns a token of a user.
    pub(super) fn token(&self, user: Uuid) -> String {
        let header = format!(r#"{{"alg":"HS256","typ":"JWT","kid":"{}"}}"#, self.id);
        let claims = format!(r#"{{"sub":"{user}","iat":1767225600,"exp":{EXPIRES}}}"#);
        let signed =
            format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret.as_bytes());
        let signature = hmac::sign(&key, signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
