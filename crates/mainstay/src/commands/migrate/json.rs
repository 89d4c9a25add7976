//! A migration for programs. `docs/migrations.md` describes the members, which stay.

use model::schema::Class;
use plan::ddl::Way;
use serde_json::{Value as Json, json};
use store::migrate::{Drifted, Filling, Outcome, PlannedStep, Problem};

use super::State;

/// Raised when a member changes its meaning or goes.
pub(super) const VERSION: u32 = 1;

/// Writes a plan, or what was done.
pub(super) fn show(outcome: &Outcome, state: State) -> String {
    text(&outcome_json(outcome, state))
}

pub(super) fn outcome_json(outcome: &Outcome, state: State) -> Json {
    json!({
        "version": VERSION,
        "state": match state {
            State::Current => "current",
            State::Pending => "pending",
            State::Stopped => "stopped",
            State::Applied => "applied",
        },
        "steps": outcome.steps.iter().map(step).collect::<Vec<_>>(),
        "problems": outcome.problems.iter().map(problem).collect::<Vec<_>>(),
        "sql": outcome.statements,
        "filling": outcome.filling.iter().map(filling).collect::<Vec<_>>(),
    })
}

/// Writes that the tables are not as they were left.
pub(super) fn drift(objects: &[Drifted]) -> String {
    let objects: Vec<Json> = objects
        .iter()
        .map(|drifted| {
            json!({
                "code": "drift",
                "text": drifted.to_string(),
                "object": drifted.object,
                "expected": drifted.expected,
                "found": drifted.found,
            })
        })
        .collect();
    text(&json!({
        "version": VERSION, "state": "stopped", "steps": [], "problems": objects, "sql": [],
        "filling": [],
    }))
}

/// Writes a document on several lines.
pub(super) fn text(document: &Json) -> String {
    serde_json::to_string_pretty(document).unwrap_or_else(|_| document.to_string())
}

fn step(step: &PlannedStep) -> Json {
    json!({
        "change": step.change,
        "table": step.table,
        "name": step.subject,
        "text": step.text,
        "why": step.why,
        "how": match step.way {
            Way::InPlace => "inPlace",
            Way::WriteRows => "writeRows",
            Way::WriteRowsLater => "writeRowsLater",
            Way::Rebuild => "rebuild",
            Way::BuildIndex => "buildIndex",
            Way::Drop => "drop",
        },
        "risk": match step.class {
            Class::Additive => "none",
            Class::NeedsCheck => "rowsMustFit",
            Class::Lossy => "loss",
        },
        "rows": step.rows,
    })
}

fn filling(filling: &Filling) -> Json {
    json!({ "table": filling.table, "column": filling.column, "rows": filling.rows })
}

fn problem(problem: &Problem) -> Json {
    let text = problem.to_string();
    match problem {
        Problem::Rows { index, loss, demand, table, column, keys, count, .. } => json!({
            "code": if loss.is_some() { "would-lose" } else { "rows-do-not-fit" },
            "text": text,
            "step": index,
            "demand": demand.kind(),
            "table": table,
            "column": column,
            "keys": keys,
            "rows": count,
            "allowDrop": loss,
        }),
        Problem::Fill(fill) => json!({
            "code": "fill",
            "text": text,
            "table": fill.table,
            "column": fill.column,
            "expr": fill.text,
        }),
        Problem::TableExists(table) => {
            json!({ "code": "table-exists", "text": text, "table": table })
        }
        Problem::NothingDropped(name) => {
            json!({ "code": "nothing-dropped", "text": text, "allowDrop": name })
        }
    }
}
