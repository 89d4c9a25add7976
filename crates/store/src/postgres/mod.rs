//! PostgreSQL: connections, and the language's functions as SQL in the schema `mainstay`.
//!
//! The functions give the answers of `expr::ops`, which SQLite calls directly and memory uses: the test
//! `postgres::functions` holds them to it.

mod connection;
mod constraint;
mod database;
mod error;
mod pool;
mod values;

pub use database::{Database, Options};

/// Creates or replaces the functions; run in one transaction.
pub const FUNCTIONS: &str = concat!(
    "CREATE SCHEMA IF NOT EXISTS mainstay;\n",
    include_str!("numbers.sql"),
    include_str!("texts.sql"),
    include_str!("times.sql"),
    include_str!("conversions.sql"),
    include_str!("json.sql"),
    include_str!("aggregates.sql"),
);
