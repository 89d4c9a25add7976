//! `/docs/problems/{code}`: where the `type` of a problem leads.

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, VARY};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};
use serde_json::json;

use crate::http::accept::preferred;
use crate::http::{CODES, Code, PROBLEM_TYPES, Problem, RequestContext, Response};
use crate::rest::problems::{method_not_allowed, no_route};

/// The methods of a page.
const ALLOWED: &str = "GET, HEAD, OPTIONS";

/// Pages change with the program only.
const KEPT: HeaderValue = HeaderValue::from_static("public, max-age=3600");

/// The forms of a page.
#[derive(Debug, Clone, Copy)]
enum Form {
    Markdown,
    Html,
    Json,
}

/// The first wins where a client likes several.
const FORMS: [(Form, &[&str]); 3] = [
    (Form::Markdown, &["text/markdown"]),
    (Form::Html, &["text/html"]),
    (Form::Json, &["application/json", "application/problem+json"]),
];

impl Form {
    fn media_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Markdown => "text/markdown; charset=utf-8",
            Self::Html => "text/html; charset=utf-8",
            Self::Json => "application/json",
        })
    }
}

/// Says whether a path lies here.
pub(crate) fn is_here(path: &str) -> bool {
    path.strip_prefix(PROBLEM_TYPES).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Answers with the page of a code, or with the list of all.
pub(crate) fn answer(parts: &Parts, context: &RequestContext) -> Response {
    page(parts).unwrap_or_else(|problem| problem.into_response(&context.request_id))
}

fn page(parts: &Parts) -> Result<Response, Problem> {
    let path = parts.uri.path();
    let code = path.strip_prefix(PROBLEM_TYPES).unwrap_or_default();
    let code = code.strip_prefix('/').unwrap_or_default();
    let found = CODES.iter().find(|known| known.code == code);
    if found.is_none() && !code.is_empty() {
        return Err(no_route(path));
    }
    match parts.method {
        Method::GET | Method::HEAD => {}
        Method::OPTIONS => {
            let mut response = Response::default();
            *response.status_mut() = StatusCode::NO_CONTENT;
            response.headers_mut().insert(ALLOW, HeaderValue::from_static(ALLOWED));
            return Ok(response);
        }
        _ => return Err(method_not_allowed(&parts.method, ALLOWED)),
    }
    let form = preferred(&parts.headers, &FORMS).unwrap_or(Form::Markdown);
    let text = match (form, found) {
        (Form::Markdown, Some(code)) => markdown(code),
        (Form::Html, Some(code)) => html(code),
        (Form::Json, Some(code)) => json(code).to_string(),
        (Form::Markdown, None) => markdown_list(),
        (Form::Html, None) => html_list(),
        (Form::Json, None) => {
            json!({ "problems": CODES.iter().map(json).collect::<Vec<_>>() }).to_string()
        }
    };
    let mut response = Response::new(Bytes::from(text).into());
    let headers: [(HeaderName, HeaderValue); 3] = [
        (CONTENT_TYPE, form.media_type()),
        (VARY, HeaderValue::from_static("accept")),
        (CACHE_CONTROL, KEPT),
    ];
    response.headers_mut().extend(headers);
    Ok(response)
}

fn markdown(code: &Code) -> String {
    let Code { status, code: name, when, next } = code;
    format!(
        "# {}\n\n{status} `{name}`\n\n{}\n\n**What to do:** {}\n",
        sentence(&code.title(), ""),
        sentence(when, "."),
        sentence(next, ".")
    )
}

fn markdown_list() -> String {
    let row = |code: &Code| {
        let Code { status, code, when, .. } = code;
        format!("- [{code}]({PROBLEM_TYPES}/{code}) ({status}): {when}\n")
    };
    format!("# Problems\n\n{}", CODES.iter().map(row).collect::<String>())
}

fn html(code: &Code) -> String {
    let Code { status, code: name, when, next } = code;
    let title = sentence(&code.title(), "");
    document(
        &title,
        &format!(
            "<h1>{title}</h1>\n<p>{status} <code>{name}</code></p>\n<p>{}</p>\n<p><strong>What to do:</strong> {}</p>\n<p><a href=\"{PROBLEM_TYPES}\">All problems</a></p>\n",
            inline(&sentence(when, ".")),
            inline(&sentence(next, "."))
        ),
    )
}

fn html_list() -> String {
    let row = |code: &Code| {
        let Code { status, code, when, .. } = code;
        format!(
            "<li><a href=\"{PROBLEM_TYPES}/{code}\">{code}</a> ({status}): {}</li>\n",
            inline(when)
        )
    };
    let rows: String = CODES.iter().map(row).collect();
    document("Problems", &format!("<h1>Problems</h1>\n<ul>\n{rows}</ul>\n"))
}

fn document(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{title}</title></head>\n<body>\n{body}</body>\n</html>\n"
    )
}

fn json(code: &Code) -> serde_json::Value {
    json!({
        "type": code.uri(),
        "title": code.title(),
        "status": code.status,
        "code": code.code,
        "when": code.when,
        "next": code.next,
    })
}

/// Begins a text with a capital, where it begins with a word, and ends it.
fn sentence(text: &str, end: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(chars).chain(end.chars()).collect()
}

/// Writes Markdown's code as HTML's.
fn inline(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 32);
    let mut is_open = false;
    for c in text.chars() {
        match c {
            '`' => {
                out.push_str(if is_open { "</code>" } else { "<code>" });
                is_open = !is_open;
            }
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_marked_and_all_else_escaped() {
        assert_eq!(inline("`a<b>` & c"), "<code>a&lt;b&gt;</code> &amp; c");
        let balanced = |text: &str| text.matches('`').count().is_multiple_of(2);
        assert!(CODES.iter().all(|code| balanced(code.when) && balanced(code.next)));
    }

    #[test]
    fn only_this_folder_is_here() {
        assert!(is_here("/docs/problems") && is_here("/docs/problems/stale"));
        assert!(!is_here("/docs/problemsx") && !is_here("/docs"));
    }
}
