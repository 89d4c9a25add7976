//! A file of rule tests: `tests/*.toml`.

use std::collections::BTreeMap;

use expr::Timestamp;
use serde::Deserialize;
use serde_json::Value as Json;

/// A larger file of tests is a mistake.
pub const FILE_BYTES_MAX: usize = 1024 * 1024;

/// A file of tests.
#[derive(Debug, Clone)]
pub struct TestFile {
    /// Its name, `tests/orders.toml`.
    pub name: String,
    /// The time at which everything happens; the system's where it is not given.
    pub(super) now: Option<Timestamp>,
    /// The claims of callers by their names.
    pub(super) callers: BTreeMap<String, Json>,
    /// Rows by entity and name.
    pub(super) rows: BTreeMap<String, BTreeMap<String, Json>>,
    pub(super) tests: Vec<Test>,
}

/// A test: a caller, and what is expected.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Test {
    pub(super) name: String,
    /// The caller's name; nobody without it.
    #[serde(rename = "as")]
    pub(super) caller: Option<String>,
    #[serde(default)]
    pub(super) can: Vec<String>,
    #[serde(default)]
    pub(super) cannot: Vec<String>,
    /// By `Entity` the rows that the caller lists, by `Entity/row` the fields that it sees.
    #[serde(default)]
    pub(super) sees: BTreeMap<String, Vec<String>>,
}

/// What is wrong with a file of tests.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {detail}")]
pub struct TestFileError {
    /// The file's name.
    pub file: String,
    /// What is wrong.
    pub detail: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    now: Option<toml::Value>,
    #[serde(default)]
    callers: BTreeMap<String, toml::Value>,
    #[serde(default)]
    rows: BTreeMap<String, BTreeMap<String, toml::Value>>,
    #[serde(default)]
    test: Vec<Test>,
}

impl TestFile {
    /// Reads a file.
    ///
    /// # Errors
    /// When it is too large, not TOML, or says something that no test can say.
    pub fn parse(name: &str, text: &str) -> Result<Self, TestFileError> {
        let fail = |detail: String| TestFileError { file: name.to_owned(), detail };
        if text.len() > FILE_BYTES_MAX {
            return Err(fail(format!("is larger than {FILE_BYTES_MAX} bytes")));
        }
        let text: Text = toml::from_str(text).map_err(|error| fail(error.to_string()))?;
        let now = text.now.map(|now| {
            let now = json(now);
            let time = now.as_str().and_then(expr::ops::parse_timestamp);
            time.ok_or_else(|| fail(format!("now is no time such as 2026-01-01T00:00:00Z: {now}")))
        });
        let rows = |(entity, rows): (String, BTreeMap<String, toml::Value>)| {
            (entity, rows.into_iter().map(|(name, row)| (name, json(row))).collect())
        };
        Ok(Self {
            name: name.to_owned(),
            now: now.transpose()?,
            callers: text.callers.into_iter().map(|(name, claims)| (name, json(claims))).collect(),
            rows: text.rows.into_iter().map(rows).collect(),
            tests: text.test,
        })
    }
}

impl TestFile {
    /// Drops the tests of which the name does not contain a text.
    pub fn keep_only(&mut self, text: &str) {
        self.tests.retain(|test| test.name.contains(text));
    }
}

/// A value of TOML as a client would send it; times are texts.
fn json(value: toml::Value) -> Json {
    match value {
        toml::Value::String(text) => Json::String(text),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(truth) => truth.into(),
        toml::Value::Datetime(time) => Json::String(time.to_string()),
        toml::Value::Array(items) => items.into_iter().map(json).collect(),
        toml::Value::Table(members) => {
            members.into_iter().map(|(name, value)| (name, json(value))).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TestFile;

    #[test]
    fn what_no_test_can_say_is_refused() {
        let check = |text: &str, expected: &str| {
            let error = TestFile::parse("tests/x.toml", text).expect_err(text).to_string();
            assert!(error.starts_with("tests/x.toml: ") && error.contains(expected), "{error}");
        };
        check("x = ", "TOML parse error");
        check("[[test]]\nname = 'a'\nmay = []", "unknown field `may`");
        check("[[test]]\nas = 'a'", "missing field `name`");
        check("now = 'soon'", "now is no time");
        check(&"#".repeat(super::FILE_BYTES_MAX + 1), "is larger than");
        let file = TestFile::parse("x", "now = 2026-01-01T00:00:00Z").expect("it is good");
        assert!(file.now.is_some() && file.tests.is_empty());
    }
}
