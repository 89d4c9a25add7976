//! The product: what Mainstay does, for every door alike.
//!
//! A door (REST, later GraphQL, batch, live, functions) parses its request into a `query` or an
//! `input::Body` and calls an operation. Rules, bounds and validation live here and nowhere else.

pub mod access;
mod application;
pub mod callers;
pub mod clock;
pub mod idempotency;
pub mod ids;
pub mod input;
pub mod maintenance;
pub mod operations;
pub mod query;
mod refusal;
pub mod rule_tests;
pub mod seed;
mod strict_json;
pub mod transfer;
mod written_by;

pub use application::App;
pub use refusal::{BadMember, BadParameter, Refusal, pointer};
