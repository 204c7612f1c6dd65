//! Short ways to write attributes and parameters.

use kmip_core::attribute::{
    Attribute, AttributeKind, CryptographicParameters, Name, TemplateAttribute,
};
use kmip_core::payload::CreateKeyPairRequest;
use kmip_core::types::{
    BlockCipherMode, CryptographicAlgorithm, CryptographicUsageMask, HashingAlgorithm, NameType,
    PaddingMethod,
};

/// Cryptographic Parameters that say nothing yet.
pub const NO_PARAMETERS: CryptographicParameters = CryptographicParameters {
    block_cipher_mode: None,
    padding_method: None,
    hashing_algorithm: None,
    key_role_type: None,
    digital_signature_algorithm: None,
    cryptographic_algorithm: None,
    random_iv: None,
    iv_length: None,
    tag_length: None,
    fixed_field_length: None,
    invocation_field_length: None,
    counter_length: None,
    initial_counter_value: None,
    salt_length: None,
    mask_generator: None,
    mask_generator_hashing_algorithm: None,
    p_source: None,
    trailer_field: None,
};

/// AES-GCM with an IV of 12 bytes and a tag of 16; `random_iv` has the server make the IV.
#[must_use]
pub const fn aes_gcm(random_iv: bool) -> CryptographicParameters {
    CryptographicParameters {
        block_cipher_mode: Some(BlockCipherMode::GCM),
        cryptographic_algorithm: Some(CryptographicAlgorithm::AES),
        random_iv: Some(random_iv),
        iv_length: Some(12),
        tag_length: Some(16),
        ..NO_PARAMETERS
    }
}

/// RSA with SHA-256 and this padding: PKCS #1 v1.5 or PSS.
#[must_use]
pub const fn rsa_sha256(padding: PaddingMethod) -> CryptographicParameters {
    CryptographicParameters {
        padding_method: Some(padding),
        hashing_algorithm: Some(HashingAlgorithm::SHA_256),
        cryptographic_algorithm: Some(CryptographicAlgorithm::RSA),
        ..NO_PARAMETERS
    }
}

/// A MAC or a hash by this algorithm.
#[must_use]
pub const fn by(algorithm: CryptographicAlgorithm) -> CryptographicParameters {
    CryptographicParameters { cryptographic_algorithm: Some(algorithm), ..NO_PARAMETERS }
}

/// Attributes as a Template-Attribute.
#[must_use]
pub const fn template(attributes: Vec<Attribute>) -> TemplateAttribute {
    TemplateAttribute { names: Vec::new(), attributes }
}

/// Algorithm, length and usage of a key.
#[must_use]
pub fn key(
    algorithm: CryptographicAlgorithm,
    bits: i32,
    usage: CryptographicUsageMask,
) -> Vec<Attribute> {
    vec![
        Attribute::new(AttributeKind::CryptographicAlgorithm, &algorithm),
        Attribute::new(AttributeKind::CryptographicLength, &bits),
        mask(usage),
    ]
}

/// An RSA pair that signs and verifies; its halves are named `called-private` and `called-public`.
#[must_use]
pub fn key_pair(called: &str, bits: i32) -> CreateKeyPairRequest {
    let common = vec![
        Attribute::new(AttributeKind::CryptographicAlgorithm, &CryptographicAlgorithm::RSA),
        Attribute::new(AttributeKind::CryptographicLength, &bits),
    ];
    let half = |half: &str, usage| template(vec![name(&format!("{called}-{half}")), mask(usage)]);
    CreateKeyPairRequest {
        common_template_attribute: Some(template(common)),
        private_key_template_attribute: Some(half("private", CryptographicUsageMask::Sign)),
        public_key_template_attribute: Some(half("public", CryptographicUsageMask::Verify)),
    }
}

/// The usage of a key.
#[must_use]
pub fn mask(usage: CryptographicUsageMask) -> Attribute {
    Attribute::new(AttributeKind::CryptographicUsageMask, &usage)
}

/// A name.
#[must_use]
pub fn name(text: &str) -> Attribute {
    let name = Name { name_value: text.to_owned(), name_type: NameType::UninterpretedTextString };
    Attribute::new(AttributeKind::Name, &name)
}
