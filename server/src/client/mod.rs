//! A small blocking KMIP client, for `claviger demo`, `claviger bench`, and the tests.
//!
//! One [`Client`] is one connection. [`Client::call`] asks one thing and gives the typed answer;
//! [`Client::batch`] asks several at once; [`Client::send`] and [`Client::receive`] move whole
//! messages as bytes, so that several requests can be under way.

mod call;
mod connector;
mod error;
pub mod ready;
pub mod template;
pub(crate) mod tls;

use std::io::{Read, Write};
use std::net::TcpStream;

use kmip_core::message::{
    RequestHeader, RequestItem, RequestMessage, ResponseItem, ResponseMessage,
};
use kmip_core::payload::{RequestPayload, ResponsePayload};
use kmip_core::ttlv::{FRAME_HEADER_BYTES, Limits, message_bytes};
use kmip_core::types::{ProtocolVersion, ResultReason, ResultStatus, Tag};
use rustls::{ClientConnection, StreamOwned};
use zeroize::Zeroizing;

pub use call::Call;
pub use connector::{ClientConfig, Connector};
pub use error::{ClientError, reason_text};
pub use ready::{Ready, ReadyError};

/// A header for `version` with nothing optional in it; the number of items is filled in on sending.
#[must_use]
pub const fn request_header(version: ProtocolVersion) -> RequestHeader {
    RequestHeader {
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
        batch_count: 0,
    }
}

/// The bytes of a request for one operation.
#[must_use]
pub fn encode_request(version: ProtocolVersion, payload: RequestPayload) -> Vec<u8> {
    let header = RequestHeader { batch_count: 1, ..request_header(version) };
    RequestMessage { header, items: vec![RequestItem::new(payload)] }.encode()
}

/// One connection to a KMIP server. After an error other than `Refused` it is of no more use.
pub struct Client {
    stream: StreamOwned<ClientConnection, TcpStream>,
    limits: Limits,
}

impl Client {
    fn new(stream: StreamOwned<ClientConnection, TcpStream>, limits: Limits) -> Self {
        Self { stream, limits }
    }

    /// Reads the files of `config`, connects, and shakes hands.
    ///
    /// # Errors
    ///
    /// See [`Connector::new`] and [`Connector::connect`].
    pub fn connect(config: &ClientConfig) -> Result<Self, ClientError> {
        Connector::new(config)?.connect()
    }

    /// Sends one request in the newest version and waits for its typed answer.
    ///
    /// # Errors
    ///
    /// [`ClientError`]; `Refused` leaves the connection usable.
    pub fn call<C: Call>(&mut self, request: C) -> Result<C::Answer, ClientError> {
        let answer = self.request(ProtocolVersion::NEWEST, request.into())?;
        C::answer(answer).ok_or(ClientError::Protocol("an answer to another operation"))
    }

    /// Sends a request for one operation in `version` and waits for the answer.
    ///
    /// # Errors
    ///
    /// [`ClientError`]; `Refused` leaves the connection usable.
    pub fn request(
        &mut self,
        version: ProtocolVersion,
        payload: RequestPayload,
    ) -> Result<ResponsePayload, ClientError> {
        let operation = payload.operation();
        let response = self.batch(request_header(version), vec![RequestItem::new(payload)])?;
        let Ok([item]) = <[ResponseItem; 1]>::try_from(response.items) else {
            return Err(ClientError::Protocol("an answer with more or fewer than one item"));
        };
        let payload = outcome(item)?;
        if payload.operation() != operation {
            return Err(ClientError::Protocol("an answer to another operation"));
        }
        Ok(payload)
    }

