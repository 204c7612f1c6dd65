//! How to reach a server: address, certificates, timeouts; and the way to a TLS connection.

use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use kmip_core::ttlv::Limits;
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};

use super::tls::{self, TlsFiles};
use super::{Client, ClientError};

/// How to reach a server, and as whom.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// Address, as `host:port`; an IPv6 address in brackets.
    pub addr: String,
    /// Name that the server's certificate must carry; `None` takes the host of the address.
    pub server_name: Option<String>,
    /// PEM file with the CAs that may have issued the server's certificate.
    pub ca: PathBuf,
    /// PEM file with the client's certificate, then its intermediates.
    pub certificate: PathBuf,
    /// PEM file with the client's private key.
    pub private_key: PathBuf,
    /// For the way to the server and the TLS handshake.
    pub connect_timeout: Duration,
    /// For each read and each write.
    pub timeout: Duration,
    /// Bounds on an answer.
    pub limits: Limits,
    /// Whether TLS sessions are resumed.
    pub resumption: bool,
}

impl ClientConfig {
    /// Settings with generous timeouts.
    #[must_use]
    pub fn new(addr: impl Into<String>, ca: &Path, certificate: &Path, private_key: &Path) -> Self {
        Self {
            addr: addr.into(),
            server_name: None,
            ca: ca.to_owned(),
            certificate: certificate.to_owned(),
            private_key: private_key.to_owned(),
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(60),
            limits: Limits::default(),
            resumption: true,
        }
    }
}

/// A [`ClientConfig`] with its files read: opens any number of connections, from any thread.
#[derive(Clone)]
pub struct Connector {
    addr: String,
    name: ServerName<'static>,
    tls: Arc<rustls::ClientConfig>,
    connect_timeout: Duration,
    timeout: Duration,
    limits: Limits,
}

impl Connector {
    /// Reads the files.
    ///
    /// # Errors
    ///
    /// `Pem`, `Address`, or `Tls` where certificate and key do not belong together.
    pub fn new(config: &ClientConfig) -> Result<Self, ClientError> {
        let host = config.server_name.as_deref().or_else(|| host_of(&config.addr));
        let name = host.and_then(|host| ServerName::try_from(host.to_owned()).ok());
        Ok(Self {
            addr: config.addr.clone(),
            name: name.ok_or_else(|| ClientError::Address(config.addr.clone()))?,
            tls: Arc::new(client_tls(config)?),
            connect_timeout: config.connect_timeout,
            timeout: config.timeout,
            limits: config.limits,
        })
    }

    /// Connects and shakes hands.
    ///
    /// A TLS 1.3 server may still reject the client's certificate afterwards: then the first
    /// request fails.
    ///
    /// # Errors
    ///
    /// `Address`, `Connect`, `Tls`, `Timeout` or `Closed`.
    pub fn connect(&self) -> Result<Client, ClientError> {
        let mut socket = self.socket()?;
        let mut connection = ClientConnection::new(Arc::clone(&self.tls), self.name.clone())
            .map_err(ClientError::Tls)?;
        while connection.is_handshaking() {
            connection.complete_io(&mut socket)?;
        }
        socket.set_read_timeout(Some(self.timeout))?;
        socket.set_write_timeout(Some(self.timeout))?;
        Ok(Client::new(StreamOwned::new(connection, socket), self.limits))
    }

    /// Tries every address of the host in turn.
    fn socket(&self) -> Result<TcpStream, ClientError> {
        let failed = |source| ClientError::Connect { addr: self.addr.clone(), source };
        let mut last = std::io::Error::from(std::io::ErrorKind::AddrNotAvailable);
        for addr in self.addr.to_socket_addrs().map_err(failed)? {
            match self.socket_to(addr) {
                Ok(socket) => return Ok(socket),
                Err(error) => last = error,
            }
        }
        Err(failed(last))
    }

    fn socket_to(&self, addr: SocketAddr) -> std::io::Result<TcpStream> {
        let socket = TcpStream::connect_timeout(&addr, self.connect_timeout)?;
        // Each request is one write, so there is nothing to gather.
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(self.connect_timeout))?;
        socket.set_write_timeout(Some(self.connect_timeout))?;
        Ok(socket)
    }
}

/// The host of `host:port`, without brackets.
fn host_of(addr: &str) -> Option<&str> {
    let (host, _port) = addr.rsplit_once(':')?;
    Some(host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host))
}

fn client_tls(config: &ClientConfig) -> Result<rustls::ClientConfig, ClientError> {
    let identity = Some((config.certificate.as_path(), config.private_key.as_path()));
    let mut made = tls::config(&TlsFiles { ca: &config.ca, identity })?;
    if !config.resumption {
        made.resumption = Resumption::disabled();
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_is_taken_from_the_address() {
        assert_eq!(host_of("kmip.example:5696"), Some("kmip.example"));
        assert_eq!(host_of("127.0.0.1:5696"), Some("127.0.0.1"));
        assert_eq!(host_of("[::1]:5696"), Some("::1"));
        assert_eq!(host_of("no-port"), None);
    }

    #[test]
    fn missing_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("absent.pem");
        let config = ClientConfig::new("localhost:5696", &file, &file, &file);
        let error = Connector::new(&config).err().unwrap();
        assert!(error.to_string().contains("absent.pem: cannot read certificates"), "{error}");
    }

    #[test]
    fn address_without_port_is_refused() {
        let config = ClientConfig::new("localhost", Path::new(""), Path::new(""), Path::new(""));
        assert!(matches!(Connector::new(&config), Err(ClientError::Address(_))));
    }
}
