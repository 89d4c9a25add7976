//! `mainstay.toml`: one struct for each section, next to what it says about it.
//!
//! `config.default.toml` is the reference of all settings; a test holds it equal to the defaults.

mod acme;
mod address;
mod api;
mod app;
mod auth;
mod cors;
mod database;
mod headers;
mod interpolate;
mod limits;
mod proxies;
mod reader;
mod secret;
mod server;
mod tls;

pub use acme::AcmeConfig;
pub use address::{Address, AddressError};
pub use api::ApiConfig;
pub use app::AppConfig;
pub use auth::{Algorithm, AuthConfig, AuthKey, KeyMaterial};
pub use cors::CorsConfig;
pub use database::DatabaseConfig;
pub use headers::HeadersConfig;
pub use limits::LimitsConfig;
pub use proxies::{Network, NetworkError, ProxyConfig, ProxyHeader};
pub use secret::Secret;
pub use server::ServerConfig;
pub use tls::{TlsConfig, TlsVersion};

use crate::report::Problems;
use crate::sources::{CONFIG_PATH, Sources};
use reader::Reader;

/// Every setting with its default and what it means.
pub const REFERENCE: &str = include_str!("../../config.default.toml");

/// The configuration of an application.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// `[app]`
    pub app: AppConfig,
    /// `[server]`
    pub server: ServerConfig,
    /// `[headers]`
    pub headers: HeadersConfig,
    /// `[limits]`
    pub limits: LimitsConfig,
    /// `[database]`
    pub database: DatabaseConfig,
    /// `[api]`
    pub api: ApiConfig,
    /// `[cors]`
    pub cors: CorsConfig,
    /// `[auth]`
    pub auth: AuthConfig,
}

/// Reads `mainstay.toml`; without one, everything has its default.
pub(crate) fn load(app: &Sources, problems: &mut Problems<'_>) -> Config {
    let Some(index) = app.index_of(CONFIG_PATH) else { return Config::default() };
    let text = app.files()[index].text();
    let (table, errors) = toml::de::DeTable::parse_recoverable(text);
    let mut reader = Reader::new(index, app.environment().clone(), problems);
    for error in errors {
        reader.syntax_error(error.span(), error.message());
    }
    let mut root = reader.root(table.get_ref());
    let config = Config {
        app: app::read(&mut root, &mut reader),
        server: server::read(&mut root, &mut reader),
        headers: headers::read(&mut root, &mut reader),
        limits: limits::read(&mut root, &mut reader),
        database: database::read(&mut root, &mut reader),
        api: api::read(&mut root, &mut reader),
        cors: cors::read(&mut root, &mut reader),
        auth: auth::read(&mut root, &mut reader),
    };
    root.finish(&mut reader);
    config
}

#[cfg(test)]
mod tests;
