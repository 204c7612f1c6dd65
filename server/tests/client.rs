//! The KMIP client against a scripted TLS server.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use kmip_core::attribute::UniqueIdentifier;
use kmip_core::message::{RequestItem, ResponseHeader, ResponseItem, ResponseMessage};
use kmip_core::payload::{
    ActivateRequest, ActivateResponse, DestroyRequest, DestroyResponse, RequestPayload,
    ResponsePayload,
};
use kmip_core::ttlv::{DateTime, Limits};
use kmip_core::types::{Operation, ProtocolVersion, ResultReason};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConnection, StreamOwned};
use server::client::{Client, ClientConfig, ClientError, request_header};
use server::pki::{Authority, PemPair};

type Stream = StreamOwned<ServerConnection, TcpStream>;

/// A server that accepts one connection and does what its script says.
struct Scripted {
    folder: tempfile::TempDir,
    addr: String,
    thread: JoinHandle<()>,
}

impl Scripted {
    fn start(script: impl FnOnce(&mut Stream) + Send + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pair = |name| PemPair::named(folder.path(), name);
        let authority = Authority::open_or_create(&pair("ca")).unwrap();
        authority.issue_server(&pair("server"), None).unwrap();
        authority.issue_client(&pair("client"), "client1", "demo").unwrap();
        let certificate = CertificateDer::from_pem_file(pair("server").certificate).unwrap();
        let key = PrivateKeyDer::from_pem_file(pair("server").private_key).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap().to_string();
        let thread = std::thread::spawn(move || {
            let (socket, _) = listener.accept().unwrap();
            let connection = ServerConnection::new(Arc::new(tls)).unwrap();
            script(&mut StreamOwned::new(connection, socket));
        });
        Self { folder, addr, thread }
    }

    fn config(&self) -> ClientConfig {
        let pair = |name| PemPair::named(self.folder.path(), name);
        let client = pair("client");
        let ca = pair("ca").certificate;
        let mut config =
            ClientConfig::new(&self.addr, &ca, &client.certificate, &client.private_key);
        config.server_name = Some("localhost".to_owned());
        config
    }

    fn connect(&self) -> Client {
        Client::connect(&self.config()).unwrap()
    }
}

/// Reads one request.
fn request(stream: &mut Stream) -> Vec<u8> {
    let mut message = vec![0; 8];
    stream.read_exact(&mut message).unwrap();
    let length = u32::from_be_bytes(message[4..].try_into().unwrap());
    message.resize(8 + usize::try_from(length).unwrap(), 0);
    stream.read_exact(&mut message[8..]).unwrap();
    message
}

fn response(items: Vec<ResponseItem>) -> Vec<u8> {
    let header = ResponseHeader {
        protocol_version: ProtocolVersion::V1_2,
        time_stamp: DateTime(0),
        nonce: None,
        attestation_types: Vec::new(),
        client_correlation_value: None,
        server_correlation_value: None,
        batch_count: i32::try_from(items.len()).unwrap(),
    };
    ResponseMessage { header, items }.encode()
}

fn activated(id: &str) -> ResponseItem {
    let answer = ActivateResponse { unique_identifier: UniqueIdentifier::new(id) };
    ResponseItem::success(Operation::Activate, ResponsePayload::Activate(answer))
}

fn destroyed(id: &str) -> ResponseItem {
    let answer = DestroyResponse { unique_identifier: UniqueIdentifier::new(id) };
    ResponseItem::success(Operation::Destroy, ResponsePayload::Destroy(answer))
}

fn activate() -> ActivateRequest {
    ActivateRequest { unique_identifier: None }
}

/// A client whose one call gets `answer`.
fn answered(answer: Vec<u8>) -> Result<ActivateResponse, ClientError> {
    let server = Scripted::start(move |stream| {
        request(stream);
        stream.write_all(&answer).unwrap();
        stream.flush().unwrap();
    });
    let result = server.connect().call(activate());
    server.thread.join().unwrap();
    result
}

#[test]
fn call_gives_the_typed_answer() {
    let answer = answered(response(vec![activated("k1")])).unwrap();
    assert_eq!(answer.unique_identifier.as_str(), "k1");
}

#[test]
fn refusal_carries_operation_reason_and_message() {
    let refused = ResponseItem::failure(
        Some(Operation::Activate),
        ResultReason::ItemNotFound,
        "no such object",
    );
    let error = answered(response(vec![refused])).unwrap_err();
    assert_eq!(error.reason(), Some(ResultReason::ItemNotFound));
    assert_eq!(error.to_string(), "Activate refused: Item Not Found (no such object)");
}

#[test]
fn answer_to_another_operation_is_an_error() {
    let error = answered(response(vec![destroyed("k1")])).unwrap_err();
    assert!(matches!(error, ClientError::Protocol("an answer to another operation")), "{error}");
}

#[test]
fn answer_with_two_items_is_an_error() {
    let error = answered(response(vec![activated("k1"), activated("k2")])).unwrap_err();
    assert!(matches!(error, ClientError::Protocol(_)), "{error}");
}

