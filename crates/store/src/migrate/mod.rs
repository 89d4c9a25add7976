//! Migrations: brings the tables to what the model asks for, in one transaction.
//!
//! The schema that the tables were last brought to is recorded beside them (`mainstay_migration`).
//! The plan is made from that record inside the transaction that runs it, so of two processes that
//! start at once one migrates and the other finds nothing to do; a kill leaves the old state or the
//! new one.

mod backfill;
mod drift;
mod dry_run;
mod error;
mod planned_step;
mod problem;
mod progress;
mod record;
mod relaxed;
mod rows;
#[cfg(test)]
mod tests;

use expr::Timestamp;
use model::schema::{MigrationPlan, Schema, diff};
use plan::Dialect;
use plan::ddl::{self, Backfill, Script};
use rusqlite::{Connection, TransactionBehavior};

use crate::Store;

pub use backfill::Filling;
pub use drift::Drifted;
pub use dry_run::{DryRun, TableCheck, dry_run};
pub use error::MigrationError;
pub use planned_step::PlannedStep;
pub use problem::{OFFENDERS_SHOWN_MAX, Problem};
pub use progress::{Progress, Tell};
pub use record::Recorded;

use progress::Watch;
use relaxed::Relaxed;

/// How far a migration may go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Says what would be done, and does nothing.
    PlanOnly {
        /// What `Apply` would be allowed to drop.
        allow_drop: Vec<String>,
    },
    /// Does what loses nothing and fits the rows.
    Dev,
    /// As `Dev`, and drops what is named.
    Apply {
        /// Tables (`table`) and columns (`table.column`) that may be dropped with what they hold.
        allow_drop: Vec<String>,
    },
    /// As `Apply`, and fills new optional columns after the migration, a few rows at a time.
    Online {
        /// As with `Apply`.
        allow_drop: Vec<String>,
    },
}

impl Mode {
    /// Says what would be done if nothing may be dropped.
    pub fn plan_only() -> Self {
        Self::PlanOnly { allow_drop: Vec::new() }
    }
}

/// What came of a migration.
#[derive(Debug, Default, PartialEq)]
pub struct Outcome {
    /// Whether something was changed.
    pub applied: bool,
    /// The steps and their SQL as text; empty when the tables are as the model asks.
    pub plan: String,
    /// The steps.
    pub steps: Vec<PlannedStep>,
    /// The SQL, in order.
    pub statements: Vec<String>,
    /// Everything that stops the migration.
    pub problems: Vec<Problem>,
    /// The columns that an earlier migration has left to be filled.
    pub filling: Vec<Filling>,
}

impl Store {
    /// Brings the tables to the schema. Writes wait, reads go on with the old state.
    ///
    /// # Errors
    /// When the rows do not fit, something would be lost, or the tables are not as recorded; then
    /// nothing was changed.
    pub async fn migrate(
        &self,
        schema: Schema,
        mode: Mode,
        now: Timestamp,
    ) -> Result<Outcome, MigrationError> {
        self.migrate_and_tell(schema, mode, now, None).await
    }

    /// As `migrate`; a migration that takes long tells every second what it does.
    ///
    /// # Errors
    /// As `migrate`.
    pub async fn migrate_and_tell(
        &self,
        schema: Schema,
        mode: Mode,
        now: Timestamp,
        tell: Option<Tell>,
    ) -> Result<Outcome, MigrationError> {
        let job = move |connection: &mut Connection| {
            migrate_watched(connection, &schema, &mode, now, &Watch::start(tell))
        };
        self.0.writer.exclusive(job).await?
    }

    /// Returns what the last migration recorded; none in a new database.
    ///
    /// # Errors
    /// When the record was written by a later version and cannot be read.
    pub async fn recorded_schema(&self) -> Result<Option<Recorded>, MigrationError> {
        self.0.writer.exclusive(|connection| record::read(connection)).await?
    }
}

/// Brings the tables to the schema, on a connection that is in no transaction.
#[cfg(test)]
pub(crate) fn migrate(
    connection: &mut Connection,
    schema: &Schema,
    mode: &Mode,
    now: Timestamp,
) -> Result<Outcome, MigrationError> {
    migrate_watched(connection, schema, mode, now, &Watch::silent())
}

