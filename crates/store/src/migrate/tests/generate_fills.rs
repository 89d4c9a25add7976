//! Fills for the columns of a changed schema, made from the columns that there were.

use model::ColumnType;
use model::schema::{Column, Fill, Table};

use super::generate::Draw;

/// Gives some columns a fill that can be computed from the old table.
pub(super) fn add(draw: &mut Draw<'_>, old: &Table, new: &mut Table) {
    let sources: Vec<&Column> =
        old.columns.iter().filter(|column| is_identifier(&column.name)).collect();
    for column in &mut new.columns {
        if sources.is_empty() || !draw.once_in(3) {
            continue;
        }
        let source = sources[draw.below(sources.len())];
        let choices = expressions(source.ty, column.ty);
        if !choices.is_empty() {
            let text = choices[draw.below(choices.len())];
            column.fill = Some(Fill::Expr(text.replace("row.s", &format!("row.{}", source.name))));
        }
    }
}

fn is_identifier(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_lowercase() || c == '_')
}

/// Expressions over a column `row.s` of one type that give a value of another.
fn expressions(from: ColumnType, to: ColumnType) -> &'static [&'static str] {
    use ColumnType::*;
    match (from, to) {
        (Text, Text) => &["row.s", "row.s.upperAscii()", "row.s == 'A' ? 'B' : 'C'", "row.s + 'x'"],
        (Uuid | Int | BigInt | Decimal | Boolean | Timestamp | Date, Text) => {
            &["string(row.s)", "'A'", "row.s == null ? 'none' : string(row.s)"]
        }
        (Text, Int | BigInt) => &["size(row.s)", "int(row.s)", "row.s.startsWith('b') ? 1 : 2"],
        (Int | BigInt, Int | BigInt) => &["row.s + 1", "row.s * 2", "row.s % 2", "7"],
        (Float, Int | BigInt) => &["int(row.s)"],
        (Boolean, Int | BigInt) => &["row.s ? 1 : 0"],
        (Int | BigInt, Float) => &["double(row.s)", "0.5"],
        (Int | BigInt, Decimal) => &["decimal(row.s) / 100.0", "decimal(row.s)"],
        (Text, Decimal) => &["decimal(row.s)"],
        (List | Json, _) => &[],
        (_, Boolean) => &["row.s != null", "row.s == null || true"],
        (Date, Timestamp) => &["timestamp(row.s)", "now"],
        (_, Timestamp) => &["now"],
        (Timestamp, Date) => &["date(row.s)"],
        (Date, Date) | (Uuid, Uuid) | (Decimal, Decimal) => &["row.s"],
        _ => &[],
    }
}
