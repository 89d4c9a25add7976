//! The body of a batch: `{ "operations": [ { "method": …, "path": …, … } ] }`, strictly read.

use app::input::{Body, Members};
use http::{Method, StatusCode};
use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::super::problems;
use crate::http::{Problem, ProblemError};

/// The longest `id` of an operation.
const ID_CHARACTERS_MAX: usize = 64;

/// The methods that an operation can have.
const METHODS: [Method; 5] =
    [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

/// An operation as it was sent.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) id: Option<String>,
    pub(super) body: Option<Body>,
    pub(super) content_type: Option<String>,
    pub(super) if_match: Option<String>,
    pub(super) if_none_match: Option<String>,
}

/// Reads the body of a batch.
///
/// # Errors
/// Every mistake in it, with a pointer to each.
pub(super) fn parse(bytes: &[u8], operations_max: u64) -> Result<Vec<Entry>, Problem> {
    let members: Members<Box<RawValue>> =
        Members::parse(bytes).map_err(|error| problems::malformed(&error))?;
    let mut mistakes = Mistakes::default();
    let mut list = None;
    for (name, value) in members.0 {
        if name == "operations" {
            list = Some(value);
        } else {
            mistakes.add(&app::pointer(&name), "unknown_field", "a batch has only `operations`");
        }
    }
    let Some(list) = list else {
        mistakes.add("/operations", "required", "a batch has a list of `operations`");
        return Err(mistakes.into_problem());
    };
    let Ok(list) = serde_json::from_str::<Vec<Box<RawValue>>>(list.get()) else {
        mistakes.add("/operations", "type", "`operations` must be a list");
        return Err(mistakes.into_problem());
    };
    if list.is_empty() || list.len() as u64 > operations_max {
        let detail =
            format!("a batch has 1 to {operations_max} operations ([limits] batch_operations_max)");
        mistakes.add("/operations", "length", detail);
        return Err(mistakes.into_problem());
    }
    let entries: Vec<_> = list
        .iter()
        .enumerate()
        .filter_map(|(at, raw)| entry(raw, &format!("/operations/{at}"), &mut mistakes))
        .collect();
    if mistakes.0.is_empty() { Ok(entries) } else { Err(mistakes.into_problem()) }
}

#[derive(Default)]
struct Mistakes(Vec<ProblemError>);

impl Mistakes {
    fn add(&mut self, pointer: &str, code: &'static str, detail: impl Into<String>) {
        let pointer = Some(pointer.to_owned());
        self.0.push(ProblemError { pointer, parameter: None, code, detail: detail.into() });
    }

    fn into_problem(self) -> Problem {
        Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_body",
            "some members of the body are wrong; each is named in `errors`",
        )
        .with_errors(self.0)
    }
}

