//! Rows of an import that are written together: all of them, or none.

use std::sync::Arc;

use plan::find::FindRun;
use plan::{Bind, Sequence};

use crate::application::App;
use crate::operations::{Many, Rows, Saved, TogetherSteps, Write};
use crate::refusal::Refusal;

/// A row, and the line on which it begins.
pub(super) struct Line {
    pub(super) line: u64,
    pub(super) write: Write,
}

/// Writes rows together. The refusal of one is `OfLine`.
pub(super) async fn write(app: &App, lines: Vec<Line>) -> Result<Many, Refusal> {
    let steps = TogetherSteps::new(Arc::clone(&app.model), Group(Arc::new(lines)), false);
    app.store.write(Sequence::new(steps)).await?
}

struct Group(Arc<Vec<Line>>);

impl Rows for Group {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn check(&self, _: usize) -> Option<FindRun> {
        None
    }

    fn write(&self, at: usize, _: &[Option<Vec<Bind>>]) -> Write {
        self.0[at].write.clone()
    }

    fn refused(&self, at: usize, refusal: Refusal) -> Refusal {
        Refusal::OfLine { line: self.0[at].line, refusal: Box::new(refusal) }
    }

    fn counts(&self, _: usize) -> bool {
        true
    }

    fn shown(&self, _: Vec<Saved>) -> Vec<Saved> {
        Vec::new()
    }
}
