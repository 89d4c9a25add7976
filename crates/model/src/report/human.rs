//! Diagnostics for people, with the lines they are about.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use ariadne::{CharSet, Color, Config, IndexType, ReportKind};

use crate::report::{Diagnostic, Severity};
use crate::sources::Source;

/// The most diagnostics that are drawn; the rest is only counted, so that a broken file stays readable.
const DRAWN_MAX: usize = 200;

type Span = (Arc<str>, Range<usize>);

/// Draws each diagnostic with its excerpt, and ends with a count.
pub(super) fn render(diagnostics: &[Diagnostic], sources: &[Arc<Source>], color: bool) -> String {
    let mut cache = Excerpts { sources, parsed: HashMap::new() };
    let mut out = Vec::new();
    for diagnostic in diagnostics.iter().take(DRAWN_MAX) {
        draw(diagnostic, &mut cache, color, &mut out);
    }
    let mut text = String::from_utf8_lossy(&out).into_owned();
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    text = lines.join("\n");
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(&summary(diagnostics));
    text
}

fn draw(diagnostic: &Diagnostic, cache: &mut Excerpts<'_>, color: bool, out: &mut Vec<u8>) {
    let (kind, hue) = match diagnostic.severity {
        Severity::Error => (ReportKind::Error, Color::Red),
        Severity::Warning => (ReportKind::Warning, Color::Yellow),
    };
    let main: Span = match diagnostic.labels.first() {
        Some(label) => (label.file.clone(), label.start..label.end),
        None => ("".into(), 0..0),
    };
    let config = Config::new()
        .with_color(color)
        .with_index_type(IndexType::Byte)
        .with_char_set(if color { CharSet::Unicode } else { CharSet::Ascii });
    let mut report = ariadne::Report::build(kind, main)
        .with_config(config)
        .with_code(diagnostic.code)
        .with_message(&diagnostic.message);
    for (index, label) in diagnostic.labels.iter().enumerate() {
        let mut drawn = ariadne::Label::new((label.file.clone(), label.start..label.end));
        if index == 0 {
            drawn = drawn.with_color(hue);
        }
        // Without a message ariadne draws no line below the excerpt.
        drawn = drawn.with_message(label.message.as_deref().unwrap_or("here"));
        report = report.with_label(drawn);
    }
    if let Some(help) = &diagnostic.help {
        report = report.with_help(help);
    }
    // Writing to memory cannot fail, and a source that is missing is drawn without its text.
    let _ = report.finish().write(cache, &mut *out);
    out.push(b'\n');
}

fn summary(diagnostics: &[Diagnostic]) -> String {
    let count = |severity| diagnostics.iter().filter(|d| d.severity == severity).count();
    let phrase = |count: usize, word: &str| match count {
        1 => format!("1 {word}"),
        _ => format!("{count} {word}s"),
    };
    let errors = phrase(count(Severity::Error), "error");
    match count(Severity::Warning) {
        0 => format!("{errors}\n"),
        warnings => format!("{errors}, {}\n", phrase(warnings, "warning")),
    }
}

/// The texts that ariadne cuts its excerpts from.
struct Excerpts<'s> {
    sources: &'s [Arc<Source>],
    parsed: HashMap<Arc<str>, ariadne::Source>,
}

impl ariadne::Cache<Arc<str>> for &mut Excerpts<'_> {
    type Storage = String;

    fn fetch(&mut self, path: &Arc<str>) -> Result<&ariadne::Source, impl std::fmt::Debug> {
        let sources = self.sources;
        Ok::<_, &str>(self.parsed.entry(path.clone()).or_insert_with(|| {
            let found = sources.iter().find(|source| source.path() == path);
            ariadne::Source::from(found.map_or_else(String::new, |s| s.text().to_owned()))
        }))
    }

    fn display<'a>(&self, path: &'a Arc<str>) -> Option<impl std::fmt::Display + 'a> {
        Some(path.clone())
    }
}
