//! The hand-written limit: what a good engineer gets out of axum and rusqlite for just the blog
//! workload, so that Mainstay can be measured against it.
//!
//! It has the same tables, URLs, bodies, tokens, rules and durability as Mainstay and nothing else:
//! no model, no filters, no ETags, no request limits. Reads run in place on a connection per
//! thread, each request being one prepared statement and therefore one read transaction. Writes go
//! to one writer thread with durable group commit. Nothing is cached: each request verifies its
//! token and reads its rows anew.

mod caller;
mod create;
mod json;
mod read;
mod update;
mod writer;

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::serve::ListenerExt;
use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The hand-written limit of the blog benchmark.
#[derive(Parser)]
struct Args {
    /// The SQLite database, with the tables that Mainstay made.
    #[arg(long)]
    database: PathBuf,
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The HS256 secret of the tokens.
    #[arg(long)]
    secret: String,
}

/// What the handlers share.
#[derive(Clone)]
struct State {
    writer: writer::Writer,
    tokens: &'static caller::Verifier,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    // On one core a runtime without worker threads saves the hand-over between threads.
    let runtime = match cores {
        1 => tokio::runtime::Builder::new_current_thread().enable_all().build(),
        _ => tokio::runtime::Builder::new_multi_thread().enable_all().build(),
    }
    .context("cannot start the runtime")?;
    runtime.block_on(serve(args))
}

async fn serve(args: Args) -> anyhow::Result<()> {
    read::open(&args.database)?;
    let writer = writer::Writer::start(&args.database)?;
    let tokens = Box::leak(Box::new(caller::Verifier::new(args.secret.as_bytes())));
    let router = Router::new()
        .route("/api/v1/posts", get(read::list).post(create::create))
        .route("/api/v1/posts/{id}", get(read::get).patch(update::update))
        .with_state(State { writer, tokens });
    let listener = tokio::net::TcpListener::bind(args.listen).await.context("cannot listen")?;
    announce(listener.local_addr()?);
    let listener = listener.tap_io(|stream| {
        // A socket that refuses the option still works, only slower.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, router).await.context("cannot serve")
}

#[expect(clippy::print_stdout, reason = "the benchmark reads the address from here")]
fn announce(address: SocketAddr) {
    println!("listening on http://{address}");
}

/// Answers with JSON bytes.
fn json(status: StatusCode, body: Vec<u8>) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// Why a request fails.
#[derive(Debug)]
enum Failure {
    /// The token is missing or wrong.
    Unauthorized,
    /// The request cannot be understood.
    Invalid,
    /// There is no such row for the caller.
    NotFound,
    /// The database failed.
    Database,
}

impl From<rusqlite::Error> for Failure {
    fn from(_: rusqlite::Error) -> Self {
        Self::Database
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Database => StatusCode::INTERNAL_SERVER_ERROR,
        }
        .into_response()
    }
}
