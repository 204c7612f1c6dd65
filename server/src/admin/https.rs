//! The listener for administration over HTTPS.
//!
//! It shows the certificate that the KMIP listener shows, and asks for a client certificate only
//! where the configuration names some. Each handshake has its own task and its own deadline.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{NoServerSessionStorage, ResolvesServerCert};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme,
};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tracing::{debug, info, warn};

use super::access::Policy;
use super::gate::{AdminClient, Peer, Way};
use crate::config::{AdminClientConfig, AdminConfig, Pin, TlsConfig};
use crate::identity::PeerCertificate;
use crate::net::limits::ConnectionLimits;
use crate::net::tls::versions;
use crate::tls_words;

/// Connections open at once.
const MAX_CONNECTIONS: u32 = 256;
/// Of which from one address: nobody is to keep all others out.
const MAX_CONNECTIONS_PER_IP: u32 = 64;
const HANDSHAKE_PATIENCE: Duration = Duration::from_secs(10);
/// From the end of one request to the end of the next one's head.
const HEAD_PATIENCE: Duration = Duration::from_secs(60);
/// After so long, a connection ends with the answer to the request that is under way; after as long
/// again in any case, since whoever takes no answer keeps a place from others.
const CONNECTION_LIFE: Duration = Duration::from_secs(600);
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Longest head of a request.
const MAX_HEAD_BYTES: usize = 16 * 1_024;

/// Administration over HTTPS cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum HttpsError {
    /// An address cannot be listened on.
    #[error(
        "administration: cannot listen on {addr}: {source}; \
         choose another admin.https_addr, or give --admin-addr"
    )]
    Bind {
        /// The address.
        addr: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// TLS cannot be set up.
    #[error("administration: TLS set-up: {0}")]
    Tls(#[from] rustls::Error),
}

/// The bound sockets.
pub struct AdminHttps {
    sockets: Vec<TcpListener>,
    acceptor: TlsAcceptor,
    clients: Arc<Clients>,
    pub(super) life: Duration,
}

impl AdminHttps {
    /// Binds every address of `config`, for the versions of `tls`; `None` if there is none. Needs a
    /// tokio runtime around it.
    ///
    /// # Errors
    ///
    /// [`HttpsError`].
    pub async fn bind(
        config: &AdminConfig,
        tls: &TlsConfig,
        certificate: Arc<dyn ResolvesServerCert>,
    ) -> Result<Option<Self>, HttpsError> {
        if config.https_addrs.is_empty() {
            return Ok(None);
        }
        let clients = Arc::new(Clients::new(&config.clients));
        let acceptor = TlsAcceptor::from(settings(tls, certificate, &clients)?);
        let mut sockets = Vec::with_capacity(config.https_addrs.len());
        for addr in &config.https_addrs {
            let bound = TcpListener::bind(addr).await;
            sockets.push(bound.map_err(|source| HttpsError::Bind { addr: *addr, source })?);
        }
        Ok(Some(Self { sockets, acceptor, clients, life: CONNECTION_LIFE }))
    }

    /// The addresses, with the ports that were found for 0.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn local_addrs(&self) -> io::Result<Vec<SocketAddr>> {
        self.sockets.iter().map(TcpListener::local_addr).collect()
    }

    /// Serves until dropped; connections end with it.
    pub async fn serve(self, router: Router) {
        let limits = ConnectionLimits::new(MAX_CONNECTIONS, MAX_CONNECTIONS_PER_IP);
        let mut accepting = JoinSet::new();
        for socket in self.sockets {
            let door = Door {
                acceptor: self.acceptor.clone(),
                clients: Arc::clone(&self.clients),
                router: router.clone(),
                limits: Arc::clone(&limits),
                life: self.life,
            };
            accepting.spawn(door.accept(socket));
        }
        accepting.join_all().await;
    }
}

/// What a socket leads to.
struct Door {
    acceptor: TlsAcceptor,
    clients: Arc<Clients>,
    router: Router,
    limits: Arc<ConnectionLimits>,
    life: Duration,
}

