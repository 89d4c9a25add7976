//! What holds for any two schemas and any rows.

use std::collections::BTreeSet;

use model::schema::{diff, search_table};
use proptest::prelude::*;

use super::computed;
use super::generate::{self, Draw};
use super::*;
use crate::migrate::Problem;

/// A definition without what cannot be altered and means nothing: the order of its parts, and the
/// defaults for rows that were there when a column was added.
fn normal(sql: &str) -> String {
    if !sql.starts_with("CREATE TABLE") {
        return sql.to_owned();
    }
    let (head, body) = sql.split_once('(').unwrap();
    let mut parts = vec![String::new()];
    let (mut depth, mut quote) = (1, None);
    for c in body.chars() {
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None, '(') => depth += 1,
            (None, ')') => depth -= 1,
            _ => {}
        }
        // What follows the closing parenthesis is the same for all tables.
        if depth == 0 {
            break;
        }
        if (quote, depth, c) == (None, 1, ',') {
            parts.push(String::new());
        } else {
            // ALTER TABLE leaves line ends behind.
            parts.last_mut().unwrap().push(if c == '\n' { ' ' } else { c });
        }
    }
    let parts = parts.iter().map(|part| part.replace("  ", " "));
    let mut parts: Vec<String> = parts.map(|part| without_default(part.trim())).collect();
    parts.sort();
    format!("{head} {}", parts.join(" ; ").trim())
}

fn without_default(part: &str) -> String {
    let Some((before, after)) = part.split_once(" DEFAULT ") else { return part.to_owned() };
    let after = after.replace("''", "");
    let text = after.strip_prefix('\'').and_then(|rest| rest.split_once('\''));
    let rest = text.map_or_else(|| after.split_once(' ').unwrap_or_default().1, |(_, rest)| rest);
    format!("{before} {}", rest.trim()).trim().to_owned()
}

fn definitions(connection: &Connection) -> Vec<String> {
    let sql = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%' AND (name NOT LIKE 'mainstay%' OR name LIKE 'mainstay_search%')";
    let mut statement = connection.prepare(sql).unwrap();
    let found = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let mut found: Vec<String> = found.map(|sql| normal(&sql.unwrap())).collect();
    found.sort();
    found
}

fn quoted(name: &str) -> String {
    Dialect::Sqlite.quote(name)
}

/// The rows of each table that stays, as far as their columns keep their type; sorted.
fn kept(connection: &Connection, old: &Schema, new: &Schema, after: bool) -> Vec<String> {
    let plan = diff(Some(old), new);
    let mut out = Vec::new();
    for table in &new.tables {
        let Some(before) = plan.before.table(&table.name) else { continue };
        let columns: Vec<String> = table
            .columns
            .iter()
            .filter(|column| {
                before
                    .column(&column.name)
                    .is_some_and(|old| old.ty == column.ty && old.element == column.element)
            })
            .filter(|column| !plan.replaces(&table.name, &column.name))
            .filter(|column| !computed::is_changed(&plan, before, &column.name))
            .map(|column| match after {
                true => quoted(&column.name),
                false => quoted(plan.renames.original_column(&table.name, &column.name)),
            })
            .collect();
        let name = if after { &table.name } else { plan.renames.original_table(&table.name) };
        let list: Vec<String> = columns.iter().map(|column| format!("quote({column})")).collect();
        let list = if list.is_empty() { "1".to_owned() } else { list.join(" || ', ' || ") };
        let sql = format!("SELECT '{}: ' || {list} FROM {} ORDER BY 1", table.name, quoted(name));
        out.push(rows(connection, &sql));
    }
    out
}

fn all_rows(connection: &Connection, schema: &Schema) -> Vec<String> {
    kept(connection, schema, schema, true)
}

/// Everything that a migration may drop.
fn losses(old: &Schema, new: &Schema) -> Vec<String> {
    let plan = diff(Some(old), new);
    let script = plan::ddl::script(&plan, Dialect::Sqlite, NOW);
    let names: BTreeSet<String> = script
        .checks
        .iter()
        .filter(|check| check.is_loss())
        .map(plan::ddl::RowCheck::loss_name)
        .collect();
    names.into_iter().collect()
}

/// Migrates, and interrupts SQLite once, wherever it is after some steps.
fn interrupted(
    connection: &mut Connection,
    new: &Schema,
    mode: &Mode,
    last: usize,
) -> Result<Outcome, MigrationError> {
    let mut step = 0;
    let is_last = move || {
        step += 1;
        step == last
    };
    connection.progress_handler(1, Some(is_last)).unwrap();
    let outcome = migrate(connection, new, mode, NOW);
    connection.progress_handler(0, None::<fn() -> bool>).unwrap();
    outcome
}

