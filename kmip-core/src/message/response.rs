//! A response.

use super::{MessageExtension, ResponseHeader, peek_version};
use crate::payload::ResponsePayload;
use crate::ttlv::{Codec, DecodeError, Limits, Reader, Writer, validate};
use crate::types::{Operation, ProtocolVersion, ResultReason, ResultStatus, Tag};

const FIELDS: &[&[Tag]] = &[&[Tag::ResponseHeader, Tag::BatchItem]];

const ITEM_FIELDS: &[&[Tag]] = &[&[
    Tag::Operation,
    Tag::UniqueBatchItemID,
    Tag::ResultStatus,
    Tag::ResultReason,
    Tag::ResultMessage,
    Tag::AsynchronousCorrelationValue,
    Tag::ResponsePayload,
    Tag::MessageExtension,
]];

/// A response message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseMessage {
    /// Header.
    pub header: ResponseHeader,
    /// Batch items in the order of the request.
    pub items: Vec<ResponseItem>,
}

/// The answer to one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseItem {
    /// As in the request.
    pub operation: Option<Operation>,
    /// As in the request.
    pub unique_batch_item_id: Option<Vec<u8>>,
    /// How it ended.
    pub result_status: ResultStatus,
    /// Why it failed.
    pub result_reason: Option<ResultReason>,
    /// In words.
    pub result_message: Option<String>,
    /// Ask with this later.
    pub asynchronous_correlation_value: Option<Vec<u8>>,
    /// The answer, unless it failed.
    pub payload: Option<ResponsePayload>,
    /// A vendor's addition.
    pub message_extension: Option<MessageExtension>,
}

fn encode_optional<T: Codec>(value: Option<&T>, tag: Tag, w: &mut Writer) {
    if let Some(value) = value {
        value.encode(tag, w);
    }
}

impl ResponseMessage {
    /// The TTLV form, in the version of the header.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::new(self.header.protocol_version);
        w.structure(Tag::ResponseMessage, |w| {
            self.header.encode(Tag::ResponseHeader, w);
            for item in &self.items {
                item.encode(w);
            }
        });
        w.into_bytes()
    }

    /// Reads a response.
    ///
    /// # Errors
    ///
    /// [`DecodeError`]: a response is right as a whole, or not at all.
    pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Self, DecodeError> {
        validate(bytes, limits)?;
        let version = peek_version(bytes).unwrap_or(ProtocolVersion::NEWEST);
        Reader::new(bytes, version).structure(Tag::ResponseMessage, FIELDS, |r| {
            let header = ResponseHeader::decode(Tag::ResponseHeader, r)?;
            let mut items = Vec::new();
            while r.next_is(Tag::BatchItem) {
                items.push(ResponseItem::decode(r)?);
            }
            Ok(Self { header, items })
        })
    }
}

impl ResponseItem {
    /// A success.
    #[must_use]
    pub const fn success(operation: Operation, payload: ResponsePayload) -> Self {
        Self {
            operation: Some(operation),
            unique_batch_item_id: None,
            result_status: ResultStatus::Success,
            result_reason: None,
            result_message: None,
            asynchronous_correlation_value: None,
            payload: Some(payload),
            message_extension: None,
        }
    }

    /// A failure. Clients rely on both reason and message being there.
    #[must_use]
    pub fn failure(operation: Option<Operation>, reason: ResultReason, message: &str) -> Self {
        Self {
            operation,
            unique_batch_item_id: None,
            result_status: ResultStatus::OperationFailed,
            result_reason: Some(reason),
            result_message: Some(message.to_owned()),
            asynchronous_correlation_value: None,
            payload: None,
            message_extension: None,
        }
    }

    /// Appends the item.
    pub fn encode(&self, w: &mut Writer) {
        w.structure(Tag::BatchItem, |w| {
            encode_optional(self.operation.as_ref(), Tag::Operation, w);
            encode_optional(self.unique_batch_item_id.as_ref(), Tag::UniqueBatchItemID, w);
            self.result_status.encode(Tag::ResultStatus, w);
            encode_optional(self.result_reason.as_ref(), Tag::ResultReason, w);
            encode_optional(self.result_message.as_ref(), Tag::ResultMessage, w);
            encode_optional(
                self.asynchronous_correlation_value.as_ref(),
                Tag::AsynchronousCorrelationValue,
                w,
            );
            if let Some(payload) = &self.payload {
                payload.encode(w);
            }
            encode_optional(self.message_extension.as_ref(), Tag::MessageExtension, w);
        });
    }

    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.structure(Tag::BatchItem, ITEM_FIELDS, Self::decode_fields)
    }

    fn decode_fields(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let operation: Option<Operation> = r.optional(Tag::Operation)?;
        Ok(Self {
            operation,
            unique_batch_item_id: r.optional(Tag::UniqueBatchItemID)?,
            result_status: Codec::decode(Tag::ResultStatus, r)?,
            result_reason: r.optional(Tag::ResultReason)?,
            result_message: r.optional(Tag::ResultMessage)?,
            asynchronous_correlation_value: r.optional(Tag::AsynchronousCorrelationValue)?,
            payload: match operation {
                Some(operation) if r.next_is(Tag::ResponsePayload) => {
                    let payload = ResponsePayload::decode(operation, r)?;
                    // Nothing is in a client's answer to Notify and Put.
                    if payload.is_none() {
                        r.skip(Tag::ResponsePayload)?;
                    }
                    payload
                }
                _ => None,
            },
            message_extension: r.optional(Tag::MessageExtension)?,
        })
    }
}

#[cfg(test)]
mod tests;
