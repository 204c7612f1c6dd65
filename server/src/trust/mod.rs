//! Whom the server trusts at its doors, and how it proves who it is itself.
//!
//! The internal CA here opens the server's own doors: it signs the certificates of clients and of the
//! server, and says every word in them. It is not the CA of `ca`, whose clients choose what their
//! certificates say, and which opens nothing.

mod authorities;
mod credential;
mod crl;
mod form;
mod gate;
mod held;
mod internal_ca;
mod issue;
mod key_kind;
mod own_certificate;
mod publish;
mod rules;
mod upkeep;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use hsm_backend::{CallContext, KeyId};

pub use authorities::{Authorities, Level};
pub use credential::{CredentialError, NewCredential, generate, revoke, sign};
pub use crl::{Crl, CrlShelf, Revocation};
pub use form::{CredentialForm, CredentialText, certificate_pem, render};
pub use gate::{AnchorSet, Anchors, FileWatch, Gate, RevokedElsewhere, ServerIdentity};
pub use held::HeldCa;
pub use internal_ca::InternalCa;
pub use issue::{Holder, Issued, ServerNames};
pub use key_kind::{SoftwareKey, admits, spec_of};
pub use publish::router;
pub use rules::TrustRules;
pub use upkeep::{keep_up, next_round, provide_server_certificate};

use crate::ca::CaError;

/// The internal CA, what it publishes, and the gate that goes by it.
pub struct Trust {
    ca: InternalCa,
    gate: Arc<Gate>,
    crls: CrlShelf,
    /// Where the server's own key and certificate are kept; nowhere, if it has no certificate of the
    /// internal CA.
    own_file: Option<PathBuf>,
    /// Held while a certificate for the server is made.
    renewing: Mutex<()>,
}

impl Trust {
    /// Puts the parts together, and the internal CA's certificates and lists in force as far as there
    /// are any. A certificate of the server's own is kept in `own_file`.
    ///
    /// # Errors
    ///
    /// [`CaError`] of the store.
    pub fn open(
        ca: InternalCa,
        gate: Arc<Gate>,
        own_file: Option<PathBuf>,
    ) -> Result<Arc<Self>, CaError> {
        let (crls, renewing) = (CrlShelf::default(), Mutex::default());
        let trust = Self { ca, gate, crls, own_file, renewing };
        if let Some(authorities) = trust.ca.existing()? {
            trust.go_by(&authorities);
            trust.read_crls(&authorities)?;
        }
        trust.read_own_certificate();
        Ok(Arc::new(trust))
    }

    /// The internal CA.
    #[must_use]
    pub const fn ca(&self) -> &InternalCa {
        &self.ca
    }

    /// What handshakes go by.
    #[must_use]
    pub const fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    /// The lists of revoked certificates.
    #[must_use]
    pub const fn crls(&self) -> &CrlShelf {
        &self.crls
    }

    /// The CAs, made at `now` (seconds since 1970) if there are none yet; from then on they are trusted.
    ///
    /// # Errors
    ///
    /// [`CaError`] of the token or the store.
    pub fn authorities(&self, call: &CallContext, now: i64) -> Result<Arc<Authorities>, CaError> {
        if let Some(known) = self.ca.existing()? {
            return Ok(known);
        }
        let made = self.ca.authorities(call, now)?;
        self.go_by(&made);
        Ok(made)
    }

    /// Trusts these CAs of its own and no others from now on, and publishes nothing of those that are
    /// gone: nobody renews their lists any more.
    fn go_by(&self, authorities: &Authorities) {
        self.gate.anchors.set_internal(authorities);
        self.crls.retain(|name| authorities.named(name).is_some());
    }

    /// Puts another issuer, or another root and issuer, in force; what those before have signed stays
    /// good for as long as they are valid.
    ///
    /// # Errors
    ///
    /// [`CaError`] of the token or the store.
    pub fn roll(
        &self,
        call: &CallContext,
        level: Level,
        now: i64,
    ) -> Result<Arc<Authorities>, CaError> {
        let rolled = self.ca.roll(call, level, now);
        if let Some(authorities) = self.ca.existing()? {
            self.go_by(&authorities);
        }
        rolled
    }

    /// Takes a CA that is no longer in force out of trust at once, with everything it has signed, and
    /// destroys its key.
    ///
    /// # Errors
    ///
    /// [`CaError`] of the token or the store; `Invalid` for what is no former CA of this level.
    pub fn forget(&self, call: &CallContext, level: Level, key: KeyId) -> Result<(), CaError> {
        let forgotten = self.ca.forget(call, level, key);
        if let Some(authorities) = self.ca.existing()? {
            self.go_by(&authorities);
        }
        forgotten
    }
}

#[cfg(test)]
mod tests;
