//! Requests as the tests write them.

use kmip_core::attribute::{
    Attribute, AttributeKind, CryptographicParameters, RevocationReason, UniqueIdentifier,
};
use kmip_core::object::{KeyBlock, KeyMaterial, KeyValue, Object, SymmetricKey};
use kmip_core::payload::{
    ActivateRequest, CreateKeyPairRequest, CreateRequest, DecryptRequest, DerivationParameters,
    DeriveKeyRequest, DestroyRequest, EncryptRequest, ExportRequest, ExportResponse,
    GetAttributesRequest, GetRequest, ImportRequest, LocateRequest, MacRequest, QueryRequest,
    RegisterRequest, RevokeRequest, SignRequest,
};
use kmip_core::ttlv::DateTime;
use kmip_core::types::{
    BlockCipherMode, CryptographicAlgorithm, CryptographicUsageMask as Mask, DerivationMethod,
    HashingAlgorithm, KeyFormatType, ObjectType, PaddingMethod, ProtocolVersion, QueryFunction,
    RevocationReasonCode, State,
};
use server::client::template::{self, NO_PARAMETERS};
use server::client::{Client, ClientError};

/// An identifier.
pub type Id = UniqueIdentifier;

/// Makes an object Active from its first moment.
#[must_use]
pub fn active_at_once() -> Attribute {
    Attribute::new(AttributeKind::ActivationDate, &DateTime(1))
}

/// Asks for an AES-256 key with these attributes beside the usual.
#[must_use]
pub fn create_aes(more: &[Attribute]) -> CreateRequest {
    let usage = Mask::Encrypt.union(Mask::Decrypt);
    let mut attributes = template::key(CryptographicAlgorithm::AES, 256, usage);
    attributes.extend_from_slice(more);
    let template_attribute = template::template(attributes);
    CreateRequest { object_type: ObjectType::SymmetricKey, template_attribute }
}

/// Asks for a pair whose private key signs, with these attributes beside the usual.
#[must_use]
pub fn create_pair(
    algorithm: CryptographicAlgorithm,
    bits: i32,
    private: &[Attribute],
) -> CreateKeyPairRequest {
    let mut of_private = vec![template::mask(Mask::Sign)];
    of_private.extend_from_slice(private);
    CreateKeyPairRequest {
        common_template_attribute: Some(template::template(vec![
            Attribute::new(AttributeKind::CryptographicAlgorithm, &algorithm),
            Attribute::new(AttributeKind::CryptographicLength, &bits),
        ])),
        private_key_template_attribute: Some(template::template(of_private)),
        public_key_template_attribute: Some(template::template(vec![template::mask(Mask::Verify)])),
    }
}

/// Brings an AES key, with these attributes beside the usual.
///
/// # Panics
///
/// If the key is absurdly long.
#[must_use]
pub fn register_aes(key: &[u8], more: &[Attribute]) -> RegisterRequest {
    register_secret(CryptographicAlgorithm::AES, Mask::Encrypt.union(Mask::Decrypt), key, more)
}

/// Brings an HMAC key that is Active at once.
///
/// # Panics
///
/// If the key is absurdly long.
#[must_use]
pub fn register_hmac(algorithm: CryptographicAlgorithm, key: &[u8]) -> RegisterRequest {
    register_secret(algorithm, Mask::MACGenerate, key, &[active_at_once()])
}

/// Brings a secret key that may do what `usage` says.
///
/// # Panics
///
/// If the key is absurdly long.
#[must_use]
pub fn register_secret(
    algorithm: CryptographicAlgorithm,
    usage: Mask,
    key: &[u8],
    more: &[Attribute],
) -> RegisterRequest {
    let bits = i32::try_from(key.len() * 8).unwrap();
    let mut attributes = template::key(algorithm, bits, usage);
    attributes.extend_from_slice(more);
    let key_block = KeyBlock {
        key_format_type: KeyFormatType::Raw,
        key_compression_type: None,
        key_value: Some(KeyValue::plain(KeyMaterial::Bytes(key.to_vec().into()))),
        cryptographic_algorithm: Some(algorithm),
        cryptographic_length: Some(bits),
        key_wrapping_data: None,
    };
    RegisterRequest {
        object_type: ObjectType::SymmetricKey,
        template_attribute: template::template(attributes),
        object: Object::SymmetricKey(SymmetricKey { key_block }),
    }
}

