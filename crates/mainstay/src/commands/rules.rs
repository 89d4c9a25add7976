//! `mainstay rules`: who may do what, by the rules of the model.

mod diff;
mod explain;

use std::path::Path;

use model::Loaded;

use crate::cli::{Matrix, Rules, RulesCommand, Shown};
use crate::folder;

/// Shows the access matrix, or runs the command behind `rules`.
pub(crate) fn run(args: &Rules) -> anyhow::Result<u8> {
    match &args.command {
        None => matrix(&args.matrix),
        Some(RulesCommand::Explain(args)) => explain::run(args),
        Some(RulesCommand::Diff(args)) => diff::run(args),
    }
}

fn matrix(args: &Matrix) -> anyhow::Result<u8> {
    let Some(loaded) = loaded(&args.dir)? else { return Ok(super::MISTAKES) };
    let find = |name: &String| app::access::find_entity(&loaded.model, name);
    let only = args.entity.iter().map(find).map(|found| found.map(|entity| entity.id));
    let only: Vec<_> = only.collect::<Result<_, _>>().map_err(anyhow::Error::msg)?;
    let matrix = app::access::Matrix::of(&loaded.model, &only);
    super::say(&match args.format {
        Shown::Human => matrix.to_string().trim_end().to_owned(),
        Shown::Json => format!("{:#}", matrix.to_json()),
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
