//! `mainstay migrate`: shows what a change of the model means for the database, or does it.

use store::migrate::{MigrationError, Mode};

use crate::cli::Migrate;
use crate::{folder, wiring};

/// Shows the plan, or applies it.
pub(crate) fn run(args: &Migrate) -> anyhow::Result<u8> {
    let loaded = match folder::load(&args.folder.dir)? {
        Ok(loaded) => loaded,
        Err(report) => {
            super::say_error(&report.to_human(folder::is_terminal()));
            return Ok(super::MISTAKES);
        }
    };
    let mode = if args.apply {
        Mode::Apply { allow_drop: args.allow_drop.clone() }
    } else {
        Mode::PlanOnly
    };
    super::runtime()?.block_on(async {
        let store = wiring::open(wiring::database(&args.folder, &loaded.config))?;
        let result = wiring::migrate(&store, &loaded.model, mode).await;
        store.close().await;
        match result {
            Ok(outcome) => {
                let done = if outcome.plan.is_empty() {
                    "The database is as the model asks.".to_owned()
                } else if outcome.applied {
                    format!("{}\nDone.", outcome.plan)
                } else {
                    outcome.plan
                };
                super::say(&done);
                for problem in &outcome.problems {
                    super::say(&format!("\n{problem}"));
                }
                Ok(if outcome.problems.is_empty() { super::OK } else { super::MISTAKES })
            }
            Err(error @ (MigrationError::Stopped { .. } | MigrationError::Drift { .. })) => {
                super::say_error(&error.to_string());
                Ok(super::MISTAKES)
            }
            Err(error) => Err(error.into()),
        }
    })
}
