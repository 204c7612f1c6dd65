//! Signature Verify, since KMIP 1.2.

use crate::attribute::{CryptographicParameters, UniqueIdentifier};
use crate::secret::SecretBytes;
use crate::types::ValidityIndicator;

kmip_struct! {
    /// Asks whether a signature is that of the data.
    ///
    /// Spec: KMIP 1.4 §4.32.
    pub struct SignatureVerifyRequest {
        /// The object; absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// How to do it; absent means the key's own first Cryptographic Parameters.
        opt CryptographicParameters => cryptographic_parameters: CryptographicParameters,
        /// The data; wiped when dropped.
        opt Data => data: SecretBytes,
        /// Hash of the data, made by the client.
        opt DigestedData => digested_data: Vec<u8> [since V1_4],
        /// The signature.
        opt SignatureData => signature_data: Vec<u8>,
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
    /// Spec: KMIP 1.4 §4.32.
    pub struct SignatureVerifyResponse {
        /// The object.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// The verdict; absent for all parts of a stream but the last.
        opt ValidityIndicator => validity_indicator: ValidityIndicator,
        /// The data; wiped when dropped.
        opt Data => data: SecretBytes,
        /// Ties the parts of a stream together.
        opt CorrelationValue => correlation_value: Vec<u8> [since V1_3],
    }
}
