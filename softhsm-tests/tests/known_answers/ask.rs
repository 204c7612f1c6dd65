//! What is asked of the key of a group, and the items of a batch that ask it.

use kmip_core::attribute::{CryptographicParameters, UniqueIdentifier};
use kmip_core::object::{KeyInformation, KeyWrappingSpecification};
use kmip_core::payload::{
    DecryptRequest, DestroyRequest, EncryptRequest, GetRequest, MacRequest, MacVerifyRequest,
    RegisterRequest, RequestPayload, SignRequest, SignatureVerifyRequest,
};
use kmip_core::types::{BlockCipherMode, EncodingOption, WrappingMethod};
use server::client::template::NO_PARAMETERS;
use softhsm_tests::requests;

/// One operation on the key of a group.
#[derive(Clone, Debug)]
pub(crate) enum Ask {
    /// Encrypt.
    Encrypt(Sealing),
    /// Decrypt, with the tag where the mode has one.
    Decrypt(Sealing, Option<Vec<u8>>),
    /// MAC.
    Mac { parameters: CryptographicParameters, data: Vec<u8> },
    /// MAC Verify.
    MacVerify { parameters: CryptographicParameters, data: Vec<u8>, mac: Vec<u8> },
    /// Sign.
    Sign { parameters: CryptographicParameters, data: Vec<u8> },
    /// Signature Verify.
    Verify { parameters: CryptographicParameters, data: Vec<u8>, signature: Vec<u8> },
    /// Get of another key, brought for the purpose, wrapped by the key of the group.
    Wrap { target: Box<RegisterRequest>, mode: BlockCipherMode },
}

/// What Encrypt and Decrypt have in common.
#[derive(Clone, Debug)]
pub(crate) struct Sealing {
    pub(crate) parameters: CryptographicParameters,
    pub(crate) iv: Option<Vec<u8>>,
    pub(crate) aad: Option<Vec<u8>>,
    pub(crate) data: Vec<u8>,
}

impl Ask {
    /// The items that ask it.
    pub(crate) fn items(&self, key: &UniqueIdentifier) -> Vec<RequestPayload> {
        let id = Some(key.clone());
        match self.clone() {
            Self::Encrypt(what) => vec![encrypt(id, what).into()],
            Self::Decrypt(what, tag) => vec![decrypt(id, what, tag).into()],
            Self::Mac { parameters, data } => vec![mac(id, parameters, data).into()],
            Self::MacVerify { parameters, data, mac } => {
                vec![mac_verify(id, parameters, data, mac).into()]
            }
            Self::Sign { parameters, data } => vec![sign(id, parameters, data).into()],
            Self::Verify { parameters, data, signature } => {
                vec![verify(id, parameters, data, signature).into()]
            }
            Self::Wrap { target, mode } => wrap(key, *target, mode),
        }
    }

    /// Which of the items has the answer; those before it must succeed.
    pub(crate) const fn answer_at(&self) -> usize {
        if let Self::Wrap { .. } = self { 1 } else { 0 }
    }
}

fn encrypt(unique_identifier: Option<UniqueIdentifier>, what: Sealing) -> EncryptRequest {
    EncryptRequest {
        unique_identifier,
        cryptographic_parameters: Some(what.parameters),
        data: Some(what.data.into()),
        iv_counter_nonce: what.iv,
        correlation_value: None,
        init_indicator: None,
        final_indicator: None,
        authenticated_encryption_additional_data: what.aad,
    }
}

fn decrypt(
    unique_identifier: Option<UniqueIdentifier>,
    what: Sealing,
    tag: Option<Vec<u8>>,
) -> DecryptRequest {
    DecryptRequest {
        unique_identifier,
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

fn mac(
    unique_identifier: Option<UniqueIdentifier>,
    parameters: CryptographicParameters,
    data: Vec<u8>,
) -> MacRequest {
    MacRequest {
        unique_identifier,
        cryptographic_parameters: Some(parameters),
        data: Some(data.into()),
        correlation_value: None,
        init_indicator: None,
        final_indicator: None,
    }
}

fn mac_verify(
    unique_identifier: Option<UniqueIdentifier>,
    parameters: CryptographicParameters,
    data: Vec<u8>,
    mac: Vec<u8>,
) -> MacVerifyRequest {
    MacVerifyRequest {
        unique_identifier,
        cryptographic_parameters: Some(parameters),
        data: Some(data.into()),
        mac_data: Some(mac),
        correlation_value: None,
        init_indicator: None,
        final_indicator: None,
    }
}

fn sign(
    unique_identifier: Option<UniqueIdentifier>,
    parameters: CryptographicParameters,
    data: Vec<u8>,
) -> SignRequest {
    SignRequest {
        unique_identifier,
        cryptographic_parameters: Some(parameters),
        data: Some(data.into()),
        digested_data: None,
        correlation_value: None,
        init_indicator: None,
        final_indicator: None,
    }
}

fn verify(
    unique_identifier: Option<UniqueIdentifier>,
    parameters: CryptographicParameters,
    data: Vec<u8>,
    signature: Vec<u8>,
) -> SignatureVerifyRequest {
    SignatureVerifyRequest {
        unique_identifier,
        cryptographic_parameters: Some(parameters),
        data: Some(data.into()),
        digested_data: None,
        signature_data: Some(signature),
        correlation_value: None,
        init_indicator: None,
        final_indicator: None,
    }
}

/// Brings the target, has it wrapped with No Encoding, and destroys it: the ID Placeholder names it.
fn wrap(
    key: &UniqueIdentifier,
    target: RegisterRequest,
    mode: BlockCipherMode,
) -> Vec<RequestPayload> {
    let parameters = CryptographicParameters { block_cipher_mode: Some(mode), ..NO_PARAMETERS };
    let specification = KeyWrappingSpecification {
        wrapping_method: WrappingMethod::Encrypt,
        encryption_key_information: Some(KeyInformation {
            unique_identifier: key.clone(),
            cryptographic_parameters: Some(parameters),
        }),
        mac_signature_key_information: None,
        attribute_names: Vec::new(),
        encoding_option: Some(EncodingOption::NoEncoding),
    };
    let get = GetRequest {
        unique_identifier: None,
        key_format_type: None,
        key_wrap_type: None,
        key_compression_type: None,
        key_wrapping_specification: Some(specification),
    };
    let revoke =
        kmip_core::payload::RevokeRequest { unique_identifier: None, ..requests::revoke(key) };
    vec![
        target.into(),
        get.into(),
        revoke.into(),
        DestroyRequest { unique_identifier: None }.into(),
    ]
}
