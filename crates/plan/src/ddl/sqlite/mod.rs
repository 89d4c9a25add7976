//! Migrations on SQLite.
//!
//! What `ALTER TABLE` can do, it does; for the rest the table is rebuilt as SQLite's documentation
//! prescribes (<https://www.sqlite.org/lang_altertable.html#otheralter>). The store runs all of it
//! in one transaction with the enforcement of foreign keys off, and verifies them at the end.

mod alter;
mod audit;
mod create;
mod rebuild;
mod search;

use expr::Timestamp;
use model::schema::{Change, MigrationPlan, Schema, Step, Table, Trigger, history};
use model::{Model, Side};

use super::Way;
use super::projection::{Names, Projection};
use crate::dialect::Dialect;

/// Writes the statements of a plan, and says whether foreign keys must be verified.
pub(super) fn statements(plan: &MigrationPlan, now: Timestamp) -> (Vec<String>, bool) {
    let mut out = search::dropped(plan);
    let triggers = touches_history(plan);
    if triggers {
        out.extend(dropped_triggers(&plan.before));
    }
    out.extend(dropped_indexes(plan));
    out.extend(renames(plan));
    let mut verify = false;
    for step in &plan.steps {
        if step.change == Change::DropTable {
            out.push(format!("DROP TABLE {}", quote(&step.table)));
            verify = true;
        }
        if step.change == Change::EmptyHistory {
            out.push(format!("DELETE FROM {}", quote(&step.table)));
        }
    }
    let mut indexes = Vec::new();
    let mut searches = Vec::new();
    for table in &plan.after.tables {
        let rows = Projection::of(plan, Dialect::Sqlite, now, Names::Renamed, &table.name);
        if !rows.is_some_and(|rows| search::is_kept(plan, &rows)) {
            searches.extend(search::create(table));
        }
        let rebuilt = match rows {
            None => {
                out.push(create::table(table, &table.name));
                true
            }
            Some(rows) if rebuild::is_needed(&rows) => {
                out.extend(rebuild::statements(&rows));
                verify = true;
                true
            }
            Some(rows) => {
                out.extend(alter::statements(&rows));
                false
            }
        };
        verify |= adds_references(plan, table);
        for index in &table.indexes {
            let before = plan.before.table(&table.name);
            if rebuilt || !before.is_some_and(|before| before.indexes.contains(index)) {
                indexes.push(create::index(table, index));
            }
        }
    }
    out.extend(indexes);
    out.extend(searches);
    out.extend(renamed_in_history(plan));
    out.extend(forgotten(plan));
    if triggers {
        let all = plan.after.tables.iter().flat_map(|table| &table.triggers);
        out.extend(all.map(|trigger| trigger.sql.clone()));
    }
    (out, verify)
}

/// Says how each step is carried out.
pub(super) fn ways(plan: &MigrationPlan) -> Vec<Way> {
    let rebuilt: Vec<&str> = plan
        .after
        .tables
        .iter()
        .filter(|table| {
            Projection::of(plan, Dialect::Sqlite, Timestamp(0), Names::Renamed, &table.name)
                .is_some_and(|rows| rebuild::is_needed(&rows))
        })
        .map(|table| table.name.as_str())
        .collect();
    let way = |step: &Step| match &step.change {
        Change::DropTable | Change::EmptyHistory => Way::Drop,
        Change::CreateTable(_) | Change::RenameTable { .. } => Way::InPlace,
        Change::DropIndex { .. } | Change::RenameColumn { .. } => Way::InPlace,
        Change::SetTrigger(_) | Change::DropTrigger { .. } => Way::InPlace,
        Change::EndArchive { .. } => Way::InPlace,
        Change::Forget { .. } => Way::WriteRows,
        _ if rebuilt.contains(&step.table.as_str()) => Way::Rebuild,
        Change::AddColumn(column) if plan.fill(&step.table, &column.name).is_some() => {
            Way::WriteRows
        }
        Change::SetRequired { fill: Some(_), .. } => Way::WriteRows,
        Change::DropSearch => Way::InPlace,
        Change::AddIndex(_) | Change::RenameIndex { .. } | Change::SetSearch { .. } => {
            Way::BuildIndex
        }
        Change::DropColumn { .. } => Way::Drop,
        _ => Way::InPlace,
    };
    plan.steps.iter().map(way).collect()
}

/// Returns the triggers of a table.
pub(super) fn triggers(model: &Model, table: &str) -> Vec<Trigger> {
    match model.entities.iter().find(|entity| entity.table == table) {
        Some(entity) => audit::of_entity(entity),
        None => audit::of_join(model, table),
    }
}

