//! Runs a program over a connection.

use std::sync::Arc;

use plan::{Bind, Cell, Constraint, Program, Row};
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, Statement, ffi};
use simdutf8::basic::from_utf8;

/// Runs a program's statements to their end.
pub(crate) fn run<P: Program>(connection: &Connection, program: &mut P) -> rusqlite::Result<()> {
    run_noting(connection, program, |_: &Arc<str>, _: &Statement<'_>| {})
}

/// Runs a program's statements to their end, and tells each before it runs.
pub(crate) fn run_noting<P: Program>(
    connection: &Connection,
    program: &mut P,
    mut note: impl FnMut(&Arc<str>, &Statement<'_>),
) -> rusqlite::Result<()> {
    loop {
        // The statement borrows the program; the text is shared, the binds are bound at once.
        let mut prepared = {
            let Some(statement) = program.next() else { return Ok(()) };
            let mut prepared = connection.prepare_cached(statement.sql)?;
            note(statement.sql, &prepared);
            for (index, bind) in statement.binds.iter().enumerate() {
                prepared.raw_bind_parameter(index + 1, Bound(bind))?;
            }
            prepared
        };
        let mut rows = prepared.raw_query();
        loop {
            match rows.next() {
                Ok(Some(row)) => program.row(&Borrowed(row)),
                Ok(None) => break,
                Err(error) => match constraint(&error) {
                    Some(constraint) => {
                        drop(rows);
                        program.refused(constraint);
                        break;
                    }
                    None => return Err(error),
                },
            }
        }
    }
}

struct Bound<'b>(&'b Bind);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Bind::Null => ValueRef::Null,
            Bind::Int(number) => ValueRef::Integer(*number),
            Bind::Real(number) => ValueRef::Real(*number),
            Bind::Text(text) => ValueRef::Text(text.as_bytes()),
            Bind::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

struct Borrowed<'r, 's>(&'r rusqlite::Row<'s>);

impl Row for Borrowed<'_, '_> {
    fn cell(&self, column: usize) -> Cell<'_> {
        match self.0.get_ref(column) {
            Ok(ValueRef::Integer(number)) => Cell::Int(number),
            Ok(ValueRef::Real(number)) => Cell::Real(number),
            Ok(ValueRef::Text(text)) => from_utf8(text).map_or(Cell::Null, Cell::Text),
            Ok(ValueRef::Blob(bytes)) => Cell::Blob(bytes),
            Ok(ValueRef::Null) | Err(_) => Cell::Null,
        }
    }
}

/// Reads SQLite's message about a violated constraint.
fn constraint(error: &rusqlite::Error) -> Option<Constraint> {
    let rusqlite::Error::SqliteFailure(code, Some(message)) = error else { return None };
    if code.code != ErrorCode::ConstraintViolation {
        return None;
    }
    let named = message.split_once(": ").map_or("", |(_, name)| name).to_owned();
    match code.extended_code {
        ffi::SQLITE_CONSTRAINT_UNIQUE
        | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
        | ffi::SQLITE_CONSTRAINT_ROWID => Some(Constraint::Unique(named)),
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY | ffi::SQLITE_CONSTRAINT_TRIGGER => {
            Some(Constraint::ForeignKey)
        }
        ffi::SQLITE_CONSTRAINT_CHECK => Some(Constraint::Check(named)),
        ffi::SQLITE_CONSTRAINT_NOTNULL => Some(Constraint::NotNull(named)),
        _ => None,
    }
}
