//! `mainstay serve`: the application in production.

use std::sync::Arc;

use api::Service;
use store::migrate::Mode;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::cli::Run;
use crate::{folder, logging, wiring};

/// Serves until asked to end.
pub(crate) fn run(args: &Run) -> anyhow::Result<u8> {
    logging::start(false);
    let loaded = match folder::load(&args.folder.dir)? {
        Ok(loaded) => loaded,
        Err(report) => {
            super::say_error(&report.to_human(folder::is_terminal()));
            return Ok(super::MISTAKES);
        }
    };
    super::runtime()?.block_on(async {
        let store = wiring::open(wiring::database(&args.folder, &loaded.config))?;
        let pending = wiring::migrate(&store, &loaded.model, Mode::plan_only()).await?;
        if !pending.plan.is_empty() {
            super::say_error(&format!(
                "The database is not as the model asks:\n\n{}\nRun `mainstay migrate --apply` first.",
                pending.plan
            ));
            return Ok(super::MISTAKES);
        }
        let keyring = wiring::keyring(&args.folder.dir, &loaded.config.auth, None)?;
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        tasks.spawn(wiring::stop_on_signal(stop.clone())?);
        let doors = wiring::listen(&args.folder.dir, &args.listen, &loaded.config)?;
        for listener in &doors.listeners {
            super::say(&listener.url());
        }
        let app = wiring::application(loaded, store.clone());
        let config = Arc::clone(&app.config);
        let service = Arc::new(Service::new(app, keyring));
        wiring::serve(doors, service, &config, &store, stop).await;
        tasks.close();
        tasks.wait().await;
        Ok(super::OK)
    })
}
