//! Plans: the shape of a request compiled to SQL text, binders and an encoder.
//!
//! Pure: `plan` opens no connection. It hands the store a `Program`, which asks for statements one
//! after another and is fed their rows.

mod program;

pub use program::{Bind, Cell, Constraint, Program, Row, Statement, Verdict};
