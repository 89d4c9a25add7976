//! Collects diagnostics while the model is checked.

use std::ops::Range;

use crate::report::{Diagnostic, Label, Severity};
use crate::sources::Sources;

/// A range of bytes in one of the sources.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    /// The index of the file in `Sources::files`.
    pub(crate) source: usize,
    /// The first byte.
    pub(crate) start: usize,
    /// The byte after the last.
    pub(crate) end: usize,
}

/// The diagnostics found so far.
pub(crate) struct Problems<'s> {
    sources: &'s Sources,
    found: Vec<Diagnostic>,
}

/// A diagnostic just reported, to which help and further places can be added.
pub(crate) struct Reported<'p, 's> {
    sources: &'s Sources,
    diagnostic: &'p mut Diagnostic,
}

impl Place {
    /// Makes a place from a range of bytes.
    pub(crate) fn new(source: usize, range: Range<usize>) -> Self {
        Self { source, start: range.start, end: range.end }
    }
}

impl<'s> Problems<'s> {
    /// Begins without any.
    pub(crate) fn new(sources: &'s Sources) -> Self {
        Self { sources, found: Vec::new() }
    }

    /// Reports a mistake.
    pub(crate) fn error(
        &mut self,
        code: &'static str,
        place: Place,
        message: impl Into<String>,
    ) -> Reported<'_, 's> {
        self.report(Severity::Error, code, place, message.into())
    }

    /// Reports something that keeps nobody from going on.
    pub(crate) fn warning(
        &mut self,
        code: &'static str,
        place: Place,
        message: impl Into<String>,
    ) -> Reported<'_, 's> {
        self.report(Severity::Warning, code, place, message.into())
    }

    fn report(
        &mut self,
        severity: Severity,
        code: &'static str,
        place: Place,
        message: String,
    ) -> Reported<'_, 's> {
        let labels = label(self.sources, place, None).into_iter().collect();
        let at = self.found.len();
        self.found.push(Diagnostic { severity, code, message, help: None, labels });
        Reported { sources: self.sources, diagnostic: &mut self.found[at] }
    }

    /// Returns what was found so far.
    pub(crate) fn found(&self) -> &[Diagnostic] {
        &self.found
    }

    /// Drops what does not satisfy a condition: mistakes that only follow from others.
    pub(crate) fn retain(&mut self, keep: impl FnMut(&Diagnostic) -> bool) {
        self.found.retain(keep);
    }

    /// Hands over what was found.
    pub(crate) fn into_found(self) -> Vec<Diagnostic> {
        self.found
    }
}

impl Reported<'_, '_> {
    /// Says what to do about it.
    pub(crate) fn help(self, help: impl Into<String>) -> Self {
        self.diagnostic.help = Some(help.into());
        self
    }

    /// Says what to do about it, if that is known.
    pub(crate) fn help_if(self, help: Option<String>) -> Self {
        if help.is_some() {
            self.diagnostic.help = help;
        }
        self
    }

    /// Points to a further place.
    pub(crate) fn see(self, place: Place, message: impl Into<String>) -> Self {
        self.diagnostic.labels.extend(label(self.sources, place, Some(message.into())));
        self
    }
}

fn label(sources: &Sources, place: Place, message: Option<String>) -> Option<Label> {
    // An application without any file has no place.
    let source = sources.files().get(place.source)?;
    let start = source.boundary(place.start);
    let end = source.boundary(place.end.max(place.start));
    let (line, column) = source.position(start);
    let (end_line, end_column) = source.position(end);
    let file = source.path().clone();
    Some(Label { file, start, end, line, column, end_line, end_column, message })
}
