//! C_Encrypt and C_Decrypt.

use cryptoki::mechanism::Mechanism as Call;
use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;
use zeroize::Zeroizing;

use super::keys::{Key, KeyKind};
use super::mechanism::{ctr, ctr_params, gcm, oaep, plain, with_iv};
use super::rv::Fault;
use super::token::{Doubt, Token};
use crate::backend::{CallContext, Encrypted, KeyRef, Output};
use crate::capability::{CipherPlan, Mechanism};
use crate::encoding::oaep::Oaep;
use crate::encoding::{left_pad, pkcs5};
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{CipherAlgorithm, CipherParams, SecretKeyKind, SecretValue};
use crate::limits;

/// Longer inputs go in parts: single calls are 3 to 12 times slower on SoftHSM.
pub(super) const SINGLE_PART_BYTES: usize = 32 << 10;
/// Length of a part.
pub(super) const PART_BYTES: usize = 64 << 10;

const UNSUPPORTED: HsmError = HsmError::new(HsmErrorKind::Unsupported, "cipher");
const WRONG_KEY: HsmError = HsmError::new(HsmErrorKind::NotPermitted, "key type");

/// Something to be decrypted.
#[derive(Clone, Copy)]
pub(super) struct Sealed<'a> {
    pub(super) algorithm: CipherAlgorithm,
    pub(super) params: &'a CipherParams,
    pub(super) data: &'a [u8],
    pub(super) tag: &'a [u8],
}

/// Encrypts with a secret key; public keys encrypt in software.
///
/// Spec: PKCS#11 2.40 §5.8.
pub(super) fn encrypt(
    token: &Token,
    call: &CallContext,
    key: &KeyRef,
    algorithm: CipherAlgorithm,
    params: &CipherParams,
    data: &[u8],
) -> Result<Output<Encrypted>, HsmError> {
    if algorithm.is_public_key() {
        return Err(UNSUPPORTED);
    }
    let plan = token.capabilities.cipher(algorithm).ok_or(UNSUPPORTED)?;
    limits::check_encrypt(algorithm, params, data)?;
    if let Some((before, after, zero)) = split_at_wrap(algorithm, params, data) {
        let mut output = encrypt(token, call, key, algorithm, params, before)?;
        let rest = encrypt(token, call, key, algorithm, &zero, after)?;
        output.value.data.extend(rest.value.data);
        return Ok(output);
    }
    let padded = matches!(plan, CipherPlan::PadHere(_)).then(|| pkcs5::pad(data));
    let data = padded.as_ref().map_or(data, SecretValue::expose);
    let mut output = token.use_key(call, key, Doubt::Device, |session, key| {
        need_aes(key)?;
        let handle = token.working_handle(key)?;
        with_cipher(plan.mechanism(), params, params.tag_bytes, |mechanism| {
            encrypt_all(session, mechanism, handle, data)
        })
    })?;
    let tag_bytes = if algorithm == CipherAlgorithm::AesGcm { params.tag_bytes } else { 0 };
    let short = HsmError::new(HsmErrorKind::Device(0), "C_Encrypt");
    let tag = output.split_off(output.len().checked_sub(tag_bytes).ok_or(short)?);
    Ok(Output { value: Encrypted { data: output, tag }, mechanism: plan.mechanism() })
}

/// Decrypts with a secret or private key. What is wrong with a padding is not told.
///
/// Spec: PKCS#11 2.40 §5.9.
pub(super) fn decrypt(
    token: &Token,
    call: &CallContext,
    key: &KeyRef,
    sealed: Sealed<'_>,
) -> Result<Output<SecretValue>, HsmError> {
    limits::check_decrypt(sealed.algorithm, sealed.params, sealed.data, sealed.tag)?;
    let plan = decrypt_plan(token, &sealed).ok_or(UNSUPPORTED)?;
    if let Some((before, after, zero)) = split_at_wrap(sealed.algorithm, sealed.params, sealed.data)
    {
        let first = decrypt(token, call, key, Sealed { data: before, ..sealed })?;
        let rest = decrypt(token, call, key, Sealed { data: after, params: &zero, ..sealed })?;
        let whole = [first.value.expose(), rest.value.expose()].concat();
        return Ok(Output { value: SecretValue::new(whole), mechanism: first.mechanism });
    }
    let joined;
    let input = if sealed.tag.is_empty() {
        sealed.data
    } else {
        joined = [sealed.data, sealed.tag].concat();
        &joined
    };
    let value = token.use_key(call, key, Doubt::Data, |session, key| {
        check_key(key, sealed.algorithm, input)?;
        let handle = token.working_handle(key)?;
        if sealed.algorithm.is_public_key() {
            return decrypt_rsa(session, handle, plan, &sealed, input.len());
        }
        with_cipher(plan.mechanism(), sealed.params, sealed.tag.len(), |mechanism| {
            let whole = sealed.algorithm == CipherAlgorithm::AesGcm;
            decrypt_all(session, mechanism, handle, input, whole)
        })
    })?;
    let value = match plan {
        CipherPlan::PadHere(_) => pkcs5::unpad(value.expose().to_vec())?,
        CipherPlan::OnToken(_) | CipherPlan::UnpadHere(_) => value,
    };
    Ok(Output { value, mechanism: plan.mechanism() })
}

