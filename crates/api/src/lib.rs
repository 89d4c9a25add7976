//! Transports: REST over HTTP. No SQL and no rules here; every door calls the same operations.

mod docs;
pub mod http;
pub mod rest;
mod service;

pub use service::Service;
