//! Migrations on SQLite.
//!
//! What `ALTER TABLE` can do, it does; for the rest the table is rebuilt as SQLite's documentation
//! prescribes (<https://www.sqlite.org/lang_altertable.html#otheralter>). The store runs all of it
//! in one transaction with the enforcement of foreign keys off, and verifies them at the end.

mod alter;
mod create;
mod rebuild;

use expr::Timestamp;
use model::schema::{Change, MigrationPlan, Step, Table};

use super::Way;
use super::projection::{Names, Projection};
use crate::dialect::Dialect;

/// Writes the statements of a plan, and says whether foreign keys must be verified.
pub(super) fn statements(plan: &MigrationPlan, now: Timestamp) -> (Vec<String>, bool) {
    let mut out = dropped_indexes(plan);
    out.extend(renames(plan));
    let mut verify = false;
    for step in &plan.steps {
        if step.change == Change::DropTable {
            out.push(format!("DROP TABLE {}", quote(&step.table)));
            verify = true;
        }
    }
    let mut indexes = Vec::new();
    for table in &plan.after.tables {
        let rows = Projection::of(plan, Dialect::Sqlite, now, Names::Renamed, &table.name);
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
        Change::DropTable => Way::Drop,
        Change::CreateTable(_) | Change::RenameTable { .. } => Way::InPlace,
        Change::DropIndex { .. } | Change::RenameColumn { .. } => Way::InPlace,
        _ if rebuilt.contains(&step.table.as_str()) => Way::Rebuild,
        Change::AddColumn(column) if plan.fill(&step.table, &column.name).is_some() => {
            Way::WriteRows
        }
        Change::SetRequired { fill: Some(_), .. } => Way::WriteRows,
        Change::AddIndex(_) | Change::RenameIndex { .. } => Way::BuildIndex,
        Change::DropColumn { .. } => Way::Drop,
        _ => Way::InPlace,
    };
    plan.steps.iter().map(way).collect()
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
