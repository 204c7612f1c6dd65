//! Requests as the tests write them, and the answers taken apart.

use kmip_core::attribute::{
    Attribute, AttributeKind, CryptographicParameters, Name, RevocationReason, TemplateAttribute,
    UniqueIdentifier,
};
use kmip_core::object::{KeyBlock, KeyMaterial, KeyValue, Object, SymmetricKey};
use kmip_core::payload::{
    ActivateRequest, CreateKeyPairRequest, CreateRequest, DecryptRequest, DestroyRequest,
    EncryptRequest, GetAttributesRequest, GetRequest, LocateRequest, QueryRequest, RegisterRequest,
    ResponsePayload, RevokeRequest, SignRequest,
};
use kmip_core::types::{
    BlockCipherMode, CryptographicAlgorithm, CryptographicUsageMask as Mask, HashingAlgorithm,
    KeyFormatType, NameType, ObjectType, PaddingMethod, QueryFunction, RevocationReasonCode, State,
};

use crate::client::{Client, Refusal};

/// An identifier.
pub type Id = UniqueIdentifier;

/// The Name of an object.
#[must_use]
pub fn name(text: &str) -> Attribute {
    let name_type = NameType::UninterpretedTextString;
    Attribute::new(AttributeKind::Name, &Name { name_value: text.to_owned(), name_type })
}

fn template(attributes: Vec<Attribute>) -> TemplateAttribute {
    TemplateAttribute { names: Vec::new(), attributes }
}

/// The attributes of an AES-256 key that encrypts and decrypts.
#[must_use]
pub fn aes_attributes() -> Vec<Attribute> {
    vec![
        Attribute::new(AttributeKind::CryptographicAlgorithm, &CryptographicAlgorithm::AES),
        Attribute::new(AttributeKind::CryptographicLength, &256_i32),
        Attribute::new(AttributeKind::CryptographicUsageMask, &Mask::Encrypt.union(Mask::Decrypt)),
    ]
}

/// Asks for an AES-256 key with these attributes beside the usual.
#[must_use]
pub fn create_aes(more: &[Attribute]) -> CreateRequest {
    let mut attributes = aes_attributes();
    attributes.extend_from_slice(more);
    let template_attribute = template(attributes);
    CreateRequest { object_type: ObjectType::SymmetricKey, template_attribute }
}

/// Asks for an EC pair on P-256 whose private key bears this Name.
#[must_use]
pub fn create_ec_pair(private_name: &str) -> CreateKeyPairRequest {
    let mask = |bits: Mask| Attribute::new(AttributeKind::CryptographicUsageMask, &bits);
    CreateKeyPairRequest {
        common_template_attribute: Some(template(vec![
            Attribute::new(AttributeKind::CryptographicAlgorithm, &CryptographicAlgorithm::ECDSA),
            Attribute::new(AttributeKind::CryptographicLength, &256_i32),
        ])),
        private_key_template_attribute: Some(template(vec![mask(Mask::Sign), name(private_name)])),
        public_key_template_attribute: Some(template(vec![mask(Mask::Verify)])),
    }
}

/// Brings an AES key, with these attributes beside the usual.
///
/// # Panics
///
/// If the key is absurdly long.
#[must_use]
pub fn register_aes(key: &[u8], more: &[Attribute]) -> RegisterRequest {
    let bits = i32::try_from(key.len() * 8).unwrap();
    let mut attributes = vec![
        Attribute::new(AttributeKind::CryptographicAlgorithm, &CryptographicAlgorithm::AES),
        Attribute::new(AttributeKind::CryptographicLength, &bits),
        Attribute::new(AttributeKind::CryptographicUsageMask, &Mask::Encrypt.union(Mask::Decrypt)),
    ];
    attributes.extend_from_slice(more);
    let key_block = KeyBlock {
        key_format_type: KeyFormatType::Raw,
        key_compression_type: None,
        key_value: Some(KeyValue::plain(KeyMaterial::Bytes(key.to_vec().into()))),
        cryptographic_algorithm: Some(CryptographicAlgorithm::AES),
        cryptographic_length: Some(bits),
        key_wrapping_data: None,
    };
    RegisterRequest {
        object_type: ObjectType::SymmetricKey,
        template_attribute: template(attributes),
        object: Object::SymmetricKey(SymmetricKey { key_block }),
    }
}

/// Cryptographic Parameters without a word.
#[must_use]
pub const fn no_parameters() -> CryptographicParameters {
    server::bridge::no_parameters()
}

