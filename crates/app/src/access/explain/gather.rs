//! Reads the rows that an explanation needs, all in one snapshot of the database.

use std::sync::Arc;

use model::Model;
use plan::{Bind, Dialect, Program, Statement, Verdict};

use super::judge::Question;
use super::snapshot::{Snapshot, Want};
use super::stored::Stored;

/// Judges again and again until no row is missing.
pub(super) struct Gather {
    pub(super) model: Arc<Model>,
    pub(super) dialect: Dialect,
    pub(super) question: Question,
    snapshot: Snapshot,
    current: Option<Want>,
    found: Vec<Arc<Stored>>,
    sql: Arc<str>,
    binds: Vec<Bind>,
}

impl Gather {
    pub(super) fn new(model: Arc<Model>, dialect: Dialect, question: Question) -> Self {
        Self {
            model,
            dialect,
            question,
            snapshot: Snapshot::default(),
            current: None,
            found: Vec::new(),
            sql: "".into(),
            binds: Vec::new(),
        }
    }
}

impl Program for Gather {
    type Output = (Question, Snapshot);

    fn next(&mut self) -> Option<Statement<'_>> {
        if let Some(want) = self.current.take() {
            self.snapshot.keep(&self.model, want, std::mem::take(&mut self.found));
        }
        let want = self.snapshot.next_want().or_else(|| {
            self.question.judge(&self.model, &self.snapshot);
            self.snapshot.next_want()
        })?;
        let (entity, limit) = (want.entity, want.limit());
        self.sql = plan::rows_where(&self.model, self.dialect, entity, &want.by, limit).into();
        self.binds.clone_from(&want.values);
        self.current = Some(want);
        Some(Statement { sql: &self.sql, binds: &self.binds })
    }

    fn row<R: plan::Row>(&mut self, row: &R) {
        if let Some(want) = &self.current {
            self.found.push(Arc::new(Stored::read(&self.model, want.entity, row)));
        }
    }

    fn refused(&mut self, _: plan::Constraint) {}

    fn restart(&mut self) {
        self.snapshot = Snapshot::default();
        self.current = None;
        self.found.clear();
    }

    fn verdict(&self) -> Verdict {
        Verdict::Rollback
    }

    fn finish(self) -> (Question, Snapshot) {
        (self.question, self.snapshot)
    }
}
