//! The REST API: paths to operations, operations to answers. It holds no rule and no SQL.

mod batch;
mod bulk;
mod etag;
mod export;
mod import;
mod index;
mod once;
mod params;
pub(crate) mod problems;
mod reply;
mod route;
mod rows;
mod writes;

use std::sync::Arc;

use app::App;
use app::callers::Caller;
use http::Method;
use http::request::Parts;
use hyper::body::Incoming;

use crate::http::{Problem, RequestContext, Response, body, pieces};

pub use route::Routes;

use reply::Reply;
use route::Target;

/// An application and the paths that lead into it.
pub struct Rest {
    /// The application.
    pub app: Arc<App>,
    routes: Routes,
}

/// One request on its way through the REST API.
pub(crate) struct Call<'r> {
    pub(crate) app: &'r Arc<App>,
    pub(crate) caller: expr::Caller<'static>,
    pub(crate) parts: &'r Parts,
    pub(crate) context: &'r RequestContext,
}

impl Rest {
    /// Builds the routes of an application's model.
    pub fn new(app: Arc<App>) -> Self {
        let routes = Routes::of(&app.model, &app.config.api.default);
        Self { app, routes }
    }

    /// Answers a request.
    pub async fn handle(
        &self,
        parts: &Parts,
        body: Incoming,
        caller: Option<&Caller>,
        context: &RequestContext,
    ) -> Response {
        match self.answer(parts, body, caller, context).await {
            Ok(reply) => reply.into_response(),
            Err(problem) => problem.into_response(&context.request_id),
        }
    }

    /// Returns the request's id where a write may be kept with it.
    fn kept_request(&self, parts: &Parts, context: &RequestContext) -> Option<Arc<str>> {
        let kept = self.routes.has_histories() && !parts.method.is_safe();
        kept.then(|| Arc::from(&*context.request_id))
    }

    async fn answer(
        &self,
        parts: &Parts,
        incoming: Incoming,
        caller: Option<&Caller>,
        context: &RequestContext,
    ) -> Result<Reply, Problem> {
        let caller = expr::Caller {
            user: caller.map(|caller| Arc::clone(&caller.claims)),
            now: self.app.clock.now(),
            input: &[],
            request: self.kept_request(parts, context),
        };
        let call = Call { app: &self.app, caller, parts, context };
        let target = self.routes.find(parts.uri.path());
        let Some(allowed) = target.allowed() else {
            return Err(problems::no_route(parts.uri.path()));
        };
        // HEAD is GET without the body, which the shell cuts off.
        let method = if parts.method == Method::HEAD { &Method::GET } else { &parts.method };
        match (target, method) {
            (Target::Index, &Method::GET) => Ok(index::index(&call)),
            (Target::Collection(entity), &Method::GET) => rows::list(&call, entity).await,
            (Target::Aggregate(entity), &Method::GET) => rows::aggregate(&call, entity).await,
            (Target::Row(entity, key), &Method::GET) => rows::get(&call, entity, key).await,
            (Target::History(entity, key), &Method::GET) => {
                // Boxed as well: few ask.
                Box::pin(rows::history(&call, entity, key)).await
            }
            (target, &Method::OPTIONS) => {
                let reply = Reply::no_content().header(http::header::ALLOW, allowed);
                Ok(match target {
                    Target::Row(..) => reply.header(body::ACCEPT_PATCH, body::PATCHES),
                    Target::Collection(_) => reply
                        .header(body::ACCEPT_PATCH, body::PATCHES)
                        .header(pieces::ACCEPT_POST, pieces::POSTS),
                    _ => reply,
                })
            }
            // Boxed, so that a read's future has no room for the largest write's.
            (target, _) => Box::pin(self.write(&call, target, allowed, incoming)).await,
        }
    }

    /// Answers a request that may change something.
    async fn write(
        &self,
        call: &Call<'_>,
        target: Target<'_>,
        allowed: &'static str,
        incoming: Incoming,
    ) -> Result<Reply, Problem> {
        match (target, &call.parts.method) {
            (Target::Collection(entity), &Method::POST) => {
                writes::create(call, entity, incoming).await
            }
            (Target::Batch, &Method::POST) => batch::run(call, &self.routes, incoming).await,
            (Target::Collection(entity), &Method::PUT) => {
                writes::put_by_unique_key(call, entity, incoming).await
            }
            (Target::Collection(entity), &Method::PATCH) => {
                bulk::update(call, entity, incoming).await
            }
            (Target::Collection(entity), &Method::DELETE) => bulk::delete(call, entity).await,
            (Target::Row(entity, key), &Method::PUT) => {
                writes::put(call, entity, key, incoming).await
            }
            (Target::Row(entity, key), &Method::PATCH) => {
                writes::update(call, entity, key, incoming).await
            }
            (Target::Row(entity, key), &Method::DELETE) => writes::delete(call, entity, key).await,
            (Target::Restore(entity, key), &Method::POST) => {
                writes::restore(call, entity, key).await
            }
            (_, method) => Err(problems::method_not_allowed(method, allowed)),
        }
    }
}
