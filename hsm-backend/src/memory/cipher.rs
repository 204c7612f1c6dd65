//! Encrypting and decrypting.

use rsa::BoxedUint;
use rsa::traits::PublicKeyParts;

use super::block::Aes;
use super::keys::{NOT_PERMITTED, Store, UNSUPPORTED, secret_bytes};
use super::modes::BlockKey;
use super::{ccm, gcm, wrap};
use crate::backend::{Encrypted, KeyRef, Output};
use crate::capability::Capabilities;
use crate::encoding::feedback::Way;
use crate::encoding::oaep::Oaep;
use crate::encoding::xts::{self, Unit};
use crate::encoding::{bad_data, left_pad, padding, pkcs1};
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{
    BlockCipher, BlockMode, CipherAlgorithm, CipherParams, KeyMaterial, KeyUsage, RsaPrivateParts,
    SecretKeyKind, SecretValue, WrapAlgorithm,
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
    let plain = |data| Encrypted { data, tag: Vec::new() };
    let value = match algorithm {
        C::Block { cipher, mode, padding } => {
            let key = block_key(store, key, cipher, |usage| usage.encrypt)?;
            let padded = padding::pad(padding, cipher.block_bytes(), data)?;
            plain(key.run(mode, Way::Encrypt, params, padded.expose()))
        }
        C::AesGcm => {
            let aes = aes(store, key, |usage| usage.encrypt)?;
            let (data, tag) = gcm::seal(&aes, &params.iv, &params.aad, data);
            Encrypted { data, tag: tag.into_iter().take(params.tag_bytes).collect() }
        }
        C::AesCcm => {
            let aes = aes(store, key, |usage| usage.encrypt)?;
            let (data, tag) = ccm::seal(&aes, params, data);
            Encrypted { data, tag }
        }
        C::AesXts => plain(xts(store, key, Way::Encrypt, params, data)?.expose().to_vec()),
        C::AesKeyWrap | C::AesKeyWrapPad => {
            let data = SecretValue::new(data.to_vec());
            plain(wrap::wrap_data(store, capabilities, key, &data, as_wrap(algorithm))?.value)
        }
        C::RsaRaw | C::RsaPkcs1 | C::RsaOaep { .. } => return Err(UNSUPPORTED),
    };
    Ok(Output { value, mechanism: plan.mechanism() })
}

fn aes(store: &Store, key: &KeyRef, allows: fn(&KeyUsage) -> bool) -> Result<Aes, HsmError> {
    let material = store.usable(key, allows)?;
    Aes::new(secret_bytes(&material, SecretKeyKind::Aes)?)
}

fn xts(
    store: &Store,
    key: &KeyRef,
    way: Way,
    params: &CipherParams,
    data: &[u8],
) -> Result<SecretValue, HsmError> {
    let allows: fn(&KeyUsage) -> bool = match way {
        Way::Encrypt => |usage| usage.encrypt,
        Way::Decrypt => |usage| usage.decrypt,
    };
    let tweak_key = params.tweak_key.as_ref().ok_or(NOT_PERMITTED)?;
    let [first, second] = [key, tweak_key].map(|key| store.usable(key, allows));
    let (first, second) = (first?, second?);
    let [first, second] = [&first, &second].map(|key| secret_bytes(key, SecretKeyKind::Aes));
    let (first, second) = (first?, second?);
    xts::check_lengths(Some(first.len()), Some(second.len()))?;
    let ecb = |key, way, blocks: &[u8]| {
        let key = BlockKey::new(BlockCipher::Aes, key)?;
        Ok::<_, HsmError>(key.run(BlockMode::Ecb, way, &CipherParams::default(), blocks))
    };
    let sealed_tweak = ecb(second, Way::Encrypt, &params.iv)?;
    xts::run(way, Unit { tweak: &params.iv, data }, &sealed_tweak, |blocks| {
        ecb(first, way, blocks).map(SecretValue::new)
    })
}

fn block_key(
    store: &Store,
    key: &KeyRef,
    cipher: BlockCipher,
    allows: fn(&KeyUsage) -> bool,
) -> Result<BlockKey, HsmError> {
    let material = store.usable(key, allows)?;
    BlockKey::new(cipher, secret_bytes(&material, cipher.key_kind())?)
}

fn as_wrap(algorithm: CipherAlgorithm) -> WrapAlgorithm {
    if algorithm == C::AesKeyWrap {
        WrapAlgorithm::AesKeyWrap
    } else {
        WrapAlgorithm::AesKeyWrapPad
    }
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
    let mechanism = capabilities.cipher(algorithm).ok_or(UNSUPPORTED)?.decrypt_mechanism();
    let value = match algorithm {
        C::Block { cipher, mode, padding } => {
            let key = block_key(store, key, cipher, |usage| usage.decrypt)?;
            let opened = key.run(mode, Way::Decrypt, params, data);
            padding::unpad(padding, cipher.block_bytes(), opened)?
        }
        C::AesGcm => {
            let aes = aes(store, key, |usage| usage.decrypt)?;
            let opened = gcm::open(&aes, &params.iv, &params.aad, data, tag);
            SecretValue::new(opened.ok_or(bad_data("gcm"))?)
        }
        C::AesCcm => {
            let aes = aes(store, key, |usage| usage.decrypt)?;
            SecretValue::new(ccm::open(&aes, params, data, tag).ok_or(bad_data("ccm"))?)
        }
        C::AesXts => xts(store, key, Way::Decrypt, params, data)?,
        C::AesKeyWrap | C::AesKeyWrapPad => {
            wrap::unwrap_data(store, capabilities, key, data, as_wrap(algorithm))?.value
        }
        C::RsaRaw | C::RsaPkcs1 | C::RsaOaep { .. } => {
            let material = store.usable(key, |usage| usage.decrypt)?;
            decrypt_rsa(&material, algorithm, params, data)?
        }
    };
    Ok(Output { value, mechanism })
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
        | C::Block { .. }
        | C::AesGcm
        | C::AesCcm
        | C::AesXts
        | C::AesKeyWrap
        | C::AesKeyWrapPad => Ok(block),
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
