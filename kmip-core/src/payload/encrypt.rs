//! Encrypt, since KMIP 1.2.

use crate::attribute::{CryptographicParameters, UniqueIdentifier};
use crate::secret::SecretBytes;

kmip_struct! {
    /// Asks to encrypt data, or one part of a stream of it.
    ///
    /// Spec: KMIP 1.4 §4.29.
    pub struct EncryptRequest {
        /// The object; absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// How to do it; absent means the key's own first Cryptographic Parameters.
        opt CryptographicParameters => cryptographic_parameters: CryptographicParameters,
        /// The data; wiped when dropped.
        opt Data => data: SecretBytes,
        /// IV, counter block or nonce, in bytes.
        opt IVCounterNonce => iv_counter_nonce: Vec<u8>,
        /// Ties the parts of a stream together.
        opt CorrelationValue => correlation_value: Vec<u8> [since V1_3],
        /// Whether this is the first part of a stream.
        opt InitIndicator => init_indicator: bool [since V1_3],
        /// Whether this is the last part of a stream.
        opt FinalIndicator => final_indicator: bool [since V1_3],
        /// Bytes to authenticate but not to encrypt.
        opt AuthenticatedEncryptionAdditionalData
            => authenticated_encryption_additional_data: Vec<u8> [since V1_4],
    }
}

kmip_struct! {
    /// Holds the ciphertext.
    ///
    /// Spec: KMIP 1.4 §4.29.
    pub struct EncryptResponse {
        /// The object.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// The data; wiped when dropped.
        opt Data => data: SecretBytes,
        /// IV, counter block or nonce, in bytes.
        opt IVCounterNonce => iv_counter_nonce: Vec<u8>,
        /// Ties the parts of a stream together.
        opt CorrelationValue => correlation_value: Vec<u8> [since V1_3],
        /// Authentication tag.
        opt AuthenticatedEncryptionTag => authenticated_encryption_tag: Vec<u8> [since V1_4],
    }
}
