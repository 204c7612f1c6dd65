//! A client that blocks, speaks one version, and lets a test see and send any bytes.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use kmip_core::message::{RequestHeader, RequestItem, RequestMessage, ResponseItem};
use kmip_core::message::{ResponseMessage, peek_version};
use kmip_core::payload::{RequestPayload, ResponsePayload};
use kmip_core::ttlv::{FRAME_HEADER_BYTES, Limits, message_bytes};
use kmip_core::types::{ProtocolVersion, ResultReason, ResultStatus, Tag};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::server::Ready;

/// Longest wait for an answer: key generation on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Which of the trial's certificates to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// `client1`, of the scope `demo`, which may export.
    Client1,
    /// `client2`, of the scope `demo` as well.
    Client2,
    /// `other`, of the scope `other`, which may not export.
    Other,
}

/// A refusal, as the server words it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its reason.
    pub reason: ResultReason,
    /// Its text.
    pub message: String,
}

/// One connection.
#[derive(Debug)]
pub struct Client {
    stream: StreamOwned<ClientConnection, TcpStream>,
    version: ProtocolVersion,
}

impl Client {
    /// Connects with the newest version and finishes the handshake.
    ///
    /// # Errors
    ///
    /// What the socket or TLS say.
    ///
    /// # Panics
    ///
    /// If the trial's certificates cannot be read.
    pub fn try_connect(ready: &Ready, who: Who) -> io::Result<Self> {
        let (certificate, key) = match who {
            Who::Client1 => (&ready.client_cert, &ready.client_key),
            Who::Client2 => (&ready.client2_cert, &ready.client2_key),
            Who::Other => (&ready.other_cert, &ready.other_key),
        };
        let config = settings(&ready.ca, certificate, key);
        let socket = TcpStream::connect(ready.kmip_addr)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_nodelay(true)?;
        let name = ServerName::try_from("localhost").unwrap();
        let connection = ClientConnection::new(Arc::new(config), name).unwrap();
        let mut stream = StreamOwned::new(connection, socket);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(Self { stream, version: ProtocolVersion::NEWEST })
    }

    /// Connects with the newest version.
    ///
    /// # Panics
    ///
    /// If that fails.
    #[must_use]
    pub fn connect(ready: &Ready, who: Who) -> Self {
        Self::try_connect(ready, who).unwrap()
    }

    /// Speaks `version` from now on.
    #[must_use]
    pub fn speaking(mut self, version: ProtocolVersion) -> Self {
        self.version = version;
        self
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    ///
    /// What the socket says.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)?;
        self.stream.flush()
    }

    /// Receives one message.
    ///
    /// # Errors
    ///
    /// What the socket says.
    ///
    /// # Panics
    ///
    /// If what comes is no response message.
    pub fn receive(&mut self) -> io::Result<Vec<u8>> {
        let mut head = [0; FRAME_HEADER_BYTES];
        self.stream.read_exact(&mut head)?;
        let total = message_bytes(head, Tag::ResponseMessage, &Limits::default()).unwrap();
        let mut message = head.to_vec();
        message.resize(total, 0);
        self.stream.read_exact(&mut message[FRAME_HEADER_BYTES..])?;
        Ok(message)
    }

    /// Sends a batch of one and returns its answer, as long as the connection holds.
    ///
    /// # Errors
    ///
    /// What the socket says.
    ///
    /// # Panics
    ///
    /// If the answer is not one that KMIP allows.
    pub fn try_call(
        &mut self,
        payload: impl Into<RequestPayload>,
    ) -> io::Result<Result<ResponsePayload, Refusal>> {
        self.send(&self.request(payload))?;
        let bytes = self.receive()?;
        assert_eq!(peek_version(&bytes), Some(self.version));
        let mut answer = ResponseMessage::decode(&bytes, &Limits::default()).unwrap();
        assert_eq!(answer.items.len(), 1);
        Ok(outcome(answer.items.remove(0)))
    }

    /// Sends a batch of one.
    ///
    /// # Errors
    ///
    /// The server's refusal.
    ///
    /// # Panics
    ///
    /// If there is no answer.
    pub fn call(&mut self, payload: impl Into<RequestPayload>) -> Result<ResponsePayload, Refusal> {
        self.try_call(payload).unwrap()
    }

    /// The bytes of a batch of one.
    #[must_use]
    pub fn request(&self, payload: impl Into<RequestPayload>) -> Vec<u8> {
        message(self.version, vec![RequestItem::new(payload.into())])
    }
}

fn outcome(item: ResponseItem) -> Result<ResponsePayload, Refusal> {
    if item.result_status == ResultStatus::Success {
        return Ok(item.payload.unwrap());
    }
    Err(Refusal { reason: item.result_reason.unwrap(), message: item.result_message.unwrap() })
}

/// The bytes of a batch.
///
/// # Panics
///
/// If there are more items than an Integer counts.
#[must_use]
pub fn message(version: ProtocolVersion, items: Vec<RequestItem>) -> Vec<u8> {
    let header = RequestHeader {
        protocol_version: version,
        maximum_response_size: None,
        client_correlation_value: None,
        server_correlation_value: None,
        asynchronous_indicator: None,
        attestation_capable_indicator: None,
        attestation_types: Vec::new(),
        authentication: None,
        batch_error_continuation_option: None,
        batch_order_option: None,
        time_stamp: None,
        batch_count: i32::try_from(items.len()).unwrap(),
    };
    RequestMessage { header, items }.encode()
}

fn settings(ca: &Path, certificate: &Path, key: &Path) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let certificate = CertificateDer::from_pem_file(certificate).unwrap();
    let key = PrivateKeyDer::from_pem_file(key).unwrap();
    let builder = builder.with_root_certificates(roots);
    builder.with_client_auth_cert(vec![certificate], key).unwrap()
}
