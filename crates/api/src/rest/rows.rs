//! Lists and rows, read.

use app::Refusal;
use app::input::key_parts;
use app::operations;
use app::query::{AggregateQuery, HistoryQuery, Query, Ready, ReadyAggregate};
use app::transfer::Format;
use expr::EntityId;
use http::StatusCode;
use http::header::{IF_NONE_MATCH, LINK, VARY};
use plan::Bind;
use plan::read::{Page, RowBody, Total};

use super::reply::Reply;
use super::{Call, etag, export, params, problems};
use crate::http::accept::ListType;
use crate::http::{Problem, etag as condition};

/// What a page is written behind.
pub(super) const PAGE_PREFIX: &[u8] = b"{\"items\":";

/// `GET /posts`
pub(super) async fn list(call: &Call<'_>, entity: EntityId) -> Result<Reply, Problem> {
    let format = match ListType::accepted(&call.parts.headers) {
        ListType::Json => None,
        ListType::Csv => Some(Format::Csv),
        ListType::Ndjson => Some(Format::Ndjson),
    };
    if let Some(format) = format {
        return Box::pin(export::list(call, entity, format)).await;
    }
    let ready = call.page_wanted(entity)?;
    let page = operations::list(call.app, &call.caller, ready, PAGE_PREFIX).await;
    let reply = call.answer_page(page.map_err(|refusal| call.problem(refusal))?);
    // It would be CSV or NDJSON for others.
    Ok(reply.header(VARY, "accept"))
}

/// `GET /posts/aggregate`
pub(super) async fn aggregate(call: &Call<'_>, entity: EntityId) -> Result<Reply, Problem> {
    let ready = call.groups_wanted(entity)?;
    let page = operations::aggregate(call.app, &call.caller, ready, PAGE_PREFIX).await;
    Ok(call.answer_page(page.map_err(|refusal| call.problem(refusal))?))
}

/// Answers a page without links to its neighbours.
pub(super) fn page(mut page: Page) -> Reply {
    close(&mut page);
    let tag = etag::of_list(&page.json);
    Reply::json(StatusCode::OK, page.json).etag(&tag)
}

/// Ends a page's object, which `PAGE_PREFIX` began.
fn close(page: &mut Page) {
    let json = &mut page.json;
    json.extend_from_slice(b",\"next\":");
    write_cursor(json, page.next.as_deref());
    json.extend_from_slice(b",\"prev\":");
    write_cursor(json, page.prev.as_deref());
    let total = page.total.map(|total| match total {
        Total::Exact(rows) => format!(",\"total\":{rows}"),
        Total::MoreThan(rows) => format!(",\"totalMoreThan\":{rows}"),
    });
    json.extend_from_slice(total.unwrap_or_default().as_bytes());
    json.push(b'}');
}

fn write_cursor(json: &mut Vec<u8>, cursor: Option<&str>) {
    match cursor {
        // Cursors are base64url and need no escaping.
        Some(cursor) => {
            json.push(b'"');
            json.extend_from_slice(cursor.as_bytes());
            json.push(b'"');
        }
        None => json.extend_from_slice(b"null"),
    }
}

/// `GET /posts/{id}`
pub(super) async fn get(call: &Call<'_>, entity: EntityId, key: &str) -> Result<Reply, Problem> {
    let ready = call.row_wanted(entity)?;
    let key = call.key(entity, key)?;
    let row = operations::get(call.app, &call.caller, ready, key)
        .await
        .map_err(|refusal| call.problem(refusal))?;
    let tag = tag(&row, call.query_text().is_empty());
    if call.is_unmodified(&tag) {
        return Ok(Reply::not_modified().etag(&tag));
    }
    Ok(Reply::json(StatusCode::OK, row.json).etag(&tag))
}

/// `GET /posts/{id}/history`
pub(super) async fn history(
    call: &Call<'_>,
    entity: EntityId,
    key: &str,
) -> Result<Reply, Problem> {
    let mut query = HistoryQuery::new(call.app.read_bounds());
    params::history(&mut query, call.query_text());
    let ready = query.ready(entity).map_err(|bad| call.problem(Refusal::Parameters(bad)))?;
    let key = call.key(entity, key)?;
    let page = operations::history(call.app, &call.caller, ready, key, PAGE_PREFIX).await;
    Ok(call.answer_page(page.map_err(|refusal| call.problem(refusal))?))
}

/// Answers a row, whole as it is stored, or in part or with others.
pub(super) fn row(row: RowBody, whole: bool) -> Reply {
    let tag = tag(&row, whole);
    Reply::json(StatusCode::OK, row.json).etag(&tag)
}

fn tag(row: &RowBody, whole: bool) -> String {
    if whole { etag::of_row(row.hash) } else { etag::of_view(row.hash, &row.json) }
}

impl<'r> Call<'r> {
    pub(super) fn query_text(&self) -> &'r str {
        self.parts.uri.query().unwrap_or("")
    }

    pub(super) fn query(&'r self, entity: EntityId) -> Query<'r> {
        Query::new(&self.app.model, &self.caller, entity, self.app.read_bounds())
    }

    // Not part of the futures that call them, which then need no room for a query.

    fn row_wanted(&self, entity: EntityId) -> Result<Ready, Problem> {
        let mut query = self.query(entity);
        params::one(&mut query, self.query_text());
        query.one().map_err(|bad| self.problem(Refusal::Parameters(bad)))
    }

    fn page_wanted(&self, entity: EntityId) -> Result<Ready, Problem> {
        let mut query = self.query(entity);
        params::list(&mut query, self.query_text());
        query.many().map_err(|bad| self.problem(Refusal::Parameters(bad)))
    }

    fn groups_wanted(&self, entity: EntityId) -> Result<ReadyAggregate, Problem> {
        let (model, bounds) = (&self.app.model, self.app.read_bounds());
        let mut query = AggregateQuery::new(model, &self.caller, entity, bounds);
        params::aggregate(&mut query, self.query_text());
        query.ready().map_err(|bad| self.problem(Refusal::Parameters(bad)))
    }

    fn answer_page(&self, mut page: Page) -> Reply {
        close(&mut page);
        let tag = etag::of_list(&page.json);
        if self.is_unmodified(&tag) {
            return Reply::not_modified().etag(&tag);
        }
        let reply = Reply::json(StatusCode::OK, page.json).etag(&tag);
        let links = self.links(page.next.as_deref(), page.prev.as_deref());
        if links.is_empty() { reply } else { reply.header(LINK, &links) }
    }

    pub(super) fn problem(&self, refusal: Refusal) -> Problem {
        problems::of(self.app, refusal)
    }

    /// A key that cannot be one leads to no row.
    pub(super) fn key(&self, entity: EntityId, text: &str) -> Result<Vec<Bind>, Problem> {
        key_parts(self.app.model.entity(entity), text)
            .ok_or_else(|| self.problem(Refusal::NotFound))
    }

    fn is_unmodified(&self, tag: &str) -> bool {
        self.parts.headers.contains_key(IF_NONE_MATCH)
            && condition::none_match(&self.parts.headers, tag)
    }

    fn links(&self, next: Option<&str>, prev: Option<&str>) -> String {
        let path = self.parts.uri.path();
        let query = self.query_text();
        let link = |cursor: &str, start: &str, relation: &str| {
            format!("<{path}?{}>; rel=\"{relation}\"", params::moved(query, start, cursor))
        };
        let next = next.map(|cursor| link(cursor, "after", "next"));
        let prev = prev.map(|cursor| link(cursor, "before", "prev"));
        next.into_iter().chain(prev).collect::<Vec<_>>().join(", ")
    }
}
