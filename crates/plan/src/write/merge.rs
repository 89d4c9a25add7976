//! JSON Merge Patch (RFC 7396) inside a stored value.

use serde_json::{Map, Value as Json};

/// The largest value that merging may make. A body is bounded; without this, many bodies could make
/// one value of any size.
const MERGED_BYTES_MAX: usize = 1024 * 1024;

/// Merges a patch into a stored value, both as text. `None` where the result is too large.
pub(super) fn merged(stored: Option<&str>, patch: &str) -> Option<String> {
    let parse = |text: &str| serde_json::from_str(text).unwrap_or(Json::Null);
    let mut value = stored.map_or(Json::Null, parse);
    merge(&mut value, parse(patch));
    let text = value.to_string();
    (text.len() <= MERGED_BYTES_MAX).then_some(text)
}

/// The function `MergePatch` of RFC 7396, section 2.
fn merge(target: &mut Json, patch: Json) {
    let Json::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Json::Object(Map::new());
    }
    let Json::Object(members) = target else { return };
    for (name, value) in patch {
        if value.is_null() {
            members.shift_remove(&name);
        } else {
            merge(members.entry(name).or_insert(Json::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_rfc_hold() {
        // RFC 7396, appendix A
        for (target, patch, expected) in [
            (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"a":null}"#, "{}"),
            (r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#),
            (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#),
            (r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#),
            (r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#),
            (r#"["a","b"]"#, r#"["c","d"]"#, r#"["c","d"]"#),
            (r#"{"a":"b"}"#, r#"["c"]"#, r#"["c"]"#),
            (r#"{"a":"foo"}"#, "null", "null"),
            (r#"{"a":"foo"}"#, r#""bar""#, r#""bar""#),
            (r#"{"e":null}"#, r#"{"a":1}"#, r#"{"e":null,"a":1}"#),
            ("[1,2]", r#"{"a":"b","c":null}"#, r#"{"a":"b"}"#),
            ("{}", r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#),
        ] {
            assert_eq!(merged(Some(target), patch).as_deref(), Some(expected), "{target} {patch}");
        }
        assert_eq!(merged(None, r#"{"a":null,"b":1}"#).as_deref(), Some(r#"{"b":1}"#));
    }

    #[test]
    fn a_value_does_not_grow_without_bound() {
        let half = "x".repeat(MERGED_BYTES_MAX / 2);
        let stored = format!(r#"{{"a":"{half}"}}"#);
        assert!(merged(Some(&stored), &format!(r#"{{"a":"{half}"}}"#)).is_some());
        assert_eq!(merged(Some(&stored), &format!(r#"{{"b":"{half}"}}"#)), None);
    }
}
