//! Export, since KMIP 1.4.

use crate::attribute::{Attribute, UniqueIdentifier};
use crate::object::KeyWrappingSpecification;
use crate::types::{KeyCompressionType, KeyFormatType, KeyWrapType, ObjectType};

kmip_struct! {
    /// Asks for an object with all its attributes, so that another server can import it.
    ///
    /// Spec: KMIP 1.4 §4.40.
    pub struct ExportRequest {
        /// The object; absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// Format wanted; absent means as registered.
        opt KeyFormatType => key_format_type: KeyFormatType,
        /// Whether it is to be, or is, as it was registered or unwrapped.
        opt KeyWrapType => key_wrap_type: KeyWrapType,
        /// How the point of an EC public key is to be packed.
        opt KeyCompressionType => key_compression_type: KeyCompressionType,
        /// How to wrap the key; absent means not at all.
        opt KeyWrappingSpecification => key_wrapping_specification: KeyWrappingSpecification,
    }
}

kmip_struct! {
    /// Holds the object with all its attributes.
    ///
    /// Spec: KMIP 1.4 §4.40.
    pub struct ExportResponse {
        /// Kind of the object.
        req ObjectType => object_type: ObjectType,
        /// The object.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// The attributes.
        many Attribute => attributes: Attribute,
    } with object
}
