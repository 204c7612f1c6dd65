//! Export, since KMIP 1.4.

use crate::attribute::{Attribute, UniqueIdentifier};
use crate::object::KeyWrappingSpecification;
use crate::types::{KeyCompressionType, KeyFormatType, KeyWrapType, ObjectType};

kmip_struct! {
    /// Export: what a client asks.
    ///
    /// Spec: KMIP 1.4 §4.40.
    pub struct ExportRequest {
        /// The object; in a request, absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// Key Format Type.
        opt KeyFormatType => key_format_type: KeyFormatType,
        /// Key Wrap Type.
        opt KeyWrapType => key_wrap_type: KeyWrapType,
        /// Key Compression Type.
        opt KeyCompressionType => key_compression_type: KeyCompressionType,
        /// Key Wrapping Specification.
        opt KeyWrappingSpecification => key_wrapping_specification: KeyWrappingSpecification,
    }
}

kmip_struct! {
    /// Export: what the server answers.
    ///
    /// Spec: KMIP 1.4 §4.40.
    pub struct ExportResponse {
        /// Kind of the object.
        req ObjectType => object_type: ObjectType,
        /// The object; in a request, absent means the ID Placeholder.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// An attribute.
        many Attribute => attributes: Attribute,
    } with object
}
