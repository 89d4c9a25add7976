//! `POST /batch`: several operations in one transaction.

mod envelope;

use std::sync::Arc;

use app::operations::{
    Action, Batch, Failure, Failures, Key, Objects, Operation, Outcome, Patch, Place,
};
use app::query::{AggregateQuery, Query};
use app::{App, Refusal};
use expr::EntityId;
use http::header::{CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use hyper::body::Incoming;

use super::reply::Reply;
use super::route::{Routes, Target};
use super::{Call, params, problems, rows, writes};
use crate::http::body::PatchType;
use crate::http::prefer::Return;
use crate::http::{Problem, ProblemError, ProblemOperation, body};
use envelope::Entry;

/// What an operation is answered like.
#[derive(Debug, Clone, Copy)]
enum Shown {
    Created,
    Changed,
    Deleted,
    /// A row; as it is stored, or in part or with others.
    Row {
        whole: bool,
    },
    Page,
}

/// An operation's name, and what its answer is like.
struct Slot {
    id: Option<String>,
    shown: Shown,
}

/// `POST /batch`
pub(super) async fn run(
    call: &Call<'_>,
    routes: &Routes,
    incoming: Incoming,
) -> Result<Reply, Problem> {
    let limits = &call.app.config.limits;
    let bytes = body::read_json(&call.parts.headers, incoming, limits).await?;
    let entries = envelope::parse(&bytes, limits.batch_operations_max)?;
    let mut slots = Vec::with_capacity(entries.len());
    let mut operations = Vec::with_capacity(entries.len());
    for (at, entry) in entries.into_iter().enumerate() {
        let id = entry.id.clone();
        let (action, shown) =
            action(call, routes, entry).map_err(|problem| inside(problem, at, id.as_deref()))?;
        slots.push(Slot { id: id.clone(), shown });
        operations.push(Operation { id, action });
    }
    let slots: Arc<[Slot]> = slots.into();
    let shown = Arc::clone(&slots);
    let preferred = Return::preferred(&call.parts.headers);
    call.write(
        &bytes,
        async { Batch::prepare(call.app, call.caller.clone(), operations) },
        |failures| refused(call, &slots, failures),
        move |app, outcomes| answer(app, preferred, &shown, outcomes),
    )
    .await
}

/// Turns an operation as it was sent into what the application does, and says how it is answered.
fn action(call: &Call<'_>, routes: &Routes, entry: Entry) -> Result<(Action, Shown), Problem> {
    let Entry { method, path, body, content_type, if_match, if_none_match, .. } = entry;
    let max = call.app.config.limits.url_bytes_max;
    if path.len() as u64 > max {
        let detail = format!("a path has at most {max} bytes ([limits] url_bytes_max)");
        return Err(wrong("too_long", detail));
    }
    let (path, query) = path.split_once('?').unwrap_or((&path, ""));
    if query.contains("${") {
        let detail = "a reference stands for a part of the key, not for what is behind `?`";
        return Err(wrong("reference", detail));
    }
    let target = path.strip_prefix('/').map_or(Target::Nothing, |path| routes.below(path));
    let problem = |refusal| call.problem(refusal);
    let key = |entity: EntityId, key: &str| {
        Key::parse(call.app.model.entity(entity), key).map_err(problem)
    };
    let body = || body.ok_or_else(|| missing_body(&method));
    let conditions = || headers([(IF_MATCH, &if_match), (IF_NONE_MATCH, &if_none_match)]);
    let precondition = || writes::precondition(&conditions()?);
    let read = |entity: EntityId| {
        Query::new(&call.app.model, &call.caller, entity, call.app.read_bounds())
    };
    let bad = |bad| problem(Refusal::Parameters(bad));
    Ok(match (target, &method) {
        (Target::Collection(entity), &Method::POST) => {
            (Action::Create { entity, body: body()? }, Shown::Created)
        }
        (Target::Row(entity, text), &Method::PATCH) => {
            let objects = match &content_type {
                Some(_) => match body::patch_type(&headers([(CONTENT_TYPE, &content_type)])?)? {
                    PatchType::Json => Objects::Replace,
                    PatchType::Merge => Objects::Merge,
                },
                None => Objects::Replace,
            };
            let (key, precondition) = (key(entity, text)?, precondition()?);
            let patch = Patch { body: body()?, objects };
            (Action::Update { entity, key, patch, precondition }, Shown::Changed)
        }
        (Target::Row(entity, text), &Method::PUT) => {
            let place = Place::Key(key(entity, text)?);
            let precondition = writes::put_precondition(&conditions()?)?;
            (Action::Put { entity, place, body: body()?, precondition }, Shown::Changed)
        }
        (Target::Collection(entity), &Method::PUT) => {
            let place =
                Place::Unique(writes::address(&call.app.model, entity, query).map_err(bad)?);
            let precondition = writes::put_precondition(&conditions()?)?;
            (Action::Put { entity, place, body: body()?, precondition }, Shown::Changed)
        }
        (Target::Row(entity, text), &Method::DELETE) => {
            let (key, precondition) = (key(entity, text)?, precondition()?);
            (Action::Delete { entity, key, precondition }, Shown::Deleted)
        }
        (Target::Row(entity, text), &Method::GET) => {
            let mut parts = read(entity);
            params::one(&mut parts, query);
            let ready = parts.one().map_err(bad)?;
            let shown = Shown::Row { whole: query.is_empty() };
            (Action::Get { ready, key: key(entity, text)? }, shown)
        }
        (Target::Collection(entity), &Method::GET) => {
            let mut parts = read(entity);
            params::list(&mut parts, query);
            let ready = parts.many().map_err(bad)?;
            (Action::List { ready, prefix: rows::PAGE_PREFIX }, Shown::Page)
        }
        (Target::Aggregate(entity), &Method::GET) => {
            let (model, bounds) = (&call.app.model, call.app.read_bounds());
            let mut parts = AggregateQuery::new(model, &call.caller, entity, bounds);
            params::aggregate(&mut parts, query);
            let ready = parts.ready().map_err(bad)?;
            (Action::Aggregate { ready, prefix: rows::PAGE_PREFIX }, Shown::Page)
        }
        (Target::Nothing, _) => return Err(problems::no_route(path)),
        (Target::Restore(..), &Method::POST)
        | (Target::History(..), &Method::GET)
        | (Target::Collection(_), &Method::PATCH | &Method::DELETE) => {
            return Err(problems::not_in_a_batch(&method, path));
        }
        (target, method) => {
            let allowed = target.allowed().unwrap_or_default();
            return Err(problems::method_not_allowed(method, allowed));
        }
    })
}

/// Turns members into the headers that they stand for.
fn headers<const N: usize>(
    members: [(HeaderName, &Option<String>); N],
) -> Result<HeaderMap, Problem> {
    let mut headers = HeaderMap::new();
    for (name, text) in members {
        let Some(text) = text else { continue };
        let value = HeaderValue::from_str(text).map_err(|_| {
            let detail = format!("`{name}` cannot be a header's value");
            Problem::new(StatusCode::BAD_REQUEST, "invalid_header", detail)
        })?;
        headers.insert(name, value);
    }
    Ok(headers)
}

fn wrong(code: &'static str, detail: impl Into<String>) -> Problem {
    let detail = detail.into();
    let error = ProblemError { parameter: Some("path".to_owned()), pointer: None, code, detail };
    Problem::new(
        StatusCode::BAD_REQUEST,
        "invalid_parameters",
        "some parameters are wrong; each is named in `errors`",
    )
    .with_errors(vec![error])
}

fn missing_body(method: &Method) -> Problem {
    let error = ProblemError {
        pointer: Some(String::new()),
        parameter: None,
        code: "required",
        detail: format!("a {method} has a `body`"),
    };
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "invalid_body",
        "some members of the body are wrong; each is named in `errors`",
    )
    .with_errors(vec![error])
}

