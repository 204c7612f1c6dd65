//! The accept loop: caps before TLS, each handshake in its own task, and the graceful stop.

use std::io;
use std::net::SocketAddr;
use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;
use tracing::{debug, info, warn};

use super::connection::{Connection, stopped};
use super::control::{ListenerControl, OpenSockets, Rebind};
use super::door::Door;
use super::https::HttpsConnection;
use super::limits::{ConnectionLimits, Slot};
use crate::config::ServerConfig;
use crate::identity::{IdentityError, Principal};
use crate::tls_words;
use crate::worker::Workers;

/// Connections the system keeps for us between two calls of accept.
const BACKLOG: u32 = 1_024;
/// Pause after accept failed, which means that the process is out of descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// An address cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {addr}: {source}")]
pub struct ListenError {
    /// The address.
    pub addr: SocketAddr,
    /// What the system said.
    pub source: io::Error,
}

/// How a stop went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Every connection was closed at a message edge.
    Gracefully,
    /// Some were still at work when `server.shutdown_timeout_ms` was over.
    TimedOut,
}

/// The bound sockets, not yet accepting.
pub struct Listener {
    /// With the address that was asked for.
    sockets: Vec<(Transport, SocketAddr, TcpListener)>,
    shared: Arc<Shared>,
    commands: mpsc::UnboundedReceiver<Rebind>,
}

/// What carries the messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// TLS itself: one message after another.
    Tls,
    /// HTTP over TLS.
    Https,
}

impl Transport {
    /// Its name among the metrics.
    const fn label(self) -> &'static str {
        match self {
            Self::Tls => "tls",
            Self::Https => "https",
        }
    }
}

struct Shared {
    config: Arc<ServerConfig>,
    door: Door,
    /// Turns at translating XML and JSON: one for each processor.
    turns: Arc<Semaphore>,
    workers: Arc<Workers>,
    limits: Arc<ConnectionLimits>,
    control: ListenerControl,
}

impl Listener {
    /// Binds every address of `config`, of either transport. Needs a tokio runtime around it.
    ///
    /// # Errors
    ///
    /// [`ListenError`], naming the first address that cannot be had.
    pub fn bind(
        config: &ServerConfig,
        door: Door,
        workers: Arc<Workers>,
    ) -> Result<Self, ListenError> {
        let bind = |transport, addr: &SocketAddr| match bind_socket(*addr) {
            Ok(socket) => Ok((transport, *addr, socket)),
            Err(source) => Err(ListenError { addr: *addr, source }),
        };
        let plain = config.kmip_addrs.iter().map(|addr| bind(Transport::Tls, addr));
        let https = config.https_addrs.iter().map(|addr| bind(Transport::Https, addr));
        let sockets = plain.chain(https).collect::<Result<_, _>>()?;
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        let (control, commands) = ListenerControl::new(config.handshake_timeout);
        let shared = Shared {
            limits: ConnectionLimits::new(config.max_connections, config.max_connections_per_ip),
            config: Arc::new(config.clone()),
            door,
            turns: Arc::new(Semaphore::new(processors)),
            workers,
            control,
        };
        Ok(Self { sockets, shared: Arc::new(shared), commands })
    }

    /// What changes it while it runs.
    #[must_use]
    pub fn control(&self) -> ListenerControl {
        self.shared.control.clone()
    }

    /// The addresses of `transport` in the order of the configuration, with the ports that were
    /// found for 0.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn local_addrs(&self, transport: Transport) -> io::Result<Vec<SocketAddr>> {
        let ours = self.sockets.iter().filter(|(carries, _, _)| *carries == transport);
        ours.map(|(_, _, socket)| socket.local_addr()).collect()
    }

    /// Accepts and serves until `stop` is ready; then lets each connection finish its request.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Stopped {
        let (tell, told) = watch::channel(false);
        let Self { sockets, shared, mut commands } = self;
        let mut open = OpenSockets::new(|transport, socket| {
            tokio::spawn(accept_all(transport, socket, Arc::clone(&shared), told.clone()))
        });
        for (transport, addr, socket) in sockets {
            open.add(transport, addr, socket);
        }
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                Some(command) = commands.recv() => open.rebind(command).await,
            }
        }
        tell.send_replace(true);
        open.ended().await;
        let Shared { config, limits, .. } = &*shared;
        match timeout(config.shutdown_timeout, limits.all_closed()).await {
            Ok(()) => Stopped::Gracefully,
            Err(_) => Stopped::TimedOut,
        }
    }
}

pub(super) fn bind_socket(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = if addr.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A restart must not wait until connections of the last run have timed out.
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    socket.listen(BACKLOG)
}

