//! Keys as they are registered, and Cryptographic Parameters as they are asked for.

use kmip_core::attribute::{Attribute, AttributeKind, CryptographicParameters, TemplateAttribute};
use kmip_core::object::{
    KeyBlock, KeyMaterial, KeyValue, Object, PrivateKey, PublicKey, SymmetricKey,
};
use kmip_core::payload::RegisterRequest;
use kmip_core::types::{
    CryptographicAlgorithm as Algorithm, CryptographicUsageMask as Mask, HashingAlgorithm,
    KeyFormatType, MaskGenerator, ObjectType, PaddingMethod,
};
use server::client::template::NO_PARAMETERS;

use crate::requests::active_at_once;

/// A key that is Active at once, since its Activation Date is the epoch.
fn register(
    object_type: ObjectType,
    format: (KeyFormatType, &[u8]),
    algorithm: Algorithm,
    mask: Mask,
    wrap: impl FnOnce(KeyBlock) -> Object,
) -> RegisterRequest {
    let key_block = KeyBlock {
        key_format_type: format.0,
        key_compression_type: None,
        key_value: Some(KeyValue::plain(KeyMaterial::Bytes(format.1.to_vec().into()))),
        cryptographic_algorithm: Some(algorithm),
        cryptographic_length: None,
        key_wrapping_data: None,
    };
    let attributes =
        vec![Attribute::new(AttributeKind::CryptographicUsageMask, &mask), active_at_once()];
    RegisterRequest {
        object_type,
        template_attribute: TemplateAttribute { names: Vec::new(), attributes },
        object: wrap(key_block),
    }
}

/// A symmetric key.
#[must_use]
pub fn secret(algorithm: Algorithm, key: &[u8], mask: Mask) -> RegisterRequest {
    let format = (KeyFormatType::Raw, key);
    register(ObjectType::SymmetricKey, format, algorithm, mask, |key_block| {
        Object::SymmetricKey(SymmetricKey { key_block })
    })
}

/// A private key from its PKCS#8 form.
#[must_use]
pub fn private(algorithm: Algorithm, pkcs8: &[u8], mask: Mask) -> RegisterRequest {
    let format = (KeyFormatType::PKCS_8, pkcs8);
    register(ObjectType::PrivateKey, format, algorithm, mask, |key_block| {
        Object::PrivateKey(PrivateKey { key_block })
    })
}

/// A public key, for verification: a SubjectPublicKeyInfo or, for RSA, a PKCS#1 key.
#[must_use]
pub fn public(algorithm: Algorithm, format: KeyFormatType, der: &[u8]) -> RegisterRequest {
    register(ObjectType::PublicKey, (format, der), algorithm, Mask::Verify, |key_block| {
        Object::PublicKey(PublicKey { key_block })
    })
}

/// Parameters that name a hash.
#[must_use]
pub const fn hashed(hash: HashingAlgorithm) -> CryptographicParameters {
    CryptographicParameters { hashing_algorithm: Some(hash), ..NO_PARAMETERS }
}

/// RSA with this padding and hash.
#[must_use]
pub fn padded(padding: PaddingMethod, hash: HashingAlgorithm) -> CryptographicParameters {
    CryptographicParameters { padding_method: Some(padding), ..hashed(hash) }
}

/// RSA with a padding that has a mask generator: OAEP, PSS.
#[must_use]
pub fn masked(
    padding: PaddingMethod,
    hash: HashingAlgorithm,
    mgf: HashingAlgorithm,
) -> CryptographicParameters {
    CryptographicParameters {
        mask_generator: Some(MaskGenerator::MGF1),
        mask_generator_hashing_algorithm: Some(mgf),
        ..padded(padding, hash)
    }
}

/// The same key with more attributes.
#[must_use]
pub fn with(mut key: RegisterRequest, more: &[Attribute]) -> RegisterRequest {
    key.template_attribute.attributes.extend_from_slice(more);
    key
}

/// Who may see the value: Sensitive and Extractable.
#[must_use]
pub fn exposure(sensitive: bool, extractable: bool) -> [Attribute; 2] {
    [
        Attribute::new(AttributeKind::Sensitive, &sensitive),
        Attribute::new(AttributeKind::Extractable, &extractable),
    ]
}
