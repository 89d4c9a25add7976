//! What surrounds every request, whatever handles it: an id, bounds, CORS, compression, headers,
//! and an answer also where the handler panics or takes too long.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;

use app::ids::Ids;
use futures_util::FutureExt;
use http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, HeaderValue, IF_NONE_MATCH, ORIGIN, RETRY_AFTER,
};
use http::{Method, Request, StatusCode};
use hyper::body::Incoming;
use tokio::time::timeout;

use super::AnswerBody;
use super::access_log::AccessLog;
use super::client::Origin;
use super::compress::{self, Condition};
use super::encoding::Coding;
use super::redirect;
use super::request_id::X_REQUEST_ID;
use super::settings::Settings;
use super::target;
use super::{Patience, Problem, RequestContext, RequestId, Response};

/// Answers may depend on the caller: kept by nobody else, and asked about before use.
const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-cache");
/// What a header costs besides name and value: `: ` and the end of its line.
const HEADER_OVERHEAD_BYTES: usize = 4;

/// Answers requests.
pub trait Handler: Send + Sync + 'static {
    /// Answers one request. HEAD is answered like GET; the shell keeps the body back.
    fn handle(
        &self,
        request: Request<Incoming>,
        context: &RequestContext,
    ) -> impl Future<Output = Response> + Send;
}

/// A handler and what surrounds each of its requests.
pub struct Shell<H> {
    handler: Arc<H>,
    pub(super) settings: Settings,
    ids: Ids,
}

impl<H: Handler> Shell<H> {
    /// Surrounds a handler.
    pub fn new(handler: Arc<H>, settings: Settings, ids: Ids) -> Self {
        Self { handler, settings, ids }
    }

    /// Answers a request.
    pub(super) async fn respond(&self, request: Request<Incoming>, from: Origin) -> Response {
        let headers = request.headers();
        let request_id = RequestId::of(headers, &self.ids);
        let client = self.settings.trust.client(from, headers);
        let is_secure = client.is_secure;
        let log = AccessLog::start(request.method(), request.uri(), &client);
        let is_head = request.method() == Method::HEAD;
        let origin = headers.get(ORIGIN).cloned();
        let coding = Coding::accepted(headers);
        let condition = if headers.contains_key(IF_NONE_MATCH) {
            Condition::of(headers)
        } else {
            Condition::default()
        };

        let mut response = match self.answer_early(&request, from, &request_id) {
            Some(Early::Response(response)) => response,
            Some(Early::Problem(problem)) => {
                self.share(problem.into_response(&request_id), &origin)
            }
            None => {
                let patience = Patience::default();
                let context = RequestContext { request_id, client, patience };
                self.share(self.run(request, &context).await, &origin)
            }
        };
        response = compress::compress(response, coding, &condition).await;
        let headers = response.headers_mut();
        headers.insert(X_REQUEST_ID, request_id.header());
        headers.entry(CACHE_CONTROL).or_insert(PRIVATE);
        self.settings.security.apply(headers, is_secure);
        if is_head {
            response = without_body(response);
        }
        log.finish(response.status(), &request_id);
        response
    }

    /// Answers what need not reach the handler.
    fn answer_early(
        &self,
        request: &Request<Incoming>,
        from: Origin,
        request_id: &RequestId,
    ) -> Option<Early> {
        let url_bytes = request.uri().path_and_query().map_or(0, |url| url.as_str().len());
        if url_bytes > self.settings.url_bytes_max {
            return Some(Early::Problem(url_too_long(self.settings.url_bytes_max)));
        }
        if head_bytes(request, url_bytes) > self.settings.head_bytes_max {
            return Some(Early::Problem(head_too_large(self.settings.head_bytes_max)));
        }
        if !target::is_clear(request) {
            return Some(Early::Problem(unclear_target()));
        }
        if let Some(port) = from.redirect {
            return Some(Early::Response(redirect::answer(request, port, request_id)));
        }
        let preflight = self.settings.cors.preflight(request.method(), request.headers());
        preflight.map(Early::Response)
    }

    /// Runs the handler within its time, and answers for it where it fails.
    async fn run(&self, request: Request<Incoming>, context: &RequestContext) -> Response {
        // State that a panic left halfway is the handler's own: it locks nothing across requests.
        let handled = AssertUnwindSafe(self.handler.handle(request, context)).catch_unwind();
        let mut handled = pin!(handled);
        let mut ended = timeout(self.settings.request_timeout, &mut handled).await;
        if ended.is_err() && context.patience.is_left_to_handler() {
            ended = Ok(handled.await);
        }
        match ended {
            Ok(Ok(response)) => response,
            Ok(Err(panic)) => {
                let message = panic_message(&*panic);
                tracing::error!(request.id = %context.request_id, panic = message, "a request panicked");
                internal().into_response(&context.request_id)
            }
            Err(_) => {
                tracing::warn!(request.id = %context.request_id, "a request took too long");
                let seconds = self.settings.request_timeout.as_secs_f32();
                let detail =
                    format!("a request takes at most {seconds} s ([limits] request_timeout)");
                let mut problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "timeout", detail);
                problem.headers.push((RETRY_AFTER, HeaderValue::from_static("1")));
                problem.into_response(&context.request_id)
            }
        }
    }

    fn share(&self, mut response: Response, origin: &Option<HeaderValue>) -> Response {
        self.settings.cors.apply(origin.as_ref(), response.headers_mut());
        response
    }
}

/// An answer that the handler has no part in.
enum Early {
    /// A preflight's, or one that sends on to HTTPS.
    Response(Response),
    Problem(Problem),
}

/// Keeps the body back, but not its length.
fn without_body(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    if let Some(length) = body.length().filter(|length| *length > 0) {
        parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    Response::from_parts(parts, AnswerBody::default())
}

fn head_bytes(request: &Request<Incoming>, url_bytes: usize) -> usize {
    let headers: usize = request
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + HEADER_OVERHEAD_BYTES)
        .sum();
    headers + url_bytes + request.method().as_str().len()
}

fn url_too_long(max: usize) -> Problem {
    let detail = format!("path and query have at most {max} bytes ([limits] url_bytes_max)");
    Problem::new(StatusCode::URI_TOO_LONG, "url_too_long", detail)
}

fn head_too_large(max: usize) -> Problem {
    let detail = format!("a request's head has at most {max} bytes ([limits] header_bytes_max)");
    Problem::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "head_too_large", detail)
}

fn unclear_target() -> Problem {
    let detail = "a request has a path, and names its host once";
    Problem::new(StatusCode::BAD_REQUEST, "invalid_target", detail)
}

fn internal() -> Problem {
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        "something went wrong here; tell us the request id",
    )
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
