//! How a key is, or is to be, wrapped.

use crate::attribute::{AttributeName, CryptographicParameters, UniqueIdentifier};
use crate::types::{EncodingOption, WrappingMethod};

kmip_struct! {
    /// A wrapping or signing key and its parameters. Spec: KMIP 1.4 §2.1.5.
    pub struct KeyInformation {
        /// The key.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// Must match one instance of the key's own.
        opt CryptographicParameters => cryptographic_parameters: CryptographicParameters,
    }
}

kmip_struct! {
    /// How a key value was wrapped. Spec: KMIP 1.4 §2.1.5.
    pub struct KeyWrappingData {
        /// Encrypt, sign, or both.
        req WrappingMethod => wrapping_method: WrappingMethod,
        /// The encrypting key.
        opt EncryptionKeyInformation => encryption_key_information: KeyInformation,
        /// The signing key.
        opt MACSignatureKeyInformation => mac_signature_key_information: KeyInformation,
        /// The signature.
        opt MACSignature => mac_signature: Vec<u8>,
        /// IV of the encryption.
        opt IVCounterNonce => iv_counter_nonce: Vec<u8>,
        /// What was wrapped; absent means the TTLV encoding.
        opt EncodingOption => encoding_option: EncodingOption [since V1_1],
    }
}

kmip_struct! {
    /// How a key value is to be wrapped. Spec: KMIP 1.4 §2.1.6.
    pub struct KeyWrappingSpecification {
        /// Encrypt, sign, or both.
        req WrappingMethod => wrapping_method: WrappingMethod,
        /// The encrypting key.
        opt EncryptionKeyInformation => encryption_key_information: KeyInformation,
        /// The signing key.
        opt MACSignatureKeyInformation => mac_signature_key_information: KeyInformation,
        /// Attributes to be wrapped with the key.
        many AttributeName => attribute_names: AttributeName,
        /// What to wrap; absent means the TTLV encoding.
        opt EncodingOption => encoding_option: EncodingOption [since V1_1],
    }
}
