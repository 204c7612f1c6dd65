//! A request: the header must be right as a whole, each batch item fails alone.

use super::{MessageExtension, RequestHeader};
use crate::payload::RequestPayload;
use crate::ttlv::{Codec, DecodeError, Limits, Reader, Table, Writer, validate};
use crate::types::{Operation, ProtocolVersion, Tag};

/// A request message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestMessage {
    /// Header.
    pub header: RequestHeader,
    /// Batch items in the order sent.
    pub items: Vec<RequestItem>,
}

/// One item of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestItem {
    /// What is asked for; absent only if the item could not be read so far.
    pub operation: Option<Operation>,
    /// The client's name for the item, echoed byte for byte.
    pub unique_batch_item_id: Option<Vec<u8>>,
    /// The payload, or what is wrong with the item; `Ok(None)` for an operation that the request's
    /// version does not have.
    pub payload: Result<Option<RequestPayload>, DecodeError>,
    /// A vendor's addition.
    pub message_extension: Option<MessageExtension>,
}

/// Why a message as a whole cannot be processed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageFault {
    /// Lengths, types or nesting are broken: nothing behind them can be trusted.
    #[error("unsound frame: {0}")]
    Frame(DecodeError),
    /// The header is wrong.
    #[error("header: {0}")]
    Header(DecodeError),
    /// The major version is not ours.
    #[error("protocol version {0} is not served")]
    Version(ProtocolVersion),
    /// Batch Count is not the number of items.
    #[error("batch count differs from the number of items")]
    BatchCount,
}

/// The inside of a message's header, if the message is readable so far.
fn peek_header(bytes: &[u8]) -> Option<Reader<'_>> {
    // Read by the rules for newer senders: what else may be in there is the decoder's business.
    let any = ProtocolVersion { minor: i32::MAX, ..ProtocolVersion::NEWEST };
    let mut r = Reader::new(bytes, any).behind_head()?;
    while !r.next_is(Tag::RequestHeader) && !r.next_is(Tag::ResponseHeader) {
        r.skip(r.peek_tag()?).ok()?;
    }
    r.behind_head()
}

/// The version in the header, if the message is readable so far.
#[must_use]
pub fn peek_version(bytes: &[u8]) -> Option<ProtocolVersion> {
    // The version comes first in every header we ever saw: even a cut-off message has it.
    let mut r = peek_header(bytes)?;
    while !r.next_is(Tag::ProtocolVersion) {
        r.skip(r.peek_tag()?).ok()?;
    }
    ProtocolVersion::decode(Tag::ProtocolVersion, &mut r).ok()
}

/// Whether the header says that the answer may come later; quick, and never an error.
#[must_use]
pub fn peek_asynchronous(bytes: &[u8]) -> bool {
    let indicator = || -> Option<bool> {
        let mut r = peek_header(bytes)?;
        while !r.next_is(Tag::AsynchronousIndicator) {
            r.skip(r.peek_tag()?).ok()?;
        }
        bool::decode(Tag::AsynchronousIndicator, &mut r).ok()
    };
    indicator().unwrap_or(false)
}

/// The operations of a request's items, as far as they are readable; quick, and never an error.
#[must_use]
pub fn peek_operations(bytes: &[u8]) -> Vec<Operation> {
    let any = ProtocolVersion { minor: i32::MAX, ..ProtocolVersion::NEWEST };
    let mut operations = Vec::new();
    let Some(mut r) = Reader::new(bytes, any).behind_head() else { return operations };
    while let Some(tag) = r.peek_tag() {
        if tag == Tag::BatchItem {
            let item = r.behind_head();
            operations
                .extend(item.and_then(|mut i| Operation::decode(Tag::Operation, &mut i).ok()));
        }
        if r.skip(tag).is_err() {
            break;
        }
    }
    operations
}

const FIELDS: Table<'_> = Table::new(&[&[Tag::RequestHeader, Tag::BatchItem]]);

const ITEM_FIELDS: Table<'_> = Table::new(&[&[
    Tag::Operation,
    Tag::UniqueBatchItemID,
    Tag::RequestPayload,
    Tag::MessageExtension,
]]);

