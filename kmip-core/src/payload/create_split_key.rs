//! Create Split Key, since KMIP 1.2.

use crate::attribute::{TemplateAttribute, UniqueIdentifier};
use crate::ttlv::BigInteger;
use crate::types::{ObjectType, SplitKeyMethod};

kmip_struct! {
    /// Asks to split a key, given or new, into parts that are objects of their own.
    ///
    /// Spec: KMIP 1.4 §4.38.
    pub struct CreateSplitKeyRequest {
        /// Kind of the object.
        req ObjectType => object_type: ObjectType,
        /// What is split; absent means something new.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// How many parts to make.
        req SplitKeyParts => split_key_parts: i32,
        /// How many of them it takes to join.
        req SplitKeyThreshold => split_key_threshold: i32,
        /// How to split.
        req SplitKeyMethod => split_key_method: SplitKeyMethod,
        /// The field's prime, for the methods that need one.
        opt PrimeFieldSize => prime_field_size: BigInteger,
        /// Attributes of the object.
        req TemplateAttribute => template_attribute: TemplateAttribute,
    }
}

kmip_struct! {
    /// Names the parts, the first one first.
    ///
    /// Spec: KMIP 1.4 §4.38.
    pub struct CreateSplitKeyResponse {
        /// Kind of the object; in the text of 1.2 alone, and absent from its test cases.
        opt ObjectType => object_type: ObjectType [since V1_2 until V1_2],
        /// The objects.
        many UniqueIdentifier => unique_identifiers: UniqueIdentifier,
        /// Attributes of the object.
        opt TemplateAttribute => template_attribute: TemplateAttribute,
    }
}
