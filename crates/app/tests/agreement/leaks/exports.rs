//! Exports: all rows of a list, as lines of JSON or as CSV.

use std::sync::Arc;

use app::query::{Query, Ready};
use app::transfer::{self, By, Format, Times};
use app::{App, BadParameter, Refusal};
use expr::{Caller, EntityId};
use model::{FieldKind, Model};
use serde_json::Value as Json;

use super::answers::{hidden_names, is_expected, same};
use super::lists::ListRead;
use super::searches::unmarked;
use super::sight::Sight;
use super::{Seen, lasting};
use crate::entropy::Entropy;

/// An export that is asked for.
#[derive(Clone, Debug)]
pub(crate) struct ExportRead {
    rows: ListRead,
    as_csv: bool,
}

impl ExportRead {
    pub(crate) fn random(model: &Model, entity: EntityId, entropy: &mut Entropy<'_>) -> Self {
        let mut rows = ListRead::random(model, entity, entropy);
        let as_csv = entropy.pick(2) == 0;
        if as_csv {
            rows.has_only_cells();
        }
        rows.list.limit = entropy.of(&[None, None, Some(2)]);
        Self { rows, as_csv }
    }

    fn ready(&self, app: &App, caller: &Caller<'_>) -> Result<Ready, Vec<BadParameter>> {
        let mut query = Query::new(&app.model, caller, self.rows.entity, app.export_bounds());
        query.unranked();
        self.rows.ask_for(&mut query, &app.model);
        if let Some(limit) = self.rows.list.limit {
            query.limit(&limit.to_string());
        }
        query.many()
    }

    async fn bytes(&self, app: &Arc<App>, caller: &Caller<'_>) -> Result<Vec<u8>, Refusal> {
        let ready = self.ready(app, caller).map_err(Refusal::Parameters)?;
        let format = if self.as_csv { Format::Csv } else { Format::Ndjson };
        let by = By::Caller(lasting(caller));
        let mut export = transfer::export(app, by, ready, format, Times::UNBOUNDED).await?;
        let mut bytes = Vec::new();
        while let Some(piece) = export.next().await? {
            bytes.extend(piece);
        }
        Ok(bytes)
    }

    /// Returns all that a caller is told, byte for byte.
    pub(crate) async fn told(&self, app: &Arc<App>, caller: &Caller<'_>) -> String {
        match self.bytes(app, caller).await {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(refusal) => format!("{refusal:?}"),
        }
    }

    /// Compares what is exported with what the caller sees.
    pub(crate) async fn check(
        &self,
        app: &Arc<App>,
        sight: Sight<'_>,
        seen: &mut Seen,
    ) -> Result<(), String> {
        let ready = match self.ready(app, sight.caller) {
            Ok(ready) => ready,
            Err(mistakes) => return hidden_names(&mistakes, seen),
        };
        let mut expected = self.rows.expected(sight, &ready).items;
        expected.truncate(self.rows.list.limit.unwrap_or(usize::MAX));
        let bytes = match self.bytes(app, sight.caller).await {
            Ok(bytes) => bytes,
            Err(Refusal::Parameters(mistakes)) => return hidden_names(&mistakes, seen),
            Err(Refusal::Forbidden | Refusal::Unauthenticated) if expected.is_empty() => {
                return Ok(());
            }
            Err(other) => return Err(format!("{other:?}")),
        };
        seen.exported += expected.len();
        if self.as_csv {
            return self.is_table(sight, &bytes, &expected);
        }
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let array = [b"[", lines.collect::<Vec<_>>().join(&b',').as_slice(), b"]"].concat();
        is_expected(&unmarked(&array)?, &expected)
    }

    /// Compares each cell. A field may have no column only where no row shows it.
    fn is_table(&self, sight: Sight<'_>, csv: &[u8], expected: &[Json]) -> Result<(), String> {
        let mut records = records(&String::from_utf8_lossy(csv)).into_iter();
        let names: Vec<String> =
            records.next().ok_or("no line of names")?.into_iter().map(|cell| cell.text).collect();
        let described = sight.written.entity(self.rows.entity);
        let known = |name: &String| {
            described.fields.iter().any(|field| {
                let key = matches!(&field.kind, FieldKind::ToOne(of) if of.id_name == *name);
                let is_named = field.name == *name && !matches!(field.kind, FieldKind::ToOne(_));
                key || is_named
            })
        };
        if let Some(name) = names.iter().find(|name| !name.is_empty() && !known(name)) {
            return Err(format!("the column {name} is of no field"));
        }
        let rows: Vec<Vec<Cell>> = records.collect();
        if rows.len() != expected.len() {
            return Err(format!("{} lines, {} expected", rows.len(), expected.len()));
        }
        for (cells, row) in rows.iter().zip(expected) {
            let members = row.as_object().ok_or("a row is an object")?;
            if let Some(name) = members.keys().find(|name| !names.contains(name)) {
                return Err(format!("{name} has no column in {names:?}"));
            }
            for (name, cell) in names.iter().zip(cells) {
                let expected = members.get(name).unwrap_or(&Json::Null);
                if !cell.is(expected) {
                    return Err(format!("{name} of {} is {cell:?}, not {expected}", row["n"]));
                }
            }
        }
        Ok(())
    }
}

/// A cell of a CSV.
#[derive(Clone, Debug, Default)]
struct Cell {
    text: String,
    is_quoted: bool,
}

impl Cell {
    fn is(&self, expected: &Json) -> bool {
        match expected {
            Json::Null => self.text.is_empty() && !self.is_quoted,
            // What looks like a formula stands behind an apostrophe.
            Json::String(text) => {
                let is_there = !text.is_empty() || self.is_quoted;
                is_there && (self.text == *text || self.text.strip_prefix('\'') == Some(text))
            }
            _ => serde_json::from_str::<Json>(&self.text).is_ok_and(|shown| same(&shown, expected)),
        }
    }
}

/// Reads the records of a CSV (RFC 4180).
fn records(csv: &str) -> Vec<Vec<Cell>> {
    let (mut records, mut record, mut cell) = (Vec::new(), Vec::new(), Cell::default());
    let (mut chars, mut is_open) = (csv.chars().peekable(), false);
    while let Some(c) = chars.next() {
        match c {
            '"' if is_open && chars.next_if_eq(&'"').is_some() => cell.text.push('"'),
            '"' => {
                is_open = !is_open;
                cell.is_quoted = true;
            }
            ',' if !is_open => record.push(std::mem::take(&mut cell)),
            '\r' if !is_open => {}
            '\n' if !is_open => {
                record.push(std::mem::take(&mut cell));
                records.push(std::mem::take(&mut record));
            }
            c => cell.text.push(c),
        }
    }
    records
}