async fn accept_all(
    transport: Transport,
    socket: TcpListener,
    shared: Arc<Shared>,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        let accepted = tokio::select! {
            biased;
            () = stopped(&mut stop) => return,
            accepted = socket.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => match shared.limits.take(peer.ip()) {
                Ok(slot) => {
                    let shared = Arc::clone(&shared);
                    tokio::spawn(serve(transport, stream, peer, shared, stop.clone(), slot));
                }
                Err(full) => {
                    shared.workers.metrics().network.refused(full.label());
                    warn!(%peer, ?full, "connection refused: too many are open");
                }
            },
            Err(err) => {
                warn!(%err, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Serves one connection; its `slot` is given back when the connection is closed.
async fn serve(
    transport: Transport,
    stream: TcpStream,
    peer: SocketAddr,
    shared: Arc<Shared>,
    mut stop: watch::Receiver<bool>,
    slot: Slot,
) {
    let handshake = handshake(transport, stream, peer, &shared);
    let opened = tokio::select! {
        opened = timeout(shared.control.handshake_timeout(), handshake) => opened,
        () = stopped(&mut stop) => return,
    };
    match opened {
        Ok(Ok((stream, principal))) => {
            let _open = shared.workers.metrics().network.opened(transport.label());
            let (workers, config) = (Arc::clone(&shared.workers), Arc::clone(&shared.config));
            let turns = Arc::clone(&shared.turns);
            drop(shared);
            match transport {
                Transport::Tls => {
                    Connection { stream, principal, workers, config, stop }.run().await;
                }
                Transport::Https => {
                    let connection =
                        HttpsConnection { stream, principal, workers, config, turns, stop };
                    connection.run().await;
                }
            }
        }
        Ok(Err(HandshakeError::Silent)) => {
            shared.workers.metrics().network.failed(transport.label(), "closed");
            debug!(%peer, "a connection without a byte");
        }
        Ok(Err(err)) => {
            shared.workers.metrics().network.failed(transport.label(), err.label());
            info!(%peer, reason = err.told(), "TLS handshake failed");
            if let "no_certificate" | "identity" | "certificate" = err.label() {
                shared.workers.handler().turned_away(peer, err.label());
            }
        }
        Err(_) => {
            shared.workers.metrics().network.failed(transport.label(), "timeout");
            info!(%peer, "TLS handshake not finished in time");
        }
    }
    drop(slot);
}

#[derive(Debug, thiserror::Error)]
enum HandshakeError {
    #[error(transparent)]
    Tls(#[from] io::Error),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The peer sent nothing before it closed: so do load balancers, to see whether somebody listens.
    #[error("the peer said nothing")]
    Silent,
}

impl HandshakeError {
    /// Why, with what it usually means.
    fn told(&self) -> String {
        match self {
            Self::Tls(error) => tls_words::told_io(error),
            Self::Identity(_) | Self::Silent => self.to_string(),
        }
    }

    /// Its kind among the metrics.
    fn label(&self) -> &'static str {
        use rustls::Error as E;
        let error = match self {
            Self::Silent => return "closed",
            Self::Identity(IdentityError::Absent) => return "no_certificate",
            Self::Identity(_) => return "identity",
            Self::Tls(error) => error,
        };
        match error.get_ref().and_then(|cause| cause.downcast_ref::<E>()) {
            Some(E::NoCertificatesPresented) => "no_certificate",
            Some(E::InvalidCertificate(_) | E::InvalidCertRevocationList(_)) => "certificate",
            Some(E::AlertReceived(_)) => "alert",
            Some(_) => "protocol",
            None if is_gone(error.kind()) => "closed",
            None => "io",
        }
    }
}

fn is_gone(kind: io::ErrorKind) -> bool {
    use io::ErrorKind as K;
    matches!(kind, K::UnexpectedEof | K::ConnectionReset | K::ConnectionAborted | K::BrokenPipe)
}

async fn handshake(
    transport: Transport,
    stream: TcpStream,
    peer: SocketAddr,
    shared: &Shared,
) -> Result<(TlsStream<TcpStream>, Arc<Principal>), HandshakeError> {
    // An answer is one small write; it must not wait for the acknowledgement of the last one.
    stream.set_nodelay(true)?;
    if !stream.peek(&mut [0]).await.is_ok_and(|bytes| bytes > 0) {
        return Err(HandshakeError::Silent);
    }
    let stream = shared.door.acceptor(transport).accept(stream).await?;
    let (_, tls) = stream.get_ref();
    let chain = tls.peer_certificates().ok_or(IdentityError::Absent)?;
    // Resumed sessions carry the certificate too, so identity never comes from a ticket alone.
    let principal = shared.door.rules().principal(chain, peer)?;
    debug!(
        %peer, ?transport, subject = ?principal.subject, scope = %principal.scope,
        version = ?tls.protocol_version(), kind = ?tls.handshake_kind(), "client connected"
    );
    Ok((stream, Arc::new(principal)))
}
