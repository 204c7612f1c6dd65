//! Encrypting and decrypting.

use rsa::BoxedUint;
use rsa::traits::PublicKeyParts;

use super::block::{Aes, next_counter};
use super::gcm;
use super::keys::{NOT_PERMITTED, Store, UNSUPPORTED, secret_bytes};
use crate::backend::{Encrypted, KeyRef, Output};
use crate::capability::Capabilities;
use crate::encoding::oaep::Oaep;
use crate::encoding::{bad_data, left_pad, pkcs1, pkcs5};
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{
    CipherAlgorithm, CipherParams, KeyMaterial, RsaPrivateParts, SecretKeyKind, SecretValue,
};
use crate::{keycheck, limits};

use CipherAlgorithm as C;

pub(super) fn encrypt(
    store: &Store,
    capabilities: &Capabilities,
    key: &KeyRef,
    algorithm: CipherAlgorithm,
    params: &CipherParams,
    data: &[u8],
) -> Result<Output<Encrypted>, HsmError> {
    if algorithm.is_public_key() {
        return Err(UNSUPPORTED);
    }
    let plan = capabilities.cipher(algorithm).ok_or(UNSUPPORTED)?;
    limits::check_encrypt(algorithm, params, data)?;
    let material = store.usable(key, |usage| usage.encrypt)?;
    let aes = Aes::new(secret_bytes(&material, SecretKeyKind::Aes)?)?;
    let iv = params.iv.as_slice().try_into().ok();
    let plain = |data| Encrypted { data, tag: Vec::new() };
    let value = match algorithm {
        C::AesEcb | C::AesCbc => plain(aes.encrypt_blocks(iv, data)),
        C::AesEcbPkcs5 | C::AesCbcPkcs5 => plain(aes.encrypt_blocks(iv, pkcs5::pad(data).expose())),
        C::AesCtr => plain(aes.apply_counter(iv.unwrap_or_default(), data, next_counter)),
        C::AesGcm => {
            let (data, tag) = gcm::seal(&aes, &params.iv, &params.aad, data);
            Encrypted { data, tag: tag.into_iter().take(params.tag_bytes).collect() }
        }
        C::RsaRaw | C::RsaPkcs1 | C::RsaOaep { .. } => return Err(UNSUPPORTED),
    };
    Ok(Output { value, mechanism: plan.mechanism() })
}

pub(super) fn decrypt(
    store: &Store,
    capabilities: &Capabilities,
    key: &KeyRef,
    algorithm: CipherAlgorithm,
    params: &CipherParams,
    data: &[u8],
    tag: &[u8],
) -> Result<Output<SecretValue>, HsmError> {
    limits::check_decrypt(algorithm, params, data, tag)?;
    let plan = capabilities.cipher(algorithm).ok_or(UNSUPPORTED)?;
    let material = store.usable(key, |usage| usage.decrypt)?;
    let value = if algorithm.is_public_key() {
        decrypt_rsa(&material, algorithm, params, data)?
    } else {
        let aes = Aes::new(secret_bytes(&material, SecretKeyKind::Aes)?)?;
        decrypt_aes(&aes, algorithm, params, data, tag)?
    };
    Ok(Output { value, mechanism: plan.mechanism() })
}

fn decrypt_aes(
    aes: &Aes,
    algorithm: CipherAlgorithm,
    params: &CipherParams,
    data: &[u8],
    tag: &[u8],
) -> Result<SecretValue, HsmError> {
    let iv = params.iv.as_slice().try_into().ok();
    let value = match algorithm {
        C::AesEcb | C::AesCbc => aes.decrypt_blocks(iv, data),
        C::AesEcbPkcs5 | C::AesCbcPkcs5 => return pkcs5::unpad(aes.decrypt_blocks(iv, data)),
        C::AesCtr => aes.apply_counter(iv.unwrap_or_default(), data, next_counter),
        C::AesGcm => gcm::open(aes, &params.iv, &params.aad, data, tag).ok_or(bad_data("gcm"))?,
        C::RsaRaw | C::RsaPkcs1 | C::RsaOaep { .. } => return Err(UNSUPPORTED),
    };
    Ok(SecretValue::new(value))
}

fn decrypt_rsa(
    material: &KeyMaterial,
    algorithm: CipherAlgorithm,
    params: &CipherParams,
    data: &[u8],
) -> Result<SecretValue, HsmError> {
    let KeyMaterial::RsaPrivate(parts) = material else { return Err(NOT_PERMITTED) };
    if data.len() != parts.modulus.len() {
        return Err(HsmError::new(HsmErrorKind::BadLength, "modulus length"));
    }
    let block = raw_private(parts, data)?;
    match algorithm {
        C::RsaOaep { hash, mgf } => Oaep { hash, mgf, label: &params.aad }.decode(block.expose()),
        C::RsaPkcs1 => {
            let message = pkcs1::eme_decode(block.expose()).ok_or(bad_data("pkcs1"))?;
            Ok(SecretValue::new(message.to_vec()))
        }
        C::RsaRaw
        | C::AesEcb
        | C::AesEcbPkcs5
        | C::AesCbc
        | C::AesCbcPkcs5
        | C::AesCtr
        | C::AesGcm => Ok(block),
    }
}

/// The raw private operation; `block` is as long as the modulus.
pub(super) fn raw_private(parts: &RsaPrivateParts, block: &[u8]) -> Result<SecretValue, HsmError> {
    let key = keycheck::rsa_key(parts)?;
    let refused = bad_data("rsa");
    let number =
        BoxedUint::from_be_slice(block, key.n_bits_precision()).map_err(|_| refused.clone())?;
    let mut rng = rsa::rand_core::UnwrapErr(getrandom::SysRng);
    let result = rsa::hazmat::rsa_decrypt_and_check(&key, Some(&mut rng), &number);
    let result = result.map_err(|_| refused.clone())?;
    left_pad(&result.to_be_bytes(), key.size()).map(SecretValue::new).ok_or(refused)
}
