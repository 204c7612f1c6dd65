//! Create Key Pair, since KMIP 1.0.

use crate::attribute::{TemplateAttribute, UniqueIdentifier};

kmip_struct! {
    /// Asks for a new key pair; both halves get the common attributes and their own.
    ///
    /// Spec: KMIP 1.4 §4.2.
    pub struct CreateKeyPairRequest {
        /// Attributes of both halves; those of one half come before them.
        opt CommonTemplateAttribute => common_template_attribute: TemplateAttribute,
        /// Attributes of the private key.
        opt PrivateKeyTemplateAttribute => private_key_template_attribute: TemplateAttribute,
        /// Attributes of the public key.
        opt PublicKeyTemplateAttribute => public_key_template_attribute: TemplateAttribute,
    }
}

kmip_struct! {
    /// Names both halves, linked to each other.
    ///
    /// Spec: KMIP 1.4 §4.2.
    pub struct CreateKeyPairResponse {
        /// The private key.
        req PrivateKeyUniqueIdentifier => private_key_unique_identifier: UniqueIdentifier,
        /// The public key.
        req PublicKeyUniqueIdentifier => public_key_unique_identifier: UniqueIdentifier,
        /// Attributes of the private key.
        opt PrivateKeyTemplateAttribute => private_key_template_attribute: TemplateAttribute,
        /// Attributes of the public key.
        opt PublicKeyTemplateAttribute => public_key_template_attribute: TemplateAttribute,
    }
}