fn migrate_watched(
    connection: &mut Connection,
    schema: &Schema,
    mode: &Mode,
    now: Timestamp,
    watch: &Watch,
) -> Result<Outcome, MigrationError> {
    let fingerprint = ddl::fingerprint(schema);
    let filling = backfill::filling(connection)?;
    if !filling.is_empty() && !matches!(mode, Mode::PlanOnly { .. }) {
        // Its SQL is in the names of now, so it goes before any other change.
        backfill::finish(connection, watch)?;
    }
    if record::is_current(connection, &fingerprint)? {
        return Ok(Outcome { filling, ..Outcome::default() });
    }
    if let Mode::PlanOnly { allow_drop } = mode {
        // A read transaction that nothing is kept of.
        let transaction = connection.transaction()?;
        let planned = Planned::make(&transaction, schema, false, now)?;
        return Ok(Outcome { filling, ..planned.outcome(&transaction, allow_drop, watch)? });
    }
    let allow_drop = match mode {
        Mode::Apply { allow_drop } | Mode::Online { allow_drop } => allow_drop.as_slice(),
        _ => &[],
    };
    let relaxed = Relaxed::start(connection)?;
    let transaction =
        rusqlite::Transaction::new_unchecked(relaxed.connection(), TransactionBehavior::Immediate)?;
    let is_online = matches!(mode, Mode::Online { .. });
    let planned = Planned::make(&transaction, schema, is_online, now)?;
    if planned.is_recorded {
        // Another process was first, or only the drift check had to be done anew: perhaps after a
        // `VACUUM`, which may have moved the rows that full-text indexes point to.
        if record::confirm(&transaction)? {
            for sql in ddl::search_rebuilds(schema, Dialect::Sqlite) {
                run(&transaction, &sql)?;
            }
        }
        transaction.commit()?;
        return Ok(Outcome::default());
    }
    let outcome = planned.outcome(&transaction, allow_drop, watch)?;
    if !outcome.problems.is_empty() {
        return Err(MigrationError::Stopped { outcome: Box::new(outcome) });
    }
    if !backfill::filling(&transaction)?.is_empty() {
        return Err(MigrationError::Filling);
    }
    planned.run(&transaction, watch)?;
    backfill::record(&transaction, &planned.backfills)?;
    record::write(&transaction, schema, &fingerprint, &planned, now)?;
    watch.doing("writing to the disk", 1, 1);
    transaction.commit()?;
    drop(relaxed);
    backfill::finish(connection, watch)?;
    Ok(Outcome { applied: !planned.plan.is_empty(), ..outcome })
}

/// A migration as it would run on the database as it is.
struct Planned {
    plan: MigrationPlan,
    script: Script,
    text: String,
    /// What is filled afterwards.
    backfills: Vec<Backfill>,
    /// Whether the record says that the schema is reached.
    is_recorded: bool,
}

impl Planned {
    fn make(
        connection: &Connection,
        schema: &Schema,
        is_online: bool,
        now: Timestamp,
    ) -> Result<Self, MigrationError> {
        let recorded = record::read(connection)?;
        if let Some(recorded) = &recorded {
            drift::verify(connection, recorded)?;
        }
        let plan = diff(recorded.as_ref().map(|recorded| &recorded.schema), schema);
        let (script, backfills) = match is_online {
            true => ddl::online(&plan, Dialect::Sqlite, now),
            false => (ddl::script(&plan, Dialect::Sqlite, now), Vec::new()),
        };
        let text = script.describe(&plan);
        let is_recorded =
            recorded.is_some_and(|recorded| recorded.fingerprint == ddl::fingerprint(schema));
        Ok(Self { plan, script, text, backfills, is_recorded })
    }

    /// Says what would be done, and what stops it.
    fn outcome(
        &self,
        connection: &Connection,
        allow_drop: &[String],
        watch: &Watch,
    ) -> Result<Outcome, MigrationError> {
        let mut problems = rows::foreign_tables(connection, &self.plan)?;
        problems.extend(self.plan.mistakes.iter().cloned().map(Problem::Fill));
        problems.extend(rows::unmet(connection, &self.plan, &self.script, allow_drop, watch)?);
        Ok(Outcome {
            applied: false,
            plan: self.text.clone(),
            steps: planned_step::steps(connection, &self.plan, &self.backfills)?,
            statements: self.script.statements.clone(),
            problems,
            filling: Vec::new(),
        })
    }

    fn run(&self, connection: &Connection, watch: &Watch) -> Result<(), MigrationError> {
        let statements = &self.script.statements;
        for (index, sql) in statements.iter().enumerate() {
            watch.doing(sql.lines().next().unwrap_or_default(), index, statements.len());
            run(connection, sql)?;
        }
        if self.script.verify_references {
            watch.doing("verifying the foreign keys", statements.len(), statements.len());
            rows::verify_references(connection)?;
        }
        Ok(())
    }
}

fn run(connection: &Connection, sql: &str) -> Result<(), MigrationError> {
    connection
        .execute_batch(sql)
        .map_err(|source| MigrationError::Statement { sql: sql.to_owned(), source })
}
