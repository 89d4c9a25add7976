//! Puts the parts of a running application together.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use api::Service;
use api::http::{Acme, AcmeSettings, Listener, Settings, Shell, Tls, TlsSettings};
use app::App;
use app::callers::{Key, Keyring};
use app::clock::Clock;
use app::ids::Ids;
use model::config::{Address, AuthConfig, KeyMaterial, TlsConfig, TlsVersion};
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
    let (schema, now) = schema_and_time(model);
    store.migrate(schema, mode, now).await
}

/// Returns the schema that a model asks for, and the time of its migration.
pub(crate) fn schema_and_time(model: &Model) -> (model::schema::Schema, expr::Timestamp) {
    (plan::ddl::schema(model, plan::Dialect::Sqlite), Clock::system().now())
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

/// Where requests come in.
pub(crate) struct Doors {
    pub(crate) listeners: Vec<Listener>,
    tls: Option<(Tls, Renewal)>,
}

/// How the certificate is kept from running out.
enum Renewal {
    /// Others write its files, which are looked at this often.
    Files(Duration),
    /// The server orders it.
    Acme(Acme),
}

/// Binds the listeners: the flags' addresses, or the configuration's within the folder.
pub(crate) fn listen(dir: &Path, addresses: &[Address], config: &Config) -> anyhow::Result<Doors> {
    let server = &config.server;
    let tls = server.tls.as_ref().map(|config| tls(dir, config)).transpose()?;
    let (tls, renewal) = tls.unzip();
    let is_flag = !addresses.is_empty();
    let addresses = if is_flag { addresses } else { &server.addresses };
    let mut listeners = Vec::new();
    for address in addresses {
        let listener = match address {
            Address::Tcp(address) => Listener::tcp(*address),
            Address::Unix(path) if is_flag => Listener::unix(path, server.socket_mode),
            Address::Unix(path) => Listener::unix(&dir.join(path), server.socket_mode),
        };
        let listener = listener.with_context(|| {
            format!(
                "cannot listen on {address}; is it taken? --listen 127.0.0.1:0 takes a free port"
            )
        })?;
        listeners.push(match &tls {
            Some(tls) if listener.address().is_some() => listener.over_tls(tls.clone()),
            _ => listener,
        });
    }
    let redirect = server.tls.as_ref().and_then(|tls| tls.redirect_address);
    let https = listeners.iter().find_map(Listener::address);
    if let (Some(address), Some(https)) = (redirect, https) {
        let listener = Listener::tcp(address);
        let listener = listener.with_context(|| format!("cannot listen on {address}"))?;
        listeners.push(listener.redirecting(https.port()));
    }
    Ok(Doors { listeners, tls: tls.zip(renewal) })
}

/// Reads the certificate, or gets ready to order it.
fn tls(dir: &Path, config: &TlsConfig) -> anyhow::Result<(Tls, Renewal)> {
    let settings = TlsSettings {
        certificate: dir.join(&config.certificate),
        key: dir.join(&config.key),
        is_tls12_spoken: config.version_min <= TlsVersion::V1_2,
        handshake_timeout: config.handshake_timeout,
        handshakes_max: usize::try_from(config.handshakes_max).unwrap_or(usize::MAX),
    };
    let Some(acme) = &config.acme else {
        let tls = Tls::load(settings).context("[server.tls]")?;
        return Ok((tls, Renewal::Files(config.reload_interval)));
    };
    let ordered = AcmeSettings {
        domains: acme.domains.clone(),
        email: acme.email.clone(),
        directory: acme.directory.clone(),
        authority: acme.authority.as_ref().map(|file| dir.join(file)),
        folder: dir.join(&acme.cache),
        clock: Clock::system(),
    };
    let (tls, acme) = Acme::open(&ordered, &settings).context("[server.tls.acme]")?;
    Ok((tls, Renewal::Acme(acme)))
}

/// How often maintenance runs.
const MAINTENANCE_INTERVAL: Duration = Duration::from_secs(60);

/// Maintains the application until told to stop.
async fn maintain(service: Arc<Service>, stop: CancellationToken) {
    loop {
        service.maintain().await;
        tokio::select! {
            () = tokio::time::sleep(MAINTENANCE_INTERVAL) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Serves until told to stop, then closes the store.
pub(crate) async fn serve(
    doors: Doors,
    service: Arc<Service>,
    config: &Config,
    store: &Store,
    stop: CancellationToken,
) {
    let shell = Shell::new(Arc::clone(&service), Settings::from_config(config), Ids::system());
    let follow = async {
        match &doors.tls {
            Some((tls, Renewal::Files(interval))) => tls.follow(*interval, &stop).await,
            Some((_, Renewal::Acme(acme))) => acme.keep_renewed(&stop).await,
            None => {}
        }
    };
    let maintenance = maintain(service, stop.clone());
    let shell = Arc::new(shell);
    tokio::join!(api::http::serve(doors.listeners, shell, stop.clone()), follow, maintenance);
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
