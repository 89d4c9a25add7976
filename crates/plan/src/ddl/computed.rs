//! The values that `@fill` computes, as SQL over the rows as they were.

use expr::{Caller, Kind, LiteralValue, Node, Nulls, Prepared, Timestamp, evaluate};
use model::ColumnType;
use model::schema::{Column, ComputedFill, FilledRows, recorded};

use super::projection::{Projection, scalar_type};

impl Projection<'_> {
    /// Writes what a fill puts into a column. `kept` is the value that the column has without it.
    pub(super) fn computed(&self, fill: &ComputedFill, column: &Column, kept: &str) -> String {
        let mut table = self.before.clone();
        for column in &mut table.columns {
            column.name = self.old_name(&column.name).to_owned();
        }
        // Its names are those of the statement; the expression knows columns by their order.
        let model = recorded::model(&table);
        let expr = at(&fill.expr, self.now);
        let value = crate::render::standalone_value(&model, self.dialect, recorded::ROW, &expr);
        let value = match fill.rows {
            FilledRows::All => value,
            FilledRows::Missing => format!("COALESCE({kept}, {value})"),
        };
        match scalar_type(column.ty) {
            Some(ty) if column.ty == ColumnType::Decimal => self.dialect.collated(value, &ty),
            _ => value,
        }
    }
}

/// Puts the time of the migration where an expression says `now`.
fn at(expr: &Prepared, now: Timestamp) -> Prepared {
    let atom = |atom: &Node| {
        let value =
            evaluate(atom, &Caller { user: None, now, input: &[], request: None }, Nulls::Unknown);
        Node { kind: Kind::Literal(LiteralValue(value)), ..atom.clone() }
    };
    Prepared { tree: expr.tree.clone(), atoms: expr.atoms.iter().map(atom).collect() }
}
