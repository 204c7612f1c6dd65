//! C_Encrypt and C_Decrypt.

use cryptoki::object::{Attribute, AttributeType, ObjectHandle};
use cryptoki::session::Session;

use super::aead::AeadJob;
use super::block::{BlockJob, plan_for};
use super::keys::{Key, KeyKind};
use super::mechanism::{oaep, oaep_params, plain};
use super::rv::Fault;
use super::token::{Doubt, Token};
use super::{aead, wrap, xts};
use crate::backend::{CallContext, Encrypted, KeyRef, Output};
use crate::capability::CipherPlan;
use crate::encoding::feedback::Way;
use crate::encoding::oaep::Oaep;
use crate::encoding::{left_pad, padding};
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{
    CipherAlgorithm, CipherParams, Padding, SecretKeyKind, SecretValue, WrapAlgorithm,
};
use crate::limits;

pub(super) const UNSUPPORTED: HsmError = HsmError::new(HsmErrorKind::Unsupported, "cipher");
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
    let plan = plan_for(&token.capabilities, algorithm, params, data).ok_or(UNSUPPORTED)?;
    limits::check_encrypt(algorithm, params, data)?;
    match algorithm {
        CipherAlgorithm::Block { cipher, mode, padding } => {
            let job = BlockJob { cipher, mode, plan, way: Way::Encrypt, params };
            encrypt_blocks(token, call, key, &job, padding, data)
        }
        CipherAlgorithm::AesGcm | CipherAlgorithm::AesCcm => {
            aead::encrypt(token, call, key, AeadJob { plan, params }, data)
        }
        CipherAlgorithm::AesXts => {
            let sealed = xts::run(token, call, key, plan, Way::Encrypt, params, data)?;
            let value = Encrypted { data: sealed.expose().to_vec(), tag: Vec::new() };
            Ok(Output { value, mechanism: plan.mechanism() })
        }
        CipherAlgorithm::AesKeyWrap | CipherAlgorithm::AesKeyWrapPad => {
            let data = SecretValue::new(data.to_vec());
            let wrapped = wrap::wrap_data(token, call, key, &data, as_wrap(algorithm))?;
            let value = Encrypted { data: wrapped.value, tag: Vec::new() };
            Ok(Output { value, mechanism: wrapped.mechanism })
        }
        CipherAlgorithm::RsaRaw | CipherAlgorithm::RsaPkcs1 | CipherAlgorithm::RsaOaep { .. } => {
            Err(UNSUPPORTED)
        }
    }
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
    let Sealed { algorithm, params, data, tag } = sealed;
    limits::check_decrypt(algorithm, params, data, tag)?;
    match algorithm {
        CipherAlgorithm::Block { cipher, mode, padding } => {
            let plan = plan_for(&token.capabilities, algorithm, params, data).ok_or(UNSUPPORTED)?;
            let job = BlockJob { cipher, mode, plan, way: Way::Decrypt, params };
            decrypt_blocks(token, call, key, &job, padding, data)
        }
        CipherAlgorithm::AesGcm | CipherAlgorithm::AesCcm => {
            aead::decrypt(token, call, key, &sealed)
        }
        CipherAlgorithm::AesXts => {
            let plan = token.capabilities.cipher(algorithm).ok_or(UNSUPPORTED)?;
            let value = xts::run(token, call, key, plan, Way::Decrypt, params, data)?;
            Ok(Output { value, mechanism: plan.decrypt_mechanism() })
        }
        CipherAlgorithm::AesKeyWrap | CipherAlgorithm::AesKeyWrapPad => {
            token.capabilities.cipher(algorithm).ok_or(UNSUPPORTED)?;
            wrap::unwrap_data(token, call, key, data, as_wrap(algorithm))
        }
        CipherAlgorithm::RsaRaw | CipherAlgorithm::RsaPkcs1 | CipherAlgorithm::RsaOaep { .. } => {
            decrypt_private(token, call, key, &sealed)
        }
    }
}

const fn as_wrap(algorithm: CipherAlgorithm) -> WrapAlgorithm {
    match algorithm {
        CipherAlgorithm::AesKeyWrapPad => WrapAlgorithm::AesKeyWrapPad,
        CipherAlgorithm::AesKeyWrap
        | CipherAlgorithm::Block { .. }
        | CipherAlgorithm::AesGcm
        | CipherAlgorithm::AesCcm
        | CipherAlgorithm::AesXts
        | CipherAlgorithm::RsaRaw
        | CipherAlgorithm::RsaPkcs1
        | CipherAlgorithm::RsaOaep { .. } => WrapAlgorithm::AesKeyWrap,
    }
}

fn encrypt_blocks(
    token: &Token,
    call: &CallContext,
    key: &KeyRef,
    job: &BlockJob<'_>,
    padding: Padding,
    data: &[u8],
) -> Result<Output<Encrypted>, HsmError> {
    let padded = if job.pads_here() && padding != Padding::None {
        Some(padding::pad(padding, job.cipher.block_bytes(), data)?)
    } else {
        None
    };
    let data = padded.as_ref().map_or(data, SecretValue::expose);
    let sealed = token.use_key(call, key, Doubt::Device, |session, key| {
        need_secret(key, job.cipher.key_kind())?;
        job.carry_out(session, token.working_handle(key)?, data)
    })?;
    let value = Encrypted { data: sealed.release(), tag: Vec::new() };
    Ok(Output { value, mechanism: job.mechanism() })
}

