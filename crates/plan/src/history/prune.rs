//! Removes entries whose time has passed, a bounded number at a time.

use std::sync::Arc;

use expr::{EntityId, Timestamp};
use model::schema::history;
use model::{Entity, Model};

use super::{other, same_row};
use crate::dialect::Dialect;
use crate::program::{Bind, Cell, Constraint, Program, Row, Statement, Verdict};

/// Removes entries written before a time. It comes to how many, or to nothing where none was due.
///
/// The newest entry of a row that is there loses all but its number, so that the numbers go on. Such
/// a number goes when a newer entry takes its place, and with the deletion of its row.
///
/// Each statement looks at a batch of the entries that are due, oldest first, and the oldest is always
/// one that is due no longer when all have run. So a transaction is short however much there is to do,
/// and what has to wait is never in the way of the rest.
pub struct Prune {
    statements: [Arc<str>; 5],
    binds: [Bind; 2],
    asked: usize,
    touched: bool,
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
        let write = Writer::new(dialect, entity);
        let statements = [
            write.remove_followed(),
            write.remove_deletions(),
            write.remove_numbers(),
            write.keep_numbers(),
            write.put_off_deletions(),
        ]
        .map(Into::into);
        let binds = [Bind::Int(before.0), Bind::Int(i64::from(limit))];
        Some(Self { statements, binds, asked: 0, touched: false, count: 0 })
    }
}

/// Writes the statements. In each, `h` is an entry of the batch. Each returns, for an entry that it
/// touches, whether there is one less that says something.
struct Writer<'e> {
    dialect: Dialect,
    entity: &'e Entity,
    table: String,
    batch: String,
    number: String,
    at: String,
    is_deletion: String,
}

impl<'e> Writer<'e> {
    fn new(dialect: Dialect, entity: &'e Entity) -> Self {
        let table = dialect.quote(&history::table_name(&entity.table));
        let [number, at, operation] =
            [history::NUMBER, history::AT, history::OPERATION].map(|name| dialect.quote(name));
        let batch = format!(
            "(SELECT {}, {at}, {operation} FROM {table} WHERE {at} < {} ORDER BY {at} LIMIT {}) AS h",
            key(dialect, entity, ""),
            dialect.placeholder(1),
            dialect.placeholder(2),
        );
        let is_deletion = format!("h.{operation} = 'delete'");
        Self { dialect, entity, table, batch, number, at, is_deletion }
    }

    /// An entry goes when there is a newer one.
    fn remove_followed(&self) -> String {
        self.remove(&format!(
            "SELECT {} FROM {} WHERE {}",
            self.key("h."),
            self.batch,
            self.newer()
        ))
    }

    /// A deletion goes when of all before it there is but a number left, and takes that with it. What
    /// it leaves behind would be taken for entries of a row that is there.
    fn remove_deletions(&self) -> String {
        let Self { batch, table, number, at, is_deletion, .. } = self;
        self.remove(&format!(
            "SELECT {} FROM {batch} CROSS JOIN {table} AS o WHERE {is_deletion} AND NOT {} AND {} AND o.{number} <= h.{number}",
            self.key("o."),
            self.older(&format!(" AND n.{at} IS NOT NULL")),
            self.same("o", "h"),
        ))
    }

    /// A number goes when another is to take its place.
    fn remove_numbers(&self) -> String {
        let Self { batch, table, number, at, is_deletion, .. } = self;
        self.remove(&format!(
            "SELECT {} FROM {batch} CROSS JOIN {table} AS o WHERE NOT {is_deletion} AND NOT {} AND {} AND o.{number} < h.{number} AND o.{at} IS NULL",
            self.key("o."),
            self.newer(),
            self.same("o", "h"),
        ))
    }

    /// The newest entry of a row that is there keeps its number.
    fn keep_numbers(&self) -> String {
        let nothing =
            [history::AT, history::CALLER, history::ROLE, history::REQUEST, history::WRITE]
                .map(|name| format!("{} = NULL", self.dialect.quote(name)));
        format!(
            "UPDATE {} SET {}, {} = '{{}}' WHERE ({}) IN (SELECT {} FROM {} WHERE NOT {} AND NOT {}) RETURNING 1",
            self.table,
            nothing.join(", "),
            self.dialect.quote(history::CHANGES),
            self.key(""),
            self.key("h."),
            self.batch,
            self.is_deletion,
            self.newer(),
        )
    }

    /// A deletion that a clock dated before what it ended is dated behind it: with its own time it would
    /// be in every batch until that goes.
    fn put_off_deletions(&self) -> String {
        let Self { table, batch, number, at, is_deletion, .. } = self;
        format!(
            "UPDATE {table} SET {at} = (SELECT MAX(n.{at}) + 1 FROM {table} AS n WHERE {} AND n.{number} < {table}.{number}) WHERE ({}) IN (SELECT {} FROM {batch} WHERE {is_deletion} AND {}) RETURNING 0",
            self.same("n", table),
            self.key(""),
            self.key("h."),
            self.older(&format!(" AND n.{at} >= h.{at}")),
        )
    }

    fn remove(&self, found: &str) -> String {
        let Self { table, at, .. } = self;
        format!(
            "DELETE FROM {table} WHERE ({}) IN ({found}) RETURNING {at} IS NOT NULL",
            self.key("")
        )
    }

    fn newer(&self) -> String {
        other(self.dialect, self.entity, ">", "")
    }

    fn older(&self, more: &str) -> String {
        other(self.dialect, self.entity, "<", more)
    }

    fn same(&self, one: &str, two: &str) -> String {
        same_row(self.dialect, self.entity, one, two)
    }

    fn key(&self, alias: &str) -> String {
        key(self.dialect, self.entity, alias)
    }
}

/// Writes the columns that tell an entry from all others.
fn key(dialect: Dialect, entity: &Entity, alias: &str) -> String {
    let parts = (0..entity.key_columns.len()).map(history::key_column);
    let names = parts.chain([history::NUMBER.to_owned()]);
    let names: Vec<String> = names.map(|name| format!("{alias}{}", dialect.quote(&name))).collect();
    names.join(", ")
}

impl Program for Prune {
    type Output = Option<usize>;

    fn next(&mut self) -> Option<Statement<'_>> {
        let sql = self.statements.get(self.asked)?;
        self.asked += 1;
        Some(Statement { sql, binds: &self.binds })
    }

    fn row<R: Row>(&mut self, row: &R) {
        self.touched = true;
        self.count += usize::from(matches!(row.cell(0), Cell::Int(1)));
    }

    fn refused(&mut self, _: Constraint) {
        unreachable!("no constraint is on what is removed");
    }

    fn restart(&mut self) {
        (self.asked, self.touched, self.count) = (0, false, 0);
    }

    fn verdict(&self) -> Verdict {
        Verdict::Commit
    }

    fn finish(self) -> Option<usize> {
        self.touched.then_some(self.count)
    }
}
