//! Recover, since KMIP 1.0.

use crate::attribute::UniqueIdentifier;

kmip_struct! {
    /// Recover: what a client asks.
    ///
    /// Spec: KMIP 1.4 §4.23.
    pub struct RecoverRequest {
        /// The object; in a request, absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
    }
}

kmip_struct! {
    /// Recover: what the server answers.
    ///
    /// Spec: KMIP 1.4 §4.23.
    pub struct RecoverResponse {
        /// The object; in a request, absent means the ID Placeholder.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
    }
}
