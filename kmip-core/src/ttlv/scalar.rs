//! Codecs of the scalar types.

use super::{Codec, DecodeError, ItemType, Reader, Writer};
use crate::types::Tag;

/// Seconds since 1970-01-01 UTC; may be negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DateTime(pub i64);

/// A duration in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Interval(pub u32);

/// A signed integer of any size: big-endian two's complement, a multiple of 8 bytes on the wire.
///
/// May be secret (a private exponent): wiped on drop, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct BigInteger(zeroize::Zeroizing<Vec<u8>>);

impl BigInteger {
    /// Takes the two's complement form, big-endian; one that is no multiple of 8 bytes is extended
    /// by its sign, as the wire needs it.
    #[must_use]
    pub fn from_wire(bytes: Vec<u8>) -> Self {
        let bytes = zeroize::Zeroizing::new(bytes);
        let length = bytes.len().max(1).next_multiple_of(8);
        if length == bytes.len() {
            return Self(bytes);
        }
        let sign = if bytes.first().is_some_and(|top| top & 0x80 != 0) { 0xFF } else { 0 };
        let mut extended = Vec::with_capacity(length);
        extended.resize(length - bytes.len(), sign);
        extended.extend_from_slice(&bytes);
        Self(zeroize::Zeroizing::new(extended))
    }

    /// A non-negative number from its big-endian magnitude.
    #[must_use]
    pub fn from_unsigned(magnitude: &[u8]) -> Self {
        let digits = strip_zeros(magnitude);
        // One more bit than the magnitude, or a set top bit would read as a minus sign.
        let needs_sign = digits.first().is_none_or(|top| top & 0x80 != 0);
        let length = (digits.len() + usize::from(needs_sign)).next_multiple_of(8);
        let mut bytes = Vec::with_capacity(length);
        bytes.resize(length - digits.len(), 0);
        bytes.extend_from_slice(digits);
        Self::from_wire(bytes)
    }

    /// The big-endian magnitude without leading zeros, or `None` if the number is negative.
    #[must_use]
    pub fn to_unsigned(&self) -> Option<&[u8]> {
        match self.0.first() {
            Some(top) if top & 0x80 != 0 => None,
            _ => Some(strip_zeros(&self.0)),
        }
    }

    /// The two's complement form as the wire has it.
    #[must_use]
    pub fn wire_bytes(&self) -> &[u8] {
        &self.0
    }
}

fn strip_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|b| **b == 0).count();
    bytes.get(zeros..).unwrap_or_default()
}

impl core::fmt::Debug for BigInteger {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "BigInteger({} bytes)", self.0.len())
    }
}

impl Reader<'_> {
    fn fixed<const N: usize>(&mut self, tag: Tag, kind: ItemType) -> Result<[u8; N], DecodeError> {
        self.value(tag, kind)?.try_into().map_err(|_| DecodeError::BadLength(tag))
    }

    /// Reads an Integer.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] if the next item is not an Integer named `tag`.
    pub fn integer(&mut self, tag: Tag) -> Result<i32, DecodeError> {
        self.fixed(tag, ItemType::Integer).map(i32::from_be_bytes)
    }

    /// Reads an Enumeration.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] if the next item is not an Enumeration named `tag`.
    pub fn enumeration(&mut self, tag: Tag) -> Result<u32, DecodeError> {
        self.fixed(tag, ItemType::Enumeration).map(u32::from_be_bytes)
    }

    /// Reads a Byte String.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] if the next item is not a Byte String named `tag`.
    pub fn byte_string(&mut self, tag: Tag) -> Result<&[u8], DecodeError> {
        self.value(tag, ItemType::ByteString)
    }
}

impl Codec for i32 {
    fn encode(&self, tag: Tag, w: &mut Writer) {
        w.integer(tag, *self);
    }
    fn decode(tag: Tag, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.integer(tag)
    }
}

impl Codec for i64 {
    fn encode(&self, tag: Tag, w: &mut Writer) {
        w.long_integer(tag, *self);
    }
    fn decode(tag: Tag, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.fixed(tag, ItemType::LongInteger).map(Self::from_be_bytes)
    }
}

impl Codec for bool {
    fn encode(&self, tag: Tag, w: &mut Writer) {
        w.boolean(tag, *self);
    }
    fn decode(tag: Tag, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match u64::from_be_bytes(r.fixed(tag, ItemType::Boolean)?) {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(DecodeError::BadValue(tag)),
        }
    }
}

impl Codec for String {
    fn encode(&self, tag: Tag, w: &mut Writer) {
        w.text_string(tag, self);
    }
    fn decode(tag: Tag, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let raw = r.value(tag, ItemType::TextString)?;
        core::str::from_utf8(raw).map(str::to_owned).map_err(|_| DecodeError::BadValue(tag))
    }
}

impl Codec for Vec<u8> {
    fn encode(&self, tag: Tag, w: &mut Writer) {
        w.byte_string(tag, self);
    }
    fn decode(tag: Tag, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.byte_string(tag).map(<[u8]>::to_vec)
    }
}

impl Codec for DateTime {
    fn encode(&self, tag: Tag, w: &mut Writer) {
        w.value(tag, ItemType::DateTime, &self.0.to_be_bytes());
    }
    fn decode(tag: Tag, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.fixed(tag, ItemType::DateTime).map(i64::from_be_bytes).map(Self)
    }
}

impl Codec for Interval {
    fn encode(&self, tag: Tag, w: &mut Writer) {
        w.value(tag, ItemType::Interval, &self.0.to_be_bytes());
    }
    fn decode(tag: Tag, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.fixed(tag, ItemType::Interval).map(u32::from_be_bytes).map(Self)
    }
}

impl Codec for BigInteger {
    fn encode(&self, tag: Tag, w: &mut Writer) {
        w.value(tag, ItemType::BigInteger, &self.0);
    }
    fn decode(tag: Tag, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.value(tag, ItemType::BigInteger).map(|bytes| Self::from_wire(bytes.to_vec()))
    }
}

#[cfg(test)]
mod tests;
