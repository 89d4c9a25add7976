//! `mainstay rules` and `mainstay test`: the arguments.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Folder;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:\n  mainstay rules shop\n  mainstay rules --entity Order shop")]
pub(crate) struct Rules {
    #[command(subcommand)]
    pub(crate) command: Option<RulesCommand>,
    #[command(flatten)]
    pub(crate) matrix: Matrix,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RulesCommand {
    /// Explain why a caller may do something to a row of the database, or may not. Nothing is written.
    Explain(Explain),
    /// Show which access a change of the model widens or narrows.
    Diff(Diff),
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  mainstay rules diff main shop\n  mainstay rules diff --deny-widening \
                  origin/main shop\n  mainstay rules diff ../shop-before shop"
)]
pub(crate) struct Diff {
    /// The model as it was: a folder, or a revision of git.
    #[arg(value_name = "OLD")]
    pub(crate) old: String,
    /// The application folder.
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    /// Fail where a change lets a caller do more, or may do so.
    #[arg(long)]
    pub(crate) deny_widening: bool,
    /// How it is shown.
    #[arg(long, value_enum, default_value = "human")]
    pub(crate) format: Shown,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  mainstay rules explain --can read Product/0190… shop\n  mainstay rules explain \
                  --as sub=0190…,role=admin --can update Product/0190… --input '{\"price\":\"1\"}' shop"
)]
pub(crate) struct Explain {
    #[command(flatten)]
    pub(crate) folder: Folder,
    /// The caller's claims, `name=value,…` or a JSON object; nobody without it. May be repeated.
    #[arg(long = "as", value_name = "CLAIMS")]
    pub(crate) caller: Vec<String>,
    /// What is tried: `read`, `update` or `delete` and a row `Entity/KEY`, or `create` and an entity.
    #[arg(long, num_args = 2, required = true, value_names = ["OPERATION", "ROW"])]
    pub(crate) can: Vec<String>,
    /// The body of a create or update, a JSON object.
    #[arg(long, value_name = "JSON")]
    pub(crate) input: Option<String>,
    /// How it is shown.
    #[arg(long, value_enum, default_value = "human")]
    pub(crate) format: Shown,
}

/// Which part of the access matrix is shown, and how.
#[derive(Debug, Args)]
pub(crate) struct Matrix {
    /// The application folder.
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    /// Only this entity. May be repeated.
    #[arg(long, value_name = "NAME")]
    pub(crate) entity: Vec<String>,
    /// How it is shown.
    #[arg(long, value_enum, default_value = "human")]
    pub(crate) format: Shown,
}

#[derive(Debug, Args)]
pub(crate) struct Test {
    /// The application folder.
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    /// Only tests of which the name contains this.
    #[arg(long, value_name = "TEXT")]
    pub(crate) only: Option<String>,
    /// How the results are shown.
    #[arg(long, value_enum, default_value = "human")]
    pub(crate) format: Shown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shown {
    /// For people.
    Human,
    /// One JSON document.
    Json,
}
