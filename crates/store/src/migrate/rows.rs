//! Looks at the rows before a migration, and at their references after it.

use std::collections::BTreeMap;

use model::schema::{Change, MigrationPlan};
use plan::ddl::{RowCheck, Script};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use super::MigrationError;
use super::problem::{OFFENDERS_SHOWN_MAX, Problem};
use super::progress::Watch;

/// Finds tables of others that stand where the model wants its own.
pub(super) fn foreign_tables(
    connection: &Connection,
    plan: &MigrationPlan,
) -> Result<Vec<Problem>, MigrationError> {
    let mut statement = connection.prepare(
        "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type IN ('table', 'view') AND name = ?1 COLLATE NOCASE)",
    )?;
    let mut problems = Vec::new();
    for step in &plan.steps {
        if !matches!(step.change, Change::CreateTable(_) | Change::RenameTable { .. }) {
            continue;
        }
        // One that is about to go, as a type whose table changes only its letters' case.
        let goes =
            plan.before.tables.iter().any(|old| {
                plan.renames.original_table(&old.name).eq_ignore_ascii_case(&step.table)
            });
        if !goes && statement.query_row([&step.table], |row| row.get(0))? {
            problems.push(Problem::TableExists(step.table.clone()));
        }
    }
    Ok(problems)
}

/// Finds the demands that the rows do not meet.
pub(super) fn unmet(
    connection: &Connection,
    plan: &MigrationPlan,
    script: &Script,
    allow_drop: &[String],
    watch: &Watch,
) -> Result<Vec<Problem>, MigrationError> {
    let mut problems = Vec::new();
    let losses: Vec<String> =
        script.checks.iter().filter(|check| check.is_loss()).map(RowCheck::loss_name).collect();
    for name in allow_drop.iter().filter(|name| !losses.contains(name)) {
        problems.push(Problem::NothingDropped(name.clone()));
    }
    for (index, check) in script.checks.iter().enumerate() {
        watch.doing(&format!("checking the rows of {}", check.table), index, script.checks.len());
        if check.is_loss() && allow_drop.contains(&check.loss_name()) {
            continue;
        }
        let found = offenders(connection, plan, check)
            .map_err(|source| MigrationError::Statement { sql: check.offenders.clone(), source })?;
        problems.extend(found);
    }
    Ok(problems)
}

fn offenders(
    connection: &Connection,
    plan: &MigrationPlan,
    check: &RowCheck,
) -> rusqlite::Result<Option<Problem>> {
    let sql = format!("{} LIMIT {OFFENDERS_SHOWN_MAX}", check.offenders);
    let mut statement = connection.prepare(&sql)?;
    let columns = statement.column_count();
    let keys: Vec<String> =
        statement.query_map([], |row| key(row, columns))?.collect::<rusqlite::Result<_>>()?;
    if keys.is_empty() {
        return Ok(None);
    }
    let count = if keys.len() < OFFENDERS_SHOWN_MAX {
        keys.len() as i64
    } else {
        let sql = format!("SELECT COUNT(*) FROM ({})", check.offenders);
        connection.query_row(&sql, [], |row| row.get(0))?
    };
    Ok(Some(Problem::Rows {
        index: check.step,
        step: plan.steps[check.step].to_string(),
        loss: check.is_loss().then(|| check.loss_name()),
        demand: check.demand.clone(),
        table: check.table.clone(),
        column: check.column.clone(),
        keys,
        count: count.unsigned_abs(),
    }))
}

/// Shows a key as paths of the API do: its parts joined by commas.
fn key(row: &Row<'_>, columns: usize) -> rusqlite::Result<String> {
    let parts = (0..columns).map(|index| {
        Ok(match row.get_ref(index)? {
            ValueRef::Null => "null".to_owned(),
            ValueRef::Integer(number) => number.to_string(),
            ValueRef::Real(number) => number.to_string(),
            ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
            ValueRef::Blob(bytes) => uuid::Uuid::from_slice(bytes)
                .map_or_else(|_| "?".to_owned(), |uuid| uuid.hyphenated().to_string()),
        })
    });
    Ok(parts.collect::<rusqlite::Result<Vec<_>>>()?.join(","))
}

/// Verifies that every row's references lead somewhere.
pub(super) fn verify_references(connection: &Connection) -> Result<(), MigrationError> {
    let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
    let mut rows = statement.query([])?;
    let mut dangling: BTreeMap<(String, String), u64> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        *dangling.entry((row.get(0)?, row.get(2)?)).or_default() += 1;
    }
    if dangling.is_empty() {
        return Ok(());
    }
    let references = dangling
        .into_iter()
        .map(|((table, target), count)| format!("{table} → {target}: {count} rows"))
        .collect();
    Err(MigrationError::Dangling { references })
}
