//! A migration tried on a copy of the database.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use expr::Timestamp;
use model::schema::{MigrationPlan, Schema, diff};
use plan::Dialect;
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::types::ValueRef;
use xxhash_rust::xxh3::Xxh3;

use super::progress::{Tell, Watch};
use super::{MigrationError, Mode, Outcome, migrate_watched, record};
use crate::connection;

/// Pages copied between two words about the progress: 16 MB of the usual size.
const PAGES_AT_ONCE: i32 = 4096;

/// What came of a migration of a copy.
#[derive(Debug)]
pub struct DryRun {
    /// What was done to the copy.
    pub outcome: Outcome,
    /// The copy's size before the migration.
    pub bytes: u64,
    /// How long copying took.
    pub copying: Duration,
    /// How long the migration took. The database itself would be locked for writers that long.
    pub migrating: Duration,
    /// The tables before and after.
    pub tables: Vec<TableCheck>,
    /// What SQLite's integrity check found; empty when all is well.
    pub damage: Vec<String>,
    /// Rows that refer to missing ones; empty when there are none.
    pub dangling: Vec<String>,
}

/// What a migration did to the rows of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableCheck {
    /// The table, by its new name where it has one.
    pub table: String,
    /// Rows before; none if the table is new.
    pub rows_before: Option<u64>,
    /// Rows after; none if the table is gone.
    pub rows_after: Option<u64>,
    /// The columns whose values the migration leaves as they are.
    pub columns: Vec<String>,
    /// The checksum over those columns of all rows before.
    pub checksum_before: Option<u128>,
    /// The checksum after.
    pub checksum_after: Option<u128>,
}

impl TableCheck {
    /// Says whether all rows are there with the values that no step was to change.
    pub fn is_kept(&self) -> bool {
        match (self.rows_before, self.rows_after) {
            (Some(_), Some(_)) => {
                (self.rows_before, self.checksum_before) == (self.rows_after, self.checksum_after)
            }
            // New, or dropped as was asked for.
            _ => true,
        }
    }
}

impl DryRun {
    /// Says whether the migration would leave a sound database with every row.
    pub fn is_good(&self) -> bool {
        self.damage.is_empty()
            && self.dangling.is_empty()
            && self.tables.iter().all(TableCheck::is_kept)
    }
}

/// Copies a database and migrates the copy; the database itself is only read, and its writers are
/// not held up. Without a place for the copy it is made beside the database and removed.
///
/// # Errors
/// When the copy cannot be made, and for every reason that stops a migration.
pub fn dry_run(
    database: &Path,
    copy_to: Option<&Path>,
    schema: &Schema,
    allow_drop: Vec<String>,
    now: Timestamp,
    tell: Option<Tell>,
) -> Result<DryRun, MigrationError> {
    let watch = Watch::start(tell);
    let copy = Copy::at(database, copy_to)?;
    let started = Instant::now();
    copy_database(database, &copy.path, &watch)?;
    let copying = started.elapsed();
    let bytes = std::fs::metadata(&copy.path).map_or(0, |found| found.len());

    let mut connection = connection::writer(&copy.path)?;
    let recorded = record::read(&connection)?;
    let plan = diff(recorded.as_ref().map(|recorded| &recorded.schema), schema);
    let mut tables = before(&connection, &plan, &watch)?;
    let started = Instant::now();
    let outcome =
        migrate_watched(&mut connection, schema, &Mode::Apply { allow_drop }, now, &watch)?;
    let migrating = started.elapsed();
    after(&connection, &plan, &mut tables, &watch)?;
    watch.doing("checking the integrity of the copy", 0, 1);
    let damage = lines(&connection, "PRAGMA integrity_check", 1)?;
    let damage = damage.into_iter().filter(|line| line != "ok").collect();
    let dangling = lines(&connection, "PRAGMA foreign_key_check", 3)?;
    Ok(DryRun { outcome, bytes, copying, migrating, tables, damage, dangling })
}

/// The file of a copy; removed at the end unless it was asked for.
struct Copy {
    path: PathBuf,
    keep: bool,
}

impl Copy {
    fn at(database: &Path, wanted: Option<&Path>) -> Result<Self, MigrationError> {
        let beside = || {
            let mut name = database.file_name().unwrap_or_default().to_owned();
            name.push(format!(".dry-run-{}", std::process::id()));
            database.with_file_name(name)
        };
        let path = wanted.map_or_else(beside, Path::to_path_buf);
        // Nothing is overwritten, and nobody else's file is removed.
        std::fs::File::create_new(&path)
            .map_err(|source| MigrationError::Copy { path: path.clone(), source })?;
        Ok(Self { path, keep: wanted.is_some() })
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        if self.keep {
            return;
        }
        for end in ["", "-wal", "-shm"] {
            let mut path = self.path.clone().into_os_string();
            path.push(end);
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    tracing::warn!(error = %error, "the copy could not be removed");
                }
                _ => {}
            }
        }
    }
}

