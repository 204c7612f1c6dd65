//! The Unix socket.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use axum::serve::Listener;
use axum::{Extension, Router};
use tokio::net::unix::SocketAddr;
use tokio::net::{UnixListener, UnixStream};

use super::gate::{Peer, Way};

/// The socket cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {}: {source}", path.display())]
pub struct SocketError {
    /// Its path.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

/// The bound socket; its file goes with the value.
#[derive(Debug)]
pub struct AdminSocket {
    listener: UnixListener,
    file: SocketFile,
}

#[derive(Debug)]
struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Gone already, or another server's by now: nothing to be done either way.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl AdminSocket {
    /// Binds the socket at `path`, in place of one that nobody listens on. Needs a tokio runtime.
    ///
    /// # Errors
    ///
    /// [`SocketError`]; `AddrInUse` where another server listens there.
    pub fn bind(path: &Path) -> Result<Self, SocketError> {
        let failed = |source| SocketError { path: path.to_owned(), source };
        remove_stale(path).map_err(failed)?;
        let listener = UnixListener::bind(path).map_err(failed)?;
        let file = SocketFile(path.to_owned());
        std::fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(failed)?;
        Ok(Self { listener, file })
    }

    /// Serves until dropped.
    pub async fn serve(self, router: Router) {
        let uid = std::fs::metadata(&self.file.0).map(|file| file.uid());
        let Ok(uid) = uid else { return };
        let router = router.layer(Extension(Peer { way: Way::Socket, client: None }));
        let peers = OwnPeers { listener: self.listener, uid };
        if let Err(error) = axum::serve(peers, router).await {
            tracing::error!(%error, "the administration socket is closed");
        }
    }
}

/// Removes a socket that was left by a server which is gone.
fn remove_stale(path: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
        Ok(found) if !found.file_type().is_socket() => {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        Ok(_) => {}
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Ok(_) => Err(io::ErrorKind::AddrInUse.into()),
        Err(_) => std::fs::remove_file(path),
    }
}

/// Accepts root and the server's own user, whatever the file's mode says.
struct OwnPeers {
    listener: UnixListener,
    uid: u32,
}

impl Listener for OwnPeers {
    type Io = UnixStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (UnixStream, SocketAddr) {
        loop {
            let (stream, addr) = Listener::accept(&mut self.listener).await;
            match stream.peer_cred() {
                Ok(peer) if peer.uid() == 0 || peer.uid() == self.uid => return (stream, addr),
                Ok(peer) => tracing::warn!(uid = peer.uid(), "administration refused"),
                Err(error) => tracing::warn!(%error, "administration refused"),
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}
