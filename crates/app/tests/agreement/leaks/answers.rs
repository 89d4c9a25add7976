//! What was answered, held against what is expected.

use app::BadParameter;
use plan::read::RowBody;
use serde_json::Value as Json;

use super::Seen;

/// A read is refused only for naming a field that the caller never sees.
pub(crate) fn hidden_names(mistakes: &[BadParameter], seen: &mut Seen) -> Result<(), String> {
    seen.hidden_names += 1;
    let hidden = |bad: &BadParameter| {
        ["has no field", "is not known"].iter().any(|words| bad.detail.contains(words))
    };
    if mistakes.iter().all(hidden) { Ok(()) } else { Err(format!("{mistakes:?}")) }
}

/// Reads a list of rows.
pub(crate) fn rows(json: &[u8]) -> Result<Vec<Json>, String> {
    serde_json::from_slice(json).map_err(|error| error.to_string())
}

/// Reads a row.
pub(crate) fn one(row: &RowBody) -> Result<Json, String> {
    serde_json::from_slice(&row.json).map_err(|error| error.to_string())
}

pub(crate) fn is_expected(shown: &[Json], expected: &[Json]) -> Result<(), String> {
    let (shown, expected) = (Json::from(shown.to_vec()), Json::from(expected.to_vec()));
    if same(&shown, &expected) {
        return Ok(());
    }
    let number = |rows: &Json| rows.as_array().map_or(0, Vec::len);
    let mut text = format!("{} rows, {} expected", number(&shown), number(&expected));
    let pairs =
        shown.as_array().into_iter().flatten().zip(expected.as_array().into_iter().flatten());
    for (shown, expected) in pairs.filter(|(shown, expected)| !same(shown, expected)) {
        text.push_str(&format!("\n{} is not {}", shown["n"], expected["n"]));
        let members = shown.as_object().into_iter().chain(expected.as_object()).flatten();
        for (name, _) in members.filter(|(name, _)| !same(&shown[*name], &expected[*name])) {
            text.push_str(&format!("\n  {name}: {} is not {}", shown[name], expected[name]));
        }
    }
    Err(text)
}

/// Compares what was answered with what is expected: numbers by what they are worth, and a cursor by
/// being there.
pub(crate) fn same(shown: &Json, expected: &Json) -> bool {
    match (shown, expected) {
        (Json::Object(shown), Json::Object(expected)) => {
            shown.len() == expected.len()
                && expected.iter().all(|(name, expected)| {
                    shown.get(name).is_some_and(|shown| {
                        expected == "…" && shown.is_string() || same(shown, expected)
                    })
                })
        }
        (Json::Array(shown), Json::Array(expected)) => {
            let pairs = shown.iter().zip(expected);
            shown.len() == expected.len()
                && pairs.into_iter().all(|(left, right)| same(left, right))
        }
        _ => crate::same(shown, expected),
    }
}