#[test]
fn answer_that_is_no_kmip_is_an_error() {
    let error = answered(b"220 mail.example ESMTP\r\n".to_vec()).unwrap_err();
    assert!(matches!(error, ClientError::Unreadable(_)), "{error}");
    let error = answered(b"HTTP/1.1 400 Bad Request\r\n".to_vec()).unwrap_err();
    assert!(error.to_string().contains("what answers there is HTTP"), "{error}");
}

#[test]
fn answer_longer_than_the_limit_is_not_read() {
    let server = Scripted::start(|stream| {
        request(stream);
        // Announces 4 GiB; nothing of it is sent, so reading on would run into the timeout.
        stream.write_all(&[0x42, 0, 0x7B, 1, 0xFF, 0xFF, 0xFF, 0xF8]).unwrap();
        stream.flush().unwrap();
        let _ = stream.read(&mut [0]);
    });
    let error = server.connect().call(activate()).unwrap_err();
    assert!(matches!(error, ClientError::Unreadable(_)), "{error}");
    server.thread.join().unwrap();
}

#[test]
fn small_limits_hold() {
    let server = Scripted::start(|stream| {
        request(stream);
        stream.write_all(&response(vec![activated("k1")])).unwrap();
        stream.flush().unwrap();
    });
    let limits = Limits { max_message_bytes: 64, ..Limits::default() };
    let config = ClientConfig { limits, ..server.config() };
    let error = Client::connect(&config).unwrap().call(activate()).unwrap_err();
    assert!(matches!(error, ClientError::Unreadable(_)), "{error}");
    server.thread.join().unwrap();
}

#[test]
fn connection_closed_instead_of_an_answer_is_told() {
    for sent in [0, 12] {
        let server = Scripted::start(move |stream| {
            request(stream);
            stream.write_all(&response(vec![activated("k1")])[..sent]).unwrap();
            stream.conn.send_close_notify();
            stream.flush().unwrap();
        });
        let error = server.connect().call(activate()).unwrap_err();
        assert!(matches!(error, ClientError::Closed), "{error}");
        server.thread.join().unwrap();
    }
}

#[test]
fn silent_server_runs_into_the_timeout() {
    let server = Scripted::start(|stream| {
        request(stream);
        let _ = stream.read(&mut [0]);
    });
    let config = ClientConfig { timeout: Duration::from_millis(50), ..server.config() };
    let mut client = Client::connect(&config).unwrap();
    assert!(matches!(client.call(activate()), Err(ClientError::Timeout)));
    drop(client);
    server.thread.join().unwrap();
}

#[test]
fn certificate_for_another_name_is_refused() {
    let server = Scripted::start(|stream| {
        let _ = stream.read(&mut [0]);
    });
    let config = ClientConfig { server_name: Some("other.example".to_owned()), ..server.config() };
    assert!(matches!(Client::connect(&config), Err(ClientError::Tls(_))));
    server.thread.join().unwrap();
}

#[test]
fn address_where_nobody_listens_is_named() {
    let server = Scripted::start(|stream| {
        let _ = stream.read(&mut [0]);
    });
    let config = server.config();
    drop(Client::connect(&config).unwrap());
    server.thread.join().unwrap();
    let error = Client::connect(&config).err().unwrap();
    assert!(error.to_string().starts_with("cannot connect to 127.0.0.1:"), "{error}");
}

#[test]
fn requests_can_be_under_way_together() {
    let server = Scripted::start(|stream| {
        let requests = [request(stream), request(stream)];
        assert_eq!(requests[0], requests[1]);
        let both = [response(vec![activated("k1")]), response(vec![activated("k2")])].concat();
        stream.write_all(&both).unwrap();
        stream.flush().unwrap();
    });
    let mut client = server.connect();
    let request = server::client::encode_request(ProtocolVersion::V1_2, activate().into());
    client.send(&request).unwrap();
    client.send(&request).unwrap();
    let answers = [client.receive().unwrap(), client.receive().unwrap()];
    for (answer, id) in answers.iter().zip(["k1", "k2"]) {
        let answer = ResponseMessage::decode(answer, &Limits::default()).unwrap();
        assert_eq!(answer.items, [activated(id)]);
    }
    server.thread.join().unwrap();
}

#[test]
fn batch_keeps_failures_apart() {
    let failure =
        ResponseItem::failure(Some(Operation::Destroy), ResultReason::ItemNotFound, "none");
    let items = vec![activated("k1"), failure];
    let answer = response(items.clone());
    let server = Scripted::start(move |stream| {
        request(stream);
        stream.write_all(&answer).unwrap();
        stream.flush().unwrap();
    });
    let destroy = RequestPayload::from(DestroyRequest { unique_identifier: None });
    let asked = vec![RequestItem::new(activate().into()), RequestItem::new(destroy)];
    let got = server.connect().batch(request_header(ProtocolVersion::V1_2), asked).unwrap();
    assert_eq!(got.items, items);
    server.thread.join().unwrap();
}
