//! MAC Verify, since KMIP 1.2.

use crate::attribute::{CryptographicParameters, UniqueIdentifier};
use crate::secret::SecretBytes;
use crate::types::ValidityIndicator;

kmip_struct! {
    /// Asks whether a MAC is that of the data.
    ///
    /// Spec: KMIP 1.4 §4.34.
    pub struct MacVerifyRequest {
        /// The object; absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// How to do it; absent means the key's own first Cryptographic Parameters.
        opt CryptographicParameters => cryptographic_parameters: CryptographicParameters,
        /// The data; wiped when dropped.
        opt Data => data: SecretBytes,
        /// The message authentication code.
        opt MACData => mac_data: Vec<u8>,
        /// Ties the parts of a stream together.
        opt CorrelationValue => correlation_value: Vec<u8> [since V1_3],
        /// Whether this is the first part of a stream.
        opt InitIndicator => init_indicator: bool [since V1_3],
        /// Whether this is the last part of a stream.
        opt FinalIndicator => final_indicator: bool [since V1_3],
    }
}

kmip_struct! {
    /// Holds the verdict.
    ///
    /// Spec: KMIP 1.4 §4.34.
    pub struct MacVerifyResponse {
        /// The object.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// The verdict; absent for all parts of a stream but the last.
        opt ValidityIndicator => validity_indicator: ValidityIndicator,
        /// Ties the parts of a stream together.
        opt CorrelationValue => correlation_value: Vec<u8> [since V1_3],
    }
}