/// Migrates; where that is interrupted, it leaves the old state or the new, and is done again.
fn despite_interruption(
    draw: &mut Draw<'_>,
    connection: &mut Connection,
    (old, new): (&Schema, &Schema),
    mode: &Mode,
    shown: &Outcome,
) -> Result<Result<Outcome, MigrationError>, TestCaseError> {
    if !draw.once_in(3) {
        return Ok(migrate(connection, new, mode, NOW));
    }
    let before = (state(connection), all_rows(connection, old));
    let first = interrupted(connection, new, mode, draw.below(256) * draw.below(64));
    prop_assert!(connection.is_autocommit());
    prop_assert_eq!(rows(connection, "PRAGMA foreign_keys"), "1");
    if matches!(first, Ok(_) | Err(MigrationError::Stopped { .. })) {
        return Ok(first);
    }
    if state(connection) == before.0 {
        prop_assert_eq!(all_rows(connection, old), before.1);
        return Ok(migrate(connection, new, mode, NOW));
    }
    // The commit was interrupted when all was done.
    prop_assert_eq!(migrate(connection, new, mode, NOW).unwrap(), Outcome::default());
    Ok(Ok(Outcome { plan: shown.plan.clone(), applied: true, ..Outcome::default() }))
}

fn check(bytes: &[u8]) -> Result<(), TestCaseError> {
    let mut draw = Draw::new(bytes);
    let old = generate::schema(&mut draw);
    let new = if draw.below(4) == 3 {
        generate::schema(&mut draw)
    } else {
        generate::changed(&mut draw, &old)
    };
    let mut connection = database();
    migrate(&mut connection, &old, &Mode::Dev, NOW)
        .map_err(|e| TestCaseError::fail(e.to_string()))?;
    for insert in generate::inserts(&mut draw, &old) {
        // What violates a constraint of the old schema is no row of it.
        let _ = connection.execute_batch(&insert);
    }
    let allow_drop = if draw.below(2) == 1 { losses(&old, &new) } else { vec![] };
    let mode = Mode::Apply { allow_drop: allow_drop.clone() };
    let before = (state(&connection), all_rows(&connection, &old));
    let expected = kept(&connection, &old, &new, false);
    let worked_out = computed::expected(&connection, &old, &new);
    let shown = migrate(&mut connection, &new, &Mode::plan_only(), NOW).unwrap();
    prop_assert_eq!(&(state(&connection), all_rows(&connection, &old)), &before);

    match despite_interruption(&mut draw, &mut connection, (&old, &new), &mode, &shown)? {
        Ok(outcome) => {
            prop_assert_eq!(&outcome.plan, &shown.plan);
            prop_assert_eq!(kept(&connection, &old, &new, true), expected);
            prop_assert_eq!(computed::found(&connection, &old, &new), worked_out);
        }
        Err(MigrationError::Stopped { outcome }) => {
            prop_assert_eq!(&(state(&connection), all_rows(&connection, &old)), &before);
            for problem in &outcome.problems {
                let Problem::Rows { keys, count, demand, .. } = problem else {
                    return Err(TestCaseError::fail(problem.to_string()));
                };
                prop_assert!(*count > 0 && !keys.is_empty());
                prop_assert!(!demand.is_loss() || allow_drop.is_empty(), "the loss was allowed");
            }
            // Nothing but the rows can stop it.
            connection.pragma_update(None, "foreign_keys", false).unwrap();
            for table in &old.tables {
                connection.execute(&format!("DELETE FROM {}", quoted(&table.name)), []).unwrap();
            }
            connection.pragma_update(None, "foreign_keys", true).unwrap();
            migrate(&mut connection, &new, &Mode::Dev, NOW)
                .map_err(|e| TestCaseError::fail(e.to_string()))?;
        }
        Err(error) => return Err(TestCaseError::fail(format!("{error}\n{}", shown.plan))),
    }
    let mut scratch = database();
    migrate(&mut scratch, &new, &Mode::Dev, NOW).unwrap();
    prop_assert_eq!(definitions(&connection), definitions(&scratch), "{}", shown.plan);
    prop_assert_eq!(rows(&connection, "PRAGMA integrity_check"), "ok");
    for table in new.tables.iter().filter(|table| table.search.is_some()) {
        // Compares the index with the rows.
        let index = quoted(&search_table(&table.name));
        let check = format!("INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)");
        prop_assert!(connection.execute_batch(&check).is_ok(), "{}", shown.plan);
    }
    prop_assert_eq!(rows(&connection, "PRAGMA foreign_key_check"), "");
    prop_assert_eq!(rows(&connection, "PRAGMA foreign_keys"), "1");
    let again = migrate(&mut connection, &new, &Mode::Dev, NOW).unwrap();
    prop_assert!(!again.applied && again.plan.is_empty());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_are_kept_or_the_migration_stops_and_the_tables_are_as_if_made_anew(
        bytes in prop::collection::vec(any::<u8>(), 0..900)
    ) {
        check(&bytes)?;
    }

    #[test]
    fn equal_schemas_have_no_difference_and_survive_their_record(
        bytes in prop::collection::vec(any::<u8>(), 0..200)
    ) {
        let schema = generate::schema(&mut Draw::new(&bytes));
        prop_assert!(diff(Some(&schema), &schema).is_empty());
        let text = serde_json::to_string(&schema).unwrap();
        let read: Schema = serde_json::from_str(&text).unwrap();
        prop_assert!(diff(Some(&read), &schema).is_empty());
        prop_assert_eq!(plan::ddl::fingerprint(&read), plan::ddl::fingerprint(&schema));
    }
}
