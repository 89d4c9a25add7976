//! Tells when the application folder has changed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

/// Editors write a file in several steps; changes closer together than this are one.
const QUIET: Duration = Duration::from_millis(50);

/// Changes not yet looked at; more add nothing, since one is enough to look.
const PENDING_MAX: usize = 1;

/// A watch over a folder.
pub(crate) struct Watch {
    _watcher: RecommendedWatcher,
    changes: mpsc::Receiver<()>,
}

impl Watch {
    /// Starts watching `mainstay.toml` and everything below `modules/`.
    pub(crate) fn start(dir: &Path) -> anyhow::Result<Self> {
        let (changed, changes) = mpsc::channel(PENDING_MAX);
        let root = dir.canonicalize().with_context(|| format!("cannot watch {}", dir.display()))?;
        let of_interest = {
            let root = root.clone();
            move |path: &PathBuf| {
                let Ok(inside) = path.strip_prefix(&root) else { return false };
                let schema = inside.starts_with("modules")
                    && path.extension().is_none_or(|extension| extension == "graphql");
                schema || inside == Path::new("mainstay.toml")
            }
        };
        let mut watcher =
            notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
                let Ok(event) = event else { return };
                let written = !matches!(event.kind, EventKind::Access(_));
                if written && event.paths.iter().any(&of_interest) {
                    // Full: somebody is about to look already.
                    let _ = changed.try_send(());
                }
            })
            .context("cannot watch for changes")?;
        watcher.watch(&root, RecursiveMode::Recursive).context("cannot watch for changes")?;
        Ok(Self { _watcher: watcher, changes })
    }

    /// Waits for a change, and until no other has followed for a moment.
    pub(crate) async fn changed(&mut self) {
        if self.changes.recv().await.is_none() {
            // The watcher ended; without it nothing ever changes.
            std::future::pending::<()>().await;
        }
        while let Ok(Some(())) = tokio::time::timeout(QUIET, self.changes.recv()).await {}
    }
}
