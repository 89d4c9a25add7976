//! The service behind every connection: health, callers, and the application of the day.

use std::sync::Arc;

use app::App;
use app::callers::{Caller, Keyring};
use app::maintenance::Done;
use arc_swap::ArcSwap;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderValue, Request, StatusCode};
use hyper::body::Incoming;
use tokio::sync::{OwnedRwLockWriteGuard, RwLock};

use crate::docs::problems;
use crate::http::{Handler, Problem, RequestContext, Response};
use crate::rest::Rest;

/// Serves the current application, which can be swapped while requests run.
pub struct Service {
    current: ArcSwap<Current>,
    /// Closed while the model is swapped, so that no request runs yesterday's plans on today's
    /// tables.
    gate: Arc<RwLock<()>>,
}

struct Current {
    rest: Rest,
    keyring: Keyring,
}

/// Keeps requests waiting until dropped.
pub struct Closed(#[expect(dead_code, reason = "held for its drop")] OwnedRwLockWriteGuard<()>);

impl Service {
    /// Serves an application to callers whom the keyring knows.
    pub fn new(app: Arc<App>, keyring: Keyring) -> Self {
        let current = Current { rest: Rest::new(app), keyring };
        Self { current: ArcSwap::from_pointee(current), gate: Arc::default() }
    }

    /// Waits for the requests under way, and keeps others waiting.
    pub async fn close_gate(&self) -> Closed {
        Closed(Arc::clone(&self.gate).write_owned().await)
    }

    /// Serves another application from now on.
    pub fn swap(&self, app: Arc<App>, keyring: Keyring) {
        self.current.store(Arc::new(Current { rest: Rest::new(app), keyring }));
    }
}

impl Service {
    /// Does what the application has to do now and then.
    pub async fn maintain(&self) {
        let _open = self.gate.read().await;
        let app = Arc::clone(&self.current.load().rest.app);
        match app::maintenance::run(&app).await {
            Ok(done) if done == Done::default() => {}
            Ok(Done { rows, entries }) => tracing::info!(
                rows,
                entries,
                "deleted {rows} archived rows for good, and {entries} entries of histories"
            ),
            Err(error) => tracing::warn!(error = %error, "maintenance failed, to be tried again"),
        }
    }

    async fn ready(&self, context: &RequestContext) -> Response {
        let store = self.current.load().rest.app.store.clone();
        match store.ready().await {
            Ok(()) => Response::default(),
            Err(error) => {
                tracing::warn!(error = %error, "not ready");
                let detail = "the database does not answer";
                let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", detail);
                problem.into_response(&context.request_id)
            }
        }
    }
}

impl Handler for Service {
    async fn handle(&self, request: Request<Incoming>, context: &RequestContext) -> Response {
        let (parts, body) = request.into_parts();
        match parts.uri.path() {
            // Alive as long as it answers; ready as long as the database does.
            "/healthz" => return Response::default(),
            "/readyz" => return self.ready(context).await,
            path if problems::is_here(path) => return problems::answer(&parts, context),
            _ => {}
        }
        let _open = self.gate.read().await;
        let current = self.current.load_full();
        match caller(&current, &parts) {
            Ok(caller) => current.rest.handle(&parts, body, caller.as_ref(), context).await,
            Err(problem) => problem.into_response(&context.request_id),
        }
    }
}

/// Verifies who calls. A request without a token has no caller; one with a bad token is refused.
fn caller(current: &Current, parts: &Parts) -> Result<Option<Caller>, Problem> {
    let Some(header) = parts.headers.get(AUTHORIZATION) else { return Ok(None) };
    let token = header
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or_else(|| invalid_token("send `Authorization: Bearer` and a token"))?;
    let now = current.rest.app.clock.now();
    match current.keyring.verify(token, now) {
        Ok(caller) => Ok(Some(caller)),
        Err(error) => Err(invalid_token(&error.to_string())),
    }
}

fn invalid_token(detail: &str) -> Problem {
    let mut problem = Problem::new(StatusCode::UNAUTHORIZED, "invalid_token", detail);
    // RFC 6750 section 3
    let value = HeaderValue::from_static("Bearer error=\"invalid_token\"");
    problem.headers.push((WWW_AUTHENTICATE, value));
    problem
}
