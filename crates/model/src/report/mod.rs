//! Everything that is wrong with an application, and how it is shown.

mod human;
mod json;
mod problems;
mod sarif;

use std::sync::Arc;

pub(crate) use problems::{Place, Problems};

use crate::sources::Source;

/// Something to say about the model or the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How grave it is.
    pub severity: Severity,
    /// What kind it is: a stable name in kebab case.
    pub code: &'static str,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Where; the first is the main place. Never empty for mistakes in a file.
    pub labels: Vec<Label>,
}

/// How grave a diagnostic is.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The model cannot be used.
    Error,
    /// The model can be used, but something is not as it may seem.
    Warning,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The path relative to the application folder.
    pub file: Arc<str>,
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
    /// The line of the first byte, from 1.
    pub line: u32,
    /// The column of the first byte in characters, from 1.
    pub column: u32,
    /// The line of the end, from 1.
    pub end_line: u32,
    /// The column of the end.
    pub end_column: u32,
    /// What is to be seen there.
    pub message: Option<String>,
}

/// Diagnostics sorted by place, without repetition. It dereferences to a slice of them.
#[derive(Clone, Debug, Default)]
pub struct Report {
    diagnostics: Vec<Diagnostic>,
    sources: Vec<Arc<Source>>,
}

impl Report {
    /// Sorts diagnostics by file and position and drops repeated ones.
    pub(crate) fn new(mut diagnostics: Vec<Diagnostic>, sources: &[Arc<Source>]) -> Self {
        diagnostics.sort_by(|a, b| order(a).cmp(&order(b)));
        diagnostics.dedup();
        Self { diagnostics, sources: sources.to_vec() }
    }

    /// Returns the diagnostics.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Says whether something keeps the model from being used.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Returns the text for people: each mistake with its place in the file, and what to do.
    pub fn to_human(&self, color: bool) -> String {
        human::render(&self.diagnostics, &self.sources, color)
    }

    /// Returns the diagnostics as JSON.
    pub fn to_json(&self) -> String {
        json::render(&self.diagnostics)
    }

    /// Returns the diagnostics as SARIF 2.1.0, for code scanning.
    pub fn to_sarif(&self) -> String {
        sarif::render(&self.diagnostics)
    }
}

impl std::ops::Deref for Report {
    type Target = [Diagnostic];

    fn deref(&self) -> &[Diagnostic] {
        &self.diagnostics
    }
}

impl<'r> IntoIterator for &'r Report {
    type Item = &'r Diagnostic;
    type IntoIter = std::slice::Iter<'r, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.diagnostics.iter()
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.to_human(false))
    }
}

impl std::error::Error for Report {}

impl Severity {
    /// Returns the name in JSON and SARIF.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

fn order(diagnostic: &Diagnostic) -> (Option<(&str, usize, usize)>, Severity, &str, &str) {
    let place = diagnostic.labels.first().map(|label| (&*label.file, label.start, label.end));
    (place, diagnostic.severity, diagnostic.code, &diagnostic.message)
}

#[cfg(test)]
mod tests;
