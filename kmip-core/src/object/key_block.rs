//! Key Block and Key Value.
//!
//! Spec: KMIP 1.4 §2.1.3 and §2.1.4.

use super::{KeyMaterial, KeyWrappingData};
use crate::attribute::Attribute;
use crate::secret::SecretBytes;
use crate::ttlv::{Codec, DecodeError, ItemType, Reader, Writer};
use crate::types::{CryptographicAlgorithm, KeyCompressionType, KeyFormatType, Tag};

/// A key with what is needed to read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyBlock {
    /// Format of the material.
    pub key_format_type: KeyFormatType,
    /// How the point of an EC public key is packed.
    pub key_compression_type: Option<KeyCompressionType>,
    /// The value; absent for metadata-only objects.
    pub key_value: Option<KeyValue>,
    /// Algorithm.
    pub cryptographic_algorithm: Option<CryptographicAlgorithm>,
    /// Length in bits.
    pub cryptographic_length: Option<i32>,
    /// Present if the value is wrapped.
    pub key_wrapping_data: Option<KeyWrappingData>,
}

/// The value of a key, plain or wrapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyValue {
    /// In plaintext (or wrapped with a structure left around it, as some 1.4 cases print it).
    Plain {
        /// The material.
        material: KeyMaterial,
        /// Attributes that travel with it.
        attributes: Vec<Attribute>,
    },
    /// Wrapped: the bytes that the wrapping made.
    Wrapped(SecretBytes),
}

impl KeyValue {
    /// A plaintext value without attributes.
    #[must_use]
    pub const fn plain(material: KeyMaterial) -> Self {
        Self::Plain { material, attributes: Vec::new() }
    }

    /// Reads the value of a key block in `format`.
    fn decode_as(format: KeyFormatType, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        if r.peek_type() == Some(ItemType::ByteString) {
            return Codec::decode(Tag::KeyValue, r).map(Self::Wrapped);
        }
        r.structure(Tag::KeyValue, &[&[Tag::KeyMaterial, Tag::Attribute]], |r| {
            let material = KeyMaterial::decode_as(format, Tag::KeyMaterial, r)?;
            let mut attributes = Vec::new();
            while r.next_is(Tag::Attribute) {
                attributes.push(Codec::decode(Tag::Attribute, r)?);
            }
            Ok(Self::Plain { material, attributes })
        })
    }

    /// Appends the value.
    pub fn encode(&self, w: &mut Writer) {
        match self {
            Self::Wrapped(bytes) => bytes.encode(Tag::KeyValue, w),
            Self::Plain { material, attributes } => w.structure(Tag::KeyValue, |w| {
                material.encode(Tag::KeyMaterial, w);
                for attribute in attributes {
                    attribute.encode(Tag::Attribute, w);
                }
            }),
        }
    }
}

const FIELDS: &[&[Tag]] = &[&[
    Tag::KeyFormatType,
    Tag::KeyCompressionType,
    Tag::KeyValue,
    Tag::CryptographicAlgorithm,
    Tag::CryptographicLength,
    Tag::KeyWrappingData,
]];

impl Codec for KeyBlock {
    fn encode(&self, tag: Tag, w: &mut Writer) {
        w.structure(tag, |w| {
            self.key_format_type.encode(Tag::KeyFormatType, w);
            if let Some(compression) = self.key_compression_type {
                compression.encode(Tag::KeyCompressionType, w);
            }
            if let Some(value) = &self.key_value {
                value.encode(w);
            }
            if let Some(algorithm) = self.cryptographic_algorithm {
                algorithm.encode(Tag::CryptographicAlgorithm, w);
            }
            if let Some(length) = self.cryptographic_length {
                length.encode(Tag::CryptographicLength, w);
            }
            if let Some(wrapping) = &self.key_wrapping_data {
                wrapping.encode(Tag::KeyWrappingData, w);
            }
        });
    }

    fn decode(tag: Tag, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.structure(tag, FIELDS, |r| {
            let key_format_type = Codec::decode(Tag::KeyFormatType, r)?;
            let key_compression_type = r.optional(Tag::KeyCompressionType)?;
            let key_value = if r.next_is(Tag::KeyValue) {
                Some(KeyValue::decode_as(key_format_type, r)?)
            } else {
                None
            };
            Ok(Self {
                key_format_type,
                key_compression_type,
                key_value,
                cryptographic_algorithm: r.optional(Tag::CryptographicAlgorithm)?,
                cryptographic_length: r.optional(Tag::CryptographicLength)?,
                key_wrapping_data: r.optional(Tag::KeyWrappingData)?,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ttlv::{BigInteger, Item, Value};
    use crate::types::ProtocolVersion;

    fn item(tag: Tag, value: Value) -> Item {
        Item { tag, value }
    }

    fn block(format: KeyFormatType, value: Vec<Item>) -> Vec<u8> {
        let mut fields = vec![item(Tag::KeyFormatType, Value::Enumeration(format.0))];
        fields.extend(value);
        Value::Structure(fields).to_bytes(Tag::KeyBlock)
    }

    fn material(value: Value) -> Vec<Item> {
        vec![item(Tag::KeyValue, Value::Structure(vec![item(Tag::KeyMaterial, value)]))]
    }

    fn read(bytes: &[u8]) -> Result<KeyBlock, DecodeError> {
        KeyBlock::decode(Tag::KeyBlock, &mut Reader::new(bytes, ProtocolVersion::NEWEST))
    }

    fn round_trip(bytes: &[u8]) -> KeyBlock {
        let block = read(bytes).unwrap();
        let mut w = Writer::new(ProtocolVersion::NEWEST);
        block.encode(Tag::KeyBlock, &mut w);
        assert_eq!(w.into_bytes(), bytes);
        block
    }

    #[test]
    fn key_value_may_be_absent_wrapped_or_plain() {
        assert_eq!(round_trip(&block(KeyFormatType::Raw, vec![])).key_value, None);
        let bytes = Value::ByteString(vec![7; 40].into());
        let wrapped = vec![item(Tag::KeyValue, bytes.clone())];
        let wrapped = round_trip(&block(KeyFormatType::Raw, wrapped)).key_value;
        assert!(matches!(wrapped, Some(KeyValue::Wrapped(_))));
        let plain = round_trip(&block(KeyFormatType::Raw, material(bytes))).key_value;
        assert!(matches!(plain, Some(KeyValue::Plain { material: KeyMaterial::Bytes(_), .. })));
    }

    #[test]
    fn key_material_follows_the_format() {
        let number = |tag| item(tag, Value::BigInteger(BigInteger::from_unsigned(&[5])));
        let rsa = || Value::Structure(vec![number(Tag::Modulus), number(Tag::PublicExponent)]);
        let as_format = |format| read(&block(format, material(rsa())));
        let public = as_format(KeyFormatType::TransparentRSAPublicKey).unwrap().key_value;
        let Some(KeyValue::Plain { material: KeyMaterial::RsaPublic(_), .. }) = public else {
            panic!("no public key: {public:?}")
        };
        assert!(as_format(KeyFormatType::TransparentRSAPrivateKey).is_ok());
        let refused = as_format(KeyFormatType::TransparentDSAPublicKey);
        assert_eq!(refused, Err(DecodeError::Unknown(Tag::Modulus)));
        let unknown = as_format(KeyFormatType(0x8000_0001)).unwrap().key_value;
        assert!(matches!(unknown, Some(KeyValue::Plain { material: KeyMaterial::Other(_), .. })));
    }
}
