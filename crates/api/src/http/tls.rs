//! TLS, with a certificate that is read anew when its files change.
//!
//! Connections keep what they were opened with. Files that do not hold, such as half of a renewal,
//! change nothing until they do.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{ConfigBuilder, ServerConfig, WantsVerifier};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use xxhash_rust::xxh3::xxh3_64;

/// Larger files are no certificate and no key.
const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// Newest first: the client's wish does not matter as long as it can do HTTP/2.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];
/// What an authority speaks that looks for the answer to its challenge (RFC 8737).
const CHALLENGE: &[u8] = b"acme-tls/1";

/// Where the certificate is and how handshakes are bounded.
#[derive(Debug, Clone)]
pub struct TlsSettings {
    /// The certificate and those that lead to its authority, in PEM.
    pub certificate: PathBuf,
    /// Its private key in PEM.
    pub key: PathBuf,
    /// Whether TLS 1.2 is spoken beside 1.3.
    pub is_tls12_spoken: bool,
    /// The longest time for a handshake, with the wait for its turn.
    pub handshake_timeout: Duration,
    /// The most handshakes at a time. Further ones wait for their turn.
    pub handshakes_max: usize,
}

/// TLS for the connections of listeners.
#[derive(Clone)]
pub struct Tls(Arc<Shared>);

struct Shared {
    settings: TlsSettings,
    /// What answers an authority's challenges, where certificates are ordered.
    answers: Option<Arc<dyn ResolvesServerCert>>,
    current: ArcSwap<Loaded>,
    handshakes: Semaphore,
}

struct Loaded {
    config: Arc<ServerConfig>,
    /// Of both files, to see when they change.
    digest: u64,
}

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file holds something else.
    #[error("{path} holds no {what} in PEM")]
    Pem {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        what: &'static str,
    },
    /// Certificate and key cannot be used, or not together.
    #[error("the certificate {certificate} cannot be used with the key {key}")]
    Unusable {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// Why not.
        source: rustls::Error,
    },
    /// The answer to a challenge cannot be used.
    #[cfg(feature = "acme")]
    #[error("cannot make the answer to a challenge")]
    Challenge(#[source] rustls::Error),
    /// The system gives no random numbers.
    #[error("cannot make keys for session tickets")]
    Tickets(#[source] rustls::Error),
}

impl Tls {
    /// Reads certificate and key.
    ///
    /// # Errors
    /// Where they cannot be read or used.
    pub fn load(settings: TlsSettings) -> Result<Self, TlsError> {
        let files = Files::read(&settings)?;
        let loaded = Loaded { config: files.config(&settings, None)?, digest: files.digest() };
        Ok(Self::of(settings, None, loaded))
    }

    /// As `load`, where challenges are answered and the certificate may still be missing: then no
    /// other handshake succeeds.
    #[cfg(feature = "acme")]
    pub(super) fn answering(
        settings: TlsSettings,
        answers: Arc<dyn ResolvesServerCert>,
    ) -> Result<Self, TlsError> {
        let files = Files::read(&settings).ok();
        let kept = files.and_then(|files| {
            Some(Loaded {
                config: files.config(&settings, Some(&answers)).ok()?,
                digest: files.digest(),
            })
        });
        let loaded = match kept {
            Some(loaded) => loaded,
            None => {
                let resolver = Resolver { own: None, answers: Arc::clone(&answers) };
                Loaded { config: resolving(&settings, resolver)?, digest: 0 }
            }
        };
        Ok(Self::of(settings, Some(answers), loaded))
    }

    fn of(
        settings: TlsSettings,
        answers: Option<Arc<dyn ResolvesServerCert>>,
        loaded: Loaded,
    ) -> Self {
        let handshakes = Semaphore::new(settings.handshakes_max.min(Semaphore::MAX_PERMITS));
        let current = ArcSwap::from_pointee(loaded);
        Self(Arc::new(Shared { settings, answers, current, handshakes }))
    }

    /// Looks at the files again and again until told to stop, and takes what they hold for new
    /// connections.
    pub async fn follow(&self, every: Duration, stop: &CancellationToken) {
        let mut look = interval(every);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // Said once, not at every look.
        let mut complaint: Option<String> = None;
        while stop.run_until_cancelled(look.tick()).await.is_some() {
            let tls = self.clone();
            let looked = tokio::task::spawn_blocking(move || tls.reload()).await;
            let Ok(looked) = looked else { continue };
            match looked {
                Ok(is_new) => {
                    complaint = None;
                    if is_new {
                        tracing::info!("the TLS certificate is a new one");
                    }
                }
                Err(error) => {
                    let said = format!("{:#}", Chain(&error));
                    if complaint.as_ref() != Some(&said) {
                        tracing::error!(
                            error = said,
                            "the TLS certificate cannot be renewed; the old one goes on serving"
                        );
                        complaint = Some(said);
                    }
                }
            }
        }
    }

    /// Takes the files if they have changed; says whether they have.
    pub(super) fn reload(&self) -> Result<bool, TlsError> {
        let shared = &self.0;
        let files = Files::read(&shared.settings)?;
        let digest = files.digest();
        if digest == shared.current.load().digest {
            return Ok(false);
        }
        let config = files.config(&shared.settings, shared.answers.as_ref())?;
        shared.current.store(Arc::new(Loaded { config, digest }));
        Ok(true)
    }

    /// Shakes hands within the time for it.
    pub(super) async fn accept<S>(&self, stream: S) -> io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let shake = async {
            let _turn = self.0.handshakes.acquire().await.map_err(io::Error::other)?;
            let config = Arc::clone(&self.0.current.load().config);
            TlsAcceptor::from(config).accept(stream).await
        };
        let stream = timeout(self.0.settings.handshake_timeout, shake).await??;
        if stream.get_ref().1.alpn_protocol() == Some(CHALLENGE) {
            // It has seen the answer in the handshake, and wants nothing else.
            return Err(io::Error::other("a challenge was answered"));
        }
        Ok(stream)
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Tls").field(&self.0.settings).finish()
    }
}

