//! Diagnostics for programs.

use serde_json::{Value, json};

use crate::report::{Diagnostic, Label};

/// Renders `{"diagnostics": […]}`.
pub(super) fn render(diagnostics: &[Diagnostic]) -> String {
    let list: Vec<Value> = diagnostics
        .iter()
        .map(|diagnostic| {
            json!({
                "severity": diagnostic.severity.name(),
                "code": diagnostic.code,
                "message": diagnostic.message,
                "help": diagnostic.help,
                "places": diagnostic.labels.iter().map(place).collect::<Vec<_>>(),
            })
        })
        .collect();
    format!("{:#}\n", json!({ "diagnostics": list }))
}

fn place(label: &Label) -> Value {
    json!({
        "file": &*label.file,
        "line": label.line,
        "column": label.column,
        "endLine": label.end_line,
        "endColumn": label.end_column,
        "start": label.start,
        "end": label.end,
        "message": label.message,
    })
}
