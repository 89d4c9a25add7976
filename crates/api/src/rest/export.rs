//! `GET /posts` as CSV or NDJSON: all rows, while they are read.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use app::Refusal;
use app::query::Query;
use app::transfer::{self, By, Export, Format};
use bytes::Bytes;
use expr::EntityId;
use http::Method;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, VARY};
use hyper::body::{Body, Frame};

use super::reply::Reply;
use super::{Call, params};
use crate::http::{AnswerBody, Broken, Problem};

/// Answers with all rows that match.
pub(super) async fn list(
    call: &Call<'_>,
    entity: EntityId,
    format: Format,
) -> Result<Reply, Problem> {
    let mut query = Query::new(&call.app.model, &call.caller, entity, call.app.export_bounds());
    params::export(&mut query, call.query_text(), format);
    let ready = query.many().map_err(|bad| call.problem(Refusal::Parameters(bad)))?;
    let (kind, extension) = match format {
        Format::Csv => ("text/csv; charset=utf-8; header=present", "csv"),
        Format::Ndjson => ("application/x-ndjson", "ndjson"),
    };
    let by = By::Caller(call.caller.clone());
    let body: Result<AnswerBody, Refusal> = if call.parts.method == Method::HEAD {
        transfer::check(call.app, &by, &ready).map(|()| Rows(None).into())
    } else {
        transfer::export(call.app, by, ready, format, call.app.export_times())
            .await
            .map(|export| Rows(Some(next(export))).into())
    };
    let file = format!("{}.{extension}", call.app.model.entity(entity).route);
    Ok(Reply::stream(body.map_err(|refusal| call.problem(refusal))?)
        .header(CONTENT_TYPE, kind)
        .header(CONTENT_DISPOSITION, &format!("attachment; filename=\"{file}\""))
        .header(VARY, "accept")
        // It may be large, and is another snapshot the next time.
        .header(CACHE_CONTROL, "no-store"))
}

type Next = Pin<Box<dyn Future<Output = (Export, Result<Option<Vec<u8>>, store::Error>)> + Send>>;

/// The rows as a body. That it breaks off reaches the client as a body without its end.
struct Rows(Option<Next>);

impl From<Rows> for AnswerBody {
    fn from(rows: Rows) -> Self {
        Self::Stream(Box::pin(rows))
    }
}

fn next(mut export: Export) -> Next {
    Box::pin(async move {
        let piece = export.next().await;
        (export, piece)
    })
}

impl Body for Rows {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let Some(waiting) = &mut self.0 else { return Poll::Ready(None) };
        let (export, piece) = ready!(waiting.as_mut().poll(cx));
        self.0 = None;
        Poll::Ready(match piece {
            Ok(Some(bytes)) => {
                self.0 = Some(next(export));
                Some(Ok(Frame::data(bytes.into())))
            }
            Ok(None) => None,
            Err(_) => Some(Err(Broken)),
        })
    }
}
