//! Why bytes are not a KMIP item.

use crate::types::Tag;

/// Why bytes are not the KMIP item that was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes end inside the item.
    #[error("bytes end inside {0:?}")]
    Truncated(Tag),
    /// A fixed-size value with another length, or a Big Integer not in steps of 8.
    #[error("{0:?} has a length its type does not allow")]
    BadLength(Tag),
    /// A value its type does not allow: a Boolean other than 0 and 1, text that is not UTF-8.
    #[error("{0:?} holds a value its type does not allow")]
    BadValue(Tag),
    /// The item's type code is not the field's, or no type code at all.
    #[error("{0:?} has wire type 0x{1:02X}")]
    WrongType(Tag, u8),
    /// A required field is absent.
    #[error("{0:?} is missing")]
    Missing(Tag),
    /// A field that this structure does not have in this version.
    #[error("{0:?} is no field of its structure")]
    Unknown(Tag),
    /// A field that comes twice, or out of order.
    #[error("{0:?} is repeated or out of order")]
    Misplaced(Tag),
    /// Deeper, longer or more numerous than our limits.
    #[error("{0} is outside our limits")]
    Limit(&'static str),
    /// Bytes after the end of the message.
    #[error("bytes after the end")]
    TrailingBytes,
}
