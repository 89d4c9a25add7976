//! Values on their way to PostgreSQL and back.
//!
//! What SQLite stores as an integer or a text has a type of its own here. The statement's description
//! tells which, so that the same bind goes as a number, a time or a truth value.

use std::cell::OnceCell;
use std::error::Error;

use bytes::BytesMut;
use plan::{Bind, Cell};
use tokio_postgres::types::{Format, FromSql, IsNull, ToSql, Type, to_sql_checked};

/// PostgreSQL counts microseconds from the beginning of 2000.
const EPOCH_MICROS: i64 = 946_684_800_000_000;

/// A bound value.
#[derive(Debug)]
pub(super) struct Bound<'b>(pub(super) &'b Bind);

impl ToSql for Bound<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match (self.0, ty) {
            (Bind::Null, _) => Ok(IsNull::Yes),
            (Bind::Int(number), &Type::INT8) => number.to_sql(ty, out),
            (Bind::Int(number), &Type::INT4) => i32::try_from(*number)?.to_sql(ty, out),
            (Bind::Int(number), &Type::INT2) => i16::try_from(*number)?.to_sql(ty, out),
            (Bind::Int(number), &Type::BOOL) => (*number != 0).to_sql(ty, out),
            (Bind::Int(number), &Type::FLOAT8) => (*number as f64).to_sql(ty, out),
            (Bind::Int(micros), &Type::TIMESTAMPTZ) => {
                let since = micros.checked_sub(EPOCH_MICROS).ok_or("the time is out of range")?;
                since.to_sql(&Type::INT8, out)
            }
            (Bind::Int(number), &Type::NUMERIC) => number.to_string().to_sql(&Type::TEXT, out),
            (Bind::Real(number), &Type::FLOAT8) => number.to_sql(ty, out),
            // What goes as text is read as the type by the server.
            (Bind::Text(text), _) => text.to_sql(&Type::TEXT, out),
            (Bind::Blob(bytes), &Type::UUID | &Type::BYTEA) => {
                bytes.as_slice().to_sql(&Type::BYTEA, out)
            }
            (bind, ty) => Err(format!("{bind:?} is no value of {ty}").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, ty: &Type) -> Format {
        match (self.0, ty) {
            (Bind::Text(_), &Type::TEXT | &Type::VARCHAR | &Type::JSON) => Format::Binary,
            (Bind::Text(_), _) | (Bind::Int(_), &Type::NUMERIC) => Format::Text,
            _ => Format::Binary,
        }
    }

    to_sql_checked!();
}

/// A row of a result. Statements show numerics and dates as text.
pub(super) struct Received<'r> {
    row: &'r tokio_postgres::Row,
    /// What is wrong with the statement, by its first column that cannot be shown.
    fault: OnceCell<tokio_postgres::Error>,
}

impl<'r> Received<'r> {
    pub(super) fn new(row: &'r tokio_postgres::Row) -> Self {
        Self { row, fault: OnceCell::new() }
    }

    /// Tells whether each cell that was looked at could be shown.
    pub(super) fn result(self) -> Result<(), tokio_postgres::Error> {
        self.fault.into_inner().map_or(Ok(()), Err)
    }
}

impl plan::Row for Received<'_> {
    fn cell(&self, column: usize) -> Cell<'_> {
        match self.row.try_get::<_, Option<Shown<'_>>>(column) {
            Ok(shown) => shown.map_or(Cell::Null, |Shown(cell)| cell),
            Err(error) => {
                // The first one tells enough.
                let _ = self.fault.set(error);
                Cell::Null
            }
        }
    }
}

/// A value that was received.
struct Shown<'a>(Cell<'a>);

impl<'a> FromSql<'a> for Shown<'a> {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(match *ty {
            Type::TEXT | Type::VARCHAR | Type::NAME | Type::JSON | Type::UNKNOWN => {
                Cell::Text(simdutf8::basic::from_utf8(raw)?)
            }
            Type::UUID | Type::BYTEA => Cell::Blob(raw),
            Type::INT8 => Cell::Int(i64::from_sql(ty, raw)?),
            Type::INT4 => Cell::Int(i32::from_sql(ty, raw)?.into()),
            Type::INT2 => Cell::Int(i16::from_sql(ty, raw)?.into()),
            Type::BOOL => Cell::Int(bool::from_sql(ty, raw)?.into()),
            Type::FLOAT8 => Cell::Real(f64::from_sql(ty, raw)?),
            Type::TIMESTAMPTZ => {
                let since = i64::from_sql(&Type::INT8, raw)?;
                Cell::Int(since.checked_add(EPOCH_MICROS).ok_or("the time is out of range")?)
            }
            _ => return Err(format!("a statement shows {ty}").into()),
        }))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}
