//! The frame of one message: its size from the first 8 bytes, and a check of all its lengths.

use super::{DecodeError, ItemType};
use crate::types::Tag;

/// Bytes of tag, type and length in front of each value.
pub const FRAME_HEADER_BYTES: usize = 8;

/// What a message may cost us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Whole message, in bytes.
    pub max_message_bytes: usize,
    /// Nested structures; the message itself counts as one.
    pub max_depth: usize,
    /// Items in one message.
    pub max_items: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_message_bytes: 1 << 20, max_depth: 32, max_items: 65_536 }
    }
}

/// Size of the whole message that begins with `head`, these 8 bytes included.
///
/// # Errors
///
/// `Unknown` if it is not a message with tag `tag`, `WrongType` if it is no structure, `BadLength`
/// if the length is no multiple of 8, `Limit` if it is longer than `limits` allow.
pub fn message_bytes(
    head: [u8; FRAME_HEADER_BYTES],
    tag: Tag,
    limits: &Limits,
) -> Result<usize, DecodeError> {
    let [t0, t1, t2, kind, l0, l1, l2, l3] = head;
    let found = Tag(u32::from_be_bytes([0, t0, t1, t2]));
    if found != tag {
        return Err(DecodeError::Unknown(found));
    }
    if kind != ItemType::Structure.code() {
        return Err(DecodeError::WrongType(tag, kind));
    }
    let value = u32::from_be_bytes([l0, l1, l2, l3]);
    if !value.is_multiple_of(8) {
        return Err(DecodeError::BadLength(tag));
    }
    usize::try_from(value)
        .ok()
        .and_then(|bytes| bytes.checked_add(FRAME_HEADER_BYTES))
        .filter(|total| *total <= limits.max_message_bytes)
        .ok_or(DecodeError::Limit("message size"))
}

/// Checks every tag, type, length and padding rule of one message, without reading its meaning.
///
/// After this, only meaning can be wrong: a fault inside a batch item is that item's alone.
/// Non-zero padding bytes are tolerated. Iterative: depth costs no stack.
///
/// # Errors
///
/// The first [`DecodeError`] found; `TrailingBytes` if `bytes` hold more than one item.
pub fn validate(bytes: &[u8], limits: &Limits) -> Result<(), DecodeError> {
    if bytes.len() > limits.max_message_bytes {
        return Err(DecodeError::Limit("message size"));
    }
    // Ends of the structures we are in, outermost first.
    let mut ends: Vec<usize> = Vec::new();
    let (mut at, mut items) = (0_usize, 0_usize);
    loop {
        while ends.last() == Some(&at) {
            ends.pop();
        }
        if at > 0 && ends.is_empty() {
            return if at == bytes.len() { Ok(()) } else { Err(DecodeError::TrailingBytes) };
        }
        items += 1;
        if items > limits.max_items {
            return Err(DecodeError::Limit("number of items"));
        }
        let end = ends.last().copied().unwrap_or(bytes.len());
        let head = Head::read(bytes, at, end)?;
        let value = at + FRAME_HEADER_BYTES;
        if head.kind == ItemType::Structure {
            if ends.len() >= limits.max_depth {
                return Err(DecodeError::Limit("depth"));
            }
            ends.push(value + head.padded);
            at = value;
        } else {
            head.check_value(bytes.get(value..value + head.length).unwrap_or_default())?;
            at = value + head.padded;
        }
    }
}

/// Tag, type and length of one item, checked against the room that is left.
struct Head {
    tag: Tag,
    kind: ItemType,
    length: usize,
    padded: usize,
}

impl Head {
    fn read(bytes: &[u8], at: usize, end: usize) -> Result<Self, DecodeError> {
        let room = bytes.get(at..end).unwrap_or_default();
        let Some((head, rest)) = room.split_first_chunk::<FRAME_HEADER_BYTES>() else {
            return Err(DecodeError::Truncated(Tag(0)));
        };
        let [t0, t1, t2, code, l0, l1, l2, l3] = *head;
        let tag = Tag(u32::from_be_bytes([0, t0, t1, t2]));
        let kind = ItemType::from_code(code).ok_or(DecodeError::WrongType(tag, code))?;
        let length = usize::try_from(u32::from_be_bytes([l0, l1, l2, l3]))
            .map_err(|_| DecodeError::Truncated(tag))?;
        let padded = padded_length(tag, kind, length)?;
        if padded > rest.len() {
            return Err(DecodeError::Truncated(tag));
        }
        Ok(Self { tag, kind, length, padded })
    }

    fn check_value(&self, value: &[u8]) -> Result<(), DecodeError> {
        let sound = match self.kind {
            ItemType::Boolean => matches!(value, [0, 0, 0, 0, 0, 0, 0, 0 | 1]),
            ItemType::TextString => core::str::from_utf8(value).is_ok(),
            ItemType::Structure
            | ItemType::Integer
            | ItemType::LongInteger
            | ItemType::BigInteger
            | ItemType::Enumeration
            | ItemType::ByteString
            | ItemType::DateTime
            | ItemType::Interval => true,
        };
        if sound { Ok(()) } else { Err(DecodeError::BadValue(self.tag)) }
    }
}

