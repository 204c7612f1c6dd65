//! Create Split Key, since KMIP 1.2.

use crate::attribute::{TemplateAttribute, UniqueIdentifier};
use crate::ttlv::BigInteger;
use crate::types::{ObjectType, SplitKeyMethod};

kmip_struct! {
    /// Create Split Key: what a client asks.
    ///
    /// Spec: KMIP 1.4 §4.38.
    pub struct CreateSplitKeyRequest {
        /// Kind of the object.
        req ObjectType => object_type: ObjectType,
        /// The object; in a request, absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// Split Key Parts.
        req SplitKeyParts => split_key_parts: i32,
        /// Split Key Threshold.
        req SplitKeyThreshold => split_key_threshold: i32,
        /// Split Key Method.
        req SplitKeyMethod => split_key_method: SplitKeyMethod,
        /// Prime Field Size.
        opt PrimeFieldSize => prime_field_size: BigInteger,
        /// Attributes of the object.
        req TemplateAttribute => template_attribute: TemplateAttribute,
    }
}

kmip_struct! {
    /// Create Split Key: what the server answers.
    ///
    /// Spec: KMIP 1.4 §4.38.
    pub struct CreateSplitKeyResponse {
        /// Kind of the object; in the text of 1.2 alone, and absent from its test cases.
        opt ObjectType => object_type: ObjectType [since V1_2 until V1_2],
        /// The object; in a request, absent means the ID Placeholder.
        many UniqueIdentifier => unique_identifiers: UniqueIdentifier,
        /// Attributes of the object.
        opt TemplateAttribute => template_attribute: TemplateAttribute,
    }
}
