//! The command line.

mod migrate;
mod rules;
mod transfer;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use model::config::Address;

pub(crate) use migrate::{Migrate, PlanFormat};
pub(crate) use rules::{Diff, Explain, Matrix, Rules, RulesCommand, Shown, Test};
pub(crate) use transfer::{Export, Import, OnError, RowFormat};

/// The backend a startup starts with and does not have to rewrite.
#[derive(Debug, Parser)]
#[command(name = "mainstay", version, arg_required_else_help = true)]
#[command(after_help = "Examples:\n  mainstay new shop --template shop\n  mainstay dev shop")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create an application folder.
    New(New),
    /// Run the application while you work on it: migrate, seed, watch, reload.
    Dev(Run),
    /// Run the application in production.
    Serve(Run),
    /// Check everything that can be known without running.
    Check(Check),
    /// Bring the database to the model.
    Migrate(Migrate),
    /// Run the tests of the access rules, `tests/*.toml`.
    Test(Test),
    /// Look at the access rules: who may do what.
    Rules(Rules),
    /// Bring the rows of a CSV or NDJSON file into the database.
    Import(Import),
    /// Write rows as CSV or NDJSON.
    Export(Export),
    /// Manage callers.
    #[command(subcommand)]
    User(User),
}

#[derive(Debug, Args)]
pub(crate) struct New {
    /// The folder to create.
    pub(crate) name: PathBuf,
    /// What to start from.
    #[arg(long, value_enum, default_value = "blank")]
    pub(crate) template: Template,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Template {
    /// One small entity.
    Blank,
    /// Accounts, a catalogue and orders.
    Shop,
    /// Organisations, members, projects and tasks.
    Saas,
}

/// The application folder and settings that override `mainstay.toml`.
#[derive(Debug, Args, Clone)]
pub(crate) struct Folder {
    /// The application folder.
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    /// The database file, instead of `[database] path`.
    #[arg(long)]
    pub(crate) database: Option<PathBuf>,
}

#[derive(Debug, Args, Clone)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) folder: Folder,
    /// An address to listen on, instead of `[server] address`: `127.0.0.1:8090`, where port 0 takes a
    /// free one, or `unix:/run/shop.sock`. May be repeated.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Vec<Address>,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The application folder.
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    /// How mistakes are shown.
    #[arg(long, value_enum, default_value = "human")]
    pub(crate) format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people, with the lines and carets.
    Human,
    /// One JSON document.
    Json,
    /// SARIF 2.1.0, for code scanners and editors.
    Sarif,
}

#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// Mint a development token, signed with the key in `.mainstay/`.
    Token(Token),
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  mainstay user token --sub 0198c0de-0000-7000-8000-000000000001 \
                        --claim role=admin examples/shop"
)]
pub(crate) struct Token {
    /// The application folder.
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    /// The caller's id, the claim `sub`.
    #[arg(long)]
    pub(crate) sub: String,
    /// A further claim, `name=value`; the value is JSON, or text where it is not. May be repeated.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) claim: Vec<String>,
    /// How long it is valid, such as `1h` or `7d`.
    #[arg(long, default_value = "24h")]
    pub(crate) ttl: String,
}