/// What the files hold.
struct Files {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Files {
    fn read(settings: &TlsSettings) -> Result<Self, TlsError> {
        Ok(Self { certificate: read(&settings.certificate)?, key: read(&settings.key)? })
    }

    fn digest(&self) -> u64 {
        xxh3_64(&self.certificate) ^ xxh3_64(&self.key).rotate_left(1)
    }

    fn config(
        &self,
        settings: &TlsSettings,
        answers: Option<&Arc<dyn ResolvesServerCert>>,
    ) -> Result<Arc<ServerConfig>, TlsError> {
        let TlsSettings { certificate, key, .. } = settings;
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&self.certificate)
            .collect::<Result<_, _>>()
            .ok()
            .filter(|chain: &Vec<_>| !chain.is_empty())
            .ok_or_else(|| TlsError::Pem { path: certificate.clone(), what: "certificate" })?;
        let secret = PrivateKeyDer::from_pem_slice(&self.key)
            .map_err(|_| TlsError::Pem { path: key.clone(), what: "private key" })?;
        if let Some(answers) = answers {
            let own = CertifiedKey::from_der(chain, secret, &ring::default_provider());
            let own = own.map_err(unusable(settings))?;
            let resolver = Resolver { own: Some(Arc::new(own)), answers: Arc::clone(answers) };
            return resolving(settings, resolver);
        }
        let config = builder(settings)?
            .with_no_client_auth()
            .with_single_cert(chain, secret)
            .map_err(unusable(settings))?;
        finished(config, &PROTOCOLS)
    }
}

/// Presents the server's certificate, and to an authority the answer to its challenge.
#[derive(Debug)]
struct Resolver {
    /// None until it is there.
    own: Option<Arc<CertifiedKey>>,
    answers: Arc<dyn ResolvesServerCert>,
}

impl ResolvesServerCert for Resolver {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let is_challenge =
            hello.alpn().is_some_and(|mut offered| offered.any(|name| name == CHALLENGE));
        if is_challenge { self.answers.resolve(hello) } else { self.own.clone() }
    }
}

fn resolving(settings: &TlsSettings, resolver: Resolver) -> Result<Arc<ServerConfig>, TlsError> {
    let config = builder(settings)?.with_no_client_auth().with_cert_resolver(Arc::new(resolver));
    finished(config, &[PROTOCOLS[0], PROTOCOLS[1], CHALLENGE])
}

fn builder(settings: &TlsSettings) -> Result<ConfigBuilder<ServerConfig, WantsVerifier>, TlsError> {
    let versions = if settings.is_tls12_spoken { &[&TLS13, &TLS12][..] } else { &[&TLS13] };
    ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .map_err(unusable(settings))
}

fn finished(mut config: ServerConfig, protocols: &[&[u8]]) -> Result<Arc<ServerConfig>, TlsError> {
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    // Sessions resume without a table that clients could fill.
    config.ticketer = ring::Ticketer::new().map_err(TlsError::Tickets)?;
    Ok(Arc::new(config))
}

fn unusable(settings: &TlsSettings) -> impl Fn(rustls::Error) -> TlsError {
    let (certificate, key) = (settings.certificate.clone(), settings.key.clone());
    move |source| {
        let (certificate, key) = (certificate.clone(), key.clone());
        TlsError::Unusable { certificate, key, source }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    let mut bytes = Vec::new();
    let file = File::open(path).and_then(|file| file.take(FILE_BYTES_MAX).read_to_end(&mut bytes));
    file.map_err(|source| TlsError::Read { path: path.to_owned(), source })?;
    Ok(bytes)
}

/// An error with its causes.
pub(super) struct Chain<'e>(pub(super) &'e dyn std::error::Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut error = self.0;
        while let Some(source) = error.source() {
            write!(f, ": {source}")?;
            error = source;
        }
        Ok(())
    }
}
