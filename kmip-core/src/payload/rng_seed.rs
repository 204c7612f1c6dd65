//! RNG Seed, since KMIP 1.2.

use crate::secret::SecretBytes;

kmip_struct! {
    /// Offers entropy to the random number generator.
    ///
    /// Spec: KMIP 1.4 §4.36.
    pub struct RngSeedRequest {
        /// The data; wiped when dropped.
        req Data => data: SecretBytes,
    }
}

kmip_struct! {
    /// Says how much of it was used.
    ///
    /// Spec: KMIP 1.4 §4.36.
    pub struct RngSeedResponse {
        /// How many bytes.
        req DataLength => data_length: i32,
    }
}
