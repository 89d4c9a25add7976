//! Types in words, and near misses.

use crate::types::Type;

use super::Checker;

/// Names less alike than this, and with more typos than one in three letters, are not suggested.
const LIKENESS_MIN: f64 = 0.8;

impl Checker<'_> {
    /// Names a type for a message.
    pub(super) fn describe(&self, ty: &Type) -> String {
        match ty {
            Type::Null => "null".to_owned(),
            Type::Bool => "Boolean".to_owned(),
            Type::Int => "Int".to_owned(),
            Type::Float => "Float".to_owned(),
            Type::Decimal => "Decimal".to_owned(),
            Type::Text => "String".to_owned(),
            Type::Uuid => "ID".to_owned(),
            Type::Timestamp => "DateTime".to_owned(),
            Type::Date => "Date".to_owned(),
            Type::Duration => "duration".to_owned(),
            Type::Enum(id) => self.scope.schema.enum_name(*id).to_owned(),
            Type::Json => "JSON".to_owned(),
            Type::List(element) => format!("list of {}", self.describe(element)),
            Type::Row(entity) => format!("row of {}", self.scope.schema.entity_name(*entity)),
            Type::Rows(entity) => format!("rows of {}", self.scope.schema.entity_name(*entity)),
        }
    }
}

/// Returns the candidate that was probably meant.
pub(super) fn nearest<'c>(
    name: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    let name = name.to_lowercase();
    let typos_max = (name.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let lower = candidate.to_lowercase();
            let typos = strsim::damerau_levenshtein(&name, &lower);
            let likeness = strsim::jaro_winkler(&name, &lower);
            let near = typos <= typos_max || likeness >= LIKENESS_MIN;
            near.then_some((typos, likeness, candidate))
        })
        .min_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)))
        .map(|(_, _, candidate)| candidate)
}

/// Writes "did you mean", or else the fallback.
pub(super) fn did_you_mean(nearest: Option<&str>, otherwise: impl FnOnce() -> String) -> String {
    match nearest {
        Some(name) => format!("did you mean `{name}`?"),
        None => otherwise(),
    }
}

/// Lists names for a message: all of a few, the first of many.
pub(super) fn enumerate<'c>(names: impl IntoIterator<Item = &'c str>) -> String {
    const SHOWN_MAX: usize = 8;
    let names: Vec<&str> = names.into_iter().collect();
    let mut text = names.iter().take(SHOWN_MAX).copied().collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN_MAX {
        text.push_str(", …");
    }
    text
}
