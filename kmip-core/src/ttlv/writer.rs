//! Appends items, filling lengths in afterwards.

use wiping::Wiping;

use super::ItemType;
use crate::types::{ProtocolVersion, Tag};

/// Builds the TTLV form of one message for one protocol version.
///
/// The buffer may hold secrets: it is wiped when dropped.
#[derive(Debug)]
pub struct Writer {
    bytes: Wiping,
    version: ProtocolVersion,
}

impl Writer {
    /// An empty writer.
    #[must_use]
    pub fn new(version: ProtocolVersion) -> Self {
        Self { bytes: Wiping::new(Vec::with_capacity(512)), version }
    }

    /// The version whose fields are written.
    #[must_use]
    pub const fn version(&self) -> ProtocolVersion {
        self.version
    }

    /// Bytes written so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing was written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// What was written.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes.release()
    }

    /// Appends items that are already encoded.
    pub fn raw(&mut self, items: &[u8]) {
        self.bytes.extend_from_slice(items);
    }

    /// Appends a structure whose fields `fill` writes.
    pub fn structure(&mut self, tag: Tag, fill: impl FnOnce(&mut Self)) {
        self.head(tag, ItemType::Structure, 0);
        let start = self.bytes.len();
        fill(self);
        let length = wire_length(self.bytes.len() - start);
        if let Some(place) = self.bytes.get_mut(start - 4..start) {
            place.copy_from_slice(&length.to_be_bytes());
        }
    }

    /// Appends an Integer.
    pub fn integer(&mut self, tag: Tag, value: i32) {
        self.value(tag, ItemType::Integer, &value.to_be_bytes());
    }

    /// Appends a Long Integer.
    pub fn long_integer(&mut self, tag: Tag, value: i64) {
        self.value(tag, ItemType::LongInteger, &value.to_be_bytes());
    }

    /// Appends an Enumeration.
    pub fn enumeration(&mut self, tag: Tag, value: u32) {
        self.value(tag, ItemType::Enumeration, &value.to_be_bytes());
    }

    /// Appends a Boolean.
    pub fn boolean(&mut self, tag: Tag, value: bool) {
        self.value(tag, ItemType::Boolean, &u64::from(value).to_be_bytes());
    }

    /// Appends a Text String.
    pub fn text_string(&mut self, tag: Tag, value: &str) {
        self.value(tag, ItemType::TextString, value.as_bytes());
    }

    /// Appends a Byte String.
    pub fn byte_string(&mut self, tag: Tag, value: &[u8]) {
        self.value(tag, ItemType::ByteString, value);
    }

    /// Appends any value whose bytes are at hand, with its padding.
    pub(super) fn value(&mut self, tag: Tag, kind: ItemType, value: &[u8]) {
        self.head(tag, kind, wire_length(value.len()));
        self.bytes.extend_from_slice(value);
        let padded = self.bytes.len().next_multiple_of(8);
        self.bytes.resize(padded, 0);
    }

    fn head(&mut self, tag: Tag, kind: ItemType, length: u32) {
        let [_, t0, t1, t2] = tag.0.to_be_bytes();
        self.bytes.extend_from_slice(&[t0, t1, t2, kind.code()]);
        self.bytes.extend_from_slice(&length.to_be_bytes());
    }
}

/// A length as the wire has it. Messages are far below 4 GiB: the store and the data limits see to
/// that; a longer one would be refused by any peer, not misread.
fn wire_length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
