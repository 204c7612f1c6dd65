//! The tree: any KMIP item, whatever it means. What XML, JSON and attribute values share.

use super::{BigInteger, Codec, DateTime, DecodeError, Interval, ItemType, Reader, Writer};
use crate::secret::SecretBytes;
use crate::types::{ProtocolVersion, Tag};

/// A tag with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What the value is called.
    pub tag: Tag,
    /// The value.
    pub value: Value,
}

/// A value of any wire type.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Value {
    Structure(Vec<Item>),
    Integer(i32),
    LongInteger(i64),
    BigInteger(BigInteger),
    Enumeration(u32),
    Boolean(bool),
    TextString(String),
    ByteString(SecretBytes),
    DateTime(DateTime),
    Interval(Interval),
}

impl Value {
    /// The wire type.
    #[must_use]
    pub const fn item_type(&self) -> ItemType {
        match self {
            Self::Structure(_) => ItemType::Structure,
            Self::Integer(_) => ItemType::Integer,
            Self::LongInteger(_) => ItemType::LongInteger,
            Self::BigInteger(_) => ItemType::BigInteger,
            Self::Enumeration(_) => ItemType::Enumeration,
            Self::Boolean(_) => ItemType::Boolean,
            Self::TextString(_) => ItemType::TextString,
            Self::ByteString(_) => ItemType::ByteString,
            Self::DateTime(_) => ItemType::DateTime,
            Self::Interval(_) => ItemType::Interval,
        }
    }

    /// The tree form of a typed value.
    #[must_use]
    pub fn of<T: Codec>(typed: &T) -> Self {
        let mut w = Writer::new(ProtocolVersion::NEWEST);
        typed.encode(Tag::AttributeValue, &mut w);
        let bytes = wiping::Wiping::new(w.into_bytes());
        // What a codec writes, the tree reads: the fallback is never taken.
        Item::decode_next(&mut Reader::new(&bytes, ProtocolVersion::NEWEST))
            .map_or_else(|_| Self::Structure(Vec::new()), |item| item.value)
    }

    /// Reads the value as a `T`, by the rules of `version`.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] where the value is not a `T`.
    pub fn to<T: Codec>(&self, version: ProtocolVersion) -> Result<T, DecodeError> {
        let mut w = Writer::new(version);
        self.encode(Tag::AttributeValue, &mut w);
        let bytes = wiping::Wiping::new(w.into_bytes());
        T::decode(Tag::AttributeValue, &mut Reader::new(&bytes, version))
    }

    /// The children, if this is a structure.
    #[must_use]
    pub fn children(&self) -> &[Item] {
        match self {
            Self::Structure(items) => items,
            _ => &[],
        }
    }

    /// The TTLV bytes of the value under `tag`.
    #[must_use]
    pub fn to_bytes(&self, tag: Tag) -> Vec<u8> {
        let mut w = Writer::new(ProtocolVersion::NEWEST);
        self.encode(tag, &mut w);
        w.into_bytes()
    }
}

impl Codec for Value {
    fn encode(&self, tag: Tag, w: &mut Writer) {
        match self {
            Self::Structure(items) => w.structure(tag, |w| {
                for item in items {
                    item.value.encode(item.tag, w);
                }
            }),
            Self::Integer(value) => value.encode(tag, w),
            Self::LongInteger(value) => value.encode(tag, w),
            Self::BigInteger(value) => value.encode(tag, w),
            Self::Enumeration(value) => w.enumeration(tag, *value),
            Self::Boolean(value) => value.encode(tag, w),
            Self::TextString(value) => value.encode(tag, w),
            Self::ByteString(value) => value.encode(tag, w),
            Self::DateTime(value) => value.encode(tag, w),
            Self::Interval(value) => value.encode(tag, w),
        }
    }

    fn decode(tag: Tag, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let Some(kind) = r.peek_type().filter(|_| r.next_is(tag)) else {
            return Err(DecodeError::Missing(tag));
        };
        Ok(match kind {
            ItemType::Structure => Self::Structure(r.children(tag)?),
            ItemType::Integer => Self::Integer(Codec::decode(tag, r)?),
            ItemType::LongInteger => Self::LongInteger(Codec::decode(tag, r)?),
            ItemType::BigInteger => Self::BigInteger(Codec::decode(tag, r)?),
            ItemType::Enumeration => Self::Enumeration(r.enumeration(tag)?),
            ItemType::Boolean => Self::Boolean(Codec::decode(tag, r)?),
            ItemType::TextString => Self::TextString(Codec::decode(tag, r)?),
            ItemType::ByteString => Self::ByteString(Codec::decode(tag, r)?),
            ItemType::DateTime => Self::DateTime(Codec::decode(tag, r)?),
            ItemType::Interval => Self::Interval(Codec::decode(tag, r)?),
        })
    }
}

impl Item {
    /// Reads whatever item comes next.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] if it is malformed or too deep.
    pub fn decode_next(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let tag = r.peek_tag().ok_or(DecodeError::Truncated(Tag(0)))?;
        Ok(Self { tag, value: Value::decode(tag, r)? })
    }

    /// Reads one whole message as a tree.
    ///
    /// # Errors
    ///
    /// [`DecodeError`]; `TrailingBytes` if more than one item is there.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(bytes, ProtocolVersion::NEWEST);
        let item = Self::decode_next(&mut r)?;
        if r.is_empty() { Ok(item) } else { Err(DecodeError::TrailingBytes) }
    }

    /// The TTLV form.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.value.to_bytes(self.tag)
    }

    /// The first child named `tag`.
    #[must_use]
    pub fn child(&self, tag: Tag) -> Option<&Self> {
        self.value.children().iter().find(|item| item.tag == tag)
    }
}
