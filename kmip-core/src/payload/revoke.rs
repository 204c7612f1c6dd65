//! Revoke, since KMIP 1.0.

use crate::attribute::{RevocationReason, UniqueIdentifier};
use crate::ttlv::DateTime;

kmip_struct! {
    /// Revoke: what a client asks.
    ///
    /// Spec: KMIP 1.4 §4.20.
    pub struct RevokeRequest {
        /// The object; in a request, absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// Revocation Reason.
        req RevocationReason => revocation_reason: RevocationReason,
        /// Compromise Occurrence Date.
        opt CompromiseOccurrenceDate => compromise_occurrence_date: DateTime,
    }
}

kmip_struct! {
    /// Revoke: what the server answers.
    ///
    /// Spec: KMIP 1.4 §4.20.
    pub struct RevokeResponse {
        /// The object; in a request, absent means the ID Placeholder.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
    }
}
