//! Requests to compute with a key, whatever the algorithm.

use kmip_core::attribute::CryptographicParameters;
use kmip_core::object::{KeyInformation, KeyWrappingSpecification};
use kmip_core::payload::{
    DecryptRequest, EncryptRequest, GetRequest, MacRequest, MacVerifyRequest, SignRequest,
    SignatureVerifyRequest,
};
use kmip_core::types::{BlockCipherMode, EncodingOption, WrappingMethod};
use server::client::template::NO_PARAMETERS;

use crate::requests::{self, Id};

/// What Encrypt and Decrypt have in common.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Sealing {
    pub parameters: CryptographicParameters,
    pub iv: Option<Vec<u8>>,
    pub aad: Option<Vec<u8>>,
    pub data: Vec<u8>,
}

/// Encrypts.
#[must_use]
pub fn encrypt(key: &Id, what: Sealing) -> EncryptRequest {
    EncryptRequest {
        unique_identifier: Some(key.clone()),
        cryptographic_parameters: Some(what.parameters),
        data: Some(what.data.into()),
        iv_counter_nonce: what.iv,
        correlation_value: None,
        init_indicator: None,
        final_indicator: None,
        authenticated_encryption_additional_data: what.aad,
    }
}

/// Decrypts, with the tag where the mode has one.
#[must_use]
pub fn decrypt(key: &Id, what: Sealing, tag: Option<Vec<u8>>) -> DecryptRequest {
    DecryptRequest {
        unique_identifier: Some(key.clone()),
        cryptographic_parameters: Some(what.parameters),
        data: Some(what.data.into()),
        iv_counter_nonce: what.iv,
        correlation_value: None,
        init_indicator: None,
        final_indicator: None,
        authenticated_encryption_additional_data: what.aad,
        authenticated_encryption_tag: tag,
    }
}

/// Computes a MAC.
#[must_use]
pub fn mac(key: &Id, parameters: CryptographicParameters, data: Vec<u8>) -> MacRequest {
    MacRequest {
        unique_identifier: Some(key.clone()),
        cryptographic_parameters: Some(parameters),
        data: Some(data.into()),
        correlation_value: None,
        init_indicator: None,
        final_indicator: None,
    }
}

/// Checks a MAC.
#[must_use]
pub fn mac_verify(
    key: &Id,
    parameters: CryptographicParameters,
    data: Vec<u8>,
    mac: Vec<u8>,
) -> MacVerifyRequest {
    MacVerifyRequest {
        unique_identifier: Some(key.clone()),
        cryptographic_parameters: Some(parameters),
        data: Some(data.into()),
        mac_data: Some(mac),
        correlation_value: None,
        init_indicator: None,
        final_indicator: None,
    }
}

/// Signs a message.
#[must_use]
pub fn sign(key: &Id, parameters: CryptographicParameters, data: Vec<u8>) -> SignRequest {
    SignRequest {
        unique_identifier: Some(key.clone()),
        cryptographic_parameters: Some(parameters),
        data: Some(data.into()),
        digested_data: None,
        correlation_value: None,
        init_indicator: None,
        final_indicator: None,
    }
}

/// Checks a signature.
#[must_use]
pub fn verify(
    key: &Id,
    parameters: CryptographicParameters,
    data: Vec<u8>,
    signature: Vec<u8>,
) -> SignatureVerifyRequest {
    SignatureVerifyRequest {
        unique_identifier: Some(key.clone()),
        cryptographic_parameters: Some(parameters),
        data: Some(data.into()),
        digested_data: None,
        signature_data: Some(signature),
        correlation_value: None,
        init_indicator: None,
        final_indicator: None,
    }
}

/// Asks for `target` wrapped by `wrapping`, with No Encoding: the token does it.
#[must_use]
pub fn get_wrapped(target: &Id, wrapping: &Id, mode: BlockCipherMode) -> GetRequest {
    let parameters = CryptographicParameters { block_cipher_mode: Some(mode), ..NO_PARAMETERS };
    let specification = KeyWrappingSpecification {
        wrapping_method: WrappingMethod::Encrypt,
        encryption_key_information: Some(KeyInformation {
            unique_identifier: wrapping.clone(),
            cryptographic_parameters: Some(parameters),
        }),
        mac_signature_key_information: None,
        attribute_names: Vec::new(),
        encoding_option: Some(EncodingOption::NoEncoding),
    };
    GetRequest { key_wrapping_specification: Some(specification), ..requests::get(target) }
}
