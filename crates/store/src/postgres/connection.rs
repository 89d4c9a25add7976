//! One connection: its prepared statements, and programs over it.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;

use futures_util::Stream;
use plan::Program;
use quick_cache::sync::Cache;
use tokio::task::JoinHandle;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, NoTls, RowStream, Statement};

use super::values::{Bound, Received};
use crate::error::Error;

/// Prepared statements that a connection keeps.
const STATEMENTS_MAX: usize = 1000;

/// A connection. Whatever is asked of it at the same time goes over it in turn, without waiting for the
/// answers in between.
pub(super) struct Connection {
    client: Client,
    statements: Cache<Arc<str>, Statement>,
    /// Ends when the connection does.
    task: JoinHandle<()>,
}

impl Connection {
    /// Connects.
    #[expect(
        clippy::disallowed_methods,
        reason = "the task ends with the connection, which aborts it"
    )]
    pub(super) async fn open(config: &Config) -> Result<Self, Error> {
        let (client, driver) = config.connect(NoTls).await?;
        let task = tokio::spawn(async move {
            if let Err(error) = driver.await {
                tracing::warn!(%error, "a connection to the database has ended");
            }
        });
        Ok(Self { client, statements: Cache::new(STATEMENTS_MAX), task })
    }

    /// Whether it is of no use any more.
    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Runs statements without values.
    pub(super) async fn execute(&self, sql: &str) -> Result<(), Error> {
        Ok(self.client.batch_execute(sql).await?)
    }

    /// Asks for the rows of a statement.
    pub(super) async fn ask(
        &self,
        statement: plan::Statement<'_>,
    ) -> Result<RowStream, tokio_postgres::Error> {
        let prepared = self.prepared(statement.sql).await?;
        self.client.query_raw(&prepared, statement.binds.iter().map(Bound)).await
    }

    /// Returns the one text that a question of the store's own comes to.
    pub(super) async fn text(
        &self,
        sql: &str,
        binds: &[&(dyn ToSql + Sync)],
    ) -> Result<Option<String>, Error> {
        Ok(self.client.query_one(sql, binds).await?.try_get(0)?)
    }

    async fn prepared(&self, sql: &Arc<str>) -> Result<Statement, tokio_postgres::Error> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement);
        }
        // Twice at the same time does no harm: the one that is not kept is closed.
        let statement = self.client.prepare(sql).await?;
        self.statements.insert(Arc::clone(sql), statement.clone());
        Ok(statement)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Feeds a program the rows that it asked for, as they come.
pub(super) async fn feed<P: Program>(
    rows: RowStream,
    program: &mut P,
) -> Result<(), tokio_postgres::Error> {
    let mut rows = pin!(rows);
    while let Some(row) = poll_fn(|cx| rows.as_mut().poll_next(cx)).await.transpose()? {
        let received = Received::new(&row);
        program.row(&received);
        received.result()?;
    }
    Ok(())
}
