//! Check, since KMIP 1.0.

use crate::attribute::UniqueIdentifier;
use crate::ttlv::Interval;
use crate::types::CryptographicUsageMask;

kmip_struct! {
    /// Asks whether an object may be used in the way described, without using it.
    ///
    /// Spec: KMIP 1.4 §4.10.
    pub struct CheckRequest {
        /// The object; absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// How many bytes or objects, as the unit of the Usage Limits says.
        opt UsageLimitsCount => usage_limits_count: i64,
        /// The uses asked about.
        opt CryptographicUsageMask => cryptographic_usage_mask: CryptographicUsageMask,
        /// Lease, in seconds.
        opt LeaseTime => lease_time: Interval,
    }
}

kmip_struct! {
    /// Repeats what may not be; names the object only if everything may.
    ///
    /// Spec: KMIP 1.4 §4.10.
    pub struct CheckResponse {
        /// The object.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// How many bytes or objects, as the unit of the Usage Limits says.
        opt UsageLimitsCount => usage_limits_count: i64,
        /// The uses asked about.
        opt CryptographicUsageMask => cryptographic_usage_mask: CryptographicUsageMask,
        /// Lease, in seconds.
        opt LeaseTime => lease_time: Interval,
    }
}