/// Copies page by page inside one read transaction, so that the copy is of one moment.
fn copy_database(from: &Path, to: &Path, watch: &Watch) -> Result<(), MigrationError> {
    let source = connection::reader(from)?;
    let transaction = source.unchecked_transaction()?;
    // A deferred transaction begins with its first read.
    transaction.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |_| Ok(()))?;
    let mut target = Connection::open(to)?;
    let backup = Backup::new(&transaction, &mut target)?;
    loop {
        match backup.step(PAGES_AT_ONCE)? {
            StepResult::Done => return Ok(()),
            // Only another user of the copy could cause these, and there is none.
            StepResult::Busy | StepResult::Locked => std::thread::yield_now(),
            _ => {}
        }
        let progress = backup.progress();
        let total = usize::try_from(progress.pagecount).unwrap_or_default();
        let left = usize::try_from(progress.remaining).unwrap_or_default();
        watch.doing("copying the database, pages", total.saturating_sub(left), total);
    }
}

fn before(
    connection: &Connection,
    plan: &MigrationPlan,
    watch: &Watch,
) -> Result<Vec<TableCheck>, MigrationError> {
    let mut tables = Vec::new();
    for (index, table) in plan.before.tables.iter().enumerate() {
        watch.doing("reading the rows before", index, plan.before.tables.len());
        let untouched = plan.untouched_columns(&table.name);
        if untouched.is_none() && plan.after.table(&table.name).is_some() {
            // It is emptied, and begins anew.
            continue;
        }
        let columns = untouched.unwrap_or_default();
        let (old, new): (Vec<String>, Vec<String>) = columns.into_iter().unzip();
        let name = plan.renames.original_table(&table.name);
        let (rows, checksum) = checksum(connection, name, &old)?;
        tables.push(TableCheck {
            table: table.name.clone(),
            rows_before: Some(rows),
            rows_after: None,
            columns: new,
            checksum_before: Some(checksum),
            checksum_after: None,
        });
    }
    Ok(tables)
}

fn after(
    connection: &Connection,
    plan: &MigrationPlan,
    tables: &mut Vec<TableCheck>,
    watch: &Watch,
) -> Result<(), MigrationError> {
    for (index, table) in plan.after.tables.iter().enumerate() {
        watch.doing("reading the rows after", index, plan.after.tables.len());
        let found = tables.iter().position(|found| found.table == table.name);
        let columns = found.map(|index| tables[index].columns.clone()).unwrap_or_default();
        let (rows, checksum) = checksum(connection, &table.name, &columns)?;
        match found {
            Some(index) => {
                tables[index].rows_after = Some(rows);
                tables[index].checksum_after = Some(checksum);
            }
            None => tables.push(TableCheck {
                table: table.name.clone(),
                rows_before: None,
                rows_after: Some(rows),
                columns: Vec::new(),
                checksum_before: None,
                checksum_after: None,
            }),
        }
    }
    tables.sort_by(|a, b| a.table.cmp(&b.table));
    Ok(())
}

/// Counts the rows and adds up the hashes of their values, so that their order does not matter.
fn checksum(
    connection: &Connection,
    table: &str,
    columns: &[String],
) -> Result<(u64, u128), MigrationError> {
    let quote = |name: &str| Dialect::Sqlite.quote(name);
    let list: Vec<String> = columns.iter().map(|column| quote(column)).collect();
    let list = if list.is_empty() { "NULL".to_owned() } else { list.join(", ") };
    let mut statement = connection.prepare(&format!("SELECT {list} FROM {}", quote(table)))?;
    let width = statement.column_count();
    let mut rows = statement.query([])?;
    let (mut count, mut sum) = (0, 0_u128);
    while let Some(row) = rows.next()? {
        let mut hash = Xxh3::new();
        for index in 0..width {
            let cell = row.get_ref(index)?;
            // The kind and the length keep neighbouring values apart.
            let (kind, bytes): (u8, &[u8]) = match cell {
                ValueRef::Null => (0, &[]),
                ValueRef::Integer(number) => (1, &number.to_le_bytes()),
                ValueRef::Real(number) => (2, &number.to_le_bytes()),
                ValueRef::Text(text) => (3, text),
                ValueRef::Blob(bytes) => (4, bytes),
            };
            hash.update(&[kind]);
            hash.update(&(bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        }
        count += 1;
        sum = sum.wrapping_add(hash.digest128());
    }
    Ok((count, sum))
}

/// Returns the rows of a pragma, the texts of their first columns joined.
fn lines(
    connection: &Connection,
    sql: &str,
    columns: usize,
) -> Result<Vec<String>, MigrationError> {
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| {
        let cells = (0..columns).map(|index| {
            Ok(match row.get_ref(index)? {
                ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                ValueRef::Integer(number) => number.to_string(),
                _ => "?".to_owned(),
            })
        });
        Ok(cells.collect::<rusqlite::Result<Vec<_>>>()?.join(" "))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
