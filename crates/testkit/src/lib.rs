//! The one test harness: application folders, servers, clients.
//!
//! Tests see what a client sees. A server is the real binary in a process of its own, on a fresh
//! database and a free port; it is stopped when the test ends.

mod answer;
mod client;
mod folder;
mod postgres;
mod server;
mod token;
mod wire;

pub use answer::Answer;
pub use client::Client;
pub use folder::Folder;
pub use postgres::Postgres;
pub use server::{Server, Topology, command};
pub use token::{SECRET, token};
pub use wire::Wire;
