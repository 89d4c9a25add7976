//! `mainstay user token`: a token for development.

use std::path::Path;

use anyhow::Context;
use app::callers::DevKey;
use app::clock::Clock;
use serde_json::{Map, Value as Json};

use crate::cli::Token;

/// Where the folder's own key is.
const KEY_FILE: &str = ".mainstay/dev-key.json";

/// Prints a token.
pub(crate) fn run(args: &Token) -> anyhow::Result<u8> {
    let mut claims = Map::new();
    claims.insert("sub".to_owned(), args.sub.clone().into());
    for claim in &args.claim {
        let (name, value) = claim.split_once('=').context("--claim takes NAME=VALUE")?;
        let value = serde_json::from_str(value).unwrap_or_else(|_| Json::String(value.to_owned()));
        claims.insert(name.to_owned(), value);
    }
    let ttl = expr::ops::parse_duration(&args.ttl)
        .filter(|ttl| *ttl > 0)
        .context("--ttl takes a duration such as 1h or 7d")?;
    let now = Clock::system().now().0;
    claims.insert("iat".to_owned(), (now / 1_000_000).into());
    claims.insert("exp".to_owned(), (now.saturating_add(ttl) / 1_000_000).into());
    let loaded = crate::folder::load(&args.dir)?;
    if let Ok(loaded) = &loaded {
        let auth = &loaded.config.auth;
        let both = [("iss", &auth.issuer), ("aud", &auth.audience)];
        for (name, value) in both {
            if let Some(value) = value {
                claims.entry(name).or_insert_with(|| value.clone().into());
            }
        }
    }
    let key = development_key(&args.dir)?;
    super::say(&key.sign(&Json::Object(claims)));
    Ok(super::OK)
}

/// Reads the folder's own key, making it where there is none. It never leaves `.mainstay/`, which
/// is not committed, and `serve` does not accept it.
pub(crate) fn development_key(dir: &Path) -> anyhow::Result<DevKey> {
    let path = dir.join(KEY_FILE);
    if let Ok(text) = std::fs::read_to_string(&path) {
        return DevKey::from_jwk(&text).with_context(|| {
            format!("{} is damaged; delete it and a new one is made", path.display())
        });
    }
    let key = DevKey::generate().context("cannot make a key")?;
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).context("cannot create .mainstay/")?;
    }
    write_private(&path, &key.to_jwk())?;
    Ok(key)
}

/// Writes a file that only its owner can read.
fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    file.write_all(text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))
}
