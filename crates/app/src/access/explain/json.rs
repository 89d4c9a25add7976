//! An explanation for programs.

use serde_json::{Value as Json, json};

use super::judge::{Judgement, On};
use super::part::Part;
use super::{Explanation, Verdict};

impl Explanation {
    /// Shows the explanation as JSON.
    pub fn to_json(&self) -> Json {
        let (status, code) = self.answer();
        let fields = match &self.verdict {
            Verdict::DeniedFields(fields) | Verdict::NoTarget(fields) => fields.as_slice(),
            _ => &[],
        };
        let judgements: Vec<Json> = self.judgements.iter().map(judgement).collect();
        json!({
            "operation": self.operation.name(),
            "row": self.row,
            "caller": self.caller.as_deref(),
            "allowed": self.is_allowed(),
            "status": status,
            "code": code,
            "reason": self.reason(),
            "fields": fields,
            "judgements": judgements,
        })
    }
}

fn judgement(judgement: &Judgement) -> Json {
    let on = match &judgement.on {
        On::Row => json!("row"),
        On::NewRow => json!("new row"),
        On::Target(relation) => json!({ "target": relation }),
    };
    json!({
        "rule": judgement.operation.name(),
        "field": judgement.field,
        "on": on,
        "holds": judgement.holds,
        "parts": judgement.rule.as_ref().map(part),
    })
}

fn part(of: &Part) -> Json {
    let saw: serde_json::Map<String, Json> =
        of.saw.iter().map(|(name, value)| (name.clone(), Json::String(value.clone()))).collect();
    let parts: Vec<Json> = of.parts.iter().map(part).collect();
    let rows: Vec<Json> =
        of.rows.iter().map(|(row, of)| json!({ "row": row, "part": part(of) })).collect();
    json!({
        "text": of.text, "truth": of.truth, "saw": saw,
        "parts": parts, "rows": rows, "rowsLeftOut": of.rows_left_out,
    })
}
