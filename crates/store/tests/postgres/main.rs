//! PostgreSQL, as a client of it sees what Mainstay puts there.

mod database;
mod functions;
mod patterns;
