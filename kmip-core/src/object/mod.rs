//! Managed objects as they travel.
//!
//! Spec: KMIP 1.4 §2.2.

mod key_block;
mod key_material;
mod wrapping;

pub use key_block::{KeyBlock, KeyValue};
pub use key_material::{
    KeyMaterial, TransparentDhPrivateKey, TransparentDhPublicKey, TransparentDsaPrivateKey,
    TransparentDsaPublicKey, TransparentEcPrivateKey, TransparentEcPublicKey,
    TransparentRsaPrivateKey, TransparentRsaPublicKey, TransparentSymmetricKey,
};
pub use wrapping::{KeyInformation, KeyWrappingData, KeyWrappingSpecification};

use crate::attribute::Attribute;
use crate::secret::SecretBytes;
use crate::ttlv::{BigInteger, Codec, DecodeError, Reader, Writer};
use crate::types::{CertificateType, ObjectType, SecretDataType, SplitKeyMethod, Tag};

kmip_struct! {
    /// A certificate. Spec: KMIP 1.4 §2.2.1.
    pub struct Certificate {
        /// X.509 or PGP.
        req CertificateType => certificate_type: CertificateType,
        /// DER for X.509.
        req CertificateValue => certificate_value: Vec<u8>,
    }
}

kmip_struct! {
    /// A symmetric key. Spec: KMIP 1.4 §2.2.2.
    pub struct SymmetricKey {
        /// The key.
        req KeyBlock => key_block: KeyBlock,
    }
}

kmip_struct! {
    /// A public key. Spec: KMIP 1.4 §2.2.3.
    pub struct PublicKey {
        /// The key.
        req KeyBlock => key_block: KeyBlock,
    }
}

kmip_struct! {
    /// A private key. Spec: KMIP 1.4 §2.2.4.
    pub struct PrivateKey {
        /// The key.
        req KeyBlock => key_block: KeyBlock,
    }
}

kmip_struct! {
    /// One part of a split key. Spec: KMIP 1.4 §2.2.5.
    pub struct SplitKey {
        /// Parts in all.
        req SplitKeyParts => split_key_parts: i32,
        /// Which part this is.
        req KeyPartIdentifier => key_part_identifier: i32,
        /// Parts needed to join.
        req SplitKeyThreshold => split_key_threshold: i32,
        /// How the key was split.
        req SplitKeyMethod => split_key_method: SplitKeyMethod,
        /// The field's prime.
        opt PrimeFieldSize => prime_field_size: BigInteger,
        /// The part.
        req KeyBlock => key_block: KeyBlock,
    }
}

kmip_struct! {
    /// A template. Spec: KMIP 1.4 §2.2.6.
    pub struct Template {
        /// Its attributes.
        many Attribute => attributes: Attribute,
    }
}

kmip_struct! {
    /// A password, seed or the like. Spec: KMIP 1.4 §2.2.7.
    pub struct SecretData {
        /// What it is.
        req SecretDataType => secret_data_type: SecretDataType,
        /// The value.
        req KeyBlock => key_block: KeyBlock,
    }
}

kmip_struct! {
    /// Bytes the server does not interpret. Spec: KMIP 1.4 §2.2.8.
    pub struct OpaqueObject {
        /// An extension value: the specification defines none.
        req OpaqueDataType => opaque_data_type: OpaqueDataType,
        /// The bytes.
        req OpaqueDataValue => opaque_data_value: SecretBytes,
    }
}

kmip_struct! {
    /// A PGP key. Spec: KMIP 1.4 §2.2.9.
    pub struct PgpKey {
        /// 2, 3 or 4.
        req PGPKeyVersion => pgp_key_version: i32,
        /// The key.
        req KeyBlock => key_block: KeyBlock,
    }
}

kmip_enum! {
    /// Kind of an opaque object; all values are extensions.
    pub struct OpaqueDataType {}
}

/// Declares the kinds of object, each with its tag and type.
macro_rules! objects {
    ($( $kind:ident $tag:ident $type:ident ),* $(,)?) => {
        /// Any managed object.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[allow(missing_docs)]
        pub enum Object { $( $kind($type) ),* }

        impl Object {
            /// The tags an object may stand under.
            pub const TAGS: &[Tag] = &[ $( Tag::$tag ),* ];

            /// Kind of the object.
            #[must_use]
            pub const fn object_type(&self) -> ObjectType {
                match self { $( Self::$kind(_) => ObjectType::$kind, )* }
            }

            /// Appends the object under the tag of its kind.
            pub fn encode_tagged(&self, w: &mut Writer) {
                match self { $( Self::$kind(object) => object.encode(Tag::$tag, w), )* }
            }

            /// Reads whatever object comes next.
            ///
            /// # Errors
            ///
            /// `Missing` if it is no object, else what is wrong with it.
            pub fn decode_tagged(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
                $( if r.next_is(Tag::$tag) {
                    return $type::decode(Tag::$tag, r).map(Self::$kind);
                } )*
                Err(DecodeError::Missing(Tag::KeyBlock))
            }
        }
    };
}

objects! {
    Certificate Certificate Certificate,
    SymmetricKey SymmetricKey SymmetricKey,
    PublicKey PublicKey PublicKey,
    PrivateKey PrivateKey PrivateKey,
    SplitKey SplitKey SplitKey,
    Template Template Template,
    SecretData SecretData SecretData,
    OpaqueObject OpaqueObject OpaqueObject,
    PGPKey PGPKey PgpKey,
}

impl Object {
    /// The key block of the kinds that have one.
    #[must_use]
    pub const fn key_block(&self) -> Option<&KeyBlock> {
        match self {
            Self::SymmetricKey(SymmetricKey { key_block })
            | Self::PublicKey(PublicKey { key_block })
            | Self::PrivateKey(PrivateKey { key_block })
            | Self::SplitKey(SplitKey { key_block, .. })
            | Self::SecretData(SecretData { key_block, .. })
            | Self::PGPKey(PgpKey { key_block, .. }) => Some(key_block),
            Self::Certificate(_) | Self::Template(_) | Self::OpaqueObject(_) => None,
        }
    }

    /// The same, to be changed.
    #[must_use]
    pub const fn key_block_mut(&mut self) -> Option<&mut KeyBlock> {
        match self {
            Self::SymmetricKey(SymmetricKey { key_block })
            | Self::PublicKey(PublicKey { key_block })
            | Self::PrivateKey(PrivateKey { key_block })
            | Self::SplitKey(SplitKey { key_block, .. })
            | Self::SecretData(SecretData { key_block, .. })
            | Self::PGPKey(PgpKey { key_block, .. }) => Some(key_block),
            Self::Certificate(_) | Self::Template(_) | Self::OpaqueObject(_) => None,
        }
    }
}
