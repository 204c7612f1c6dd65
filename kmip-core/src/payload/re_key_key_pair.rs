//! Re-key Key Pair, since KMIP 1.1.

use crate::attribute::{TemplateAttribute, UniqueIdentifier};
use crate::ttlv::Interval;

kmip_struct! {
    /// Re-key Key Pair: what a client asks.
    ///
    /// Spec: KMIP 1.4 §4.5.
    pub struct ReKeyKeyPairRequest {
        /// Private Key Unique Identifier.
        opt PrivateKeyUniqueIdentifier => private_key_unique_identifier: UniqueIdentifier,
        /// Seconds between Initial Date and Activation Date of the new object.
        opt Offset => offset: Interval,
        /// Common Template Attribute.
        opt CommonTemplateAttribute => common_template_attribute: TemplateAttribute,
        /// Private Key Template Attribute.
        opt PrivateKeyTemplateAttribute => private_key_template_attribute: TemplateAttribute,
        /// Public Key Template Attribute.
        opt PublicKeyTemplateAttribute => public_key_template_attribute: TemplateAttribute,
    }
}

kmip_struct! {
    /// Re-key Key Pair: what the server answers.
    ///
    /// Spec: KMIP 1.4 §4.5.
    pub struct ReKeyKeyPairResponse {
        /// Private Key Unique Identifier.
        req PrivateKeyUniqueIdentifier => private_key_unique_identifier: UniqueIdentifier,
        /// Public Key Unique Identifier.
        req PublicKeyUniqueIdentifier => public_key_unique_identifier: UniqueIdentifier,
        /// Private Key Template Attribute.
        opt PrivateKeyTemplateAttribute => private_key_template_attribute: TemplateAttribute,
        /// Public Key Template Attribute.
        opt PublicKeyTemplateAttribute => public_key_template_attribute: TemplateAttribute,
    }
}
