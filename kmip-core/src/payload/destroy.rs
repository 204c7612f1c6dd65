//! Destroy, since KMIP 1.0.

use crate::attribute::UniqueIdentifier;

kmip_struct! {
    /// Destroy: what a client asks.
    ///
    /// Spec: KMIP 1.4 §4.21.
    pub struct DestroyRequest {
        /// The object; in a request, absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
    }
}

kmip_struct! {
    /// Destroy: what the server answers.
    ///
    /// Spec: KMIP 1.4 §4.21.
    pub struct DestroyResponse {
        /// The object; in a request, absent means the ID Placeholder.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
    }
}