/// Reads one operation; `None` where it has mistakes.
fn entry(raw: &RawValue, pointer: &str, mistakes: &mut Mistakes) -> Option<Entry> {
    let before = mistakes.0.len();
    let members: Members<Box<RawValue>> = match Members::parse(raw.get().as_bytes()) {
        Ok(members) => members,
        Err(error) => {
            mistakes.add(pointer, "type", error.to_string());
            return None;
        }
    };
    let (mut method, mut path, mut id) = (None, None, None);
    let (mut body, mut content_type) = (None, None);
    let (mut if_match, mut if_none_match) = (None, None);
    for (name, raw) in &members.0 {
        let pointer = format!("{pointer}{}", app::pointer(name));
        let mut text = || match serde_json::from_str(raw.get()) {
            Ok(Json::String(text)) => Some(text),
            _ => {
                mistakes.add(&pointer, "type", format!("{name} must be a string"));
                None
            }
        };
        match name.as_str() {
            "method" => method = Some(text()),
            "path" => path = Some(text()),
            "id" => id = text(),
            "contentType" => content_type = text(),
            "ifMatch" => if_match = text(),
            "ifNoneMatch" => if_none_match = text(),
            "body" => match Body::parse(raw.get().as_bytes()) {
                Ok(read) => body = Some(read),
                Err(error) => mistakes.add(&pointer, "type", error.to_string()),
            },
            _ => mistakes.add(
                &pointer,
                "unknown_field",
                "an operation has `method`, `path`, `body`, `id`, `ifMatch`, `ifNoneMatch` and \
                 `contentType`",
            ),
        }
    }
    for (name, missing) in [("method", method.is_none()), ("path", path.is_none())] {
        if missing {
            let pointer = format!("{pointer}/{name}");
            mistakes.add(&pointer, "required", format!("{name} is required"));
        }
    }
    if id.as_ref().is_some_and(|id| !is_id(id)) {
        let detail = format!(
            "an id has letters, digits, `_` and `-`, at most {ID_CHARACTERS_MAX} of them, and \
             starts with a letter"
        );
        mistakes.add(&format!("{pointer}/id"), "pattern", detail);
    }
    let method = method.flatten().and_then(|name: String| {
        let method = METHODS.into_iter().find(|method| method.as_str() == name);
        if method.is_none() {
            let detail = "the methods are GET, POST, PUT, PATCH and DELETE";
            mistakes.add(&format!("{pointer}/method"), "pattern", detail);
        }
        method
    });
    if let Some(method) = &method {
        for (name, given, fits) in [
            ("body", body.is_some(), method != Method::GET && method != Method::DELETE),
            ("ifMatch", if_match.is_some(), method != Method::GET && method != Method::POST),
            ("ifNoneMatch", if_none_match.is_some(), method == Method::PUT),
            ("contentType", content_type.is_some(), method == Method::PATCH),
        ] {
            if given && !fits {
                let detail = format!("a {method} has no `{name}`");
                mistakes.add(&format!("{pointer}/{name}"), "unsupported", detail);
            }
        }
    }
    let (method, path) = (method?, path.flatten()?);
    let entry = Entry { method, path, id, body, content_type, if_match, if_none_match };
    (mistakes.0.len() == before).then_some(entry)
}

fn is_id(text: &str) -> bool {
    text.len() <= ID_CHARACTERS_MAX
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, expected: &[(&str, &str)]) {
        let problem = parse(body.as_bytes(), 3).expect_err("it is wrong");
        let found: Vec<_> = problem
            .errors
            .iter()
            .map(|error| (error.pointer.as_deref().unwrap_or_default(), error.code))
            .collect();
        assert_eq!(found, expected, "{body}");
    }

    #[test]
    fn mistakes_are_found_where_they_are() {
        check("{}", &[("/operations", "required")]);
        check(r#"{"operations": {}}"#, &[("/operations", "type")]);
        check(r#"{"operations": []}"#, &[("/operations", "length")]);
        check(r#"{"operations": [1, 2, 3, 4]}"#, &[("/operations", "length")]);
        check(
            r#"{"a/b": 1, "operations": [1, {}]}"#,
            &[
                ("/a~1b", "unknown_field"),
                ("/operations/0", "type"),
                ("/operations/1/method", "required"),
                ("/operations/1/path", "required"),
            ],
        );
        check(
            r#"{"operations": [{"method": "PURGE", "path": 1, "id": "1", "headers": {}},
                               {"method": "GET", "path": "/a", "body": {}, "ifMatch": "*"},
                               {"method": "POST", "path": "/a", "body": {"a": 1, "a": 2}}]}"#,
            &[
                ("/operations/0/path", "type"),
                ("/operations/0/headers", "unknown_field"),
                ("/operations/0/id", "pattern"),
                ("/operations/0/method", "pattern"),
                ("/operations/1/body", "unsupported"),
                ("/operations/1/ifMatch", "unsupported"),
                ("/operations/2/body", "type"),
            ],
        );
    }

    #[test]
    fn what_is_no_object_or_repeats_itself_is_malformed() {
        for body in ["", "[]", "1", r#"{"operations": [], "operations": []}"#, "{\"operations\": ["]
        {
            let problem = parse(body.as_bytes(), 3).expect_err("it is wrong");
            assert_eq!(problem.code, "malformed_body", "{body}");
        }
    }
}