/// Where the block counter of CTR passes its maximum: the data before and after that, and the
/// parameters for the latter. SoftHSM refuses to wrap (CKR_DATA_LEN_RANGE), others do it.
fn split_at_wrap<'a>(
    algorithm: CipherAlgorithm,
    params: &CipherParams,
    data: &'a [u8],
) -> Option<(&'a [u8], &'a [u8], CipherParams)> {
    if algorithm != CipherAlgorithm::AesCtr {
        return None;
    }
    let counter = u128::from_be_bytes(params.iv.as_slice().try_into().ok()?);
    let blocks_left = usize::try_from((u128::MAX - counter).checked_add(1)?).ok()?;
    let (before, after) = data.split_at_checked(blocks_left.checked_mul(16)?)?;
    let zero = CipherParams { iv: vec![0; 16], ..params.clone() };
    (!after.is_empty()).then_some((before, after, zero))
}

/// The best plan; for OAEP with a label one that unpads here, for SoftHSM ignores labels.
fn decrypt_plan(token: &Token, sealed: &Sealed<'_>) -> Option<CipherPlan> {
    let labelled = sealed.algorithm.is_public_key() && !sealed.params.aad.is_empty();
    let plans = token.capabilities.cipher_plans(sealed.algorithm).iter().copied();
    plans.into_iter().find(|plan| !labelled || matches!(plan, CipherPlan::UnpadHere(_)))
}

fn need_aes(key: &Key) -> Result<(), HsmError> {
    match key.kind {
        KeyKind::Secret { kind: SecretKeyKind::Aes, .. } => Ok(()),
        KeyKind::Secret { kind: SecretKeyKind::Generic, .. }
        | KeyKind::Rsa { .. }
        | KeyKind::Ec(_) => Err(WRONG_KEY),
    }
}

/// Key type, and for RSA the length: exactly that of the modulus, for more ends SoftHSM's process.
fn check_key(key: &Key, algorithm: CipherAlgorithm, input: &[u8]) -> Result<(), HsmError> {
    if !algorithm.is_public_key() {
        return need_aes(key);
    }
    match key.kind {
        KeyKind::Rsa { modulus_bits } if input.len() == modulus_bits.div_ceil(8) => Ok(()),
        KeyKind::Rsa { .. } => Err(HsmError::new(HsmErrorKind::BadLength, "modulus length")),
        KeyKind::Secret { .. } | KeyKind::Ec(_) => Err(WRONG_KEY),
    }
}

fn decrypt_rsa(
    session: &Session,
    handle: ObjectHandle,
    plan: CipherPlan,
    sealed: &Sealed<'_>,
    k: usize,
) -> Result<SecretValue, Fault> {
    let mechanism = match (plan, sealed.algorithm) {
        (CipherPlan::OnToken(_), CipherAlgorithm::RsaOaep { hash, mgf }) => oaep(hash, mgf)?,
        _ => plain(plan.mechanism()),
    };
    let output = SecretValue::new(session.decrypt(&mechanism, handle, sealed.data)?);
    let whole = || {
        let failed = HsmError::new(HsmErrorKind::Device(0), "C_Decrypt");
        left_pad(output.expose(), k).map(SecretValue::new).ok_or(failed)
    };
    match (plan, sealed.algorithm) {
        (CipherPlan::UnpadHere(_), CipherAlgorithm::RsaOaep { hash, mgf }) => {
            let oaep = Oaep { hash, mgf, label: &sealed.params.aad };
            Ok(oaep.decode(whole()?.expose())?)
        }
        (_, CipherAlgorithm::RsaRaw) => Ok(whole()?),
        _ => Ok(output),
    }
}

/// Builds the mechanism with its parameters, which must live as long as the call.
fn with_cipher<T>(
    mechanism: Mechanism,
    params: &CipherParams,
    tag_bytes: usize,
    work: impl FnOnce(&Call<'_>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let bad_iv = || HsmError::new(HsmErrorKind::BadParameter, "iv");
    match mechanism {
        Mechanism::AES_GCM => {
            let mut iv = params.iv.clone();
            work(&gcm(&mut iv, &params.aad, tag_bytes)?)
        }
        Mechanism::AES_CTR => {
            let counter = ctr_params(&params.iv)?;
            work(&ctr(mechanism, &counter))
        }
        _ if params.iv.is_empty() => work(&plain(mechanism)),
        _ => {
            let iv: [u8; 16] = params.iv.as_slice().try_into().map_err(|_| bad_iv())?;
            work(&with_iv(mechanism, &iv))
        }
    }
}

fn encrypt_all(
    session: &Session,
    mechanism: &Call<'_>,
    handle: ObjectHandle,
    data: &[u8],
) -> Result<Vec<u8>, Fault> {
    if data.len() <= SINGLE_PART_BYTES {
        return Ok(session.encrypt(mechanism, handle, data)?);
    }
    let mut output = Vec::with_capacity(data.len() + 32);
    session.encrypt_init(mechanism, handle)?;
    for part in data.chunks(PART_BYTES) {
        output.extend(session.encrypt_update(part)?);
    }
    output.extend(session.encrypt_final()?);
    Ok(output)
}

/// `whole` keeps an authenticated text in one piece: nothing comes out before the tag is checked
/// anyway, and not every token can tell the length in parts.
fn decrypt_all(
    session: &Session,
    mechanism: &Call<'_>,
    handle: ObjectHandle,
    data: &[u8],
    whole: bool,
) -> Result<SecretValue, Fault> {
    if whole || data.len() <= SINGLE_PART_BYTES {
        return Ok(SecretValue::new(session.decrypt(mechanism, handle, data)?));
    }
    let mut output = Zeroizing::new(Vec::with_capacity(data.len() + 32));
    session.decrypt_init(mechanism, handle)?;
    for part in data.chunks(PART_BYTES) {
        output.extend_from_slice(&Zeroizing::new(session.decrypt_update(part)?));
    }
    output.extend_from_slice(&Zeroizing::new(session.decrypt_final()?));
    Ok(SecretValue::new(std::mem::take(&mut output)))
}
