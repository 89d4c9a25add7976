//! Rows to be imported, out of CSV or NDJSON.

use expr::EntityId;
use model::Model;

use super::Format;
use super::columns::Columns;
use super::csv::{Csv, Record};
use super::ndjson::{Line, Ndjson};
use crate::input::{Body, BodyError};
use crate::refusal::{BadParameter, Refusal};

/// What is wrong with a line, before anything is known of its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mistake(pub(super) String);

impl From<Mistake> for Refusal {
    fn from(mistake: Mistake) -> Self {
        Self::Malformed(BodyError(mistake.0))
    }
}

/// A row, and the line on which it begins.
pub struct Row {
    /// Counted from 1.
    pub line: u64,
    /// Its members, or why it has none.
    pub body: Result<Body, Refusal>,
}

/// Reads rows out of bytes as they come.
pub struct Rows(Form);

enum Form {
    Csv {
        records: Csv,
        /// Known once the first line is read.
        columns: Option<Columns>,
        wanted: Wanted,
    },
    Ndjson {
        lines: Ndjson,
        wanted: Wanted,
    },
}

/// Which members of the rows are taken.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Only these; all where nothing is said.
    pub names: Option<Vec<String>>,
    /// Those that are computed are passed over, rather than refused.
    pub without_computed: bool,
}

impl Wanted {
    /// Looks whether there are fields of these names. Who mistypes one would lose what it holds.
    ///
    /// # Errors
    /// Those that there are not.
    pub(super) fn check(&self, model: &Model, entity: EntityId) -> Result<(), Refusal> {
        let fields = &model.entity(entity).fields;
        let unknown = |name: &&String| !fields.iter().any(|field| field.goes_by(name));
        let bad: Vec<BadParameter> = self
            .names
            .iter()
            .flatten()
            .filter(unknown)
            .map(|name| BadParameter {
                name: "columns".to_owned(),
                code: "unknown_field",
                detail: crate::query::unknown_field(model, entity, name),
            })
            .collect();
        if bad.is_empty() { Ok(()) } else { Err(Refusal::Parameters(bad)) }
    }

    /// Whether a member is taken.
    pub(super) fn has(&self, model: &Model, entity: EntityId, name: &str) -> bool {
        let field = model.entity(entity).fields.iter().find(|field| field.goes_by(name));
        if let Some(names) = &self.names {
            let is = |wanted: &String| field.is_some_and(|field| field.goes_by(wanted));
            return names.iter().any(is);
        }
        let is_computed =
            field.is_some_and(|field| matches!(field.kind, model::FieldKind::Computed { .. }));
        !(self.without_computed && is_computed)
    }
}

impl Rows {
    /// Starts at the first line.
    pub fn new(format: Format, row_bytes_max: u64, wanted: Wanted) -> Self {
        let max = usize::try_from(row_bytes_max).unwrap_or(usize::MAX);
        Self(match format {
            Format::Csv => Form::Csv { records: Csv::new(max), columns: None, wanted },
            Format::Ndjson => Form::Ndjson { lines: Ndjson::new(max), wanted },
        })
    }

    /// Reads the next row, and leaves the rest of the input. Nothing where it goes on in the next
    /// piece.
    ///
    /// # Errors
    /// What is wrong with the names of the columns.
    pub fn next(
        &mut self,
        model: &Model,
        entity: EntityId,
        input: &mut &[u8],
    ) -> Result<Option<Row>, Refusal> {
        loop {
            let row = match &mut self.0 {
                Form::Ndjson { lines, wanted } => {
                    return Ok(lines.next(input).map(|line| object(model, entity, wanted, line)));
                }
                Form::Csv { records, columns, wanted } => match records.next(input) {
                    Some(record) => from_record(model, entity, columns, wanted, record)?,
                    None => return Ok(None),
                },
            };
            if row.is_some() {
                return Ok(row);
            }
        }
    }

    /// Reads the end of the input: the last row, where no line end ended it.
    ///
    /// # Errors
    /// As `next`; and that there is not even a line of names.
    pub fn finish(&mut self, model: &Model, entity: EntityId) -> Result<Option<Row>, Refusal> {
        match &mut self.0 {
            Form::Ndjson { lines, wanted } => {
                Ok(lines.finish().map(|line| object(model, entity, wanted, line)))
            }
            Form::Csv { records, columns, wanted } => {
                let row = match records.finish() {
                    Some(record) => from_record(model, entity, columns, wanted, record)?,
                    None => None,
                };
                match columns {
                    Some(_) => Ok(row),
                    None => Err(Mistake("the first line names the columns".to_owned()).into()),
                }
            }
        }
    }
}

fn object(model: &Model, entity: EntityId, wanted: &Wanted, line: Line) -> Row {
    let body = line.text.map_err(Refusal::from).and_then(|text| {
        let mut body = Body::parse(&text).map_err(Refusal::Malformed)?;
        body.0.retain(|(name, _)| wanted.has(model, entity, name));
        Ok(body)
    });
    Row { line: line.line, body }
}

/// Turns a record into a row; the first into the columns.
fn from_record(
    model: &Model,
    entity: EntityId,
    columns: &mut Option<Columns>,
    wanted: &Wanted,
    record: Record,
) -> Result<Option<Row>, Refusal> {
    let Some(known) = columns else {
        *columns = Some(Columns::read(model, entity, &record.cells?, wanted)?);
        return Ok(None);
    };
    let line = record.line;
    match record.cells {
        Ok(cells) if known.is_blank(&cells) => Ok(None),
        cells => {
            let body = cells.and_then(|cells| known.body(cells)).map_err(Refusal::from);
            Ok(Some(Row { line, body }))
        }
    }
}
