//! The writer: one thread, one connection, durable group commit.

use std::path::Path;

use anyhow::Context;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, Statement, params};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::Failure;
use crate::json::write_post;

/// Writes that may wait for the writer; more wait in their handlers.
const QUEUE_MAX: usize = 1024;

/// The most writes in one transaction, so that the first does not wait too long for the last.
const BATCH_MAX: usize = 256;

const PRAGMAS: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; \
    PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; \
    PRAGMA mmap_size = 1073741824;";

const CREATE: &str = "INSERT INTO blog_post \
    (id, author_id, title, body, status, created_at, view_count) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
    RETURNING id, author_id, title, body, status, created_at, view_count";

const UPDATE: &str = "UPDATE blog_post SET title = coalesce(?3, title), \
    body = coalesce(?4, body), status = coalesce(?5, status) WHERE id = ?1 AND author_id = ?2 \
    RETURNING id, author_id, title, body, status, created_at, view_count";

/// A write.
pub(crate) enum Write {
    /// A new post.
    Create(NewPost),
    /// A change of a post.
    Update(Change),
}

/// A post to be created.
pub(crate) struct NewPost {
    pub(crate) id: Uuid,
    pub(crate) author: Uuid,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) status: &'static str,
    pub(crate) created_at: i64,
    pub(crate) view_count: i32,
}

/// What changes in a post.
pub(crate) struct Change {
    pub(crate) id: Uuid,
    pub(crate) author: Uuid,
    pub(crate) title: Option<String>,
    pub(crate) body: Option<String>,
    pub(crate) status: Option<&'static str>,
}

type Answer = Result<Vec<u8>, Failure>;

struct Job {
    write: Write,
    answer: oneshot::Sender<Answer>,
}

/// A handle to the writer.
#[derive(Clone)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Job>,
}

impl Writer {
    /// Opens the database and starts the thread.
    pub(crate) fn start(path: &Path) -> anyhow::Result<Self> {
        let connection = Connection::open(path).context("cannot open the database")?;
        connection.execute_batch(PRAGMAS).context("cannot set up the database")?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        let (queue, jobs) = mpsc::channel(QUEUE_MAX);
        std::thread::Builder::new()
            .name("writer".to_owned())
            // The queue closes when the last handler is gone; errors were given to the callers.
            .spawn(move || run(&connection, jobs))
            .context("cannot start the writer")?;
        Ok(Self { queue })
    }

    /// Writes, and returns the row once it is durable.
    pub(crate) async fn write(&self, write: Write) -> Answer {
        let (answer, result) = oneshot::channel();
        self.queue.send(Job { write, answer }).await.map_err(|_| Failure::Database)?;
        result.await.map_err(|_| Failure::Database)?
    }
}

struct Statements<'c> {
    begin: Statement<'c>,
    commit: Statement<'c>,
    rollback: Statement<'c>,
    savepoint: Statement<'c>,
    release: Statement<'c>,
    back: Statement<'c>,
    create: Statement<'c>,
    update: Statement<'c>,
}

fn run(connection: &Connection, mut jobs: mpsc::Receiver<Job>) -> rusqlite::Result<()> {
    let mut statements = Statements {
        begin: connection.prepare("BEGIN IMMEDIATE")?,
        commit: connection.prepare("COMMIT")?,
        rollback: connection.prepare("ROLLBACK")?,
        savepoint: connection.prepare("SAVEPOINT one")?,
        release: connection.prepare("RELEASE one")?,
        back: connection.prepare("ROLLBACK TO one")?,
        create: connection.prepare(CREATE)?,
        update: connection.prepare(UPDATE)?,
    };
    let mut batch = Vec::with_capacity(BATCH_MAX);
    let mut answers = Vec::with_capacity(BATCH_MAX);
    while jobs.blocking_recv_many(&mut batch, BATCH_MAX) > 0 {
        statements.begin.raw_execute()?;
        for job in batch.drain(..) {
            statements.savepoint.raw_execute()?;
            let answer = statements.write(&job.write);
            if answer.is_err() {
                statements.back.raw_execute()?;
            }
            statements.release.raw_execute()?;
            answers.push((job.answer, answer));
        }
        let committed = statements.commit.raw_execute();
        if committed.is_err() {
            statements.rollback.raw_execute()?;
        }
        for (receiver, answer) in answers.drain(..) {
            let answer = if committed.is_ok() { answer } else { Err(Failure::Database) };
            // A caller that hung up needs no answer.
            let _ = receiver.send(answer);
        }
    }
    Ok(())
}

impl Statements<'_> {
    fn write(&mut self, write: &Write) -> Answer {
        let mut rows = match write {
            Write::Create(post) => self.create.query(params![
                post.id.as_bytes(),
                post.author.as_bytes(),
                post.title,
                post.body,
                post.status,
                post.created_at,
                post.view_count
            ])?,
            Write::Update(change) => self.update.query(params![
                change.id.as_bytes(),
                change.author.as_bytes(),
                change.title,
                change.body,
                change.status
            ])?,
        };
        let mut out = Vec::with_capacity(1536);
        let row = rows.next()?.ok_or(Failure::NotFound)?;
        write_post(&mut out, row, false)?;
        // Steps to the end, which is where the statement's changes are complete.
        rows.next()?;
        Ok(out)
    }
}
