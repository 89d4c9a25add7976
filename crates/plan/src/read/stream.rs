//! Reads all rows of a list in one statement, and hands them on as they come.

use std::sync::Arc;

use super::{ReadPlan, ReadValues};
use crate::encode::Collect;
use crate::program::{Bind, Constraint, Program, Row, Statement, Verdict};

/// Rows are handed on in pieces of about this size.
pub const STREAM_PIECE_BYTES: usize = 32 * 1024;

/// Where rows go.
pub trait Outlet: Send + 'static {
    /// Takes the bytes and leaves none. It may wait until there is room for them.
    fn take(&mut self, bytes: &mut Vec<u8>);
}

/// The form of a stream of rows, each on a line.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Lines {
    /// JSON objects.
    Json,
    /// CSV, with a line of names before the rows.
    Csv,
}

/// A stream in progress. It comes to its outlet.
pub struct StreamRun<O> {
    plan: Arc<ReadPlan>,
    values: ReadValues,
    lines: Lines,
    binds: Vec<Bind>,
    out: Vec<u8>,
    outlet: O,
    rows_left: u32,
    is_started: bool,
}

impl<O: Outlet> StreamRun<O> {
    /// Starts a stream of at most `values.limit` rows. The plan is flat: of one statement.
    pub fn new(plan: Arc<ReadPlan>, values: ReadValues, lines: Lines, outlet: O) -> Self {
        Self {
            rows_left: values.limit,
            plan,
            values,
            lines,
            binds: Vec::new(),
            out: Vec::with_capacity(STREAM_PIECE_BYTES * 2),
            outlet,
            is_started: false,
        }
    }
}

impl<O: Outlet> Program for StreamRun<O> {
    type Output = O;

    fn next(&mut self) -> Option<Statement<'_>> {
        if std::mem::replace(&mut self.is_started, true) {
            return None;
        }
        let root = &self.plan.levels[0];
        if self.lines == Lines::Csv {
            root.encoder.write_csv_header(&mut self.out);
        }
        self.values.bind(&root.statement.binds, None, &mut self.binds);
        Some(Statement { sql: &root.statement.sql, binds: &self.binds })
    }

    fn row<R: Row>(&mut self, row: &R) {
        // The statement reads one more, by which pages see whether there is more.
        let Some(left) = self.rows_left.checked_sub(1) else { return };
        self.rows_left = left;
        let encoder = &self.plan.levels[0].encoder;
        match self.lines {
            Lines::Csv => encoder.write_csv(&mut self.out, row),
            Lines::Json => {
                encoder.write(&mut self.out, row, &mut Collect::default());
                self.out.push(b'\n');
            }
        }
        if self.out.len() >= STREAM_PIECE_BYTES {
            self.outlet.take(&mut self.out);
        }
    }

    fn refused(&mut self, _: Constraint) {
        unreachable!("reads violate no constraint");
    }

    /// What has left cannot be taken back: a stream runs where nothing starts it again.
    fn restart(&mut self) {}

    fn verdict(&self) -> Verdict {
        Verdict::Commit
    }

    fn finish(mut self) -> O {
        self.outlet.take(&mut self.out);
        self.outlet
    }
}
