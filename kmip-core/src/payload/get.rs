//! Get, since KMIP 1.0.

use crate::attribute::UniqueIdentifier;
use crate::object::KeyWrappingSpecification;
use crate::types::{KeyCompressionType, KeyFormatType, KeyWrapType, ObjectType};

kmip_struct! {
    /// Get: what a client asks.
    ///
    /// Spec: KMIP 1.4 §4.11.
    pub struct GetRequest {
        /// The object; in a request, absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// Key Format Type.
        opt KeyFormatType => key_format_type: KeyFormatType,
        /// Key Wrap Type.
        opt KeyWrapType => key_wrap_type: KeyWrapType [since V1_4],
        /// Key Compression Type.
        opt KeyCompressionType => key_compression_type: KeyCompressionType,
        /// Key Wrapping Specification.
        opt KeyWrappingSpecification => key_wrapping_specification: KeyWrappingSpecification,
    }
}

kmip_struct! {
    /// Get: what the server answers.
    ///
    /// Spec: KMIP 1.4 §4.11.
    pub struct GetResponse {
        /// Kind of the object.
        req ObjectType => object_type: ObjectType,
        /// The object; in a request, absent means the ID Placeholder.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
    } with object
}
