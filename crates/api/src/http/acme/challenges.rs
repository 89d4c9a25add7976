//! Answers to TLS-ALPN-01 challenges: certificates that only prove who answers at a name.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::AcmeError;
use crate::http::tls::TlsError;

/// The answers of the order under way, by name.
#[derive(Debug, Default)]
pub(super) struct Challenges(Mutex<HashMap<String, Arc<CertifiedKey>>>);

impl Challenges {
    /// Answers for a name from now on, with the digest of what the authority wants to see.
    pub(super) fn answer(&self, domain: &str, digest: &[u8]) -> Result<(), AcmeError> {
        let mut params = CertificateParams::new([domain.to_owned()])?;
        params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
        let key = KeyPair::generate()?;
        let certificate: CertificateDer<'static> = params.self_signed(&key)?.der().clone();
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        // Made without a look at the certificate: its extension is critical, and unknown to rustls.
        let key = ring::sign::any_supported_type(&key).map_err(TlsError::Challenge)?;
        let certified = CertifiedKey::new(vec![certificate], key);
        self.held().insert(domain.to_owned(), Arc::new(certified));
        Ok(())
    }

    /// Answers no more.
    pub(super) fn end(&self) {
        self.held().clear();
    }

    fn held(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<CertifiedKey>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ResolvesServerCert for Challenges {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.held().get(hello.server_name()?).cloned()
    }
}
