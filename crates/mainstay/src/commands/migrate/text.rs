//! A migration for people.

use std::fmt::Write as _;

use model::schema::Class;
use plan::ddl::Way;
use store::migrate::{Filling, Outcome, PlannedStep, Problem};

use super::State;

/// Writes what is done and why, how many rows it touches, what could be lost, and what stops it.
pub(super) fn show(outcome: &Outcome, state: State) -> String {
    if state == State::Current {
        return "The database is as the model asks.".to_owned();
    }
    let mut out = String::new();
    for Filling { table, column, rows: done } in &outcome.filling {
        writeln!(
            out,
            "{table}.{column} is being filled\n    an earlier migration with --online was cut short after {}",
            rows(*done)
        )
        .expect("text takes text");
    }
    for (index, step) in outcome.steps.iter().enumerate() {
        let problems = outcome.problems.iter().filter(|problem| is_of(problem, index));
        writeln!(out, "{}", step.text).expect("text takes text");
        writeln!(out, "    {}\n    {}", step.why, effect(step)).expect("text takes text");
        for problem in problems {
            let Problem::Rows { loss, count, .. } = problem else { continue };
            let what = match loss {
                Some(name) => format!("{} would lose values of {name}", rows(*count)),
                None => format!("{} do not fit", rows(*count)),
            };
            writeln!(out, "    STOPS: {what}").expect("text takes text");
        }
    }
    match state {
        State::Applied => out.push_str("\nDone."),
        State::Stopped => {
            out.push('\n');
            out.push_str(&problems(outcome));
        }
        _ => out.push_str(
            "\nTry it on a copy with --dry-run, see the SQL with --format sql, do it with --apply.",
        ),
    }
    out
}

/// Writes everything that stops a migration, and what can be done about it.
pub(super) fn problems(outcome: &Outcome) -> String {
    let mut out = String::from("Nothing was changed:");
    for problem in &outcome.problems {
        let text = problem.to_string().replace('\n', "\n  ");
        write!(out, "\n\n  {text}").expect("text takes text");
    }
    out
}

fn is_of(problem: &Problem, step: usize) -> bool {
    matches!(problem, Problem::Rows { index, .. } if *index == step)
}

fn effect(step: &PlannedStep) -> String {
    let how = match step.way {
        Way::InPlace => "in place".to_owned(),
        Way::WriteRows => format!("writes {}", rows(step.rows)),
        Way::WriteRowsLater => format!("writes {} afterwards, a few at a time", rows(step.rows)),
        Way::Rebuild => format!("copies {} into a new table", rows(step.rows)),
        Way::BuildIndex => format!("reads {}", rows(step.rows)),
        Way::Drop => format!("{} in the table", rows(step.rows)),
    };
    match step.class {
        Class::Additive => how,
        Class::NeedsCheck => format!("{how}; stops if they do not fit"),
        Class::Lossy => format!("{how}; stops if a value would be lost that is not allowed to be"),
    }
}

/// Writes a number of rows.
pub(super) fn rows(count: u64) -> String {
    if count == 1 { "1 row".to_owned() } else { format!("{} rows", number(count)) }
}

/// Writes a number with its digits in groups of three.
pub(super) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        let check = |of, expected: &str| assert_eq!(number(of), expected);
        check(0, "0");
        check(999, "999");
        check(1000, "1,000");
        check(1_234_567, "1,234,567");
    }
}
