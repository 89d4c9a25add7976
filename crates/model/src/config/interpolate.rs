//! `${NAME}` in a setting is replaced by the environment variable of that name.

use crate::sources::Environment;

/// What keeps a text from being filled in.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum InterpolateError {
    #[error("the environment variable `{0}` is not set")]
    Unset(String),
    #[error("`${{` is never closed")]
    Open,
    #[error("`{0}` cannot be the name of an environment variable")]
    Name(String),
}

impl InterpolateError {
    pub(super) fn help(&self) -> Option<String> {
        match self {
            Self::Unset(name) => Some(format!("set it before the start: {name}=… mainstay serve")),
            Self::Open => {
                Some("write `${NAME}`, or `$${` for the characters themselves".to_owned())
            }
            Self::Name(_) => Some("a name has letters, digits and `_`".to_owned()),
        }
    }
}

/// Replaces each `${NAME}`; `$${` stands for `${` itself. What a variable holds is not looked at again.
pub(super) fn interpolate(
    text: &str,
    environment: &Environment,
) -> Result<String, InterpolateError> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        if rest[..at].ends_with('$') {
            out.push_str(&rest[..at - 1]);
            out.push_str("${");
            rest = &rest[at + 2..];
            continue;
        }
        out.push_str(&rest[..at]);
        let (name, after) = rest[at + 2..].split_once('}').ok_or(InterpolateError::Open)?;
        let valid = !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !valid {
            return Err(InterpolateError::Name(name.to_owned()));
        }
        out.push_str(&environment(name).ok_or_else(|| InterpolateError::Unset(name.to_owned()))?);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{InterpolateError, interpolate};
    use crate::sources::Environment;

    #[track_caller]
    fn check(text: &str, expected: Result<&str, InterpolateError>) {
        let environment: Environment = Arc::new(|name| match name {
            "HOST" => Some("example.com".to_owned()),
            "NESTED" => Some("${HOST}".to_owned()),
            _ => None,
        });
        assert_eq!(interpolate(text, &environment), expected.map(str::to_owned));
    }

    #[test]
    fn variables_are_filled_in_once() {
        check("plain $ text", Ok("plain $ text"));
        check("https://${HOST}/${HOST}", Ok("https://example.com/example.com"));
        check("${NESTED}", Ok("${HOST}"));
        check("$${HOST}", Ok("${HOST}"));
        check("${MISSING}", Err(InterpolateError::Unset("MISSING".into())));
        check("${HOST", Err(InterpolateError::Open));
        check("${}", Err(InterpolateError::Name(String::new())));
        check("${a b}", Err(InterpolateError::Name("a b".into())));
    }
}
