//! The arguments of `mainstay migrate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Folder;

#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 done, or with --plan nothing in the way; 1 stopped; 2 failed;\n\
                  3 with --plan --exit-code, when there is something to do.\n\n\
                  Examples:\n  mainstay migrate --plan shop\n  mainstay migrate --plan --format sql shop\n  \
                  mainstay migrate --dry-run shop\n  mainstay migrate --apply shop\n  \
                  mainstay migrate --apply --allow-drop catalog_product.photo shop"
)]
pub(crate) struct Migrate {
    #[command(flatten)]
    pub(crate) folder: Folder,
    /// Show what would be done (the default).
    #[arg(long, conflicts_with_all = ["apply", "dry_run"])]
    pub(crate) plan: bool,
    /// Do it.
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) apply: bool,
    /// Do it to a copy of the database, and check what came of every row.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Make the copy here and keep it. Without it the copy is made beside the database and removed.
    #[arg(long, requires = "dry_run", value_name = "FILE")]
    pub(crate) copy_to: Option<PathBuf>,
    /// Allow a table or column (`table.column`) to be dropped with its data. May be repeated.
    #[arg(long, value_name = "NAME")]
    pub(crate) allow_drop: Vec<String>,
    /// Fill new optional fields after the migration, a few rows at a time, so that a server that runs
    /// can go on writing. A run that is killed is gone on with by the next `--apply`.
    #[arg(long, requires = "apply")]
    pub(crate) online: bool,
    /// How to print it.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: PlanFormat,
    /// End with 3 when there is something to do, so that a pipeline can tell.
    #[arg(long, conflicts_with_all = ["apply", "dry_run"])]
    pub(crate) exit_code: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanFormat {
    /// For people: what, why, how many rows, and what could be lost.
    Text,
    /// One JSON document.
    Json,
    /// The statements as they run.
    Sql,
}