    /// Sends a batch and waits for the answer. The number of items in `header` is filled in, and so
    /// are missing identifiers where there are several items: servers insist on them.
    ///
    /// # Errors
    ///
    /// [`ClientError`], but never `Refused`: what became of each item is for the caller to see.
    pub fn batch(
        &mut self,
        mut header: RequestHeader,
        mut items: Vec<RequestItem>,
    ) -> Result<ResponseMessage, ClientError> {
        if items.len() > 1 {
            for (number, item) in (1_u64..).zip(&mut items) {
                item.unique_batch_item_id.get_or_insert(number.to_be_bytes().to_vec());
            }
        }
        header.batch_count =
            i32::try_from(items.len()).map_err(|_| ClientError::Protocol("too many items"))?;
        let request = Zeroizing::new(RequestMessage { header, items }.encode());
        self.send(&request)?;
        let response = Zeroizing::new(self.receive()?);
        ResponseMessage::decode(&response, &self.limits).map_err(ClientError::Unreadable)
    }

    /// Sends `request` as it is and waits for one whole answer.
    ///
    /// # Errors
    ///
    /// See [`Client::send`] and [`Client::receive`].
    pub fn send_raw(&mut self, request: &[u8]) -> Result<Vec<u8>, ClientError> {
        self.send(request)?;
        self.receive()
    }

    /// Sends `bytes` as they are, without waiting for an answer.
    ///
    /// # Errors
    ///
    /// `Tls`, `Timeout`, `Closed` or `Transport`.
    pub fn send(&mut self, bytes: &[u8]) -> Result<(), ClientError> {
        self.stream.write_all(bytes)?;
        Ok(self.stream.flush()?)
    }

    /// Waits for the next whole answer.
    ///
    /// # Errors
    ///
    /// `Tls`, `Timeout`, `Closed`, `Transport`, or `Unreadable` where the answer is no KMIP response
    /// or longer than the limits allow.
    pub fn receive(&mut self) -> Result<Vec<u8>, ClientError> {
        let mut message = Vec::new();
        self.receive_into(&mut message)?;
        Ok(message)
    }

    /// As [`Client::receive`], into a buffer that can be used again.
    ///
    /// # Errors
    ///
    /// See [`Client::receive`].
    pub fn receive_into(&mut self, message: &mut Vec<u8>) -> Result<(), ClientError> {
        let mut head = [0; FRAME_HEADER_BYTES];
        self.stream.read_exact(&mut head)?;
        if head.starts_with(b"HTTP") {
            return Err(ClientError::Protocol(
                "what answers there is HTTP: give the port of KMIP over TLS",
            ));
        }
        let length = message_bytes(head, Tag::ResponseMessage, &self.limits)
            .map_err(ClientError::Unreadable)?;
        message.clear();
        message.resize(length, 0);
        let (start, rest) = message.split_at_mut(FRAME_HEADER_BYTES);
        start.copy_from_slice(&head);
        Ok(self.stream.read_exact(rest)?)
    }

    /// The TLS side of the connection: its version, its suite, whether it was resumed.
    #[must_use]
    pub const fn tls(&self) -> &ClientConnection {
        &self.stream.conn
    }

    /// The socket under it, for a test that cuts or stalls the connection.
    #[must_use]
    pub const fn socket(&self) -> &TcpStream {
        &self.stream.sock
    }

    /// Says goodbye, so that the server need not take the end for a fault.
    pub fn close(mut self) {
        self.stream.conn.send_close_notify();
        // Whether the other side hears it makes no difference to us.
        let _ = self.stream.flush();
    }
}

/// The payload of one item's answer.
///
/// # Errors
///
/// `Refused` if the operation failed; `Protocol` if there is neither a payload nor a failure.
pub fn outcome(item: ResponseItem) -> Result<ResponsePayload, ClientError> {
    if item.result_status == ResultStatus::Success {
        return item.payload.ok_or(ClientError::Protocol("a success without a payload"));
    }
    Err(ClientError::Refused {
        operation: item.operation,
        reason: item.result_reason.unwrap_or(ResultReason::GeneralFailure),
        message: item.result_message.unwrap_or_default(),
    })
}
