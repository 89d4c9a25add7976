//! What a migration has to make of the values that it changes, worked out in memory.

use expr::{Env, FieldId, Nulls, Value};
use model::ColumnType;
use model::schema::{FilledRows, MigrationPlan, Table, diff, renamed_values};
use plan::{Bind, bind};
use rusqlite::types::Value as Stored;

use super::*;

/// Returns what is expected in each column that is filled or whose values are renamed, sorted.
pub(super) fn expected(connection: &Connection, old: &Schema, new: &Schema) -> Vec<String> {
    let plan = diff(Some(old), new);
    let mut out = Vec::new();
    for after in &plan.after.tables {
        let name = plan.renames.original_table(&after.name);
        let (Some(old), Some(before)) = (old.table(name), plan.before.table(&after.name)) else {
            continue;
        };
        let rows = stored_rows(connection, old);
        for column in changed_columns(&plan, before, after) {
            let values = rows.iter().map(|row| new_value(&plan, (before, after), column, row));
            out.push(line(&after.name, column, values));
        }
    }
    out
}

/// Returns what is found there.
pub(super) fn found(connection: &Connection, old: &Schema, new: &Schema) -> Vec<String> {
    let plan = diff(Some(old), new);
    let mut out = Vec::new();
    for after in &plan.after.tables {
        let Some(before) = plan.before.table(&after.name) else { continue };
        let rows = stored_rows(connection, after);
        for column in changed_columns(&plan, before, after) {
            let index = after.columns.iter().position(|found| found.name == column).unwrap();
            out.push(line(&after.name, column, rows.iter().map(|row| row[index].clone())));
        }
    }
    out
}

fn line(table: &str, column: &str, values: impl Iterator<Item = Stored>) -> String {
    let mut values: Vec<String> = values.map(|value| format!("{value:?}")).collect();
    values.sort();
    format!("{table}.{column}: {}", values.join(", "))
}

/// Says whether a column's new values are worked out here.
pub(super) fn is_changed(plan: &MigrationPlan, table: &Table, column: &str) -> bool {
    let after = plan.after.table(&table.name).and_then(|after| after.column(column));
    let renamed = match (table.column(column), after) {
        (Some(before), Some(after)) => !renamed_values(before, after).is_empty(),
        _ => false,
    };
    renamed || plan.fill(&table.name, column).is_some()
}

fn changed_columns<'p>(plan: &MigrationPlan, before: &Table, after: &'p Table) -> Vec<&'p str> {
    let names = after.columns.iter().map(|column| column.name.as_str());
    names.filter(|name| is_changed(plan, before, name)).collect()
}

fn new_value(
    plan: &MigrationPlan,
    (before, after): (&Table, &Table),
    name: &str,
    row: &[Stored],
) -> Stored {
    let column = after.column(name).unwrap();
    let index = before.columns.iter().position(|column| column.name == name);
    let kept = index.map_or(Stored::Null, |index| row[index].clone());
    let Some(fill) = plan.fill(&after.name, name) else {
        let renamed = renamed_values(before.column(name).unwrap(), column);
        return match kept {
            Stored::Text(mut text) => {
                for (old, new) in renamed {
                    // Texts of these models have no quotes, so an element stands between two.
                    text = match column.ty {
                        ColumnType::List => {
                            text.replace(&format!("\"{old}\""), &format!("\"{new}\""))
                        }
                        _ if text == old => return Stored::Text(new.to_owned()),
                        _ => text,
                    };
                }
                Stored::Text(text)
            }
            other => other,
        };
    };
    if fill.rows == FilledRows::Missing && kept != Stored::Null {
        return kept;
    }
    let values = before.columns.iter().zip(row).map(|(column, cell)| value(column.ty, cell));
    match bind(fill.expr.evaluate(&Row(values.collect()), Nulls::False)) {
        Bind::Null => Stored::Null,
        Bind::Int(number) => Stored::Integer(number),
        Bind::Real(number) => Stored::Real(number),
        Bind::Text(text) => Stored::Text(text),
        Bind::Blob(bytes) => Stored::Blob(bytes.to_vec()),
    }
}

fn stored_rows(connection: &Connection, table: &Table) -> Vec<Vec<Stored>> {
    let quote = |name: &str| Dialect::Sqlite.quote(name);
    let names: Vec<String> = table.columns.iter().map(|column| quote(&column.name)).collect();
    let sql = format!("SELECT {} FROM {}", names.join(", "), quote(&table.name));
    let mut statement = connection.prepare(&sql).unwrap();
    let rows =
        statement.query_map([], |row| (0..names.len()).map(|index| row.get(index)).collect());
    rows.unwrap().map(Result::unwrap).collect()
}

/// Reads a stored value; JSON and lists are read by no fill here.
fn value(ty: ColumnType, cell: &Stored) -> Value {
    match (ty, cell) {
        (ColumnType::Boolean, Stored::Integer(truth)) => Value::Bool(*truth != 0),
        (ColumnType::Timestamp, Stored::Integer(time)) => Value::Timestamp(Timestamp(*time)),
        (_, Stored::Integer(number)) => Value::Int(*number),
        (_, Stored::Real(number)) => Value::Float(*number),
        (ColumnType::Decimal, Stored::Text(text)) => Value::Decimal(text.parse().unwrap()),
        (ColumnType::Date, Stored::Text(text)) => Value::Date(expr::ops::parse_date(text).unwrap()),
        (ColumnType::Json | ColumnType::List, _) => Value::Null,
        (_, Stored::Text(text)) => Value::Text(text.clone()),
        (_, Stored::Blob(bytes)) => Value::Uuid(uuid::Uuid::from_slice(bytes).unwrap()),
        (_, Stored::Null) => Value::Null,
    }
}

/// An old row.
struct Row(Vec<Value>);

impl Env for Row {
    type Row = ();

    fn now(&self) -> Timestamp {
        NOW
    }

    fn user(&self) -> Option<std::sync::Arc<serde_json::Value>> {
        None
    }

    fn input(&self, _: FieldId) -> Option<Value> {
        None
    }

    fn atom(&self, _: u16) -> Value {
        unreachable!("evaluation of the whole computes them")
    }

    fn row(&self) -> Option<()> {
        Some(())
    }

    fn field(&self, (): &(), field: FieldId) -> Value {
        self.0[field.0 as usize].clone()
    }

    fn hop(&self, (): &(), _: FieldId) -> Option<()> {
        None
    }

    fn ref_key(&self, (): &(), _: FieldId) -> Value {
        Value::Null
    }

    fn rows(&self, (): &(), _: FieldId) -> Vec<()> {
        Vec::new()
    }
}
