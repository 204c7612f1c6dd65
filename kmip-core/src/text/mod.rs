//! The XML and JSON forms of the tree that TTLV carries.
//!
//! Both forms hold the same [`Item`](crate::ttlv::Item): what one reads, the other writes, and the
//! TTLV bytes are the same. They are for humans, test cases and the HTTPS transport.
//!
//! Spec: KMIP Additional Message Encodings 1.0.

pub mod json;
mod value;
pub mod xml;

use crate::ttlv::Limits;
use crate::types::Tag;

/// Longest text that is read where messages are held to `limits`, in bytes: either form takes less
/// than eight bytes for one of TTLV, even where every item is small and every name long. (Long names
/// of structures that hold nothing but each other take more, and mean nothing.)
#[must_use]
pub const fn max_text_bytes(limits: &Limits) -> usize {
    limits.max_message_bytes.saturating_mul(8)
}

/// Why a text is not a KMIP item. Carries nothing of the text itself: it may hold secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Not well-formed, or with parts that messages do not have; says which form.
    #[error("not well-formed {0}")]
    Syntax(&'static str),
    /// Neither the name of a tag nor its number in hex.
    #[error("an item has no known tag")]
    UnknownTag,
    /// No such wire type.
    #[error("{0:?} has an unknown type")]
    UnknownType(Tag),
    /// The value is not one of its type, or a name that its table does not have.
    #[error("{0:?} holds a value its type does not allow")]
    BadValue(Tag),
    /// A structure with a value of its own, or a scalar with children.
    #[error("{0:?} has the shape of another type")]
    Misshapen(Tag),
    /// Deeper, longer or more numerous than our limits.
    #[error("{0} is outside our limits")]
    Limit(&'static str),
}