/// Says whether a step is on a table with triggers or on a history. SQLite parses all triggers when
/// it renames a table and drops those of a table with it, so all are made anew then.
fn touches_history(plan: &MigrationPlan) -> bool {
    let has_triggers = |schema: &Schema, name: &str| {
        schema.table(name).is_some_and(|table| !table.triggers.is_empty())
    };
    plan.steps.iter().any(|step| {
        let name = &step.table;
        history::is_history(name)
            || has_triggers(&plan.before, name)
            || has_triggers(&plan.after, name)
    })
}

fn dropped_triggers(before: &Schema) -> Vec<String> {
    let all = before.tables.iter().flat_map(|table| &table.triggers);
    all.map(|trigger| format!("DROP TRIGGER {}", quote(&trigger.name))).collect()
}

/// A column or join table that is renamed has its new name in the history, too.
fn renamed_in_history(plan: &MigrationPlan) -> Vec<String> {
    let renamed = |table: &str, old: &str, new: &str| {
        let [from, to] = [old, new].map(path);
        let changes = quote(history::CHANGES);
        format!(
            "UPDATE {} SET {changes} = json_set(json_remove({changes}, {from}), {to}, json({changes} -> {from})) WHERE {changes} -> {from} IS NOT NULL",
            quote(table)
        )
    };
    let kept = |table: &str| {
        let name = history::table_name(table);
        (plan.before.table(&name).is_some() && plan.after.table(&name).is_some()).then_some(name)
    };
    let columns = plan.renames.columns.iter().filter_map(|(table, new, old)| {
        let recorded = plan.after.table(table)?.recorded.contains(new);
        Some(renamed(&kept(table).filter(|_| recorded)?, old, new))
    });
    let mut out: Vec<String> = columns.collect();
    for (new, old) in &plan.renames.tables {
        let Some(join) = plan.after.table(new).filter(|table| is_join(table)) else { continue };
        for (key, side) in join.foreign_keys.iter().zip([Side::Left, Side::Right]) {
            if let Some(name) = kept(&key.target) {
                let [old, new] = [old, new].map(|table| history::links_name(table, side));
                out.push(renamed(&name, &old, &new));
            }
        }
    }
    out
}

fn is_join(table: &Table) -> bool {
    table.foreign_keys.len() == 2 && table.key.len() == table.columns.len()
}

/// Values of columns that are gone, or private, leave the history.
fn forgotten(plan: &MigrationPlan) -> Vec<String> {
    let statement = |step: &Step| {
        let Change::Forget { column } = &step.change else { return None };
        let (changes, path) = (quote(history::CHANGES), path(column));
        Some(format!(
            "UPDATE {} SET {changes} = json_remove({changes}, {path}) WHERE {changes} -> {path} IS NOT NULL",
            quote(&history::table_name(&step.table))
        ))
    };
    plan.steps.iter().filter_map(statement).collect()
}

/// Writes the path of a name in `changes`.
fn path(name: &str) -> String {
    Dialect::Sqlite.json_path(&[expr::PathStep::Member(name.to_owned())])
}

/// Writes what makes the full-text indexes of a schema anew from the rows.
pub(super) fn search_rebuilds(schema: &Schema) -> Vec<String> {
    let tables = schema.tables.iter().filter(|table| table.search.is_some());
    tables.map(|table| search::rebuilt(&table.name)).collect()
}

fn quote(name: &str) -> String {
    Dialect::Sqlite.quote(name)
}

/// Indexes go first: their names are free again, and no column is held by one.
fn dropped_indexes(plan: &MigrationPlan) -> Vec<String> {
    let mut out = Vec::new();
    for before in &plan.before.tables {
        // Those of a dropped table go with it.
        let Some(after) = plan.after.table(&before.name) else { continue };
        for index in before.indexes.iter().filter(|index| !after.indexes.contains(index)) {
            out.push(format!("DROP INDEX {}", quote(&index.name)));
        }
    }
    out
}

fn renames(plan: &MigrationPlan) -> Vec<String> {
    let tables = plan
        .renames
        .tables
        .iter()
        .map(|(new, old)| format!("ALTER TABLE {} RENAME TO {}", quote(old), quote(new)));
    let columns = plan.renames.columns.iter().map(|(table, new, old)| {
        format!("ALTER TABLE {} RENAME COLUMN {} TO {}", quote(table), quote(old), quote(new))
    });
    tables.chain(columns).collect()
}

fn adds_references(plan: &MigrationPlan, table: &Table) -> bool {
    plan.before.table(&table.name).is_some()
        && plan
            .steps
            .iter()
            .any(|step| step.table == table.name && matches!(step.change, Change::AddForeignKey(_)))
}
