//! Plans: the shape of a request compiled to SQL text, binders and an encoder.
//!
//! Pure: `plan` opens no connection. It hands the store a `Program`, which asks for statements one
//! after another and is fed their rows.

pub mod aggregate;
mod binds;
pub mod ddl;
mod dialect;
mod either;
mod encode;
pub mod find;
pub mod history;
pub mod idempotency;
mod key;
mod pattern;
mod program;
pub mod purge;
pub mod read;
mod render;
mod rows;
mod rules;
mod search;
mod sequence;
pub mod write;

pub use binds::{BindSource, bind, client_form};
pub use dialect::Dialect;
pub use either::Either;
pub use encode::{Encoder, Member, Show, unguarded};
pub use key::{key_object, key_text, links_text, percent_encode, reference_text};
pub use pattern::{PATTERN_PLACES_MAX, PATTERN_RANGES_MAX, PatternError, postgres_pattern};
pub use program::{Bind, Cell, Constraint, Program, Row, Statement, Verdict};
pub use rows::{RowsBy, rows_where};
pub use rules::{AtomValues, RuleBook, RuleRef};
pub use search::{SearchQuery, SearchTerm};
pub use sequence::{Sequence, Step, Steps};
