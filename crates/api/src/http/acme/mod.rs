//! Certificates that the server orders itself (ACME, RFC 8555), in a build with the feature `acme`.
//!
//! The authority connects to the port of HTTPS and finds the answer to its challenge in the handshake
//! (TLS-ALPN-01, RFC 8737), so no other port is needed. Account and certificate lie in a folder, and
//! a restart orders nothing.

#[cfg(feature = "acme")]
mod challenges;
#[cfg(feature = "acme")]
mod folder;
#[cfg(feature = "acme")]
mod https;
#[cfg(feature = "acme")]
mod order;
#[cfg(feature = "acme")]
mod renew;
#[cfg(feature = "acme")]
mod validity;

use std::path::PathBuf;

use app::clock::Clock;
#[cfg(not(feature = "acme"))]
use tokio_util::sync::CancellationToken;

use super::tls::TlsError;
#[cfg(not(feature = "acme"))]
use super::tls::{Tls, TlsSettings};

#[cfg(feature = "acme")]
pub use renew::Acme;

/// What is ordered, from whom, and where it is kept.
#[derive(Debug, Clone)]
pub struct AcmeSettings {
    /// The names of the certificate.
    pub domains: Vec<String>,
    /// Whom the authority writes to.
    pub email: Option<String>,
    /// The authority's directory.
    pub directory: String,
    /// The root by which the authority itself is known, in PEM; none for public ones.
    pub authority: Option<PathBuf>,
    /// Where account and certificate are kept.
    pub folder: PathBuf,
    /// Tells when a certificate has to be renewed.
    pub clock: Clock,
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum AcmeError {
    /// This build cannot order any.
    #[error("this build of mainstay cannot order certificates; build it with `--features acme`")]
    NotBuilt,
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Account and certificate cannot be kept.
    #[error("cannot use the folder {path}")]
    Folder {
        /// The folder, or the file in it.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The authority, or the way to it, refuses.
    #[cfg(feature = "acme")]
    #[error("the authority gives no certificate")]
    Authority(#[from] instant_acme::Error),
    /// The authority does not check what this server can answer.
    #[cfg(feature = "acme")]
    #[error("the authority offers no TLS-ALPN-01 challenge for {0}")]
    NoChallenge(String),
    /// The authority was not satisfied.
    #[cfg(feature = "acme")]
    #[error("the authority does not find this server at its names: the order is {0}")]
    Refused(String),
    /// The answer to a challenge cannot be made.
    #[cfg(feature = "acme")]
    #[error("cannot make the answer to a challenge")]
    Challenge(#[from] rcgen::Error),
    /// It took too long.
    #[cfg(feature = "acme")]
    #[error("the authority took too long")]
    TimedOut,
}

/// What a build without the feature has in its place: nothing can be opened.
#[cfg(not(feature = "acme"))]
#[derive(Debug)]
pub struct Acme(std::convert::Infallible);

#[cfg(not(feature = "acme"))]
impl Acme {
    /// Refuses: this build cannot order certificates.
    ///
    /// # Errors
    /// `NotBuilt`
    pub fn open(_: &AcmeSettings, _: &TlsSettings) -> Result<(Tls, Self), AcmeError> {
        Err(AcmeError::NotBuilt)
    }

    /// Is never reached.
    #[expect(clippy::unused_async, reason = "it is awaited in a build with the feature")]
    pub async fn keep_renewed(&self, _: &CancellationToken) {
        match self.0 {}
    }
}
