//! Keeps the certificate from running out.

use std::sync::Arc;
use std::time::Duration;

use expr::Timestamp;
use tokio_util::sync::CancellationToken;
use xxhash_rust::xxh3::xxh3_64;

use super::challenges::Challenges;
use super::folder::Folder;
use super::{AcmeError, AcmeSettings, order, validity};
use crate::http::tls::{Chain, Tls, TlsSettings};

/// The longest time for an order; after it the next attempt begins anew.
const ORDER_TIMEOUT: Duration = Duration::from_secs(300);
/// The wait after the first failure, which doubles with each. Authorities refuse who fails more than
/// five times an hour.
const RETRY_FIRST: Duration = Duration::from_secs(120);
const RETRY_MAX: Duration = Duration::from_secs(6 * 3600);
/// The clock is looked at this often: it may be set, and the machine may sleep.
const LOOK_INTERVAL: Duration = Duration::from_secs(3600);

/// The server's certificate, ordered and renewed.
#[derive(Debug)]
pub struct Acme {
    settings: AcmeSettings,
    folder: Folder,
    challenges: Arc<Challenges>,
    tls: Tls,
}

impl Acme {
    /// Opens the folder, and TLS with the certificate in it. Without one, handshakes fail until there
    /// is one.
    ///
    /// # Errors
    /// Where the folder cannot be used.
    pub fn open(settings: &AcmeSettings, tls: &TlsSettings) -> Result<(Tls, Self), AcmeError> {
        let folder = Folder::open(&settings.folder)?;
        let path = folder.certificate_path();
        let tls = TlsSettings { certificate: path.clone(), key: path, ..tls.clone() };
        let challenges = Arc::new(Challenges::default());
        let tls = Tls::answering(tls, Arc::clone(&challenges) as Arc<_>)?;
        Ok((tls.clone(), Self { settings: settings.clone(), folder, challenges, tls }))
    }

    /// Orders a certificate whenever one is due, until told to stop.
    pub async fn keep_renewed(&self, stop: &CancellationToken) {
        let mut failures = 0;
        loop {
            let wait = match self.due() {
                Ok(wait) if wait > Duration::ZERO => wait.min(LOOK_INTERVAL),
                Ok(_) => match stop.run_until_cancelled(self.order()).await {
                    Some(Ok(())) => {
                        failures = 0;
                        tracing::info!(
                            domains = self.settings.domains.join(", "),
                            "the TLS certificate is a new one"
                        );
                        continue;
                    }
                    Some(Err(error)) => self.failed(&error, &mut failures),
                    None => return,
                },
                Err(error) => self.failed(&error, &mut failures),
            };
            if stop.run_until_cancelled(tokio::time::sleep(wait)).await.is_none() {
                return;
            }
        }
    }

    /// Tells of a failure, and returns how long to wait.
    fn failed(&self, error: &AcmeError, failures: &mut u32) -> Duration {
        let wait = RETRY_FIRST.saturating_mul(1 << (*failures).min(16)).min(RETRY_MAX);
        *failures += 1;
        tracing::error!(
            error = %Chain(error),
            domains = self.settings.domains.join(", "),
            "no TLS certificate was given; the next attempt is in {} s", wait.as_secs()
        );
        wait
    }

    async fn order(&self) -> Result<(), AcmeError> {
        let order = order::run(&self.settings, &self.folder, &self.challenges);
        let result = tokio::time::timeout(ORDER_TIMEOUT, order).await;
        self.challenges.end();
        result.map_err(|_| AcmeError::TimedOut)??;
        self.tls.reload()?;
        Ok(())
    }

    /// Returns how long the certificate is good for; no time where there is none.
    fn due(&self) -> Result<Duration, AcmeError> {
        let Some(pem) = self.folder.certificate(&self.settings)? else { return Ok(Duration::ZERO) };
        let Some(validity) = validity::of_pem(&pem) else { return Ok(Duration::ZERO) };
        let at = renewal(validity, xxh3_64(&pem));
        let micros = at.0.saturating_sub(self.settings.clock.now().0);
        Ok(Duration::from_micros(u64::try_from(micros).unwrap_or(0)))
    }
}

/// A certificate is renewed when two thirds of its time have passed, or up to a twelfth of it sooner,
/// so that many servers do not come at once.
fn renewal((from, until): (Timestamp, Timestamp), jitter: u64) -> Timestamp {
    let lifetime = until.0.saturating_sub(from.0).max(0);
    let sooner = lifetime / 12;
    let jitter = i64::try_from(jitter % 1024).unwrap_or(0);
    Timestamp(from.0.saturating_add(lifetime / 3 * 2).saturating_sub(sooner / 1024 * jitter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_renewed_well_before_its_end() {
        let day = 86_400_000_000;
        let validity = (Timestamp(0), Timestamp(90 * day));
        assert_eq!(renewal(validity, 0), Timestamp(60 * day));
        for jitter in [1, 1023, u64::MAX] {
            let at = renewal(validity, jitter).0;
            assert!((52 * day..60 * day).contains(&at), "{at}");
        }
        assert_eq!(renewal((Timestamp(5), Timestamp(5)), 7), Timestamp(5));
    }
}
