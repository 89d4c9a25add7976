//! Cursors: the sort values of a row, opaque to clients.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use expr::Value;

use crate::encode::{Show, write_cell};
use crate::program::{Bind, Row};

/// Longer texts in a cursor would make it exceed what proxies let through in a URL.
const CURSOR_BYTES_MAX: usize = 4096;

/// Tells a place from the values of a sort.
const OFFSET_MARK: &str = "offset";

/// A decoded cursor.
#[derive(Debug, Clone, PartialEq)]
pub struct Cursor {
    /// The hash of the order it was made for.
    pub order_hash: u32,
    /// The values of the sort terms.
    values: Vec<serde_json::Value>,
}

/// Why a cursor cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    /// It is not one of ours.
    #[error("the cursor is damaged; use one from `next` or `prev` of an answer as it is")]
    Damaged,
    /// It was made for another order.
    #[error("the cursor belongs to a list with another `sort`; start again without it")]
    OtherOrder,
}

impl Cursor {
    /// Writes the cursor of a row.
    pub fn write<R: Row>(order_hash: u32, columns: &[(usize, Show)], row: &R) -> String {
        let mut json = format!("[{order_hash}").into_bytes();
        for (column, show) in columns {
            json.push(b',');
            write_cell(&mut json, *show, row.cell(*column));
        }
        json.push(b']');
        URL_SAFE_NO_PAD.encode(json)
    }

    /// Writes the cursor of a row that is known by a number.
    pub(crate) fn of_number(order_hash: u32, number: i64) -> String {
        URL_SAFE_NO_PAD.encode(format!("[{order_hash},{number}]"))
    }

    /// Reads a cursor a client sent.
    ///
    /// # Errors
    /// `Damaged` when it is not one of ours.
    pub fn read(text: &str) -> Result<Self, CursorError> {
        if text.len() > CURSOR_BYTES_MAX * 2 {
            return Err(CursorError::Damaged);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| CursorError::Damaged)?;
        let mut values: Vec<serde_json::Value> =
            serde_json::from_slice(&bytes).map_err(|_| CursorError::Damaged)?;
        if values.is_empty() {
            return Err(CursorError::Damaged);
        }
        let hash = values.remove(0).as_u64().and_then(|hash| u32::try_from(hash).ok());
        Ok(Self { order_hash: hash.ok_or(CursorError::Damaged)?, values })
    }

    /// Writes a cursor of a list without an order to go on from: the place of a row.
    pub fn at_offset(offset: u64) -> String {
        URL_SAFE_NO_PAD.encode(format!("[0,\"{OFFSET_MARK}\",{offset}]"))
    }

    /// Returns the place of a row, where the cursor is one.
    pub fn offset(&self) -> Option<u64> {
        match self.values.as_slice() {
            [mark, offset] if mark == OFFSET_MARK => offset.as_u64(),
            _ => None,
        }
    }

    /// Says which values are null.
    pub fn nulls(&self) -> Vec<bool> {
        self.values.iter().map(serde_json::Value::is_null).collect()
    }

    /// Returns the values in stored form, for an order whose terms are shown in these ways.
    ///
    /// # Errors
    /// `OtherOrder` when it was made for another one, `Damaged` when a value does not fit its term.
    pub fn binds(&self, order_hash: u32, shows: &[Show]) -> Result<Vec<Bind>, CursorError> {
        if self.order_hash != order_hash {
            return Err(CursorError::OtherOrder);
        }
        if shows.len() != self.values.len() {
            return Err(CursorError::Damaged);
        }
        self.values.iter().zip(shows).map(|(value, show)| stored(value, *show)).collect()
    }
}

fn stored(value: &serde_json::Value, show: Show) -> Result<Bind, CursorError> {
    use serde_json::Value as Json;
    let damaged = CursorError::Damaged;
    let value = match (show, value) {
        (_, Json::Null) => Value::Null,
        (Show::Uuid, Json::String(text)) => {
            Value::Uuid(expr::ops::parse_uuid(text).ok_or(damaged)?)
        }
        (Show::Text | Show::Plain, Json::String(text)) => Value::Text(text.clone()),
        (Show::BigInt, Json::String(text)) => Value::Int(text.parse().map_err(|_| damaged)?),
        (Show::Int, Json::Number(number)) => Value::Int(number.as_i64().ok_or(damaged)?),
        (Show::Float, Json::Number(number)) => Value::Float(number.as_f64().ok_or(damaged)?),
        (Show::Bool, Json::Bool(truth)) => Value::Bool(*truth),
        (Show::Timestamp, Json::String(text)) => {
            Value::Timestamp(expr::ops::parse_timestamp(text).ok_or(damaged)?)
        }
        _ => return Err(damaged),
    };
    Ok(crate::binds::bind(value))
}
