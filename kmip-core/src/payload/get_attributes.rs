//! Get Attributes, since KMIP 1.0.

use crate::attribute::{Attribute, AttributeName, UniqueIdentifier};

kmip_struct! {
    /// Get Attributes: what a client asks.
    ///
    /// Spec: KMIP 1.4 §4.12.
    pub struct GetAttributesRequest {
        /// The object; in a request, absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// Name of an attribute.
        many AttributeName => attribute_names: AttributeName,
    }
}

kmip_struct! {
    /// Get Attributes: what the server answers.
    ///
    /// Spec: KMIP 1.4 §4.12.
    pub struct GetAttributesResponse {
        /// The object; in a request, absent means the ID Placeholder.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// An attribute.
        many Attribute => attributes: Attribute,
    }
}
