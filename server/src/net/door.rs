//! The TLS settings of the listener: as the gate stands when a connection comes.

use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use tokio_rustls::TlsAcceptor;
use tracing::{error, info};

use super::https::ALPN_PROTOCOLS;
use super::listener::Transport;
use super::tls::{self, TlsError};
use crate::identity::IdentityRules;
use crate::trust::{AnchorSet, Gate};

/// What handshakes are done with.
pub struct Door {
    gate: Arc<Gate>,
    rules: Arc<IdentityRules>,
    open: RwLock<Open>,
}

/// The settings for one set of trusted CAs.
#[derive(Clone)]
struct Open {
    anchors: Arc<AnchorSet>,
    plain: TlsAcceptor,
    /// The same, but for the name of the protocol.
    https: TlsAcceptor,
}

impl Open {
    fn new(anchors: Arc<AnchorSet>, tls: ServerConfig) -> Self {
        let mut https = tls.clone();
        https.alpn_protocols = ALPN_PROTOCOLS.iter().map(|name| name.to_vec()).collect();
        let plain = TlsAcceptor::from(Arc::new(tls));
        Self { anchors, plain, https: TlsAcceptor::from(Arc::new(https)) }
    }
}

impl Door {
    /// The door of `gate`, which lets in whom `rules` know.
    ///
    /// # Errors
    ///
    /// [`TlsError`].
    pub fn new(gate: Arc<Gate>, rules: Arc<IdentityRules>) -> Result<Self, TlsError> {
        let anchors = gate.anchors.current();
        let tls = tls::server_config(&gate, &anchors, &rules)?;
        Ok(Self { open: RwLock::new(Open::new(anchors, tls)), gate, rules })
    }

    /// Who clients are.
    #[must_use]
    pub const fn rules(&self) -> &Arc<IdentityRules> {
        &self.rules
    }

    /// What a connection that has just come is accepted with.
    #[must_use]
    pub fn acceptor(&self, transport: Transport) -> TlsAcceptor {
        let anchors = self.gate.anchors.current();
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner).clone();
        let open = if Arc::ptr_eq(&open.anchors, &anchors) { open } else { self.renewed(anchors) };
        match transport {
            Transport::Tls => open.plain,
            Transport::Https => open.https,
        }
    }

    /// Trust has changed: sessions that began under the old one are not resumed under the new one, so
    /// tickets and cache are new as well.
    fn renewed(&self, anchors: Arc<AnchorSet>) -> Open {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&open.anchors, &anchors) {
            return open.clone();
        }
        match tls::server_config(&self.gate, &anchors, &self.rules) {
            Ok(tls) => {
                info!("other CAs are trusted from now on");
                *open = Open::new(anchors, tls);
            }
            Err(err) => {
                error!(%err, "the trusted CAs stay as they were");
                open.anchors = anchors;
            }
        }
        open.clone()
    }
}
