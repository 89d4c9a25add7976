//! What `import` and `export` are told: of which entity, in which form.

use std::path::Path;

use anyhow::Context;
use app::transfer::Format;
use expr::EntityId;
use model::Model;

use crate::cli::RowFormat;

/// Finds an entity by its name or its collection's.
pub(super) fn entity(model: &Model, name: &str) -> anyhow::Result<EntityId> {
    let route = name.trim_matches('/');
    if let Some(entity) = model.entities.iter().find(|entity| entity.route == route) {
        return Ok(entity.id);
    }
    let found = app::access::find_entity(model, name);
    found.map(|entity| entity.id).map_err(anyhow::Error::msg)
}

/// Returns the form that is said, or that the file's name ends in.
pub(super) fn format(said: Option<RowFormat>, file: Option<&Path>) -> anyhow::Result<Format> {
    let ending = file.and_then(Path::extension).and_then(|ending| ending.to_str());
    let by_ending = || match ending?.to_ascii_lowercase().as_str() {
        "csv" => Some(RowFormat::Csv),
        "ndjson" | "jsonl" => Some(RowFormat::Ndjson),
        _ => None,
    };
    match said.or_else(by_ending).context("is it csv or ndjson? say so with --format")? {
        RowFormat::Csv => Ok(Format::Csv),
        RowFormat::Ndjson => Ok(Format::Ndjson),
    }
}