impl Door {
    async fn accept(self, socket: TcpListener) {
        let door = Arc::new(self);
        // Ended with this task, and with them what they serve.
        let mut connections = JoinSet::new();
        loop {
            let (stream, peer) = tokio::select! {
                accepted = socket.accept() => match accepted {
                    Ok(accepted) => accepted,
                    Err(error) => {
                        warn!(%error, "cannot accept an administration connection");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                        continue;
                    }
                },
                Some(_) = connections.join_next() => continue,
            };
            let slot = match door.limits.take(peer.ip()) {
                Ok(slot) => slot,
                Err(full) => {
                    warn!(%peer, ?full, "administration connection refused: too many are open");
                    continue;
                }
            };
            let door = Arc::clone(&door);
            connections.spawn(async move {
                door.serve(stream, peer).await;
                drop(slot);
            });
        }
    }

    async fn serve(&self, stream: TcpStream, peer: SocketAddr) {
        let stream = match timeout(HANDSHAKE_PATIENCE, self.acceptor.accept(stream)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                let reason = tls_words::told_io(&error);
                return info!(%peer, reason, "administration: handshake failed");
            }
            Err(_) => return info!(%peer, "administration: handshake not finished in time"),
        };
        let (_, session) = stream.get_ref();
        let leaf = session.peer_certificates().and_then(<[_]>::first);
        let client = leaf.and_then(|leaf| self.clients.find(leaf));
        let peer = Peer { way: Way::Network(peer), client };
        debug!(?peer, "administration: connected");
        let service = TowerToHyperService::new(self.router.clone().layer(Extension(peer)));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_PATIENCE)
            .max_buf_size(MAX_HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = pin!(connection);
        let mut ended = timeout(self.life, connection.as_mut()).await;
        if ended.is_err() {
            connection.as_mut().graceful_shutdown();
            ended = timeout(self.life, connection).await;
        }
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(error)) => debug!(%error, "administration: connection ends"),
            Err(_) => info!("administration: an answer was not taken in time"),
        }
    }
}

fn settings(
    tls: &TlsConfig,
    certificate: Arc<dyn ResolvesServerCert>,
    clients: &Arc<Clients>,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(versions(tls))?;
    let builder = if clients.known.is_empty() {
        builder.with_no_client_auth()
    } else {
        let clients = Arc::clone(clients);
        builder.with_client_cert_verifier(Arc::new(Verifier { provider, clients }))
    };
    let mut config = builder.with_cert_resolver(certificate);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // Nothing outlives a change of the configuration, and nobody comes often enough to gain by it.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

/// The bearers of certificates that the configuration names.
#[derive(Debug)]
struct Clients {
    known: Vec<Known>,
}

#[derive(Debug)]
struct Known {
    pin: Pin,
    name: String,
    policy: Policy,
}

impl Clients {
    fn new(config: &[AdminClientConfig]) -> Self {
        let known = |one: &AdminClientConfig| Known {
            pin: one.pin,
            name: one.name.clone(),
            policy: one.policy,
        };
        Self { known: config.iter().map(known).collect() }
    }

    fn find(&self, der: &[u8]) -> Option<AdminClient> {
        let leaf = PeerCertificate::parse(der).ok()?;
        let known = self.known.iter().find(|known| match &known.pin {
            Pin::Certificate(digest) => digest == leaf.certificate_sha256(),
            Pin::PublicKey(digest) => digest == leaf.spki_sha256(),
        })?;
        let certificate = leaf.inner().tbs_certificate();
        Some(AdminClient {
            name: known.name.clone(),
            digest: *known.pin.digest(),
            policy: known.policy,
            issuer: certificate.issuer().to_string(),
            serial: hex::encode(certificate.serial_number().as_bytes()),
            not_after: leaf.not_after(),
        })
    }
}

/// Lets in whoever shows no certificate, and the bearers of those that are named; no chain counts.
#[derive(Debug)]
struct Verifier {
    provider: Arc<CryptoProvider>,
    clients: Arc<Clients>,
}

impl ClientCertVerifier for Verifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        let unknown = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let leaf = PeerCertificate::parse(end_entity).map_err(|_| unknown.clone())?;
        self.clients.find(end_entity).ok_or(unknown)?;
        let now = std::time::UNIX_EPOCH + Duration::from_secs(now.as_secs());
        let expired = rustls::Error::InvalidCertificate(CertificateError::Expired);
        leaf.check_dates(now).map_err(|_| expired)?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
