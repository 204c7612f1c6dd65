//! TLS as a client sees it that takes what comes in one record for one answer.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, HandshakeKind, RootCertStore, SupportedProtocolVersion,
};

use crate::ground::Ground;

/// Longest that an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Content type, version, length.
const RECORD_HEAD_BYTES: usize = 5;

/// How a client comes to a server: any number of times, with what it remembers of its sessions.
pub(crate) struct Way {
    addr: SocketAddr,
    name: ServerName<'static>,
    tls: Arc<ClientConfig>,
}

impl Way {
    /// By any version of TLS and without naming the server (SNI), with the credential that a guide has
    /// put into this folder.
    pub(crate) fn of(ground: &Ground, folder: &str) -> Self {
        Self::by(ground, folder, rustls::ALL_VERSIONS)
    }

    /// The same, by these versions of TLS only.
    pub(crate) fn by(
        ground: &Ground,
        folder: &str,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Self {
        let folder = ground.folder().join(folder);
        let files = ["client.pem", "client.key"].map(|file| folder.join(file));
        Self::with(ground, &ground.server().ready().ca, &files, versions)
    }

    /// The same, with a certificate and its key from elsewhere, and trust in other CAs.
    pub(crate) fn with(
        ground: &Ground,
        ca: &Path,
        [certificate, key]: &[PathBuf; 2],
        versions: &[&'static SupportedProtocolVersion],
    ) -> Self {
        let mut roots = RootCertStore::empty();
        for certificate in certificates(ca) {
            roots.add(certificate).unwrap();
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_client_auth_cert(certificates(certificate), private_key(key))
            .unwrap();
        let addr = ground.server().ready().kmip_addr;
        // An address is not sent as a name.
        Self { addr, name: ServerName::IpAddress(addr.ip().into()), tls: Arc::new(tls) }
    }

    /// Names the server (SNI), and wants this name in its certificate.
    pub(crate) fn naming(mut self, name: &'static str) -> Self {
        self.name = ServerName::try_from(name).unwrap();
        self
    }
}

fn certificates(file: &Path) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_file_iter(file).unwrap().map(Result::unwrap).collect()
}

fn private_key(file: &Path) -> PrivateKeyDer<'static> {
    PrivateKeyDer::from_pem_file(file).unwrap()
}

/// A connection, read record by record.
pub(crate) struct Wire {
    socket: TcpStream,
    tls: ClientConnection,
}

impl Wire {
    /// Connects and shakes hands.
    ///
    /// # Panics
    ///
    /// If the server does not want it.
    pub(crate) fn open(way: &Way) -> Self {
        let socket = TcpStream::connect(way.addr).unwrap();
        socket.set_nodelay(true).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let tls = ClientConnection::new(Arc::clone(&way.tls), way.name.clone()).unwrap();
        let mut wire = Self { socket, tls };
        while wire.tls.is_handshaking() {
            wire.flush();
            if wire.tls.is_handshaking() {
                assert!(wire.record().is_empty(), "data before the end of the handshake");
            }
        }
        wire.flush();
        wire
    }

    /// Whether the handshake went on with an earlier session.
    pub(crate) fn is_resumed(&self) -> bool {
        self.tls.handshake_kind() == Some(HandshakeKind::Resumed)
    }

    /// The server's own certificate.
    pub(crate) fn server_certificate(&self) -> Vec<u8> {
        self.tls.peer_certificates().unwrap().first().unwrap().to_vec()
    }

    /// Sends bytes.
    pub(crate) fn send(&mut self, message: &[u8]) {
        self.tls.writer().write_all(message).unwrap();
        self.flush();
    }

    /// What the next record that holds data holds: one whole answer, and nothing of the next.
    ///
    /// # Panics
    ///
    /// If it is more or less.
    pub(crate) fn receive(&mut self) -> Vec<u8> {
        let mut data = Vec::new();
        while data.is_empty() {
            data = self.record();
        }
        let length = data.get(4..8).map(|length| u32::from_be_bytes(length.try_into().unwrap()));
        let length = usize::try_from(length.expect("a record with less than a head")).unwrap();
        assert_eq!(data.len(), length + 8, "a record is no whole answer");
        data
    }

    /// Takes leave by TLS's own word, which the server returns before it ends the connection.
    ///
    /// # Panics
    ///
    /// If it just ends.
    pub(crate) fn close(mut self) {
        self.tls.send_close_notify();
        self.flush();
        let mut rest = Vec::new();
        self.socket.read_to_end(&mut rest).unwrap();
        let mut rest = rest.as_slice();
        let mut closed = false;
        while !rest.is_empty() {
            self.tls.read_tls(&mut rest).unwrap();
            closed = self.tls.process_new_packets().unwrap().peer_has_closed();
        }
        assert!(closed, "the connection ended without a word");
    }

    /// The data in the next record, if it holds any.
    fn record(&mut self) -> Vec<u8> {
        let mut record = vec![0; RECORD_HEAD_BYTES];
        self.socket.read_exact(&mut record).expect("the connection has ended");
        let length = usize::from(u16::from_be_bytes([record[3], record[4]]));
        record.resize(RECORD_HEAD_BYTES + length, 0);
        self.socket.read_exact(&mut record[RECORD_HEAD_BYTES..]).unwrap();
        let mut rest = record.as_slice();
        let mut waiting = 0;
        while !rest.is_empty() {
            self.tls.read_tls(&mut rest).unwrap();
            waiting = self.tls.process_new_packets().unwrap().plaintext_bytes_to_read();
        }
        let mut data = vec![0; waiting];
        self.tls.reader().read_exact(&mut data).unwrap();
        data
    }

    fn flush(&mut self) {
        while self.tls.wants_write() {
            self.tls.write_tls(&mut self.socket).unwrap();
        }
    }
}