fn decrypt_blocks(
    token: &Token,
    call: &CallContext,
    key: &KeyRef,
    job: &BlockJob<'_>,
    padding: Padding,
    data: &[u8],
) -> Result<Output<SecretValue>, HsmError> {
    let composed = job.plan.decrypts_by_encrypting();
    let doubt = if composed { Doubt::Device } else { Doubt::Data };
    let opened = token.use_key(call, key, doubt, |session, key| {
        need_secret(key, job.cipher.key_kind())?;
        if composed {
            need_decrypt(session, key)?;
        }
        job.carry_out(session, token.working_handle(key)?, data)
    })?;
    let value = if job.pads_here() {
        padding::unpad(padding, job.cipher.block_bytes(), opened.release())?
    } else {
        opened
    };
    Ok(Output { value, mechanism: job.mechanism() })
}

/// Refuses a key that may not decrypt, before a decryption made of encryptions: the token would let
/// every key do that.
pub(super) fn need_decrypt(session: &Session, key: &Key) -> Result<(), Fault> {
    let ask = |object| {
        let told = session.get_attributes(object, &[AttributeType::Decrypt])?;
        Ok(told.contains(&Attribute::Decrypt(true)))
    };
    let refused = || HsmError::new(HsmErrorKind::NotPermitted, "CKA_DECRYPT").into();
    if key.decrypts(ask)? { Ok(()) } else { Err(refused()) }
}

/// Decrypts by the best plan; by the next where the token does not take the parameters, which
/// shows at use only if it let in no key to try them with at login.
fn decrypt_private(
    token: &Token,
    call: &CallContext,
    key: &KeyRef,
    sealed: &Sealed<'_>,
) -> Result<Output<SecretValue>, HsmError> {
    let mut refusal = UNSUPPORTED;
    for plan in private_plans(token, sealed) {
        let opened = token.use_key(call, key, Doubt::Data, |session, key| {
            need_rsa(key, sealed.data)?;
            decrypt_rsa(session, token.working_handle(key)?, plan, sealed, sealed.data.len())
        });
        match opened {
            Ok(value) => return Ok(Output { value, mechanism: plan.mechanism() }),
            Err(error) if is_refused_parameter(&error) => refusal = error,
            Err(error) => return Err(error),
        }
    }
    Err(refusal)
}

const fn is_refused_parameter(error: &HsmError) -> bool {
    matches!(error.kind, HsmErrorKind::BadParameter | HsmErrorKind::Unsupported)
}

/// The plans, best first; for OAEP with a label only those that heed it.
fn private_plans(token: &Token, sealed: &Sealed<'_>) -> impl Iterator<Item = CipherPlan> {
    let capabilities = &token.capabilities;
    let any = sealed.params.aad.is_empty() || capabilities.oaep_labels();
    let plans = capabilities.cipher_plans(sealed.algorithm).iter().copied();
    plans.filter(move |plan| any || matches!(plan, CipherPlan::UnpadHere(_)))
}

/// Refuses keys of another kind.
pub(super) fn need_secret(key: &Key, wanted: SecretKeyKind) -> Result<(), HsmError> {
    match key.kind {
        KeyKind::Secret { kind, .. } if kind == wanted => Ok(()),
        KeyKind::Secret { .. } | KeyKind::Rsa { .. } | KeyKind::Ec(_) | KeyKind::Edwards(_) => {
            Err(WRONG_KEY)
        }
    }
}

/// Key type and length: exactly that of the modulus, for more ends SoftHSM's process.
fn need_rsa(key: &Key, input: &[u8]) -> Result<(), HsmError> {
    match key.kind {
        KeyKind::Rsa { modulus_bits } if input.len() == modulus_bits.div_ceil(8) => Ok(()),
        KeyKind::Rsa { .. } => Err(HsmError::new(HsmErrorKind::BadLength, "modulus length")),
        KeyKind::Secret { .. } | KeyKind::Ec(_) | KeyKind::Edwards(_) => Err(WRONG_KEY),
    }
}

/// The private operation by one plan, for a modulus of `k` bytes.
pub(super) fn decrypt_rsa(
    session: &Session,
    handle: ObjectHandle,
    plan: CipherPlan,
    sealed: &Sealed<'_>,
    k: usize,
) -> Result<SecretValue, Fault> {
    let params = match (plan, sealed.algorithm) {
        (CipherPlan::OnToken(_), CipherAlgorithm::RsaOaep { hash, mgf }) => {
            Some(oaep_params(hash, mgf, &sealed.params.aad)?)
        }
        _ => None,
    };
    let mechanism = plan.mechanism();
    let mechanism =
        params.as_ref().map_or_else(|| plain(mechanism), |params| oaep(mechanism, params));
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
