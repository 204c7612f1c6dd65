//! Revoke, since KMIP 1.0.

use crate::attribute::{RevocationReason, UniqueIdentifier};
use crate::ttlv::DateTime;

kmip_struct! {
    /// Asks to end the use of an object, for a reason.
    ///
    /// Spec: KMIP 1.4 §4.20.
    pub struct RevokeRequest {
        /// The object; absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// Why; decides on Compromised or Deactivated.
        req RevocationReason => revocation_reason: RevocationReason,
        /// When it was first compromised; for the reasons of compromise only.
        opt CompromiseOccurrenceDate => compromise_occurrence_date: DateTime,
    }
}

kmip_struct! {
    /// Names the object whose use has ended.
    ///
    /// Spec: KMIP 1.4 §4.20.
    pub struct RevokeResponse {
        /// The object.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
    }
}
