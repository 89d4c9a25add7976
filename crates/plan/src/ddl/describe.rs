//! The plan as `mainstay migrate --plan` shows it.

use std::fmt::Write as _;

use model::schema::{Class, MigrationPlan};

use super::Script;

impl Script {
    /// Writes the steps, one a line, and the statements; nothing when there is nothing to do.
    pub fn describe(&self, plan: &MigrationPlan) -> String {
        let mut out = String::new();
        for step in &plan.steps {
            let note = match step.class() {
                Class::Additive => "",
                Class::NeedsCheck => "  (if the rows fit)",
                Class::Lossy => "  (if nothing is lost, or the loss is allowed)",
            };
            writeln!(out, "{step}{note}").expect("text takes text");
        }
        if !self.statements.is_empty() {
            write!(out, "\n{}", self.sql()).expect("text takes text");
        }
        out
    }

    /// Writes the statements, each ended by a semicolon.
    pub fn sql(&self) -> String {
        self.statements.iter().map(|statement| format!("{statement};\n")).collect()
    }
}
