//! Whether the database answers.

use std::sync::Arc;

use plan::{Constraint, Program, Row, Statement, Verdict};

/// Asks for one row and changes nothing.
pub(crate) struct Probe {
    sql: Arc<str>,
    asked: bool,
}

impl Probe {
    pub(crate) fn new() -> Self {
        Self { sql: Arc::from("SELECT 1 FROM sqlite_master LIMIT 1"), asked: false }
    }
}

impl Program for Probe {
    type Output = ();

    fn next(&mut self) -> Option<Statement<'_>> {
        if std::mem::replace(&mut self.asked, true) {
            return None;
        }
        Some(Statement { sql: &self.sql, binds: &[] })
    }

    fn row<R: Row>(&mut self, _: &R) {}

    fn refused(&mut self, _: Constraint) {
        unreachable!("a probe writes nothing");
    }

    fn restart(&mut self) {
        self.asked = false;
    }

    fn verdict(&self) -> Verdict {
        Verdict::Rollback
    }

    fn finish(self) {}
}
