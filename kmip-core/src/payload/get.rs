//! Get, since KMIP 1.0.

use crate::attribute::UniqueIdentifier;
use crate::object::KeyWrappingSpecification;
use crate::types::{KeyCompressionType, KeyFormatType, KeyWrapType, ObjectType};

kmip_struct! {
    /// Asks for an object itself.
    ///
    /// Spec: KMIP 1.4 §4.11.
    pub struct GetRequest {
        /// The object; absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// Format wanted; absent means as registered.
        opt KeyFormatType => key_format_type: KeyFormatType,
        /// Whether it is to be, or is, as it was registered or unwrapped.
        opt KeyWrapType => key_wrap_type: KeyWrapType [since V1_4],
        /// How the point of an EC public key is to be packed.
        opt KeyCompressionType => key_compression_type: KeyCompressionType,
        /// How to wrap the key; absent means not at all.
        opt KeyWrappingSpecification => key_wrapping_specification: KeyWrappingSpecification,
    }
}

kmip_struct! {
    /// Holds the object.
    ///
    /// Spec: KMIP 1.4 §4.11.
    pub struct GetResponse {
        /// Kind of the object.
        req ObjectType => object_type: ObjectType,
        /// The object.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
    } with object
}
