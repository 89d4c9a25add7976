//! `mainstay check`: everything that can be known without running.

use crate::cli::{Check, Format};
use crate::folder;

/// Prints what it found; fails when any of it is a mistake.
pub(crate) fn run(args: &Check) -> anyhow::Result<u8> {
    let report = match folder::load(&args.dir)? {
        Ok(loaded) => {
            if args.format == Format::Human && loaded.warnings.diagnostics().is_empty() {
                let (entities, modules) = (loaded.model.entities.len(), loaded.model.modules.len());
                super::say(&format!("{entities} entities in {modules} modules: no mistakes"));
                return Ok(super::OK);
            }
            show(args.format, &loaded.warnings);
            return Ok(super::OK);
        }
        Err(report) => report,
    };
    show(args.format, &report);
    Ok(super::MISTAKES)
}

fn show(format: Format, report: &model::Report) {
    super::say(&match format {
        Format::Human => report.to_human(folder::is_terminal()),
        Format::Json => report.to_json(),
        Format::Sarif => report.to_sarif(),
    });
}
