//! A caller's claims as they are written on the command line.

use std::sync::Arc;

use anyhow::Context;
use serde_json::{Map, Value as Json};

/// Reads `sub=…,role=admin`, where a value is JSON, or text where it is not, or a JSON object.
/// Nothing is nobody.
pub(super) fn read(texts: &[String]) -> anyhow::Result<Option<Arc<Json>>> {
    if texts.is_empty() {
        return Ok(None);
    }
    let mut claims = Map::new();
    for text in texts {
        if text.trim_start().starts_with('{') {
            let more: Map<String, Json> =
                serde_json::from_str(text).context("--as is not a JSON object")?;
            claims.extend(more);
            continue;
        }
        for claim in text.split(',').filter(|claim| !claim.is_empty()) {
            let (name, value) = claim
                .split_once('=')
                .context("--as takes name=value,…; write a list as {\"roles\":[…]}")?;
            let value =
                serde_json::from_str(value).unwrap_or_else(|_| Json::String(value.to_owned()));
            claims.insert(name.trim().to_owned(), value);
        }
    }
    Ok(Some(Arc::new(Json::Object(claims))))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::read;

    fn check(texts: &[&str], expected: &Json) {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        assert_eq!(read(&texts).expect("claims").as_deref(), Some(expected), "{texts:?}");
    }

    #[test]
    fn claims_are_names_with_values_or_json() {
        assert_eq!(read(&[]).expect("nobody"), None);
        check(&[""], &json!({}));
        check(&["sub=a,role=admin,level=3"], &json!({"sub": "a", "role": "admin", "level": 3}));
        check(&["sub=a", r#"{"roles":["x","y"]}"#], &json!({"sub": "a", "roles": ["x", "y"]}));
        assert!(read(&["sub".to_owned()]).is_err());
        assert!(read(&["{".to_owned()]).is_err());
    }
}
