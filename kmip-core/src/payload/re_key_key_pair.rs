//! Re-key Key Pair, since KMIP 1.1.

use crate::attribute::{TemplateAttribute, UniqueIdentifier};
use crate::ttlv::Interval;

kmip_struct! {
    /// Asks for a key pair that replaces an older one.
    ///
    /// Spec: KMIP 1.4 §4.5.
    pub struct ReKeyKeyPairRequest {
        /// The private key.
        opt PrivateKeyUniqueIdentifier => private_key_unique_identifier: UniqueIdentifier,
        /// Seconds between Initial Date and Activation Date of the new object.
        opt Offset => offset: Interval,
        /// Attributes of both halves; those of one half come before them.
        opt CommonTemplateAttribute => common_template_attribute: TemplateAttribute,
        /// Attributes of the private key.
        opt PrivateKeyTemplateAttribute => private_key_template_attribute: TemplateAttribute,
        /// Attributes of the public key.
        opt PublicKeyTemplateAttribute => public_key_template_attribute: TemplateAttribute,
    }
}

kmip_struct! {
    /// Names both halves of the new pair.
    ///
    /// Spec: KMIP 1.4 §4.5.
    pub struct ReKeyKeyPairResponse {
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
