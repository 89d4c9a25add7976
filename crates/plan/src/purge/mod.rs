//! Deletes archived rows for good, a bounded number at a time.
//!
//! The rows are found first, so that what refers to them from other modules, where no foreign key
//! acts, is deleted or detached before them. Trees go from their leaves, and within a transaction as
//! far up as its bound allows.

mod blocks;
mod statements;

use expr::{EntityId, Timestamp};
use model::Model;

use self::statements::Statements;
use crate::dialect::Dialect;
use crate::encode::key_list_item;
use crate::program::{Bind, Constraint, Program, Row, Statement, Verdict};
use crate::write::By;

/// Which rows of those that may go, in the order in which they were archived.
#[derive(Copy, Clone, Debug)]
pub struct Batch {
    /// How many at most.
    pub rows: u32,
    /// How many are left out before them.
    pub skipped: u32,
}

/// Deletes rows archived before a time. It comes to how many, or to nothing where the database
/// refused.
pub struct Purge {
    statements: Statements,
    before: Timestamp,
    batch: Batch,
    by: Vec<Bind>,
    step: Step,
    binds: Vec<Bind>,
    /// The keys of what was found last.
    found: Vec<String>,
    /// Those of the rows above it in its tree.
    above: Vec<String>,
    count: usize,
    refused: bool,
}

#[derive(Copy, Clone, PartialEq, Eq)]
enum Step {
    Start,
    Finding,
    Climbing,
    SayingBy,
    Deleting(usize),
}

impl Purge {
    /// Says when it happens, for the history of what is deleted; it is nobody's doing.
    #[must_use]
    pub fn by(mut self, by: &By) -> Self {
        self.by = by.binds();
        self
    }

    /// Prepares it; `None` for an entity that is not archived. What is still referred to by rows that
    /// restrict it is left for later.
    pub fn new(
        model: &Model,
        dialect: Dialect,
        entity: EntityId,
        before: Timestamp,
        batch: Batch,
    ) -> Option<Self> {
        Some(Self {
            statements: Statements::of(model, dialect, model.entity(entity))?,
            before,
            batch,
            by: Vec::new(),
            step: Step::Start,
            binds: Vec::new(),
            found: Vec::new(),
            above: Vec::new(),
            count: 0,
            refused: false,
        })
    }

    fn step_behind(&self, step: Step) -> Option<Step> {
        match step {
            _ if self.refused => None,
            Step::Start => Some(Step::Finding),
            Step::Finding | Step::Climbing if self.found.is_empty() => None,
            Step::Finding if self.says_by() => Some(Step::SayingBy),
            Step::Finding | Step::Climbing | Step::SayingBy => Some(Step::Deleting(0)),
            Step::Deleting(at) if at + 1 < self.statements.delete.len() => {
                Some(Step::Deleting(at + 1))
            }
            Step::Deleting(_) if self.above.is_empty() || self.left() == 0 => None,
            Step::Deleting(_) => Some(Step::Climbing),
        }
    }

    fn says_by(&self) -> bool {
        self.statements.write_by.is_some() && !self.by.is_empty()
    }

    fn left(&self) -> i64 {
        i64::from(self.batch.rows) - self.count as i64
    }

    fn enter(&mut self, step: Step) {
        let of_time = [Bind::Int(self.before.0), Bind::Int(self.left())];
        match step {
            Step::Start => {}
            Step::Finding => {
                self.binds = [&of_time[..], &[Bind::Int(i64::from(self.batch.skipped))]].concat();
            }
            Step::Climbing => {
                self.binds = [&of_time[..], &[list(&std::mem::take(&mut self.above))]].concat();
                self.found.clear();
            }
            Step::SayingBy => self.binds.clone_from(&self.by),
            Step::Deleting(_) => self.binds = vec![list(&self.found)],
        }
        self.step = step;
    }
}

/// Returns keys as a list that `Dialect::parent_key` reads.
fn list(keys: &[String]) -> Bind {
    Bind::Text(format!("[{}]", keys.join(",")))
}

impl Program for Purge {
    type Output = Option<usize>;

    fn next(&mut self) -> Option<Statement<'_>> {
        let step = self.step_behind(self.step)?;
        self.enter(step);
        let statements = &self.statements;
        let sql = match step {
            Step::Start => return None,
            Step::Finding => &statements.find,
            Step::Climbing => &statements.climb,
            Step::SayingBy => statements.write_by.as_ref()?,
            Step::Deleting(at) => statements.delete.get(at)?,
        };
        Some(Statement { sql, binds: &self.binds })
    }

    fn row<R: Row>(&mut self, row: &R) {
        if !matches!(self.step, Step::Finding | Step::Climbing) {
            return;
        }
        let parts = self.statements.key_parts;
        let key = |at: usize| {
            let columns = at * parts..(at + 1) * parts;
            key_list_item(columns.map(|column| row.cell(column)), parts)
        };
        let Some(found) = key(0) else { return };
        self.found.push(found);
        self.above.extend((1..=self.statements.ways_up).filter_map(key));
        self.count += 1;
    }

    fn refused(&mut self, _: Constraint) {
        self.refused = true;
    }

    fn restart(&mut self) {
        (self.step, self.count, self.refused) = (Step::Start, 0, false);
        self.found.clear();
        self.above.clear();
    }

    fn verdict(&self) -> Verdict {
        if self.refused { Verdict::Rollback } else { Verdict::Commit }
    }

    fn finish(self) -> Option<usize> {
        (!self.refused).then_some(self.count)
    }
}
