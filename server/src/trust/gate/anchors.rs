//! The CAs that clients' chains may end in: those of the configuration, and the internal ones.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;

use crate::ca::ReadCertificate;
use crate::identity::PeerCertificate;
use crate::net::tls::TlsError;
use crate::trust::{Authorities, Level};

/// The CAs at one time.
#[derive(Clone, Debug, Default)]
pub struct AnchorSet {
    configured: Vec<CertificateDer<'static>>,
    internal: Vec<ReadCertificate>,
    in_force: Vec<(&'static str, ReadCertificate)>,
}

impl AnchorSet {
    /// All of them in DER.
    pub fn all(&self) -> impl Iterator<Item = CertificateDer<'static>> {
        let internal = self.internal.iter().map(|ca| CertificateDer::from(ca.der().to_vec()));
        self.configured.iter().cloned().chain(internal)
    }

    /// Whether the certificate names an internal CA as its issuer.
    #[must_use]
    pub fn is_internal(&self, certificate: &PeerCertificate) -> bool {
        let issuer = certificate.inner().tbs_certificate().issuer();
        self.internal.iter().any(|ca| ca.subject() == issuer)
    }

    /// The internal ones in force, each with the name of its level.
    #[must_use]
    pub fn in_force(&self) -> &[(&'static str, ReadCertificate)] {
        &self.in_force
    }

    /// Those of the configuration, as far as they can be read.
    pub fn configured(&self) -> impl Iterator<Item = ReadCertificate> {
        self.configured.iter().filter_map(|der| ReadCertificate::read(der).ok())
    }
}

/// The CAs in force.
#[derive(Default)]
pub struct Anchors {
    current: RwLock<Arc<AnchorSet>>,
    changing: Mutex<()>,
}

impl Anchors {
    /// The CAs at this moment.
    #[must_use]
    pub fn current(&self) -> Arc<AnchorSet> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces those of the configuration.
    ///
    /// # Errors
    ///
    /// [`TlsError`], if one cannot serve as a CA; nothing has changed then.
    pub fn set_configured(&self, configured: Vec<CertificateDer<'static>>) -> Result<(), TlsError> {
        let mut store = RootCertStore::empty();
        for ca in &configured {
            store.add(ca.clone()).map_err(|err| TlsError::ClientCa(err.to_string()))?;
        }
        self.change(|set| set.configured = configured);
        Ok(())
    }

    /// Replaces the internal ones. The issuers are anchors, too: clients often show their own
    /// certificate and no other.
    pub fn set_internal(&self, authorities: &Authorities) {
        self.change(|set| {
            set.internal = authorities.all().map(|ca| ca.certificate.clone()).collect();
            set.in_force = [(Level::Root, &authorities.root), (Level::Issuer, &authorities.issuer)]
                .map(|(level, ca)| (level.name(), ca.certificate.clone()))
                .to_vec();
        });
    }

    fn change(&self, change: impl FnOnce(&mut AnchorSet)) {
        let _one_at_a_time = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut set = AnchorSet::clone(&self.current());
        change(&mut set);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(set);
    }
}
