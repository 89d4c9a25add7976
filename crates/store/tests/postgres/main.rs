//! PostgreSQL, as a client of it sees what Mainstay puts there.

mod aggregates;
mod database;
mod documents;
mod functions;
mod patterns;
