//! Diagnostics for people, with the lines they are about.
//!
//! ```text
//! error[unknown-type]: there is no type `Auhtor`
//!   --> modules/blog/schema.graphql:13:11
//!    |
//! 13 |   author: Auhtor!
//!    |           ^^^^^^
//!    = help: did you mean `Author`?
//! ```
//!
//! Written here rather than with ariadne, whose colours follow the terminal instead of the caller, and
//! which shows further places in a file under the position of the first.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::report::{Diagnostic, Label, Severity};
use crate::sources::Source;

/// The most diagnostics that are drawn; the rest is only counted, so that a broken file stays readable.
const DRAWN_MAX: usize = 200;
/// The longest part of a line that is shown.
const EXCERPT_CHARS_MAX: usize = 120;
/// How much of a long line is shown before the place.
const BEFORE_CHARS: usize = 40;

/// Escape sequences, or nothing.
struct Style {
    color: bool,
}

impl Style {
    fn paint(&self, code: &str, text: &str) -> String {
        if self.color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn frame(&self, text: &str) -> String {
        self.paint("1;34", text)
    }

    fn severity(&self, severity: Severity, text: &str) -> String {
        self.paint(if severity == Severity::Error { "1;31" } else { "1;33" }, text)
    }
}

/// Draws each diagnostic with its excerpts, and ends with a count.
pub(super) fn render(diagnostics: &[Diagnostic], sources: &[Arc<Source>], color: bool) -> String {
    let style = Style { color };
    let mut out = String::new();
    for diagnostic in diagnostics.iter().take(DRAWN_MAX) {
        draw(diagnostic, sources, &style, &mut out);
        out.push('\n');
    }
    if diagnostics.len() > DRAWN_MAX {
        let _ = writeln!(out, "… and {} more\n", diagnostics.len() - DRAWN_MAX);
    }
    out.push_str(&summary(diagnostics));
    out.push('\n');
    out
}

fn draw(diagnostic: &Diagnostic, sources: &[Arc<Source>], style: &Style, out: &mut String) {
    let head = format!("{}[{}]", diagnostic.severity.name(), diagnostic.code);
    let head = style.severity(diagnostic.severity, &head);
    let _ = writeln!(out, "{head}{}", style.paint("1", &format!(": {}", diagnostic.message)));
    let digits = |label: &Label| label.line.to_string().len();
    let width = diagnostic.labels.iter().map(digits).max().unwrap_or(0);
    let margin = " ".repeat(width);
    for (index, label) in diagnostic.labels.iter().enumerate() {
        let arrow = style.frame(if index == 0 { "-->" } else { ":::" });
        let _ = writeln!(out, "{margin}{arrow} {}:{}:{}", label.file, label.line, label.column);
        let Some(source) = sources.iter().find(|source| *source.path() == label.file) else {
            continue;
        };
        let (line, before, marked) = excerpt(source, label);
        let bar = style.frame("|");
        let _ = writeln!(out, "{margin} {bar}");
        let number = style.frame(&format!("{:>width$}", label.line));
        let _ = writeln!(out, "{}", format!("{number} {bar} {line}").trim_end());
        let (mark, severity) =
            if index == 0 { ("^", diagnostic.severity) } else { ("-", Severity::Warning) };
        let mut carets = mark.repeat(marked.max(1));
        if let Some(message) = &label.message {
            let _ = write!(carets, " {message}");
        }
        let carets =
            if index == 0 { style.severity(severity, &carets) } else { style.frame(&carets) };
        let _ = writeln!(out, "{margin} {bar} {}{carets}", " ".repeat(before));
    }
    if let Some(help) = &diagnostic.help {
        let _ = writeln!(out, "{margin} {} help: {help}", style.frame("="));
    }
}

/// Returns the line (or the part of it around the place), how many characters come before the place,
/// and how many it has on this line.
fn excerpt(source: &Source, label: &Label) -> (String, usize, usize) {
    let text = source.text();
    let start = text[..label.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[label.start..].find('\n').map_or(text.len(), |at| label.start + at);
    // A tab counts as one column, so it is shown as one.
    let shown = |part: &str| -> Vec<char> {
        part.trim_end_matches('\r').chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
    };
    let before = shown(&text[start..label.start]);
    let rest = shown(&text[label.start..end]);
    let marked = shown(&text[label.start..label.end.clamp(label.start, end)]).len();
    if before.len() + rest.len() <= EXCERPT_CHARS_MAX {
        return (before.iter().chain(&rest).collect(), before.len(), marked);
    }
    let mut line = String::new();
    let skipped = before.len().saturating_sub(BEFORE_CHARS);
    let mut shift = before.len() - skipped;
    if skipped > 0 {
        line.push('…');
        shift += 1;
    }
    line.extend(&before[skipped..]);
    let room = EXCERPT_CHARS_MAX - shift;
    line.extend(rest.iter().take(room));
    if rest.len() > room {
        line.push('…');
    }
    (line, shift, marked.min(room))
}

fn summary(diagnostics: &[Diagnostic]) -> String {
    let count = |severity| diagnostics.iter().filter(|d| d.severity == severity).count();
    let phrase = |count: usize, word: &str| match count {
        1 => format!("1 {word}"),
        _ => format!("{count} {word}s"),
    };
    match (count(Severity::Error), count(Severity::Warning)) {
        (errors, 0) => phrase(errors, "error"),
        (0, warnings) => phrase(warnings, "warning"),
        (errors, warnings) => {
            format!("{}, {}", phrase(errors, "error"), phrase(warnings, "warning"))
        }
    }
}
