//! The application of a folder, with its database, for commands that read or write rows.

use std::sync::Arc;

use app::App;
use store::migrate::Mode;

use crate::cli::Folder;
use crate::{folder, wiring};

/// Opens the application. Its database must be there, and as the model asks. Nothing where the model
/// has mistakes, which are shown.
pub(super) async fn open(args: &Folder) -> anyhow::Result<Option<Arc<App>>> {
    let loaded = match folder::load(&args.dir)? {
        Ok(loaded) => loaded,
        Err(report) => {
            super::say_error(&report.to_human(folder::is_terminal()));
            return Ok(None);
        }
    };
    let path = wiring::database(args, &loaded.config);
    anyhow::ensure!(path.is_file(), "there is no database at {}", path.display());
    let store = wiring::open(path)?;
    let pending = wiring::migrate(&store, &loaded.model, Mode::plan_only()).await?;
    anyhow::ensure!(
        pending.plan.is_empty(),
        "the database is not as the model asks; run `mainstay migrate` first"
    );
    Ok(Some(wiring::application(loaded, store)))
}
