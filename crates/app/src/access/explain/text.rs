//! An explanation for people: the verdict, then each rule with its parts below it.

use std::fmt::{self, Display, Formatter};

use super::judge::{Judgement, On};
use super::part::Part;
use super::{Explanation, Verdict};
use crate::access::matrix::Operation;

impl Display for Explanation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let who = self.caller.as_ref().map_or("nobody".to_owned(), ToString::to_string);
        writeln!(f, "May {who} {} {}?", self.operation.name(), self.row)?;
        let (status, code) = self.answer();
        writeln!(f, "{}: {} ({status} {code})", self.answered(), self.reason())?;
        for judgement in &self.judgements {
            writeln!(f)?;
            write_judgement(f, judgement)?;
        }
        Ok(())
    }
}

impl Explanation {
    fn answered(&self) -> &'static str {
        if self.is_allowed() { "Yes" } else { "No" }
    }

    /// Says in a sentence why.
    pub fn reason(&self) -> String {
        match &self.verdict {
            Verdict::Allowed if self.operation == Operation::Read => "the read rule holds".into(),
            Verdict::Allowed => "the rules hold; the database still judges its constraints".into(),
            Verdict::Missing => "there is no such row".to_owned(),
            Verdict::Hidden => match self.judgements.last() {
                Some(Judgement { rule: None, .. }) => {
                    "nobody may read: there is no rule".to_owned()
                }
                _ => "the read rule hides the row, so for this caller it does not exist".to_owned(),
            },
            Verdict::Denied => {
                let failed = |each: &&Judgement| {
                    each.field.is_none() && each.operation == self.operation && !each.holds
                };
                let operation = self.operation.name();
                match self.judgements.iter().find(failed) {
                    Some(Judgement { rule: None, .. }) => {
                        format!("nobody may {operation}: there is no rule")
                    }
                    Some(Judgement { on: On::NewRow, .. }) => {
                        format!("the {operation} rule does not hold on the row as it would become")
                    }
                    _ => format!("the {operation} rule does not hold on the row as it is"),
                }
            }
            Verdict::DeniedFields(fields) => {
                format!("the caller may not send {}", fields.join(", "))
            }
            Verdict::NoTarget(fields) => {
                format!("{}: no such row, as far as the caller may know", fields.join(", "))
            }
        }
    }
}

fn write_judgement(f: &mut Formatter<'_>, judgement: &Judgement) -> fmt::Result {
    let operation = judgement.operation.name();
    let field = judgement.field.as_ref().map_or(String::new(), |field| format!(" {field}"));
    let on = match &judgement.on {
        On::Row => "the row as it is".to_owned(),
        On::NewRow => "the row as it would become".to_owned(),
        On::Target(relation) => format!("the row behind {relation}"),
    };
    let holds = if judgement.holds { "holds" } else { "does not hold" };
    match &judgement.rule {
        Some(part) => {
            writeln!(f, "{operation}{field}, on {on}: {holds}")?;
            write_part(f, part, 0, None)
        }
        None if judgement.field.is_some() => writeln!(f, "{operation}{field}: private"),
        None => writeln!(f, "{operation}, on {on}: there is no rule"),
    }
}

fn write_part(f: &mut Formatter<'_>, part: &Part, depth: usize, row: Option<&str>) -> fmt::Result {
    let truth = match part.truth {
        Some(true) => "true",
        Some(false) => "false",
        None => "unknown",
    };
    let indent = depth * 2;
    let row = row.map_or(String::new(), |row| format!("{row}: "));
    write!(f, "  {truth:7}  {:indent$}{row}{}", "", part.text)?;
    let saw: Vec<String> =
        part.saw.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    if !saw.is_empty() {
        write!(f, "   [{}]", saw.join(", "))?;
    }
    writeln!(f)?;
    for inner in &part.parts {
        write_part(f, inner, depth + 1, None)?;
    }
    for (row, inner) in &part.rows {
        write_part(f, inner, depth + 1, Some(row))?;
    }
    match (part.rows.len(), part.rows_left_out) {
        (_, 0) => Ok(()),
        (0, _) => Ok(()),
        (_, more) => writeln!(f, "  {:7}  {:indent$}  and {more} more", "", ""),
    }
}
