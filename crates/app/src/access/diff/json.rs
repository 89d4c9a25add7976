//! The differences for programs.

use serde_json::{Value as Json, json};

use super::{Change, Difference, Differences, Example};

impl Differences {
    /// Shows the differences as JSON.
    pub fn to_json(&self) -> Json {
        let changed: Vec<Json> = self.changed.iter().map(difference).collect();
        json!({
            "widens": self.widens(),
            "changed": changed, "added": self.added, "removed": self.removed,
        })
    }
}

fn difference(of: &Difference) -> Json {
    let change = match of.change {
        Change::Wider => "wider",
        Change::Narrower => "narrower",
        Change::Both => "both",
        Change::Unclear => "unclear",
    };
    let callers: Vec<Json> = of
        .callers
        .iter()
        .map(|(who, old, new)| {
            json!({ "caller": who, "was": old.to_string(), "now": new.to_string() })
        })
        .collect();
    json!({
        "entity": of.entity, "field": of.field, "operation": of.operation,
        "change": change, "proven": of.proven, "widens": of.widens(),
        "was": of.rules.0, "now": of.rules.1, "callers": callers,
        "gained": of.gained.as_ref().map(example), "lost": of.lost.as_ref().map(example),
    })
}

fn example(of: &Example) -> Json {
    json!({ "caller": of.caller.as_deref(), "row": of.row })
}
