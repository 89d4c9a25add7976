//! The reads: one post, the newest posts of an author, and these with their author.

use std::cell::OnceCell;
use std::path::{Path as FilePath, PathBuf};
use std::sync::OnceLock;

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Row, Statement};
use serde::Deserialize;
use uuid::Uuid;

use crate::caller::Caller;
use crate::json::write_post;
use crate::{Failure, json};

const GET: &str = "SELECT id, author_id, title, body, status, created_at, view_count \
    FROM blog_post WHERE id = ?1 AND (status = 'PUBLISHED' OR author_id = ?2)";

const LIST: &str = "SELECT id, author_id, title, body, status, created_at, view_count \
    FROM blog_post WHERE author_id = ?1 AND (status = 'PUBLISHED' OR author_id = ?2) \
    AND (created_at, id) < (?3, ?4) ORDER BY created_at DESC, id DESC LIMIT ?5";

const EXPAND: &str = "SELECT p.id, p.author_id, p.title, p.body, p.status, p.created_at, \
    p.view_count, u.name, u.email \
    FROM blog_post AS p JOIN blog_user AS u ON u.id = p.author_id \
    WHERE p.author_id = ?1 AND (p.status = 'PUBLISHED' OR p.author_id = ?2) \
    AND (p.created_at, p.id) < (?3, ?4) ORDER BY p.created_at DESC, p.id DESC LIMIT ?5";

/// The largest page.
const LIMIT_MAX: u32 = 200;

/// What a post's row takes, about; sizes the buffers.
const POST_BYTES: usize = 1536;

static DATABASE: OnceLock<PathBuf> = OnceLock::new();

thread_local! {
    static READER: OnceCell<std::cell::RefCell<Reader>> = const { OnceCell::new() };
}

/// A thread's prepared statements, on a connection of its own.
struct Reader {
    get: Statement<'static>,
    list: Statement<'static>,
    expand: Statement<'static>,
}

impl Reader {
    fn open(path: &FilePath) -> rusqlite::Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.execute_batch(PRAGMAS)?;
        // Without it SQLite prepares anew whenever a value is bound that its statistics know of.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        // A thread's connection lives as long as the process.
        let connection: &'static Connection = Box::leak(Box::new(connection));
        Ok(Self {
            get: connection.prepare(GET)?,
            list: connection.prepare(LIST)?,
            expand: connection.prepare(EXPAND)?,
        })
    }
}

/// The settings of reading connections, as Mainstay's store has them.
const PRAGMAS: &str = "PRAGMA busy_timeout = 5000; PRAGMA temp_store = MEMORY; \
    PRAGMA mmap_size = 1073741824; PRAGMA query_only = ON;";

/// Remembers the database and proves that it can be read.
pub(crate) fn open(path: &FilePath) -> anyhow::Result<()> {
    Reader::open(path)?;
    DATABASE.get_or_init(|| path.to_owned());
    Ok(())
}

fn with_reader<T>(run: impl FnOnce(&mut Reader) -> Result<T, Failure>) -> Result<T, Failure> {
    READER.with(|cell| {
        if cell.get().is_none() {
            let path = DATABASE.get().ok_or(Failure::Database)?;
            let reader = Reader::open(path)?;
            cell.get_or_init(|| std::cell::RefCell::new(reader));
        }
        let reader = cell.get().ok_or(Failure::Database)?;
        run(&mut reader.borrow_mut())
    })
}

/// Answers with one post.
pub(crate) async fn get(caller: Caller, Path(id): Path<Uuid>) -> Result<Response, Failure> {
    with_reader(|reader| {
        reader.get.raw_bind_parameter(1, id.as_bytes().as_slice())?;
        reader.get.raw_bind_parameter(2, caller.id.as_bytes().as_slice())?;
        let mut rows = reader.get.raw_query();
        let row = rows.next()?.ok_or(Failure::NotFound)?;
        let mut out = Vec::with_capacity(POST_BYTES);
        write_post(&mut out, row, false)?;
        Ok(json(StatusCode::OK, out))
    })
}

/// The parameters of a list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    author: Uuid,
    sort: String,
    #[serde(default = "default_limit")]
    limit: u32,
    expand: Option<String>,
    after: Option<String>,
}

fn default_limit() -> u32 {
    20
}

/// Answers with the newest posts of an author.
pub(crate) async fn list(
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Response, Failure> {
    let expand = match query.expand.as_deref() {
        None => false,
        Some("author") => true,
        Some(_) => return Err(Failure::Invalid),
    };
    if query.sort != "-createdAt" || !(1..=LIMIT_MAX).contains(&query.limit) {
        return Err(Failure::Invalid);
    }
    let (time, id) = match &query.after {
        None => (i64::MAX, [0xff; 16]),
        Some(cursor) => read_cursor(cursor).ok_or(Failure::Invalid)?,
    };
    with_reader(|reader| {
        let statement = if expand { &mut reader.expand } else { &mut reader.list };
        statement.raw_bind_parameter(1, query.author.as_bytes().as_slice())?;
        statement.raw_bind_parameter(2, caller.id.as_bytes().as_slice())?;
        statement.raw_bind_parameter(3, time)?;
        statement.raw_bind_parameter(4, id.as_slice())?;
        statement.raw_bind_parameter(5, i64::from(query.limit) + 1)?;
        let mut rows = statement.raw_query();
        let mut out = Vec::with_capacity(query.limit as usize * POST_BYTES);
        out.extend_from_slice(b"{\"items\":[");
        let mut count = 0;
        let mut last = None;
        let mut more = false;
        while let Some(row) = rows.next()? {
            if count == query.limit {
                more = true;
                break;
            }
            if count > 0 {
                out.push(b',');
            }
            write_post(&mut out, row, expand)?;
            count += 1;
            if count == query.limit {
                last = Some(cursor(row)?);
            }
        }
        out.extend_from_slice(b"],\"next\":");
        match last.filter(|_| more) {
            Some(last) => {
                out.push(b'"');
                out.extend_from_slice(last.as_bytes());
                out.push(b'"');
            }
            None => out.extend_from_slice(b"null"),
        }
        // No request of the workload pages back.
        out.extend_from_slice(b",\"prev\":null}");
        Ok(json(StatusCode::OK, out))
    })
}

fn cursor(row: &Row<'_>) -> rusqlite::Result<String> {
    let mut bytes = [0; 24];
    bytes[..8].copy_from_slice(&row.get_ref(5)?.as_i64()?.to_be_bytes());
    bytes[8..].copy_from_slice(&row.get::<_, [u8; 16]>(0)?);
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

fn read_cursor(text: &str) -> Option<(i64, [u8; 16])> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let time = i64::from_be_bytes(bytes.get(..8)?.try_into().ok()?);
    Some((time, bytes.get(8..)?.try_into().ok()?))
}
