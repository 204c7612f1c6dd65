//! Obtain Lease, since KMIP 1.0.

use crate::attribute::UniqueIdentifier;
use crate::ttlv::{DateTime, Interval};

kmip_struct! {
    /// Asks for permission to use a copy of an object for a while.
    ///
    /// Spec: KMIP 1.4 §4.17.
    pub struct ObtainLeaseRequest {
        /// The object; absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
    }
}

kmip_struct! {
    /// Grants it, and says when the object last changed.
    ///
    /// Spec: KMIP 1.4 §4.17.
    pub struct ObtainLeaseResponse {
        /// The object.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// Lease, in seconds.
        req LeaseTime => lease_time: Interval,
        /// When an attribute last changed: a copy older than that is stale.
        req LastChangeDate => last_change_date: DateTime,
    }
}
