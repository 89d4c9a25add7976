//! Removes entries whose time has passed, a bounded number at a time.

use std::sync::Arc;

use expr::{EntityId, Timestamp};
use model::Model;
use model::schema::history;

use crate::dialect::Dialect;
use crate::program::{Bind, Constraint, Program, Row, Statement, Verdict};

/// Removes entries written before a time. It comes to how many.
///
/// The newest entry of a row that is there loses all but its number, so that the numbers go on.
pub struct Prune {
    statements: [Arc<str>; 2],
    binds: [Bind; 2],
    asked: usize,
    count: usize,
}

impl Prune {
    /// Prepares it; `None` for an entity without a history.
    pub fn new(
        model: &Model,
        dialect: Dialect,
        entity: EntityId,
        before: Timestamp,
        limit: u32,
    ) -> Option<Self> {
        let entity = model.entity(entity);
        entity.audit.as_ref()?;
        let quote = |name: &str| dialect.quote(name);
        let table = quote(&history::table_name(&entity.table));
        let keys: Vec<String> =
            (0..entity.key_columns.len()).map(|part| quote(&history::key_column(part))).collect();
        let [number, at, operation, caller, role, request, write, changes] =
            history::COLUMNS.map(quote);
        let same: Vec<String> = keys.iter().map(|key| format!("n.{key} = h.{key}")).collect();
        let same = same.join(" AND ");
        let other = |sign: &str| {
            format!(
                "EXISTS (SELECT 1 FROM {table} AS n WHERE {same} AND n.{number} {sign} h.{number})"
            )
        };
        let newer = other(">");
        let [before_then, limited] = [dialect.placeholder(1), dialect.placeholder(2)];
        let names = [keys.as_slice(), std::slice::from_ref(&number)].concat();
        let found = |condition: &str| {
            let held: Vec<String> = names.iter().map(|name| format!("h.{name}")).collect();
            format!(
                "({}) IN (SELECT {} FROM {table} AS h WHERE h.{at} < {before_then} AND {condition} LIMIT {limited})",
                names.join(", "),
                held.join(", "),
            )
        };
        // A deletion goes when nothing older is left, so that it is never mistaken for a row.
        let over = format!("({newer} OR (h.{operation} = 'delete' AND NOT {}))", other("<"));
        let last = format!("NOT {newer} AND h.{operation} <> 'delete'");
        let statements = [
            format!("DELETE FROM {table} WHERE {} RETURNING 1", found(&over)),
            format!(
                "UPDATE {table} SET {at} = NULL, {caller} = NULL, {role} = NULL, {request} = NULL, {write} = NULL, {changes} = '{{}}' WHERE {} RETURNING 1",
                found(&last)
            ),
        ]
        .map(Into::into);
        let binds = [Bind::Int(before.0), Bind::Int(i64::from(limit))];
        Some(Self { statements, binds, asked: 0, count: 0 })
    }
}

impl Program for Prune {
    type Output = usize;

    fn next(&mut self) -> Option<Statement<'_>> {
        let sql = self.statements.get(self.asked)?;
        self.asked += 1;
        Some(Statement { sql, binds: &self.binds })
    }

    fn row<R: Row>(&mut self, _: &R) {
        self.count += 1;
    }

    fn refused(&mut self, _: Constraint) {
        unreachable!("no constraint is on what is removed");
    }

    fn restart(&mut self) {
        (self.asked, self.count) = (0, 0);
    }

    fn finish(self) -> (Verdict, usize) {
        (Verdict::Commit, self.count)
    }
}
