//! Get Attribute List, since KMIP 1.0.

use crate::attribute::{AttributeName, UniqueIdentifier};

kmip_struct! {
    /// Get Attribute List: what a client asks.
    ///
    /// Spec: KMIP 1.4 §4.13.
    pub struct GetAttributeListRequest {
        /// The object; in a request, absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
    }
}

kmip_struct! {
    /// Get Attribute List: what the server answers.
    ///
    /// Spec: KMIP 1.4 §4.13.
    pub struct GetAttributeListResponse {
        /// The object; in a request, absent means the ID Placeholder.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// Name of an attribute.
        many AttributeName => attribute_names: AttributeName,
    }
}