impl RequestMessage {
    /// Reads a request.
    ///
    /// # Errors
    ///
    /// [`MessageFault`]; faults inside a batch item are kept in that item instead.
    pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Self, MessageFault> {
        validate(bytes, limits).map_err(MessageFault::Frame)?;
        let version = peek_version(bytes).unwrap_or(ProtocolVersion::NEWEST);
        if version.major != ProtocolVersion::NEWEST.major || version.minor < 0 {
            return Err(MessageFault::Version(version));
        }
        let mut outer = Reader::new(bytes, version);
        let mut r = outer.enter(Tag::RequestMessage).map_err(MessageFault::Frame)?;
        let (header, items) = match r.arranged(&FIELDS).map_err(MessageFault::Frame)? {
            None => Self::decode_parts(&mut r)?,
            Some(known) => Self::decode_parts(&mut r.over(&known))?,
        };
        if usize::try_from(header.batch_count) != Ok(items.len()) {
            return Err(MessageFault::BatchCount);
        }
        Ok(Self { header, items })
    }

    fn decode_parts(r: &mut Reader<'_>) -> Result<(RequestHeader, Vec<RequestItem>), MessageFault> {
        let header = Codec::decode(Tag::RequestHeader, r).map_err(MessageFault::Header)?;
        let mut items = Vec::with_capacity(usize::from(r.next_is(Tag::BatchItem)));
        while r.next_is(Tag::BatchItem) {
            let mut item = r.enter(Tag::BatchItem).map_err(MessageFault::Frame)?;
            items.push(RequestItem::decode(&mut item));
        }
        r.finish(&FIELDS).map_err(MessageFault::Header)?;
        Ok((header, items))
    }

    /// The TTLV form; items whose payload could not be read are left out.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::new(self.header.protocol_version);
        w.structure(Tag::RequestMessage, |w| {
            self.header.encode(Tag::RequestHeader, w);
            for item in &self.items {
                item.encode(w);
            }
        });
        w.into_bytes()
    }
}

impl RequestItem {
    /// An item of ours.
    #[must_use]
    pub fn new(payload: RequestPayload) -> Self {
        Self {
            operation: Some(payload.operation()),
            unique_batch_item_id: None,
            payload: Ok(Some(payload)),
            message_extension: None,
        }
    }

    /// Reads one item: what identifies it first, so that a fault behind can be answered for it.
    fn decode(r: &mut Reader<'_>) -> Self {
        let mut item = Self {
            operation: None,
            unique_batch_item_id: None,
            payload: Err(DecodeError::Missing(Tag::Operation)),
            message_extension: None,
        };
        item.payload = match r.arranged(&ITEM_FIELDS) {
            Ok(None) => item.decode_whole(r),
            Ok(Some(known)) => item.decode_whole(&mut r.over(&known)),
            Err(error) => Err(error),
        };
        item
    }

    fn decode_whole(&mut self, r: &mut Reader<'_>) -> Result<Option<RequestPayload>, DecodeError> {
        let payload = self.decode_fields(r).map_err(|error| r.explain(error, &ITEM_FIELDS))?;
        r.finish(&ITEM_FIELDS)?;
        Ok(payload)
    }

    fn decode_fields(&mut self, r: &mut Reader<'_>) -> Result<Option<RequestPayload>, DecodeError> {
        let operation = Operation::decode(Tag::Operation, r)?;
        self.operation = Some(operation);
        if r.next_is(Tag::UniqueBatchItemID) {
            self.unique_batch_item_id = Some(Codec::decode(Tag::UniqueBatchItemID, r)?);
        }
        let payload = RequestPayload::decode(operation, r)?;
        if payload.is_none() {
            r.skip(Tag::RequestPayload)?;
        }
        if r.next_is(Tag::MessageExtension) {
            self.message_extension = Some(Codec::decode(Tag::MessageExtension, r)?);
        }
        Ok(payload)
    }

    fn encode(&self, w: &mut Writer) {
        w.structure(Tag::BatchItem, |w| {
            if let Some(operation) = self.operation {
                operation.encode(Tag::Operation, w);
            }
            if let Some(id) = &self.unique_batch_item_id {
                id.encode(Tag::UniqueBatchItemID, w);
            }
            if let Ok(Some(payload)) = &self.payload {
                payload.encode(w);
            }
            if let Some(extension) = &self.message_extension {
                extension.encode(Tag::MessageExtension, w);
            }
        });
    }
}

#[cfg(test)]
mod tests;
