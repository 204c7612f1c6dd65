//! Archive, since KMIP 1.0.

use crate::attribute::UniqueIdentifier;

kmip_struct! {
    /// Archive: what a client asks.
    ///
    /// Spec: KMIP 1.4 §4.22.
    pub struct ArchiveRequest {
        /// The object; in a request, absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
    }
}

kmip_struct! {
    /// Archive: what the server answers.
    ///
    /// Spec: KMIP 1.4 §4.22.
    pub struct ArchiveResponse {
        /// The object; in a request, absent means the ID Placeholder.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
    }
}
