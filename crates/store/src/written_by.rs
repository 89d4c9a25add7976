//! Who writes, for the triggers that keep the history (`@audit`).
//!
//! A write says who it is by (`SELECT ms_write_by(…)`), and the triggers ask (`ms_write('caller')`), as
//! with a transaction's own settings in other databases. SQLite calls its functions on the thread that
//! runs the statement, so what was said belongs to the thread, until the write is over.

use std::cell::RefCell;

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::Value;
use rusqlite::{Connection, Result};

/// What a write says of itself, in the order of the arguments.
const NAMES: [&str; 5] = ["id", "at", "caller", "role", "request"];

/// Asked by each trigger before anything else.
const PAUSED: &str = "paused";

enum Writer {
    Nobody,
    Paused,
    By([Value; NAMES.len()]),
}

thread_local! {
    static WRITER: RefCell<Writer> = const { RefCell::new(Writer::Nobody) };
}

/// Registers the functions. Their results change, so they are not deterministic.
pub(crate) fn register(on: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_INNOCUOUS;
    on.create_scalar_function("ms_write", 1, flags, |context: &mut Context<'_>| {
        Ok(ask(context.get_raw(0).as_str()?))
    })?;
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DIRECTONLY;
    on.create_scalar_function("ms_write_by", NAMES.len() as i32, flags, |context| {
        let mut said = [const { Value::Null }; NAMES.len()];
        for (index, value) in said.iter_mut().enumerate() {
            *value = context.get(index)?;
        }
        WRITER.set(Writer::By(said));
        Ok(Value::Null)
    })
}

fn ask(name: &str) -> Value {
    WRITER.with_borrow(|writer| match writer {
        Writer::Nobody => Value::Null,
        Writer::Paused if name == PAUSED => Value::Integer(1),
        Writer::Paused => Value::Null,
        Writer::By(said) => {
            let place = NAMES.iter().position(|known| *known == name);
            place.map_or(Value::Null, |place| said[place].clone())
        }
    })
}

/// Ends what the write before said.
pub(crate) fn forget() {
    WRITER.set(Writer::Nobody);
}

/// Writes what leaves no trace in the history, because it is no change of anybody's.
pub(crate) fn without_history<T>(write: impl FnOnce() -> T) -> T {
    WRITER.set(Writer::Paused);
    let result = write();
    forget();
    result
}
