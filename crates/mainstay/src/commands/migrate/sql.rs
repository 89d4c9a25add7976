//! A migration as SQL.

use std::fmt::Write as _;

use store::migrate::Outcome;

/// Writes the statements as they run, and in comments what the server does around them.
pub(super) fn show(outcome: &Outcome) -> String {
    if outcome.statements.is_empty() {
        return "-- nothing to do".to_owned();
    }
    let mut out = String::from(
        "-- In one transaction, with foreign keys off, and verified before the commit.\n",
    );
    for step in &outcome.steps {
        writeln!(out, "-- {}", step.text.replace('\n', " ")).expect("text takes text");
    }
    for statement in &outcome.statements {
        writeln!(out, "{statement};").expect("text takes text");
    }
    out.truncate(out.trim_end().len());
    out
}