/// AES-CBC with PKCS5 padding.
#[must_use]
pub fn cbc() -> CryptographicParameters {
    CryptographicParameters {
        block_cipher_mode: Some(BlockCipherMode::CBC),
        padding_method: Some(PaddingMethod::PKCS5),
        ..no_parameters()
    }
}

/// The IV of every encryption in the tests.
pub const IV: [u8; 16] = *b"sixteen IV bytes";

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
    SignRequest {
        unique_identifier: Some(id.clone()),
        cryptographic_parameters: Some(CryptographicParameters {
            hashing_algorithm,
            ..no_parameters()
        }),
        data: Some(data.to_vec().into()),
        digested_data: None,
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

/// Asks for attributes; for all if none is named.
#[must_use]
pub fn get_attributes(id: &Id, kinds: &[AttributeKind]) -> GetAttributesRequest {
    let attribute_names = kinds.iter().map(|kind| (*kind).into()).collect();
    GetAttributesRequest { unique_identifier: Some(id.clone()), attribute_names }
}

/// Searches for objects with all these attributes.
#[must_use]
pub fn locate(attributes: Vec<Attribute>) -> LocateRequest {
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

/// What tests do again and again, taken apart.
impl Client {
    /// Makes an AES-256 key and returns its identifier.
    ///
    /// # Panics
    ///
    /// If the server refuses.
    pub fn make_aes(&mut self, more: &[Attribute]) -> Id {
        match self.call(create_aes(more)).unwrap() {
            ResponsePayload::Create(answer) => answer.unique_identifier,
            other => panic!("{other:?}"),
        }
    }

    /// Makes an AES-256 key, activates it, and returns its identifier.
    ///
    /// # Panics
    ///
    /// If the server refuses.
    pub fn make_active_aes(&mut self) -> Id {
        let id = self.make_aes(&[]);
        self.call(activate(&id)).unwrap();
        id
    }

    /// Brings a key, activates it, and returns its identifier.
    ///
    /// # Panics
    ///
    /// If the server refuses.
    pub fn bring_active_aes(&mut self, key: &[u8], more: &[Attribute]) -> Id {
        match self.call(register_aes(key, more)).unwrap() {
            ResponsePayload::Register(answer) => {
                self.call(activate(&answer.unique_identifier)).unwrap();
                answer.unique_identifier
            }
            other => panic!("{other:?}"),
        }
    }

    /// Encrypts with AES-CBC-PKCS5.
    ///
    /// # Errors
    ///
    /// The server's refusal.
    ///
    /// # Panics
    ///
    /// If the answer holds no data.
    pub fn encrypted(&mut self, id: &Id, data: &[u8]) -> Result<Vec<u8>, Refusal> {
        match self.call(encrypt(id, data))? {
            ResponsePayload::Encrypt(answer) => Ok(answer.data.unwrap().expose().to_vec()),
            other => panic!("{other:?}"),
        }
    }

    /// Decrypts what [`Self::encrypted`] made.
    ///
    /// # Errors
    ///
    /// The server's refusal.
    ///
    /// # Panics
    ///
    /// If the answer holds no data.
    pub fn decrypted(&mut self, id: &Id, data: &[u8]) -> Result<Vec<u8>, Refusal> {
        match self.call(decrypt(id, data))? {
            ResponsePayload::Decrypt(answer) => Ok(answer.data.unwrap().expose().to_vec()),
            other => panic!("{other:?}"),
        }
    }

    /// The identifiers of objects with all these attributes.
    ///
    /// # Panics
    ///
    /// If the server refuses.
    pub fn located(&mut self, attributes: Vec<Attribute>) -> Vec<Id> {
        match self.call(locate(attributes)).unwrap() {
            ResponsePayload::Locate(answer) => answer.unique_identifiers,
            other => panic!("{other:?}"),
        }
    }

    /// The state of an object.
    ///
    /// # Errors
    ///
    /// The server's refusal.
    ///
    /// # Panics
    ///
    /// If the answer holds no state.
    pub fn state(&mut self, id: &Id) -> Result<State, Refusal> {
        match self.call(get_attributes(id, &[AttributeKind::State]))? {
            ResponsePayload::GetAttributes(answer) => {
                let value = &answer.attributes.first().unwrap().value;
                Ok(value.to(kmip_core::types::ProtocolVersion::NEWEST).unwrap())
            }
            other => panic!("{other:?}"),
        }
    }
}
