//! What old rows get in new and changed columns, computed from the rows as they were (`@fill`).

use expr::{Expect, Kind, Mistake, Node, Prepared, Scope};

use super::meaning::leads_elsewhere;
use super::recorded::{self, OldRow, ROW};
use super::{Column, Conversion, Fill, Renames, Schema, Table, conversion};

/// A fill that takes part in a migration.
#[derive(Clone, Debug, PartialEq)]
pub struct ComputedFill {
    /// The table, by its new name.
    pub table: String,
    /// The column, by its new name.
    pub column: String,
    /// As written.
    pub text: String,
    /// Checked against the recorded table; its fields are the columns of before, in their order.
    pub expr: Prepared,
    /// The columns it reads, by their names in the plan's schema of before.
    pub reads: Vec<String>,
    /// Which rows get it.
    pub rows: FilledRows,
}

/// Which rows get a fill.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum FilledRows {
    /// All: the column is new, its type changes, or it leads to other rows.
    All,
    /// Those without a value: the column becomes required.
    Missing,
}

/// A fill that cannot be computed from the rows as they were.
#[derive(Clone, Debug, PartialEq)]
pub struct FillMistake {
    /// The table, by its new name.
    pub table: String,
    /// The column, by its new name.
    pub column: String,
    /// As written.
    pub text: String,
    /// What is wrong with it.
    pub mistakes: Vec<Mistake>,
}

/// Finds the fills that matter between two schemas, and checks them. One that asks for what is there
/// already is left alone: what it reads may be long gone.
pub(super) fn fills(
    old: &Schema,
    renames: &Renames,
    before: &Schema,
    after: &Schema,
) -> (Vec<ComputedFill>, Vec<FillMistake>) {
    let (mut fills, mut mistakes) = (Vec::new(), Vec::new());
    for table in &after.tables {
        let original = old.table(renames.original_table(&table.name));
        let (Some(original), Some(before)) = (original, before.table(&table.name)) else {
            continue;
        };
        for column in &table.columns {
            let Some(Fill::Expr(text)) = &column.fill else { continue };
            let Some(rows) = filled_rows(before, table, column) else { continue };
            match compile(original, column, text) {
                Ok(node) => fills.push(ComputedFill {
                    table: table.name.clone(),
                    column: column.name.clone(),
                    text: text.clone(),
                    reads: reads(&node, before),
                    expr: expr::prepare_value(node),
                    rows,
                }),
                Err(found) => mistakes.push(FillMistake {
                    table: table.name.clone(),
                    column: column.name.clone(),
                    text: text.clone(),
                    mistakes: found,
                }),
            }
        }
    }
    (fills, mistakes)
}

fn filled_rows(old: &Table, new: &Table, after: &Column) -> Option<FilledRows> {
    let Some(before) = old.column(&after.name) else { return Some(FilledRows::All) };
    if leads_elsewhere(old, new, &after.name) {
        return Some(FilledRows::All);
    }
    let gains_values = before.values.is_some() && after.values.is_some();
    match conversion(before, after) {
        Conversion::None => {}
        Conversion::Same if gains_values => {}
        _ => return Some(FilledRows::All),
    }
    (before.nullable && !after.nullable).then_some(FilledRows::Missing)
}

fn compile(table: &Table, column: &Column, text: &str) -> Result<Node, Vec<Mistake>> {
    let model = recorded::model(table);
    let scope = Scope {
        schema: &OldRow(&model),
        row: Some(ROW),
        bare_fields: false,
        input: None,
        user: false,
        now: true,
    };
    expr::compile(text, &scope, Expect::Type(recorded::scalar(column.ty).expr_type()))
}

/// Finds the columns that an expression reads.
fn reads(node: &Node, before: &Table) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        if let Kind::Field { field, .. } = &node.kind
            && let Some(column) = before.columns.get(field.0 as usize)
            && !found.contains(&column.name)
        {
            found.push(column.name.clone());
        }
        node.each_child(&mut |child| open.push(child));
    }
    found
}