/// Room a value takes on the wire, or an error where its type forbids the length.
pub(super) fn padded_length(tag: Tag, kind: ItemType, length: usize) -> Result<usize, DecodeError> {
    let legal = match kind {
        ItemType::Structure => length.is_multiple_of(8),
        ItemType::BigInteger => length >= 8 && length.is_multiple_of(8),
        ItemType::TextString | ItemType::ByteString => true,
        ItemType::Integer
        | ItemType::LongInteger
        | ItemType::Enumeration
        | ItemType::Boolean
        | ItemType::DateTime
        | ItemType::Interval => kind.fixed_bytes() == Some(length),
    };
    if !legal {
        return Err(DecodeError::BadLength(tag));
    }
    length.checked_next_multiple_of(8).ok_or(DecodeError::Truncated(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCALAR: Tag = Tag(0x42_0020);

    fn item(kind: u8, length: u32, value: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x42, 0x00, 0x20, kind];
        bytes.extend(length.to_be_bytes());
        bytes.extend(value);
        bytes
    }

    fn check(bytes: &[u8]) -> Result<(), DecodeError> {
        validate(bytes, &Limits::default())
    }

    #[test]
    fn validate_accepts_each_scalar() {
        for (kind, length, value) in [
            (2, 4, vec![0, 0, 0, 8, 0, 0, 0, 0]),
            (3, 8, vec![0; 8]),
            (4, 16, vec![0; 16]),
            (5, 4, vec![0; 8]),
            (6, 8, vec![0, 0, 0, 0, 0, 0, 0, 1]),
            (7, 11, b"Hello World\0\0\0\0\0".to_vec()),
            (8, 3, vec![1, 2, 3, 0, 0, 0, 0, 0]),
            (9, 8, vec![0; 8]),
            (10, 4, vec![0; 8]),
        ] {
            assert_eq!(check(&item(kind, length, &value)), Ok(()), "type {kind}");
        }
    }

    #[test]
    fn validate_rejects_wrong_fixed_lengths() {
        for (kind, length) in [(2, 8), (3, 4), (5, 8), (6, 4), (9, 4), (10, 8), (4, 0), (4, 12)] {
            let bytes = item(kind, length, &[0; 16]);
            assert_eq!(check(&bytes), Err(DecodeError::BadLength(SCALAR)), "type {kind}");
        }
    }

    #[test]
    fn validate_rejects_boolean_other_than_0_and_1() {
        let bytes = item(6, 8, &[0, 0, 0, 0, 0, 0, 0, 2]);
        assert_eq!(check(&bytes), Err(DecodeError::BadValue(SCALAR)));
    }

    #[test]
    fn validate_rejects_text_that_is_not_utf8() {
        let bytes = item(7, 2, &[0xC3, 0x28, 0, 0, 0, 0, 0, 0]);
        assert_eq!(check(&bytes), Err(DecodeError::BadValue(SCALAR)));
    }

    #[test]
    fn validate_tolerates_non_zero_padding() {
        assert_eq!(check(&item(2, 4, &[0, 0, 0, 8, 9, 9, 9, 9])), Ok(()));
    }

    #[test]
    fn validate_rejects_child_longer_than_parent() {
        let inner = item(8, 32, &[0; 32]);
        let outer = item(1, 16, &inner);
        assert_eq!(check(&outer), Err(DecodeError::Truncated(SCALAR)));
    }

    #[test]
    fn validate_rejects_unknown_type_code() {
        assert_eq!(check(&item(0x0C, 0, &[])), Err(DecodeError::WrongType(SCALAR, 0x0C)));
    }

    #[test]
    fn validate_rejects_trailing_bytes() {
        let mut bytes = item(2, 4, &[0; 8]);
        bytes.push(0);
        assert_eq!(check(&bytes), Err(DecodeError::TrailingBytes));
    }

    #[test]
    fn validate_rejects_truncation_at_every_byte() {
        let inner = item(7, 11, b"Hello World\0\0\0\0\0");
        let outer = item(1, 24, &inner);
        for end in 0..outer.len() {
            assert!(check(&outer[..end]).is_err(), "accepted {end} bytes");
        }
    }

    #[test]
    fn validate_caps_depth_without_stack() {
        let mut bytes = Vec::new();
        for depth in (0..40_u32).rev() {
            bytes.extend([0x42, 0, 0x20, 1]);
            bytes.extend((depth * 8).to_be_bytes());
        }
        assert_eq!(check(&bytes), Err(DecodeError::Limit("depth")));
    }

    #[test]
    fn validate_caps_number_of_items() {
        let mut inner = Vec::new();
        for _ in 0..20 {
            inner.extend(item(8, 0, &[]));
        }
        let outer = item(1, 160, &inner);
        let limits = Limits { max_items: 10, ..Limits::default() };
        assert_eq!(validate(&outer, &limits), Err(DecodeError::Limit("number of items")));
    }

    #[test]
    fn message_bytes_reads_length_before_allocating() {
        let head = [0x42, 0x00, 0x20, 1, 0xFF, 0xFF, 0xFF, 0xF8];
        let size = message_bytes(head, SCALAR, &Limits::default());
        assert_eq!(size, Err(DecodeError::Limit("message size")));
    }
}
