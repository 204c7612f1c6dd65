//! Archive, since KMIP 1.0.

use crate::attribute::UniqueIdentifier;

kmip_struct! {
    /// Asks to move an object to archival storage.
    ///
    /// Spec: KMIP 1.4 §4.22.
    pub struct ArchiveRequest {
        /// The object; absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
    }
}

kmip_struct! {
    /// Names the object that is now archived, or soon will be.
    ///
    /// Spec: KMIP 1.4 §4.22.
    pub struct ArchiveResponse {
        /// The object.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
    }
}
