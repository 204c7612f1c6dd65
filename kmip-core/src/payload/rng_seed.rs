//! RNG Seed, since KMIP 1.2.

use crate::secret::SecretBytes;

kmip_struct! {
    /// RNG Seed: what a client asks.
    ///
    /// Spec: KMIP 1.4 §4.36.
    pub struct RngSeedRequest {
        /// The data; wiped when dropped.
        req Data => data: SecretBytes,
    }
}

kmip_struct! {
    /// RNG Seed: what the server answers.
    ///
    /// Spec: KMIP 1.4 §4.36.
    pub struct RngSeedResponse {
        /// A length in bytes.
        req DataLength => data_length: i32,
    }
}
