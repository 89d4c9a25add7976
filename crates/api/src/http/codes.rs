//! Every problem code that an answer can have. Documents are made from this list.

/// A problem code, once and for all clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// What the member `code` says.
    pub code: &'static str,
    /// The status that it comes with.
    pub status: u16,
    /// When it is answered.
    pub when: &'static str,
}

const fn code(status: u16, code: &'static str, when: &'static str) -> Code {
    Code { code, status, when }
}

/// All codes, by status.
pub const CODES: &[Code] = &[
    code(400, "invalid_parameters", "parameters are wrong; `errors` names each"),
    code(400, "malformed_body", "the body is not one JSON object"),
    code(400, "incomplete_body", "the body ended before its announced length"),
    code(400, "invalid_header", "a header cannot be read"),
    code(400, "invalid_target", "the request has no path, or does not name its host once"),
    code(401, "unauthenticated", "this needs a caller"),
    code(401, "invalid_token", "the bearer token is not believed"),
    code(403, "forbidden", "the row can be seen, but no rule allows this"),
    code(403, "forbidden_field", "no rule allows some of the fields that were sent"),
    code(403, "https_required", "this came in clear; only reading is sent on to HTTPS"),
    code(404, "not_found", "there is no such row, or none that the caller may see"),
    code(404, "no_route", "there is nothing at this path"),
    code(405, "method_not_allowed", "the path does not understand the method; `Allow` says which"),
    code(408, "body_timeout", "the body did not arrive in time"),
    code(409, "duplicate", "another row has the same value"),
    code(409, "archived", "what the row refers to is archived"),
    code(409, "in_use", "other rows refer to this one"),
    code(412, "exists", "`If-None-Match: *` does not hold: there is such a row"),
    code(412, "stale", "`If-Match` does not hold: the row has changed"),
    code(413, "body_too_large", "the body exceeds `[limits] body_bytes_max`"),
    code(414, "url_too_long", "path and query exceed `[limits] url_bytes_max`"),
    code(415, "unsupported_media_type", "the body is not JSON"),
    code(422, "invalid_body", "members of the body are wrong; `errors` points at each"),
    code(422, "answer_too_large", "what would be answered is too much; nothing was done"),
    code(422, "invalid_rows", "rows of an import are refused, and none was kept"),
    code(422, "too_many_rows", "more rows would be written at once than may be"),
    code(422, "check_failed", "a condition of the model does not hold"),
    code(422, "idempotency_key_reused", "the `Idempotency-Key` came with another request before"),
    code(431, "head_too_large", "the request's head exceeds `[limits] header_bytes_max`"),
    code(500, "internal", "our mistake; the log has the cause under the request id"),
    code(503, "not_ready", "`/readyz`: the database does not answer"),
    code(503, "overloaded", "the server has too much to do; try again"),
    code(503, "query_timeout", "the query takes too long"),
    code(503, "timeout", "the request exceeds `[limits] request_timeout`"),
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
