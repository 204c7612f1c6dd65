//! Obtain Lease, since KMIP 1.0.

use crate::attribute::UniqueIdentifier;
use crate::ttlv::{DateTime, Interval};

kmip_struct! {
    /// Obtain Lease: what a client asks.
    ///
    /// Spec: KMIP 1.4 §4.17.
    pub struct ObtainLeaseRequest {
        /// The object; in a request, absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
    }
}

kmip_struct! {
    /// Obtain Lease: what the server answers.
    ///
    /// Spec: KMIP 1.4 §4.17.
    pub struct ObtainLeaseResponse {
        /// The object; in a request, absent means the ID Placeholder.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// Lease, in seconds.
        req LeaseTime => lease_time: Interval,
        /// Last Change Date.
        req LastChangeDate => last_change_date: DateTime,
    }
}
