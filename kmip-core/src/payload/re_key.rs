//! Re-key, since KMIP 1.0.

use crate::attribute::{TemplateAttribute, UniqueIdentifier};
use crate::ttlv::Interval;

kmip_struct! {
    /// Asks for a symmetric key that replaces an older one.
    ///
    /// Spec: KMIP 1.4 §4.4.
    pub struct ReKeyRequest {
        /// The object; absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// Seconds between Initial Date and Activation Date of the new object.
        opt Offset => offset: Interval,
        /// Attributes of the object.
        opt TemplateAttribute => template_attribute: TemplateAttribute,
    }
}

kmip_struct! {
    /// Names the new key.
    ///
    /// Spec: KMIP 1.4 §4.4.
    pub struct ReKeyResponse {
        /// The object.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// Attributes of the object.
        opt TemplateAttribute => template_attribute: TemplateAttribute,
    }
}
