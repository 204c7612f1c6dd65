//! Response messages: every item of every answer is made here.
//!
//! Clients match answers by Operation and Unique Batch Item ID, so no failure loses them.

use kmip_core::message::{
    RequestHeader, RequestItem, RequestMessage, ResponseHeader, ResponseItem, ResponseMessage,
};
use kmip_core::payload::ResponsePayload;
use kmip_core::ttlv::{DateTime, Limits, Writer};
use kmip_core::types::{Operation, ProtocolVersion, ResultStatus};

use super::reason::Failure;
use crate::operation::{Found, OpError};
use crate::store::{AsynchronousCorrelationValue, StoreError};

/// What identifies an item to its sender.
#[derive(Clone, Debug)]
pub(super) struct ItemName {
    /// The operation, if it was readable.
    pub(super) operation: Option<Operation>,
    /// The client's own identifier.
    pub(super) unique_batch_item_id: Option<Vec<u8>>,
}

impl ItemName {
    pub(super) fn of(item: &RequestItem) -> Self {
        Self { operation: item.operation, unique_batch_item_id: item.unique_batch_item_id.clone() }
    }

    /// The answer to an item that succeeded.
    pub(super) fn success(&self, payload: ResponsePayload) -> ResponseItem {
        let operation = self.operation.unwrap_or(payload.operation());
        self.named(ResponseItem::success(operation, payload))
    }

    /// The answer to an item that failed.
    pub(super) fn failure(&self, failure: Failure) -> ResponseItem {
        self.named(ResponseItem::failure(self.operation, failure.reason, failure.message))
    }

    /// The answer to an item that goes on.
    pub(super) fn pending(&self, value: AsynchronousCorrelationValue) -> ResponseItem {
        ResponseItem {
            operation: self.operation,
            unique_batch_item_id: self.unique_batch_item_id.clone(),
            result_status: ResultStatus::OperationPending,
            result_reason: None,
            result_message: None,
            asynchronous_correlation_value: Some(value.as_bytes().to_vec()),
            payload: None,
            message_extension: None,
        }
    }

    /// The answer to a Poll; the name is that of the operation polled.
    ///
    /// # Errors
    ///
    /// `Canceled` and `Interrupted`, which were the end of the operation.
    pub(super) fn polled(&self, found: Found) -> Result<ResponseItem, OpError> {
        match found {
            Found::Pending(value) => Ok(self.pending(value)),
            Found::Payload(payload) => Ok(self.success(*payload)),
            Found::Canceled => Err(OpError::Canceled),
            Found::Interrupted => Err(OpError::Interrupted),
            Found::Answer(message) => {
                let answer = ResponseMessage::decode(&message, &Limits::default());
                let item = answer.ok().and_then(|mut answer| answer.items.pop());
                let corrupt = || StoreError::Corrupt("a pending operation's answer".to_owned());
                item.map(|item| self.named(item)).ok_or_else(|| corrupt().into())
            }
        }
    }

    fn named(&self, item: ResponseItem) -> ResponseItem {
        ResponseItem { unique_batch_item_id: self.unique_batch_item_id.clone(), ..item }
    }
}

/// Makes a success one that was taken back.
pub(super) fn undone(item: &mut ResponseItem) {
    item.result_status = ResultStatus::OperationUndone;
    item.payload = None;
}

/// Makes a success one that failed at the end of its batch.
pub(super) fn failed(item: &mut ResponseItem, failure: Failure) {
    let name = ItemName {
        operation: item.operation,
        unique_batch_item_id: item.unique_batch_item_id.take(),
    };
    *item = name.failure(failure);
}

/// The version to answer in: the request's, or our newest where that is newer still.
pub(super) fn answer_version(requested: ProtocolVersion) -> ProtocolVersion {
    if requested.is_supported() { requested } else { ProtocolVersion::NEWEST }
}

/// The answer to `request`, encoded; `correlation` is the server's name for the message, if it has one.
pub(super) fn message(
    now: DateTime,
    request: &RequestHeader,
    correlation: Option<String>,
    items: Vec<ResponseItem>,
) -> Vec<u8> {
    let client_correlation_value = request.client_correlation_value.clone();
    let server_correlation_value = correlation.filter(|_| client_correlation_value.is_some());
    let version = answer_version(request.protocol_version);
    let header = ResponseHeader {
        client_correlation_value,
        server_correlation_value,
        ..header(now, version, items.len())
    };
    ResponseMessage { header, items }.encode()
}

/// An answer that fails every item of `request` alike; one without items gets one all the same.
pub(super) fn refuse_all(
    now: DateTime,
    request: &RequestMessage,
    correlation: Option<String>,
    failure: Failure,
) -> Vec<u8> {
    if request.items.is_empty() {
        return message_failure(now, request.header.protocol_version, failure);
    }
    let items = request.items.iter().map(|item| ItemName::of(item).failure(failure)).collect();
    message(now, &request.header, correlation, items)
}

/// The answer to a message none of whose items can be trusted.
pub(super) fn message_failure(
    now: DateTime,
    requested: ProtocolVersion,
    failure: Failure,
) -> Vec<u8> {
    let items = vec![ResponseItem::failure(None, failure.reason, failure.message)];
    let header = header(now, answer_version(requested), items.len());
    ResponseMessage { header, items }.encode()
}

fn header(now: DateTime, protocol_version: ProtocolVersion, items: usize) -> ResponseHeader {
    ResponseHeader {
        protocol_version,
        time_stamp: now,
        nonce: None,
        attestation_types: Vec::new(),
        client_correlation_value: None,
        server_correlation_value: None,
        batch_count: i32::try_from(items).unwrap_or(i32::MAX),
    }
}

/// Bytes that `item` takes in an answer of `version`.
pub(super) fn item_bytes(item: &ResponseItem, version: ProtocolVersion) -> usize {
    let mut w = Writer::new(version);
    item.encode(&mut w);
    w.len()
}

/// Bytes of an answer around its items: two frames, version, time stamp, count, and correlation
/// values at their longest.
pub(super) fn overhead_bytes(request: &RequestHeader) -> usize {
    let correlation = request.client_correlation_value.as_ref().map_or(0, |value| {
        // Two text items, each with 8 bytes of head and padding to 8.
        value.len().next_multiple_of(8) + 8 + SERVER_CORRELATION_BYTES
    });
    FIXED_BYTES + correlation
}

/// Message and header frames (16), Protocol Version (40), Time Stamp (16), Batch Count (16).
const FIXED_BYTES: usize = 88;
/// Our own correlation value: head, and text of up to 64 bytes.
const SERVER_CORRELATION_BYTES: usize = 72;
