//! What handshakes go by: trusted CAs, revoked certificates, the server's own certificate. Each part can
//! be replaced while the server runs.

mod anchors;
mod files;
mod revoked;
mod server_identity;
mod watch;

use std::sync::Arc;

pub use anchors::{AnchorSet, Anchors};
pub use revoked::RevokedElsewhere;
pub use server_identity::ServerIdentity;
pub use watch::FileWatch;

use crate::config::{ClientAuth, TlsConfig};
use crate::net::tls::TlsError;
use watch::Group;

/// What handshakes go by.
pub struct Gate {
    tls: TlsConfig,
    /// The files that it was read from, as they were then.
    files: Vec<Group>,
    /// The CAs that clients' chains may end in.
    pub anchors: Anchors,
    /// Certificates of other CAs that those have revoked.
    pub revoked: RevokedElsewhere,
    /// The server's own certificate.
    pub server: Arc<ServerIdentity>,
}

impl Gate {
    /// Reads the files that `[tls]` names.
    ///
    /// # Errors
    ///
    /// [`TlsError`], naming the file.
    pub fn open(tls: &TlsConfig) -> Result<Arc<Self>, TlsError> {
        let gate = Self {
            tls: tls.clone(),
            files: watch::groups(tls),
            anchors: Anchors::default(),
            revoked: RevokedElsewhere::default(),
            server: Arc::default(),
        };
        gate.read_client_cas()?;
        gate.read_revoked()?;
        gate.read_server_certificate()?;
        Ok(Arc::new(gate))
    }

    /// What `[tls]` says.
    #[must_use]
    pub const fn config(&self) -> &TlsConfig {
        &self.tls
    }

    /// Whether the operator gives the server's certificate.
    #[must_use]
    pub const fn is_certificate_given(&self) -> bool {
        self.tls.identity.is_some()
    }

    /// Reads `tls.client_ca` anew; on an error what was there stays.
    ///
    /// # Errors
    ///
    /// [`TlsError`].
    pub fn read_client_cas(&self) -> Result<(), TlsError> {
        if self.tls.client_auth == ClientAuth::Pinned {
            return Ok(());
        }
        let files = self.tls.client_ca.iter();
        let found = files.map(|file| files::certificates("tls.client_ca", file));
        self.anchors.set_configured(found.collect::<Result<Vec<_>, _>>()?.concat())
    }

    /// Reads `tls.client_crl` anew; on an error what was there stays.
    ///
    /// # Errors
    ///
    /// [`TlsError`].
    pub fn read_revoked(&self) -> Result<(), TlsError> {
        self.revoked.read(&self.tls.client_crl, &self.anchors.current())
    }

    /// Reads `tls.certificate` and `tls.private_key` anew, if they are given; on an error what was
    /// there stays.
    ///
    /// # Errors
    ///
    /// [`TlsError`].
    pub fn read_server_certificate(&self) -> Result<(), TlsError> {
        let Some(pair) = &self.tls.identity else { return Ok(()) };
        let chain = files::certificates("tls.certificate", &pair.certificate)?;
        self.server.set(chain, files::private_key(&pair.private_key)?)
    }
}
