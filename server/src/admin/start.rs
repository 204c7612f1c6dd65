//! The interface as `claviger serve` runs it: on the Unix socket, over HTTPS, or both.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::server::ResolvesServerCert;
use tokio::task::JoinSet;
use tracing::{info, warn};

use super::{AdminHttps, AdminSocket, HttpsError, KmipListener, SocketError, router, tokens};
use crate::app::App;
use crate::authz::Housekeeping;
use crate::config::Config;
use crate::store::StoreError;
use crate::trust;

/// Why there is no administration.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each variant only carries the error of the part it names")]
pub enum AdministrationError {
    #[error(transparent)]
    Socket(#[from] SocketError),
    #[error(transparent)]
    Https(#[from] HttpsError),
    #[error("administration: {0}")]
    Tokens(#[from] StoreError),
    #[error("administration: {0}")]
    System(#[from] std::io::Error),
}

/// The running interface.
pub struct Administration {
    serving: JoinSet<()>,
    addr: Option<SocketAddr>,
}

impl Administration {
    /// Starts what `config` says; over HTTPS with `certificate`. Needs a tokio runtime around it.
    ///
    /// # Errors
    ///
    /// [`AdministrationError`].
    pub async fn start(
        config: &Config,
        app: &App,
        certificate: Arc<dyn ResolvesServerCert>,
        listener: KmipListener,
    ) -> Result<Self, AdministrationError> {
        let (now, clients) = (app.services().clock.now(), &config.admin.clients);
        let ended = tokens::end_those_of_others(app.tokens(), now, clients)?;
        if ended > 0 {
            warn!(
                ended,
                "tokens were revoked whose makers' certificates admin.client no longer names"
            );
        }
        let socket = config.admin.socket.as_deref().map(AdminSocket::bind).transpose()?;
        let https = AdminHttps::bind(&config.admin, &config.tls, certificate).await?;
        let mut serving = JoinSet::new();
        let published = trust::router(Arc::clone(&app.services().trust));
        let router = router(app.plane(listener)).merge(published);
        if let Some(socket) = socket {
            serving.spawn(socket.serve(router.clone()));
        }
        let mut addrs = Vec::new();
        if let Some(https) = https {
            addrs = https.local_addrs()?;
            serving.spawn(https.serve(router));
        }
        for addr in &addrs {
            info!(%addr, "listening for administration over HTTPS");
        }
        // What cannot be read is told to whoever asks for something.
        if !addrs.is_empty() && !app.tokens().is_initialised(Housekeeping::new()).unwrap_or(true) {
            warn!("nobody can log in: run `claviger init` while the server is stopped");
        }
        Ok(Self { serving, addr: addrs.first().copied() })
    }

    /// The first address of HTTPS.
    #[must_use]
    pub const fn addr(&self) -> Option<SocketAddr> {
        self.addr
    }

    /// Stops at once; the file of the socket goes with it.
    pub async fn stop(mut self) {
        self.serving.shutdown().await;
    }
}
