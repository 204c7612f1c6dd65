//! Modify Attribute, since KMIP 1.0.

use crate::attribute::{Attribute, UniqueIdentifier};

kmip_struct! {
    /// Modify Attribute: what a client asks.
    ///
    /// Spec: KMIP 1.4 §4.15.
    pub struct ModifyAttributeRequest {
        /// The object; in a request, absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// An attribute.
        req Attribute => attribute: Attribute,
    }
}

kmip_struct! {
    /// Modify Attribute: what the server answers.
    ///
    /// Spec: KMIP 1.4 §4.15.
    pub struct ModifyAttributeResponse {
        /// The object; in a request, absent means the ID Placeholder.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// An attribute.
        req Attribute => attribute: Attribute,
    }
}
