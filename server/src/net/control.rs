//! What can be changed of a listener while it runs: its addresses, and how long a handshake may take.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::listener::{ListenError, Transport, bind_socket};

/// Why a listener keeps the addresses it has.
#[derive(Debug, thiserror::Error)]
pub enum RebindError {
    /// One that is wanted cannot be had.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// There is no listener any more.
    #[error("the server is stopping")]
    Stopping,
}

/// A wish for other addresses, and where the answer goes.
pub(super) struct Rebind {
    wanted: Vec<SocketAddr>,
    answer: oneshot::Sender<Result<Vec<SocketAddr>, ListenError>>,
}

/// Changes a running listener, from any thread that may wait.
#[derive(Clone, Debug)]
pub struct ListenerControl {
    commands: mpsc::UnboundedSender<Rebind>,
    handshake_ms: Arc<AtomicU64>,
}

impl ListenerControl {
    pub(super) fn new(handshake: Duration) -> (Self, mpsc::UnboundedReceiver<Rebind>) {
        let (commands, received) = mpsc::unbounded_channel();
        let control = Self { commands, handshake_ms: Arc::default() };
        control.set_handshake_timeout(handshake);
        (control, received)
    }

    /// Listens for KMIP over TLS on `wanted` and nowhere else: what is open already stays open, and so
    /// does every connection. Returns the addresses with the ports that were found for 0. Blocks.
    ///
    /// # Errors
    ///
    /// [`RebindError`]; the addresses are those of before then.
    pub fn listen_on(&self, wanted: &[SocketAddr]) -> Result<Vec<SocketAddr>, RebindError> {
        let (answer, answered) = oneshot::channel();
        let command = Rebind { wanted: wanted.to_vec(), answer };
        self.commands.send(command).map_err(|_| RebindError::Stopping)?;
        Ok(answered.blocking_recv().map_err(|_| RebindError::Stopping)??)
    }

    /// How long a handshake may take that begins from now on.
    pub fn set_handshake_timeout(&self, timeout: Duration) {
        let ms = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        self.handshake_ms.store(ms, Ordering::Relaxed);
    }

    /// How long a handshake may take.
    #[must_use]
    pub fn handshake_timeout(&self) -> Duration {
        Duration::from_millis(self.handshake_ms.load(Ordering::Relaxed))
    }
}

/// A socket that is listened on.
struct OpenSocket {
    transport: Transport,
    /// The address that was asked for, whose port may be 0.
    wanted: SocketAddr,
    local: SocketAddr,
    accepting: JoinHandle<()>,
}

impl OpenSocket {
    fn is(&self, addr: &SocketAddr) -> bool {
        self.wanted == *addr || self.local == *addr
    }
}

/// The sockets of a running listener.
pub(super) struct OpenSockets<F> {
    open: Vec<OpenSocket>,
    /// Accepts from a socket until it is ended.
    accept: F,
}

impl<F: Fn(Transport, TcpListener) -> JoinHandle<()>> OpenSockets<F> {
    pub(super) const fn new(accept: F) -> Self {
        Self { open: Vec::new(), accept }
    }

    /// Begins to accept.
    pub(super) fn add(&mut self, transport: Transport, wanted: SocketAddr, socket: TcpListener) {
        let local = socket.local_addr().unwrap_or(wanted);
        let accepting = (self.accept)(transport, socket);
        self.open.push(OpenSocket { transport, wanted, local, accepting });
    }

    /// Carries out a wish.
    pub(super) async fn rebind(&mut self, command: Rebind) {
        let Rebind { wanted, answer } = command;
        let outcome = self.listen_on(&wanted).await;
        if let Ok(addrs) = &outcome {
            tracing::info!(?addrs, "listening for KMIP on these addresses from now on");
        }
        // Who asked may be gone.
        let _ = answer.send(outcome);
    }

    async fn listen_on(&mut self, wanted: &[SocketAddr]) -> Result<Vec<SocketAddr>, ListenError> {
        let mut fresh = Vec::new();
        let mut closed = Vec::new();
        for addr in wanted {
            if self.has(addr) {
                continue;
            }
            let mut bound = bind_socket(*addr);
            if bound.is_err() {
                // A socket that goes anyway may be in the way: 0.0.0.0 takes every address's port.
                closed.extend(self.close(|one| one.local.port() == addr.port(), wanted).await);
                bound = bind_socket(*addr);
            }
            match bound {
                Ok(socket) => fresh.push((*addr, socket)),
                Err(source) => {
                    drop(fresh);
                    self.reopen(closed);
                    return Err(ListenError { addr: *addr, source });
                }
            }
        }
        self.close(|_| true, wanted).await;
        for (addr, socket) in fresh {
            self.add(Transport::Tls, addr, socket);
        }
        let plain = self.open.iter().filter(|one| one.transport == Transport::Tls);
        Ok(plain.map(|one| one.local).collect())
    }

    fn has(&self, addr: &SocketAddr) -> bool {
        self.open.iter().any(|one| one.transport == Transport::Tls && one.is(addr))
    }

    /// Closes those that are meant and not wanted; returns their addresses.
    async fn close(
        &mut self,
        is_meant: impl Fn(&OpenSocket) -> bool,
        wanted: &[SocketAddr],
    ) -> Vec<SocketAddr> {
        let goes = |one: &mut OpenSocket| {
            one.transport == Transport::Tls
                && is_meant(one)
                && !wanted.iter().any(|addr| one.is(addr))
        };
        let mut closed = Vec::new();
        for gone in self.open.extract_if(.., goes).collect::<Vec<_>>() {
            gone.accepting.abort();
            // The socket is closed when its task has ended.
            let _ = gone.accepting.await;
            closed.push(gone.local);
        }
        closed
    }

    /// Opens again what was closed in vain.
    fn reopen(&mut self, closed: Vec<SocketAddr>) {
        for addr in closed {
            match bind_socket(addr) {
                Ok(socket) => self.add(Transport::Tls, addr, socket),
                Err(error) => tracing::error!(%addr, %error, "cannot listen there again"),
            }
        }
    }

    /// Waits until none accepts any more.
    pub(super) async fn ended(self) {
        for one in self.open {
            let _ = one.accepting.await;
        }
    }
}