/// Says which operation a problem is about, and points from the batch's body.
fn inside(mut problem: Problem, at: usize, id: Option<&str>) -> Problem {
    for error in &mut problem.errors {
        match (&error.pointer, error.parameter.as_deref()) {
            (Some(pointer), _) => error.pointer = Some(format!("/operations/{at}/body{pointer}")),
            (None, Some("id")) => {
                error.pointer = Some(format!("/operations/{at}/id"));
                error.parameter = None;
            }
            (None, parameter) => {
                if parameter == Some("path") {
                    error.parameter = None;
                }
                error.pointer = Some(format!("/operations/{at}/path"));
            }
        }
    }
    let operation = ProblemOperation { index: at, id: id.map(str::to_owned) };
    problem.operation = Some(Box::new(operation));
    problem
}

/// Tells the first failure; and with wrong members those of all bodies that were looked at.
fn refused(call: &Call<'_>, slots: &[Slot], failures: Failures) -> Problem {
    let mut all = failures.0.into_iter().map(|Failure { at, refusal }| {
        let problem = call.problem(refusal);
        match at {
            Some(at) => inside(problem, at, slots.get(at).and_then(|slot| slot.id.as_deref())),
            None => problem,
        }
    });
    let Some(mut first) = all.next() else {
        unreachable!("a batch is refused for a reason");
    };
    if first.code == "invalid_body" {
        let others = all.filter(|other| other.code == first.code);
        first.errors.extend(others.flat_map(|other| other.errors).collect::<Vec<_>>());
    }
    first
}

fn answer(app: &App, preferred: Option<Return>, slots: &[Slot], outcomes: Vec<Outcome>) -> Reply {
    let mut json = b"{\"results\":[".to_vec();
    for (at, (slot, outcome)) in slots.iter().zip(outcomes).enumerate() {
        if at > 0 {
            json.push(b',');
        }
        let reply = match (slot.shown, outcome) {
            (Shown::Created, Outcome::Saved(saved)) => writes::created(app, preferred, saved),
            (Shown::Deleted, Outcome::Saved(_)) => Reply::no_content(),
            (_, Outcome::Saved(saved)) => writes::changed(preferred, saved.row),
            (_, Outcome::Put(put)) => writes::put_reply(app, preferred, put),
            (Shown::Row { whole }, Outcome::Row(row)) => rows::row(row, whole),
            (_, Outcome::Row(row)) => rows::row(row, true),
            (_, Outcome::Page(page)) => rows::page(page),
        };
        reply.write_result(&mut json, slot.id.as_deref());
    }
    json.extend_from_slice(b"]}");
    Reply::json(StatusCode::OK, json)
}
