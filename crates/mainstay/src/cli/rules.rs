//! `mainstay rules`: the arguments.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

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
pub(crate) enum RulesCommand {}

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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shown {
    /// For people.
    Human,
    /// One JSON document.
    Json,
}
