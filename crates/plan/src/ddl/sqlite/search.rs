//! Full-text indexes: an FTS5 table beside the table whose texts it indexes.
//!
//! The index holds no text of its own (external content): it points to rows by their rowid, and
//! triggers change it in the transaction of the write, whoever writes. A rowid that is not the key
//! is SQLite's own; `VACUUM` may give rows others, so the store rebuilds the index after one.

use model::schema::{MigrationPlan, Search, Table, search_table};

use super::super::projection::{Names, Projection};
use super::{quote, rebuild};
use crate::dialect::Dialect;

/// Words are compared without case and accents.
const TOKENIZER: &str = "unicode61 remove_diacritics 2";

/// Beginnings of words that are indexed themselves, by their length in characters.
const PREFIXES: &str = "2 3";

/// Says whether a table keeps the index that it has: its rows stay where they are, and their texts
/// what they are.
pub(super) fn is_kept(plan: &MigrationPlan, rows: &Projection<'_>) -> bool {
    let (before, after) = (rows.before, rows.after);
    let renamed = |(table, to, _): &(String, String, String)| {
        *table == after.name
            && after.search.as_ref().is_some_and(|search| search.columns.contains(to))
    };
    before.search == after.search
        && !plan.renames.tables.iter().any(|(to, _)| *to == after.name)
        && !plan.renames.columns.iter().any(renamed)
        && !rebuild::is_needed(rows)
}

/// Writes what removes the indexes that are not kept, before anything is renamed.
pub(super) fn dropped(plan: &MigrationPlan) -> Vec<String> {
    let mut out = Vec::new();
    for table in plan.before.tables.iter().filter(|table| table.search.is_some()) {
        let rows =
            Projection::of(plan, Dialect::Sqlite, expr::Timestamp(0), Names::Renamed, &table.name);
        if rows.is_some_and(|rows| is_kept(plan, &rows)) {
            continue;
        }
        let original = plan.renames.original_table(&table.name);
        for event in ["insert", "delete", "update"] {
            out.push(format!("DROP TRIGGER {}", trigger_name(original, event)));
        }
        out.push(format!("DROP TABLE {}", quote(&search_table(original))));
    }
    out
}

/// Writes the index of a table with the triggers that keep it up, and fills it.
pub(super) fn create(table: &Table) -> Vec<String> {
    let Some(search) = &table.search else { return Vec::new() };
    let index = quote(&search_table(&table.name));
    let content = table.name.replace('\'', "''");
    let columns = super::create::list(&search.columns);
    let mut out = vec![format!(
        "CREATE VIRTUAL TABLE {index} USING fts5({columns}, content='{content}', tokenize='{TOKENIZER}', prefix='{PREFIXES}')"
    )];
    out.extend(triggers(table, search, &index, &columns));
    out.push(rebuilt(&table.name));
    out
}

/// Writes what makes an index anew from the rows.
pub(super) fn rebuilt(table: &str) -> String {
    let index = quote(&search_table(table));
    format!("INSERT INTO {index} ({index}) VALUES ('rebuild')")
}

fn triggers(table: &Table, search: &Search, index: &str, columns: &str) -> [String; 3] {
    let of = |row: &str| -> String {
        let values: Vec<String> =
            search.columns.iter().map(|column| format!("{row}.{}", quote(column))).collect();
        values.join(", ")
    };
    let (name, on) = (|event| trigger_name(&table.name, event), quote(&table.name));
    // The index forgets a row by being told the very texts that it holds of it.
    let forget = format!(
        "INSERT INTO {index} ({index}, rowid, {columns}) VALUES ('delete', old.rowid, {})",
        of("old")
    );
    let learn = format!("INSERT INTO {index} (rowid, {columns}) VALUES (new.rowid, {})", of("new"));
    let changed: Vec<String> = search
        .columns
        .iter()
        .map(|column| format!("old.{0} IS NOT new.{0}", quote(column)))
        .collect();
    [
        format!("CREATE TRIGGER {} AFTER INSERT ON {on} BEGIN\n  {learn};\nEND", name("insert")),
        format!("CREATE TRIGGER {} AFTER DELETE ON {on} BEGIN\n  {forget};\nEND", name("delete")),
        format!(
            "CREATE TRIGGER {} AFTER UPDATE OF {columns} ON {on} WHEN {} BEGIN\n  {forget};\n  {learn};\nEND",
            name("update"),
            changed.join(" OR ")
        ),
    ]
}

fn trigger_name(table: &str, event: &str) -> String {
    quote(&format!("{}_{event}", search_table(table)))
}
