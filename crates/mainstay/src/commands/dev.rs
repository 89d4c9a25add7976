//! `mainstay dev`: migrate, seed, watch, reload.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use api::Service;
use api::http::Listener;
use app::App;
use expr::EntityId;
use model::Loaded;
use store::Store;
use store::migrate::Mode;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::cli::Run;
use crate::watch::Watch;
use crate::{folder, logging, wiring};

/// Serves and follows the folder until asked to end.
pub(crate) fn run(args: &Run) -> anyhow::Result<u8> {
    logging::start(true);
    super::runtime()?.block_on(dev(args))
}

async fn dev(args: &Run) -> anyhow::Result<u8> {
    let dir = &args.folder.dir;
    let stop = CancellationToken::new();
    let tasks = TaskTracker::new();
    tasks.spawn(wiring::stop_on_signal(stop.clone())?);
    let mut watch = Watch::start(dir)?;
    let (app, store) = loop {
        if let Some(started) = first(args).await? {
            break started;
        }
        super::say("waiting for a change …");
        tokio::select! {
            () = watch.changed() => {}
            () = stop.cancelled() => return Ok(super::OK),
        }
    };
    let own = super::token::development_key(dir)?.verifying_key();
    let keyring = wiring::keyring(dir, &app.config.auth, Some(own.clone()))?;
    let doors = wiring::listen(dir, &args.listen, &app.config)?;
    greet(dir, &doors.listeners, &app);

    let config = Arc::clone(&app.config);
    let service = Arc::new(Service::new(app, keyring));
    let reload = {
        let (service, store, dir, stop) =
            (Arc::clone(&service), store.clone(), dir.clone(), stop.clone());
        async move {
            loop {
                tokio::select! {
                    () = watch.changed() => {}
                    () = stop.cancelled() => return,
                }
                match reload(&dir, &store, &service, &own).await {
                    Ok(said) => super::say(&said),
                    Err(error) => super::say_error(&format!(
                        "{error:#}\nThe last good model goes on serving."
                    )),
                }
            }
        }
    };
    tasks.spawn(reload);
    wiring::serve(doors, service, &config, &store, stop).await;
    tasks.close();
    tasks.wait().await;
    Ok(super::OK)
}

/// Loads the folder for the first time; nothing where it has mistakes, which are shown.
async fn first(args: &Run) -> anyhow::Result<Option<(Arc<App>, Store)>> {
    let dir = &args.folder.dir;
    let loaded = match folder::load(dir)? {
        Ok(loaded) => loaded,
        Err(report) => {
            super::say_error(&report.to_human(folder::is_terminal()));
            return Ok(None);
        }
    };
    warn(&loaded);
    let store = wiring::open(wiring::database(&args.folder, &loaded.config))?;
    if let Err(error) = wiring::migrate(&store, &loaded.model, Mode::Dev).await {
        store.close().await;
        super::say_error(&error.to_string());
        return Ok(None);
    }
    let app = wiring::application(loaded, store.clone());
    if app::seed::is_empty(&app).await? {
        let count = app::seed::load(&app, &folder::seeds(dir)?).await?;
        if count > 0 {
            super::say(&format!("seeded {count} rows"));
        }
    }
    Ok(Some((app, store)))
}

/// Loads the folder anew and swaps the application, or says why it does not.
async fn reload(
    dir: &Path,
    store: &Store,
    service: &Service,
    own: &app::callers::Key,
) -> anyhow::Result<String> {
    let loaded = match folder::load(dir)? {
        Ok(loaded) => loaded,
        Err(report) => anyhow::bail!("{}", report.to_human(folder::is_terminal())),
    };
    warn(&loaded);
    let keyring = wiring::keyring(dir, &loaded.config.auth, Some(own.clone()))?;
    // Requests wait for the moment between two models; none meets the tables of the other.
    let closed = service.close_gate().await;
    let outcome = wiring::migrate(store, &loaded.model, Mode::Dev)
        .await
        .context("the database cannot follow")?;
    service.swap(wiring::application(loaded, store.clone()), keyring);
    drop(closed);
    Ok(if outcome.applied { format!("{}\nreloaded", outcome.plan) } else { "reloaded".to_owned() })
}

fn warn(loaded: &Loaded) {
    if !loaded.warnings.diagnostics().is_empty() {
        super::say(&loaded.warnings.to_human(folder::is_terminal()));
    }
}

/// Prints the URLs and two lines to try.
fn greet(dir: &Path, listeners: &[Listener], app: &App) {
    let shown = app.config.app.name.clone().unwrap_or_else(|| dir.display().to_string());
    let (curl, url) = match (listeners.iter().find(|door| door.address().is_some()), listeners) {
        (Some(port), _) => ("curl".to_owned(), port.url().trim_end_matches('/').to_owned()),
        (None, sockets) => {
            let path = sockets.first().map(Listener::url).unwrap_or_default();
            let path = path.trim_start_matches("unix:");
            (format!("curl --unix-socket {path}"), "http://localhost".to_owned())
        }
    };
    super::say(&format!("\n{shown} is at {url}/\n"));
    for entity in &app.model.entities {
        super::say(&format!("  {url}/api/v1/{}", entity.route));
    }
    let Some(entity) = app.model.entities.iter().find(|entity| is_open(app, entity.id)) else {
        return;
    };
    super::say(&format!(
        "\nTry:\n\n  {curl} '{url}/api/v1/{route}?limit=3'\n  {curl} -H \"Authorization: Bearer $({mainstay} user \
         token --sub 0198c0de-0000-7000-8000-000000000001 --claim role=admin {dir})\" \
         '{url}/api/v1/{route}?count=exact&fields=id'\n",
        mainstay = called_as(),
        route = entity.route,
        dir = dir.display(),
    ));
}

/// How this program was called, so that a printed command works where it was not installed.
fn called_as() -> String {
    std::env::args().next().unwrap_or_else(|| "mainstay".to_owned())
}

/// Whether anyone may read some row of the entity.
fn is_open(app: &App, entity: EntityId) -> bool {
    let caller = expr::Caller { user: None, now: app.clock.now(), input: &[], request: None };
    app::operations::may_read_some(app, &caller, entity)
}
