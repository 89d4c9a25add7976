//! The differences for people.

use std::fmt::{self, Display, Formatter};

use super::{Change, Difference, Differences, Example};
use crate::access::formula::Formula;

impl Display for Differences {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for difference in &self.changed {
            writeln!(f, "{difference}")?;
        }
        for (names, what) in [(&self.added, "added"), (&self.removed, "removed")] {
            if !names.is_empty() {
                writeln!(f, "{what}: {}\n", names.join(", "))?;
            }
        }
        let count = |change: Change| self.changed.iter().filter(|of| of.change == change).count();
        let [wider, narrower, both, unclear] =
            [Change::Wider, Change::Narrower, Change::Both, Change::Unclear].map(count);
        write!(f, "{wider} wider, {narrower} narrower, {both} both, {unclear} unclear")
    }
}

impl Display for Difference {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let field = self.field.as_ref().map_or(String::new(), |field| format!(".{field}"));
        let change = match (self.change, self.proven) {
            (Change::Wider, true) => "wider",
            (Change::Narrower, true) => "narrower",
            (Change::Wider, false) => "wider, perhaps narrower too",
            (Change::Narrower, false) => "narrower, perhaps wider too",
            (Change::Both, _) => "wider for some, narrower for others",
            (Change::Unclear, _) => "changed, and it cannot be told how",
        };
        writeln!(f, "{}{field} {}: {change}", self.entity, self.operation)?;
        writeln!(f, "  was  {}", self.rules.0)?;
        writeln!(f, "  now  {}", self.rules.1)?;
        for (who, old, new) in &self.callers {
            writeln!(f, "  {who}: {} -> {}", cell(old), cell(new))?;
        }
        if let Some(example) = &self.gained {
            writeln!(f, "  now allowed: {example}")?;
        }
        if let Some(example) = &self.lost {
            writeln!(f, "  no longer allowed: {example}")?;
        }
        Ok(())
    }
}

impl Display for Example {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.caller {
            None => f.write_str("nobody")?,
            Some(claims) => write!(f, "{claims}")?,
        }
        let row: Vec<String> =
            self.row.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        if row.is_empty() {
            f.write_str(" on any row")
        } else {
            write!(f, " on {}", row.join(", "))
        }
    }
}

fn cell(formula: &Formula) -> String {
    match formula {
        Formula::True => "always".to_owned(),
        Formula::False | Formula::Unknown => "never".to_owned(),
        open => format!("if {open}"),
    }
}
