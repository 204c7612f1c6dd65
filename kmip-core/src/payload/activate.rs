//! Activate, since KMIP 1.0.

use crate::attribute::UniqueIdentifier;

kmip_struct! {
    /// Activate: what a client asks.
    ///
    /// Spec: KMIP 1.4 §4.19.
    pub struct ActivateRequest {
        /// The object; in a request, absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
    }
}

kmip_struct! {
    /// Activate: what the server answers.
    ///
    /// Spec: KMIP 1.4 §4.19.
    pub struct ActivateResponse {
        /// The object; in a request, absent means the ID Placeholder.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
    }
}
