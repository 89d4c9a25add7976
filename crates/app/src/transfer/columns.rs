//! The columns of a CSV, and its cells as the members of a row.

use expr::EntityId;
use model::{ColumnType, Field, FieldKind, Model, Scalar};
use serde_json::Value as Json;

use super::csv::Cell;
use super::row::{Mistake, Wanted};
use crate::input::Body;
use crate::refusal::{BadMember, Refusal, are_enough};
use crate::strict_json::Strict;

/// The columns, in their order.
pub(super) struct Columns(Vec<Column>);

struct Column {
    name: String,
    /// `None` where it is not taken.
    form: Option<Form>,
    required: bool,
}

/// How a cell is read.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Form {
    /// Text, perhaps guarded against being a formula.
    Text,
    /// Text that never begins like a formula: ids, times, decimals, enums.
    Plain,
    /// A JSON number.
    Number,
    Boolean,
    Json,
}

impl Columns {
    /// Reads the line of names.
    ///
    /// # Errors
    /// Every name that is no field's, or stands twice.
    pub(super) fn read(
        model: &Model,
        entity: EntityId,
        cells: &[Cell],
        wanted: &Wanted,
    ) -> Result<Self, Refusal> {
        let described = model.entity(entity);
        let mut columns: Vec<Column> = Vec::with_capacity(cells.len());
        let mut bad = Vec::new();
        for cell in cells {
            if are_enough(&bad) {
                break;
            }
            let name = cell.text.trim();
            if columns.iter().any(|column| column.name == name) {
                let detail = format!("the column `{name}` stands twice");
                bad.push(BadMember::new(name, "repeated", detail));
                continue;
            }
            let mut column = Column { name: name.to_owned(), form: None, required: false };
            if wanted.has(model, entity, name) {
                match described.fields.iter().find(|field| field.goes_by(name)) {
                    Some(field) => {
                        column.form = Some(form(model, entity, field));
                        column.required = field.required;
                    }
                    None => bad.push(BadMember::new(
                        name,
                        "unknown_field",
                        unknown(model, entity, name),
                    )),
                }
            }
            columns.push(column);
        }
        if bad.is_empty() { Ok(Self(columns)) } else { Err(Refusal::Body(bad)) }
    }

    /// Whether it is the record of an empty line, and not of one null.
    pub(super) fn is_blank(&self, cells: &[Cell]) -> bool {
        let is_empty = |cell: &Cell| cell.text.is_empty() && !cell.is_quoted;
        self.0.len() > 1 && cells.len() == 1 && cells.iter().all(is_empty)
    }

    /// Turns cells into the members of a row.
    ///
    /// # Errors
    /// When there are more or fewer than columns, or one is not what it could be.
    pub(super) fn body(&self, cells: Vec<Cell>) -> Result<Body, Mistake> {
        if cells.len() != self.0.len() {
            let (found, expected) = (cells.len(), self.0.len());
            return Err(Mistake(format!("it has {found} cells, and the first line {expected}")));
        }
        let mut members = Vec::with_capacity(cells.len());
        for (column, cell) in self.0.iter().zip(cells) {
            let Some(form) = column.form else { continue };
            // A required field that is not there may have a default.
            let json = form.read(cell, &column.name)?;
            if !(json.is_null() && column.required) {
                members.push((column.name.clone(), json));
            }
        }
        Ok(Body(members))
    }
}

fn unknown(model: &Model, entity: EntityId, name: &str) -> String {
    let detail = crate::query::unknown_field(model, entity, name);
    if name.contains([';', '\t']) {
        return format!("{detail}; cells are separated by commas");
    }
    detail
}

fn form(model: &Model, entity: EntityId, field: &Field) -> Form {
    match &field.kind {
        FieldKind::Scalar { scalar, .. } | FieldKind::Computed { scalar, .. } => match scalar {
            Scalar::String | Scalar::Email | Scalar::Url => Form::Text,
            Scalar::Int | Scalar::Float => Form::Number,
            Scalar::Boolean => Form::Boolean,
            Scalar::Json | Scalar::Document(_) | Scalar::Documents(_) => Form::Json,
            Scalar::Id
            | Scalar::BigInt
            | Scalar::Decimal
            | Scalar::DateTime
            | Scalar::Date
            | Scalar::Enum(_) => Form::Plain,
        },
        FieldKind::ToOne(relation) => {
            let entity = model.entity(entity);
            let is_text = |column| matches!(entity.column(column).ty, ColumnType::Text);
            // A key of several parts is written as text.
            let guarded = relation.columns.len() > 1
                || relation.columns.iter().any(|column| is_text(*column));
            if guarded { Form::Text } else { Form::Plain }
        }
        FieldKind::List { .. } | FieldKind::ToMany { .. } => Form::Json,
    }
}

impl Form {
    /// Reads a cell. Nothing is null; so is an empty cell in quotes where it is not text.
    fn read(self, cell: Cell, name: &str) -> Result<Json, Mistake> {
        let Cell { text, is_quoted } = cell;
        if text.is_empty() && !(is_quoted && self == Self::Text) {
            return Ok(Json::Null);
        }
        Ok(match self {
            Self::Text => match plan::unguarded(&text) {
                plain if plain.len() == text.len() => Json::String(text),
                plain => Json::String(plain.to_owned()),
            },
            Self::Plain => Json::String(text),
            // What is no number is refused as text, in the words of any body.
            Self::Number => match serde_json::from_str::<serde_json::Number>(&text) {
                Ok(number) => Json::Number(number),
                Err(_) => Json::String(text),
            },
            // Spreadsheets write them in capitals.
            Self::Boolean if text.eq_ignore_ascii_case("true") => Json::Bool(true),
            Self::Boolean if text.eq_ignore_ascii_case("false") => Json::Bool(false),
            Self::Boolean => Json::String(text),
            Self::Json => serde_json::from_str(&text)
                .map(|Strict(json)| json)
                .map_err(|error| Mistake(format!("{name} is not JSON: {error}")))?,
        })
    }
}
