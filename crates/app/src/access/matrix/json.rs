//! The matrix for programs.

use serde_json::{Map, Value as Json, json};

use super::{EntityAccess, FieldAccess, Matrix};
use crate::access::formula::Formula;
use crate::access::who::Who;

impl Matrix {
    /// Shows the matrix as JSON.
    pub fn to_json(&self) -> Json {
        let callers: Vec<Json> = self
            .callers
            .iter()
            .map(|who| json!({ "name": who.name, "claims": who.claims.as_deref() }))
            .collect();
        let entities: Vec<Json> =
            self.entities.iter().map(|each| entity(each, &self.callers)).collect();
        json!({ "callers": callers, "entities": entities })
    }
}

fn entity(entity: &EntityAccess, callers: &[Who]) -> Json {
    let operations: Map<String, Json> =
        entity.rows().map(|(name, cells)| (name.to_owned(), cells_of(callers, cells))).collect();
    let fields: Vec<Json> = entity.fields.iter().map(|each| field(each, callers)).collect();
    json!({
        "module": entity.module, "name": entity.name,
        "operations": operations, "fields": fields,
    })
}

fn field(field: &FieldAccess, callers: &[Who]) -> Json {
    let operations: Map<String, Json> = field
        .operations
        .iter()
        .map(|(each, _, cells)| (each.name().to_owned(), cells_of(callers, cells)))
        .collect();
    json!({ "name": field.name, "note": field.note, "operations": operations })
}

fn cells_of(callers: &[Who], cells: &[Formula]) -> Json {
    callers.iter().zip(cells).map(|(who, formula)| (who.name.clone(), cell(formula))).collect()
}

/// Shows a formula: `{"access":"when","when":"row.listed"}`.
fn cell(formula: &Formula) -> Json {
    match formula {
        Formula::True => json!({ "access": "always" }),
        Formula::False | Formula::Unknown => json!({ "access": "never" }),
        open => json!({ "access": "when", "when": open.to_string() }),
    }
}
