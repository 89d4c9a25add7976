//! Refusals as problems: one place decides status, code and words.

use app::input::BodyError;
use app::{App, Refusal};
use http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, StatusCode};

use crate::http::{Problem, ProblemError};

/// Turns a refusal into a problem. An internal cause is logged here and shown nowhere.
pub(super) fn of(app: &App, refusal: Refusal) -> Problem {
    match refusal {
        Refusal::Parameters(bad) => {
            let errors = bad
                .into_iter()
                .map(|bad| ProblemError {
                    parameter: Some(bad.name),
                    pointer: None,
                    code: bad.code,
                    detail: bad.detail,
                })
                .collect();
            Problem::new(
                StatusCode::BAD_REQUEST,
                "invalid_parameters",
                "some parameters are wrong; each is named in `errors`",
            )
            .with_errors(errors)
        }
        Refusal::Body(bad) => {
            let errors = bad
                .into_iter()
                .map(|bad| ProblemError {
                    pointer: Some(bad.pointer),
                    parameter: None,
                    code: bad.code,
                    detail: bad.detail,
                })
                .collect();
            Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid_body",
                "some members of the body are wrong; each is named in `errors`",
            )
            .with_errors(errors)
        }
        Refusal::Malformed(error) => malformed(&error),
        Refusal::NotFound => {
            Problem::new(StatusCode::NOT_FOUND, "not_found", "there is no such row")
        }
        Refusal::Unauthenticated => {
            let mut problem = Problem::new(
                StatusCode::UNAUTHORIZED,
                "unauthenticated",
                "sign in and send `Authorization: Bearer …`",
            );
            problem.headers.push((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")));
            problem
        }
        Refusal::Forbidden => {
            Problem::new(StatusCode::FORBIDDEN, "forbidden", "no rule allows you to do this")
        }
        Refusal::ForbiddenFields(fields) => Problem::new(
            StatusCode::FORBIDDEN,
            "forbidden_field",
            "no rule allows you to send some of the fields",
        )
        .with_errors(pointers(&fields, "forbidden_field", "you may not send this field")),
        Refusal::Stale => Problem::new(
            StatusCode::PRECONDITION_FAILED,
            "stale",
            "the row has changed since you read it, or is gone; read it again and repeat the change",
        ),
        Refusal::Exists => Problem::new(
            StatusCode::PRECONDITION_FAILED,
            "exists",
            "there is such a row already, and `If-None-Match: *` creates only",
        ),
        Refusal::Duplicate(fields) => Problem::new(
            StatusCode::CONFLICT,
            "duplicate",
            format!("another row has the same {}", fields.join(" and ")),
        )
        .with_errors(pointers(&fields, "duplicate", "this value is taken")),
        Refusal::Check { message, field } => {
            let detail = match &field {
                Some(field) => format!("{field} {message}"),
                None => message.clone(),
            };
            let fields: Vec<String> = field.into_iter().collect();
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "check_failed", detail)
                .with_errors(pointers(&fields, "check_failed", &message))
        }
        Refusal::Archived(entity) => {
            let name = &app.model.entity(entity).name;
            let detail = format!("it refers to a {name} that is archived; restore that first");
            Problem::new(StatusCode::CONFLICT, "archived", detail)
        }
        Refusal::InUse(by) => {
            let detail = match by {
                Some(by) => format!("{} refer to this row", app.model.entity(by).plural),
                None => "other rows refer to this row".to_owned(),
            };
            Problem::new(StatusCode::CONFLICT, "in_use", detail)
        }
        Refusal::TooManyRows { max } => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "too_many_rows",
            format!("at most {max} rows of this size are written at once; nothing was done"),
        ),
        Refusal::TooMany { what, max, bound } => {
            let detail = format!("at most {max} {what} run at a time ([limits] {bound})");
            let mut problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", detail);
            problem.headers.push((RETRY_AFTER, HeaderValue::from_static("5")));
            problem
        }
        Refusal::At { pointer, refusal } => below(pointer, of(app, *refusal)),
        Refusal::OfLine { refusal, .. } => of(app, *refusal),
        Refusal::OfRow { key, refusal } => {
            let mut problem = of(app, *refusal);
            problem.detail = format!("{key}: {}; nothing was done", problem.detail);
            problem
        }
        Refusal::AnswerTooLarge { bytes_max, bound } => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "answer_too_large",
            format!("the answer would exceed {bytes_max} bytes ({bound}); nothing was done"),
        ),
        Refusal::KeyReused => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency_key_reused",
            "this `Idempotency-Key` came with another request before; a new request has a new key",
        ),
        Refusal::Store(error) => of_store(&error),
    }
}

/// Makes the problem of a row one of the body that it is in.
fn below(pointer: String, mut problem: Problem) -> Problem {
    for error in &mut problem.errors {
        if let Some(inner) = &mut error.pointer {
            inner.insert_str(0, &pointer);
        }
    }
    if problem.errors.is_empty() {
        let (code, detail) = (problem.code, problem.detail.clone());
        problem.errors.push(ProblemError { pointer: Some(pointer), parameter: None, code, detail });
    }
    problem
}

fn of_store(error: &store::Error) -> Problem {
    let retry = |mut problem: Problem| {
        problem.headers.push((RETRY_AFTER, HeaderValue::from_static("1")));
        problem
    };
    match error {
        store::Error::Overloaded | store::Error::Busy | store::Error::Closed => {
            retry(Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "overloaded",
                "the server has too much to do; try again",
            ))
        }
        store::Error::Timeout => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "query_timeout",
            "the query takes too long; narrow the filter, or add an @index for it",
        ),
        other => {
            let cause = std::error::Error::source(other).map(ToString::to_string);
            tracing::error!(error = %other, cause, "a request failed");
            Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "something went wrong here; tell us the request id",
            )
        }
    }
}

fn pointers(fields: &[String], code: &'static str, detail: &str) -> Vec<ProblemError> {
    fields
        .iter()
        .map(|field| ProblemError {
            pointer: Some(app::pointer(field)),
            parameter: None,
            code,
            detail: detail.to_owned(),
        })
        .collect()
}

/// A body that is no JSON object.
pub(super) fn malformed(error: &BodyError) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "malformed_body", error.to_string())
}

/// A path that leads nowhere.
pub(crate) fn no_route(path: &str) -> Problem {
    let detail = format!("there is nothing at {path}; /api/v1 lists what there is");
    Problem::new(StatusCode::NOT_FOUND, "no_route", detail)
}

/// What is understood by itself, and not as one of a batch.
pub(crate) fn not_in_a_batch(method: &Method, path: &str) -> Problem {
    let detail = format!("{method} {path} is not an operation of a batch; send it by itself");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
}

/// A method that the path does not understand.
pub(crate) fn method_not_allowed(method: &Method, allowed: &'static str) -> Problem {
    let detail = format!("{method} is not understood here; use {allowed}");
    let mut problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail);
    problem.headers.push((ALLOW, HeaderValue::from_static(allowed)));
    problem
}
