//! The certificate that the server shows, and its key. Handshakes under way keep the one they began with.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::ca::ReadCertificate;
use crate::net::tls::TlsError;

/// The server's certificate, if it has one yet; a handshake without one is refused.
#[derive(Default)]
pub struct ServerIdentity(RwLock<Option<Arc<CertifiedKey>>>);

impl ServerIdentity {
    /// Shows this chain from the next handshake on.
    ///
    /// # Errors
    ///
    /// [`TlsError`], if the certificate cannot be read, or the key is not its own; nothing has changed
    /// then.
    pub fn set(
        &self,
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<(), TlsError> {
        let provider = aws_lc_rs::default_provider();
        let certified =
            CertifiedKey::from_der(chain, key, &provider).map_err(TlsError::Identity)?;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(certified));
        Ok(())
    }

    /// The certificate that is shown, if there is one.
    #[must_use]
    pub fn certificate(&self) -> Option<ReadCertificate> {
        ReadCertificate::read(self.current()?.cert.first()?).ok()
    }

    /// Whether there is one.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.current().is_some()
    }

    fn current(&self) -> Option<Arc<CertifiedKey>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for ServerIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerIdentity").finish_non_exhaustive()
    }
}

impl ResolvesServerCert for ServerIdentity {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let current = self.current();
        if current.is_none() {
            tracing::warn!("there is no server certificate yet: the token has not been there");
        }
        current
    }
}
