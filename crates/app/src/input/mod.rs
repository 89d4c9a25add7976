//! Values as clients send them: bodies, keys in paths, and texts in queries.

mod address;
mod body;
mod bounds;
mod document;
mod row_key;
mod scalar;
mod values;

pub use address::Address;
pub(crate) use address::Known;
pub use body::{Body, BodyError, Members, Rows};
pub(crate) use row_key::take_key;
pub(crate) use scalar::reference_value;
pub use scalar::{key_parts, key_value, scalar_from_json, scalar_from_text};
pub(crate) use values::{Purpose, Written, no_row, written, written_at};
