//! Create Key Pair, since KMIP 1.0.

use crate::attribute::{TemplateAttribute, UniqueIdentifier};

kmip_struct! {
    /// Create Key Pair: what a client asks.
    ///
    /// Spec: KMIP 1.4 §4.2.
    pub struct CreateKeyPairRequest {
        /// Common Template Attribute.
        opt CommonTemplateAttribute => common_template_attribute: TemplateAttribute,
        /// Private Key Template Attribute.
        opt PrivateKeyTemplateAttribute => private_key_template_attribute: TemplateAttribute,
        /// Public Key Template Attribute.
        opt PublicKeyTemplateAttribute => public_key_template_attribute: TemplateAttribute,
    }
}

kmip_struct! {
    /// Create Key Pair: what the server answers.
    ///
    /// Spec: KMIP 1.4 §4.2.
    pub struct CreateKeyPairResponse {
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