/// The IV of every encryption in the tests.
pub const IV: [u8; 16] = *b"sixteen IV bytes";

/// AES-CBC with PKCS5 padding.
#[must_use]
pub const fn cbc() -> CryptographicParameters {
    CryptographicParameters {
        block_cipher_mode: Some(BlockCipherMode::CBC),
        padding_method: Some(PaddingMethod::PKCS5),
        ..NO_PARAMETERS
    }
}

/// Encrypts with AES-CBC-PKCS5.
#[must_use]
pub fn encrypt(id: &Id, data: &[u8]) -> EncryptRequest {
    EncryptRequest {
        unique_identifier: Some(id.clone()),
        cryptographic_parameters: Some(cbc()),
        data: Some(data.to_vec().into()),
        iv_counter_nonce: Some(IV.to_vec()),
        correlation_value: None,
        init_indicator: None,
        final_indicator: None,
        authenticated_encryption_additional_data: None,
    }
}

/// Decrypts what [`encrypt`] made.
#[must_use]
pub fn decrypt(id: &Id, data: &[u8]) -> DecryptRequest {
    DecryptRequest {
        unique_identifier: Some(id.clone()),
        cryptographic_parameters: Some(cbc()),
        data: Some(data.to_vec().into()),
        iv_counter_nonce: Some(IV.to_vec()),
        correlation_value: None,
        init_indicator: None,
        final_indicator: None,
        authenticated_encryption_additional_data: None,
        authenticated_encryption_tag: None,
    }
}

/// Signs with ECDSA and SHA-256.
#[must_use]
pub fn sign_ec(id: &Id, data: &[u8]) -> SignRequest {
    let hashing_algorithm = Some(HashingAlgorithm::SHA_256);
    let parameters = CryptographicParameters { hashing_algorithm, ..NO_PARAMETERS };
    SignRequest {
        unique_identifier: Some(id.clone()),
        cryptographic_parameters: Some(parameters),
        data: Some(data.to_vec().into()),
        digested_data: None,
        correlation_value: None,
        init_indicator: None,
        final_indicator: None,
    }
}

/// Computes a MAC.
#[must_use]
pub fn mac(id: &Id, data: &[u8]) -> MacRequest {
    MacRequest {
        unique_identifier: Some(id.clone()),
        cryptographic_parameters: None,
        data: Some(data.to_vec().into()),
        correlation_value: None,
        init_indicator: None,
        final_indicator: None,
    }
}

/// Activates.
#[must_use]
pub fn activate(id: &Id) -> ActivateRequest {
    ActivateRequest { unique_identifier: Some(id.clone()) }
}

/// Revokes: cessation of operation.
#[must_use]
pub fn revoke(id: &Id) -> RevokeRequest {
    let code = RevocationReasonCode::CessationOfOperation;
    RevokeRequest {
        unique_identifier: Some(id.clone()),
        revocation_reason: RevocationReason { code, message: None },
        compromise_occurrence_date: None,
    }
}

/// Destroys.
#[must_use]
pub fn destroy(id: &Id) -> DestroyRequest {
    DestroyRequest { unique_identifier: Some(id.clone()) }
}

/// Asks for the object as it is.
#[must_use]
pub fn get(id: &Id) -> GetRequest {
    GetRequest {
        unique_identifier: Some(id.clone()),
        key_format_type: None,
        key_wrap_type: None,
        key_compression_type: None,
        key_wrapping_specification: None,
    }
}

/// Asks for the object with all its attributes.
#[must_use]
pub fn export(id: &Id) -> ExportRequest {
    ExportRequest {
        unique_identifier: Some(id.clone()),
        key_format_type: None,
        key_wrap_type: None,
        key_compression_type: None,
        key_wrapping_specification: None,
    }
}

