//! `mainstay rules`: who may do what, by the rules of the model.

use std::path::Path;

use anyhow::Context;
use model::Loaded;

use crate::cli::{Matrix, Rules, Shown};
use crate::folder;

/// Shows the access matrix, or runs the command behind `rules`.
pub(crate) fn run(args: &Rules) -> anyhow::Result<u8> {
    match &args.command {
        None => matrix(&args.matrix),
        Some(command) => match *command {},
    }
}

fn matrix(args: &Matrix) -> anyhow::Result<u8> {
    let Some(loaded) = loaded(&args.dir)? else { return Ok(super::MISTAKES) };
    let mut matrix = app::access::Matrix::of(&loaded.model);
    for name in &args.entity {
        let known = matrix.entities.iter().any(|entity| entity.is_named(name));
        anyhow::ensure!(known, "there is no entity `{name}`");
    }
    if !args.entity.is_empty() {
        matrix.entities.retain(|entity| args.entity.iter().any(|name| entity.is_named(name)));
    }
    super::say(&match args.format {
        Shown::Human => matrix.to_string().trim_end().to_owned(),
        Shown::Json => serde_json::to_string_pretty(&matrix.to_json()).context("JSON")?,
    });
    Ok(super::OK)
}

/// Loads the folder; nothing where it has mistakes, which are shown.
fn loaded(dir: &Path) -> anyhow::Result<Option<Loaded>> {
    match folder::load(dir)? {
        Ok(loaded) => Ok(Some(loaded)),
        Err(report) => {
            super::say_error(&report.to_human(folder::is_terminal()));
            Ok(None)
        }
    }
}
