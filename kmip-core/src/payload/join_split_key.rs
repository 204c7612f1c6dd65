//! Join Split Key, since KMIP 1.2.

use crate::attribute::{TemplateAttribute, UniqueIdentifier};
use crate::types::{ObjectType, SecretDataType};

kmip_struct! {
    /// Asks to join parts into a new object.
    ///
    /// Spec: KMIP 1.4 §4.39.
    pub struct JoinSplitKeyRequest {
        /// Kind of the object.
        req ObjectType => object_type: ObjectType,
        /// The objects.
        many UniqueIdentifier => unique_identifiers: UniqueIdentifier,
        /// What the secret is, if Secret Data is to be made.
        opt SecretDataType => secret_data_type: SecretDataType,
        /// Attributes of the object.
        opt TemplateAttribute => template_attribute: TemplateAttribute,
    }
}

kmip_struct! {
    /// Names the new object.
    ///
    /// Spec: KMIP 1.4 §4.39.
    pub struct JoinSplitKeyResponse {
        /// Kind of the object; in the text of 1.2 alone, and absent from its test cases.
        opt ObjectType => object_type: ObjectType [since V1_2 until V1_2],
        /// The object.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// Attributes of the object.
        opt TemplateAttribute => template_attribute: TemplateAttribute,
    }
}