/// Brings what an Export gave, under its own identifier.
#[must_use]
pub fn import(exported: ExportResponse, replace: bool) -> ImportRequest {
    ImportRequest {
        unique_identifier: exported.unique_identifier,
        replace_existing: Some(replace),
        key_wrap_type: None,
        attributes: exported.attributes,
        object: exported.object,
    }
}

/// Asks for attributes; for all if none is named.
#[must_use]
pub fn get_attributes(id: &Id, kinds: &[AttributeKind]) -> GetAttributesRequest {
    let attribute_names = kinds.iter().map(|kind| (*kind).into()).collect();
    GetAttributesRequest { unique_identifier: Some(id.clone()), attribute_names }
}

/// Searches for objects with all these attributes.
#[must_use]
pub const fn locate(attributes: Vec<Attribute>) -> LocateRequest {
    LocateRequest {
        maximum_items: None,
        offset_items: None,
        storage_status_mask: None,
        object_group_member: None,
        attributes,
        template_attribute: None,
    }
}

/// Asks what is served.
#[must_use]
pub fn query() -> QueryRequest {
    QueryRequest { query_functions: vec![QueryFunction::QueryOperations] }
}

/// What tests do again and again.
pub trait Shortcuts {
    /// Makes an AES-256 key that is Active.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    fn make_aes(&mut self, more: &[Attribute]) -> Result<Id, ClientError>;

    /// Brings a key, Active from then on.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    fn bring_aes(&mut self, key: &[u8], more: &[Attribute]) -> Result<Id, ClientError>;

    /// Encrypts with AES-CBC-PKCS5.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    fn encrypted(&mut self, id: &Id, data: &[u8]) -> Result<Vec<u8>, ClientError>;

    /// Decrypts what [`Self::encrypted`] made.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    fn decrypted(&mut self, id: &Id, data: &[u8]) -> Result<Vec<u8>, ClientError>;

    /// The state of an object.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    fn state(&mut self, id: &Id) -> Result<State, ClientError>;
}

impl Shortcuts for Client {
    fn make_aes(&mut self, more: &[Attribute]) -> Result<Id, ClientError> {
        let mut attributes = vec![active_at_once()];
        attributes.extend_from_slice(more);
        Ok(self.call(create_aes(&attributes))?.unique_identifier)
    }

    fn bring_aes(&mut self, key: &[u8], more: &[Attribute]) -> Result<Id, ClientError> {
        let id = self.call(register_aes(key, more))?.unique_identifier;
        self.call(activate(&id))?;
        Ok(id)
    }

    fn encrypted(&mut self, id: &Id, data: &[u8]) -> Result<Vec<u8>, ClientError> {
        Ok(self.call(encrypt(id, data))?.data.unwrap().expose().to_vec())
    }

    fn decrypted(&mut self, id: &Id, data: &[u8]) -> Result<Vec<u8>, ClientError> {
        Ok(self.call(decrypt(id, data))?.data.unwrap().expose().to_vec())
    }

    fn state(&mut self, id: &Id) -> Result<State, ClientError> {
        let answer = self.call(get_attributes(id, &[AttributeKind::State]))?;
        Ok(answer.attributes.first().unwrap().value.to(ProtocolVersion::NEWEST).unwrap())
    }
}

/// Derives an HMAC key of all the secret that a private and a public key agree on; `bits` is its
/// length.
#[must_use]
pub fn agree(bases: &[Id; 2], bits: i32) -> DeriveKeyRequest {
    let ecdh = CryptographicParameters {
        cryptographic_algorithm: Some(CryptographicAlgorithm::ECDH),
        ..NO_PARAMETERS
    };
    DeriveKeyRequest {
        object_type: ObjectType::SymmetricKey,
        unique_identifiers: bases.to_vec(),
        derivation_method: DerivationMethod::AsymmetricKey,
        derivation_parameters: DerivationParameters {
            cryptographic_parameters: Some(ecdh),
            initialization_vector: None,
            derivation_data: None,
            salt: None,
            iteration_count: None,
        },
        template_attribute: template::template(template::key(
            CryptographicAlgorithm::HMAC_SHA256,
            bits,
            Mask::MACGenerate,
        )),
    }
}
