//! The store on a real PostgreSQL.

mod aggregates;
mod database;
mod documents;
mod functions;
mod outages;
mod patterns;
mod reads;
mod script;
mod writes;
