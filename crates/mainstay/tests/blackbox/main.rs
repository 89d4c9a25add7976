//! Black-box tests: they see what a client sees.

mod access;
mod batch;
mod bodies;
mod callers;
mod commands;
mod conditional;
mod documents;
mod doors;
mod durability;
mod expand;
mod fixtures;
mod hidden;
mod idempotency;
mod joins;
mod keys;
mod lists;
mod migrate;
mod paging;
mod patches;
mod preferences;
mod puts;
mod rules;
mod scalars;
mod shell;
mod tenants;
mod tls;
