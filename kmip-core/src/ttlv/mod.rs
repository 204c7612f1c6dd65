//! Byte layer: knows tags, types and lengths; knows nothing of operations.
//!
//! Spec: KMIP 1.4 §9.1.

mod dump;
mod error;
mod frame;
mod item;
mod reader;
mod scalar;
mod table;
mod writer;

pub use dump::dump;
pub use error::DecodeError;
pub use frame::{FRAME_HEADER_BYTES, Limits, message_bytes, validate};
pub use item::{Item, Value};
pub use reader::Reader;
pub use scalar::{BigInteger, DateTime, Interval};
pub(crate) use table::{Gate, Table};
pub use writer::Writer;

use crate::types::Tag;

/// Wire type of one item.
///
/// Spec: KMIP 1.4 §9.1.1.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
#[repr(u8)]
pub enum ItemType {
    Structure = 0x01,
    Integer = 0x02,
    LongInteger = 0x03,
    BigInteger = 0x04,
    Enumeration = 0x05,
    Boolean = 0x06,
    TextString = 0x07,
    ByteString = 0x08,
    DateTime = 0x09,
    Interval = 0x0A,
}

impl ItemType {
    /// Every type of KMIP 1.x, with its XML spelling.
    pub const ALL: [(Self, &'static str); 10] = [
        (Self::Structure, "Structure"),
        (Self::Integer, "Integer"),
        (Self::LongInteger, "LongInteger"),
        (Self::BigInteger, "BigInteger"),
        (Self::Enumeration, "Enumeration"),
        (Self::Boolean, "Boolean"),
        (Self::TextString, "TextString"),
        (Self::ByteString, "ByteString"),
        (Self::DateTime, "DateTime"),
        (Self::Interval, "Interval"),
    ];

    /// The type with this wire code.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            0x01 => Self::Structure,
            0x02 => Self::Integer,
            0x03 => Self::LongInteger,
            0x04 => Self::BigInteger,
            0x05 => Self::Enumeration,
            0x06 => Self::Boolean,
            0x07 => Self::TextString,
            0x08 => Self::ByteString,
            0x09 => Self::DateTime,
            0x0A => Self::Interval,
            _ => return None,
        })
    }

    /// The wire code.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Length of the value where the type fixes it.
    #[must_use]
    pub const fn fixed_bytes(self) -> Option<usize> {
        match self {
            Self::Integer | Self::Enumeration | Self::Interval => Some(4),
            Self::LongInteger | Self::Boolean | Self::DateTime => Some(8),
            Self::Structure | Self::BigInteger | Self::TextString | Self::ByteString => None,
        }
    }
}

/// A value that knows its own wire form.
pub trait Codec: Sized {
    /// Appends the item to `w` under `tag`.
    fn encode(&self, tag: Tag, w: &mut Writer);

    /// Reads the item named `tag` from `r`.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] naming the offending tag; `r` must not be used further.
    fn decode(tag: Tag, r: &mut Reader<'_>) -> Result<Self, DecodeError>;
}
