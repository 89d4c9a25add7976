//! Every problem code that an answer can have. Its page at `/docs/problems` is made from this list.

/// A problem code, once and for all clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// What the member `code` says.
    pub code: &'static str,
    /// The status that it comes with.
    pub status: u16,
    /// When it is answered.
    pub when: &'static str,
    /// What a client does next.
    pub next: &'static str,
}

/// Below it each code has a page, which is what the member `type` names.
pub(crate) const PROBLEM_TYPES: &str = "/docs/problems";

impl Code {
    /// Returns what the member `title` says.
    pub fn title(&self) -> String {
        title(self.code)
    }

    /// Returns what the member `type` says.
    pub fn uri(&self) -> String {
        uri(self.code)
    }
}

/// The title of a code.
pub(super) fn title(code: &str) -> String {
    code.replace('_', " ")
}

/// The path of a code's page.
pub(super) fn uri(code: &str) -> String {
    format!("{PROBLEM_TYPES}/{code}")
}

const fn code(status: u16, code: &'static str, when: &'static str, next: &'static str) -> Code {
    Code { code, status, when, next }
}

/// All codes, by status.
pub const CODES: &[Code] = &[
    code(
        400,
        "invalid_parameters",
        "parameters are wrong; `errors` names each",
        "correct each parameter that `errors` names; nothing of the request was done",
    ),
    code(
        400,
        "malformed_body",
        "the body is not one JSON object",
        "send one JSON object, or to a collection an array of them; `detail` says where reading stopped",
    ),
    code(
        400,
        "incomplete_body",
        "the body ended before its announced length",
        "send the whole body again; look for a proxy that cuts it off",
    ),
    code(
        400,
        "invalid_header",
        "a header cannot be read",
        "correct the header that `detail` names",
    ),
    code(
        400,
        "invalid_target",
        "the request has no path, or does not name its host once",
        "send an absolute path and one `Host`",
    ),
    code(
        401,
        "unauthenticated",
        "this needs a caller",
        "send `Authorization: Bearer` with a token",
    ),
    code(
        401,
        "invalid_token",
        "the bearer token is not believed",
        "get a new token; `detail` says what is wrong with this one",
    ),
    code(
        403,
        "forbidden",
        "the row can be seen, but no rule allows this",
        "call as someone whom a rule of the model allows it, or change the rule; `mainstay rules` shows them",
    ),
    code(
        403,
        "forbidden_field",
        "no rule allows some of the fields that were sent",
        "leave out the fields that `errors` points at",
    ),
    code(
        403,
        "https_required",
        "this came in clear; only reading is sent on to HTTPS",
        "send it to the `https` address, and take what it held for seen by others",
    ),
    code(
        404,
        "not_found",
        "there is no such row, or none that the caller may see",
        "look at the key; if it is right, the caller may not read the row",
    ),
    code(
        404,
        "no_route",
        "there is nothing at this path",
        "look at `GET /api/v1`, which lists the collections",
    ),
    code(
        405,
        "method_not_allowed",
        "the path does not understand the method; `Allow` says which",
        "use a method that `Allow` names",
    ),
    code(
        408,
        "body_timeout",
        "the body did not arrive in time",
        "send it again over a better connection, or in smaller parts",
    ),
    code(
        409,
        "duplicate",
        "another row has the same value",
        "change the value that `errors` points at, or update the other row",
    ),
    code(
        409,
        "archived",
        "what the row refers to is archived",
        "restore that row first, or refer to another one",
    ),
    code(
        409,
        "in_use",
        "other rows refer to this one",
        "delete those rows first, or let them refer to another one",
    ),
    code(
        412,
        "exists",
        "`If-None-Match: *` does not hold: there is such a row",
        "read the row, and update it instead",
    ),
    code(
        412,
        "stale",
        "`If-Match` does not hold: the row has changed",
        "read the row again and repeat the change with its new `ETag`",
    ),
    code(
        413,
        "body_too_large",
        "the body exceeds `[limits] body_bytes_max`",
        "send less at a time, as in several requests or an import",
    ),
    code(
        414,
        "url_too_long",
        "path and query exceed `[limits] url_bytes_max`",
        "shorten the filter, or ask several times",
    ),
    code(
        415,
        "unsupported_media_type",
        "the body is not JSON",
        "send `content-type: application/json`; `detail` says what else is understood",
    ),
    code(
        422,
        "invalid_body",
        "members of the body are wrong; `errors` points at each",
        "correct each member that `errors` points at; nothing of the request was done",
    ),
    code(
        422,
        "answer_too_large",
        "what would be answered is too much; nothing was done",
        "ask for less: fewer operations, or `Prefer: return=minimal`",
    ),
    code(
        422,
        "invalid_rows",
        "rows of an import are refused, and none was kept",
        "correct the rows that `failures` names, or send `onError=skip`",
    ),
    code(
        422,
        "too_many_rows",
        "more rows would be written at once than may be",
        "narrow the filter, or write in several requests",
    ),
    code(
        422,
        "check_failed",
        "a condition of the model does not hold",
        "send values that satisfy the condition that `detail` names",
    ),
    code(
        422,
        "idempotency_key_reused",
        "the `Idempotency-Key` came with another request before",
        "take a new key for a new request, and send the same one only to repeat the very same request",
    ),
    code(
        431,
        "head_too_large",
        "the request's head exceeds `[limits] header_bytes_max`",
        "send fewer or shorter headers; often it is cookies",
    ),
    code(
        500,
        "internal",
        "our mistake; the log has the cause under the request id",
        "report the request id; a write with an `Idempotency-Key` can be sent again",
    ),
    code(
        503,
        "not_ready",
        "`/readyz`: the database does not answer",
        "wait, and look at the log; disk and file permissions come first",
    ),
    code(
        503,
        "overloaded",
        "the server has too much to do; try again",
        "send it again after the time in `Retry-After`",
    ),
    code(
        503,
        "query_timeout",
        "the query takes too long",
        "narrow the filter, or add an `@index` that serves it",
    ),
    code(
        503,
        "timeout",
        "the request exceeds `[limits] request_timeout`",
        "ask for less at a time; a write may have been done, which an `Idempotency-Key` tells",
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn codes_are_unique_and_ordered_by_status() {
        let unique: HashSet<&str> = CODES.iter().map(|code| code.code).collect();
        assert_eq!(unique.len(), CODES.len());
        assert!(CODES.is_sorted_by_key(|code| code.status));
    }

    #[test]
    fn documentation_names_every_code() {
        let text = include_str!("../../../../docs/http.md");
        for Code { code, status, .. } in CODES {
            let row = text
                .lines()
                .find(|line| line.starts_with('|') && line.contains(&format!("`{code}`")))
                .unwrap_or_else(|| panic!("docs/http.md does not say what `{code}` is"));
            assert!(row.starts_with(&format!("| {status} |")), "{code} has the status {status}");
        }
    }

    #[test]
    fn documentation_names_no_other_code() {
        let text = include_str!("../../../../docs/http.md");
        let rows = text.lines().skip_while(|line| !line.starts_with("| status | code | when |"));
        let mut named = 0;
        for row in rows.skip(2).take_while(|line| line.starts_with('|')) {
            let cell = row.split('|').nth(2).expect("a row has codes");
            for code in cell.split('`').skip(1).step_by(2) {
                assert!(CODES.iter().any(|known| known.code == code), "`{code}` is not in CODES");
                named += 1;
            }
        }
        assert_eq!(named, CODES.len());
    }

    #[test]
    fn every_code_says_when_it_comes_and_what_to_do() {
        for Code { code, when, next, .. } in CODES {
            let is_clause = |text: &str| {
                text.chars().count() > 15 && !text.ends_with('.') && text.trim() == text
            };
            assert!(is_clause(when) && is_clause(next), "{code}: {when} / {next}");
        }
    }

    /// What is behind `Problem::new(` in this crate is a listed code.
    #[test]
    fn every_problem_has_a_listed_code() {
        let mut found = HashSet::new();
        collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
        assert!(found.len() > 10, "the search finds codes: {found:?}");
        for code in found {
            assert!(CODES.iter().any(|known| known.code == code), "`{code}` is not in CODES");
        }
    }

    fn collect(dir: &Path, found: &mut HashSet<String>) {
        for entry in std::fs::read_dir(dir).expect("the sources are there") {
            let path = entry.expect("the sources can be listed").path();
            if path.is_dir() {
                collect(&path, found);
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("sources are text");
            for rest in text.split("Problem::new(").skip(1) {
                if let Some(code) = rest.split('"').nth(1)
                    && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
                    && !code.is_empty()
                {
                    found.insert(code.to_owned());
                }
            }
        }
    }
}
