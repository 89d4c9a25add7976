//! Puts the parts of a running application together.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use api::Service;
use api::http::{Listener, Settings, Shell};
use app::App;
use app::callers::{Key, Keyring};
use app::clock::Clock;
use app::ids::Ids;
use model::config::{Address, AuthConfig, KeyMaterial};
use model::{Config, Loaded, Model};
use store::migrate::{MigrationError, Mode, Outcome};
use store::{Options, Store};
use tokio_util::sync::CancellationToken;

use crate::cli::Folder;

/// Returns the database file: the flag's, or the configuration's within the folder.
pub(crate) fn database(folder: &Folder, config: &Config) -> PathBuf {
    match &folder.database {
        Some(path) => path.clone(),
        None => folder.dir.join(&config.database.path),
    }
}

/// Opens the store.
pub(crate) fn open(path: PathBuf) -> anyhow::Result<Store> {
    let shown = path.display().to_string();
    Store::open(Options::new(path)).with_context(|| format!("cannot open the database {shown}"))
}

/// Brings the tables to the model.
pub(crate) async fn migrate(
    store: &Store,
    model: &Model,
    mode: Mode,
) -> Result<Outcome, MigrationError> {
    let schema = plan::ddl::schema(model, plan::Dialect::Sqlite);
    store.migrate(schema, mode, Clock::system().now()).await
}

/// Makes the application of a loaded model.
pub(crate) fn application(loaded: Loaded, store: Store) -> Arc<App> {
    let (model, config) = (Arc::new(loaded.model), Arc::new(loaded.config));
    Arc::new(App::new(model, config, store, Clock::system(), Ids::system()))
}

/// Collects the keys that verify callers: the configuration's, and in development the folder's own.
pub(crate) fn keyring(dir: &Path, auth: &AuthConfig, own: Option<Key>) -> anyhow::Result<Keyring> {
    let mut keys: Vec<Key> = own.into_iter().collect();
    for configured in &auth.keys {
        let kid = &configured.kid;
        let pem = match &configured.material {
            KeyMaterial::Secret(secret) => {
                keys.push(Key::hs256(kid, secret.reveal().as_bytes())?);
                continue;
            }
            KeyMaterial::PublicKey(pem) => pem.clone(),
            KeyMaterial::PublicKeyFile(file) => std::fs::read_to_string(dir.join(file))
                .with_context(|| format!("cannot read the key file {file}"))?,
        };
        let key = Key::from_pem(kid, configured.algorithm, &pem);
        keys.push(key.with_context(|| format!("[[auth.keys]] {kid}"))?);
    }
    if let Some(file) = &auth.jwks_file {
        let text = std::fs::read_to_string(dir.join(file))
            .with_context(|| format!("cannot read the key file {file}"))?;
        keys.extend(Key::from_jwks(&text).with_context(|| file.clone())?);
    }
    Keyring::new(keys, auth.issuer.clone(), auth.audience.clone(), auth.leeway)
        .context("the keys of [auth]")
}

/// Binds the listeners: the flags' addresses, or the configuration's within the folder.
pub(crate) async fn listen(
    dir: &Path,
    addresses: &[Address],
    config: &Config,
) -> anyhow::Result<Vec<Listener>> {
    let is_flag = !addresses.is_empty();
    let addresses = if is_flag { addresses } else { &config.server.addresses };
    let mut listeners = Vec::new();
    for address in addresses {
        let listener = match address {
            Address::Tcp(address) => Listener::tcp(*address).await,
            Address::Unix(path) if is_flag => Listener::unix(path, config.server.socket_mode),
            Address::Unix(path) => Listener::unix(&dir.join(path), config.server.socket_mode),
        };
        listeners.push(listener.with_context(|| {
            format!(
                "cannot listen on {address}; is it taken? --listen 127.0.0.1:0 takes a free port"
            )
        })?);
    }
    Ok(listeners)
}

/// Serves until told to stop, then closes the store.
pub(crate) async fn serve(
    listeners: Vec<Listener>,
    service: Arc<Service>,
    config: &Config,
    store: &Store,
    stop: CancellationToken,
) {
    let shell = Shell::new(service, Settings::from_config(config), Ids::system());
    api::http::serve(listeners, Arc::new(shell), stop).await;
    store.close().await;
}

/// Cancels the token when the process is asked to end (SIGTERM, SIGINT). It listens from the call
/// on, so that whoever has seen the address may ask.
pub(crate) fn stop_on_signal(
    stop: CancellationToken,
) -> anyhow::Result<impl Future<Output = ()> + use<>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            () = stop.cancelled() => {}
        }
        stop.cancel();
    })
}
