//! C_Sign with private keys.

use cryptoki::session::Session;

use super::block::{PART_BYTES, SINGLE_PART_BYTES};
use super::keys::{Key, KeyKind};
use super::mechanism::{eddsa, plain, pss, pss_params};
use super::rv::Fault;
use super::token::{Doubt, Token};
use crate::backend::{CallContext, KeyRef, Output};
use crate::capability::{Mechanism, SignPlan};
use crate::encoding::der::{ecdsa_digest, ecdsa_to_der};
use crate::encoding::pss::{self as emsa_pss, Hashes};
use crate::encoding::{left_pad, pkcs1};
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{Curve, HashAlgorithm, SignAlgorithm, SignInput};
use crate::limits;
use crate::software::{digest_input, fill_random};

const UNSUPPORTED: HsmError = HsmError::new(HsmErrorKind::Unsupported, "sign");

/// One signature to be made.
struct Job<'a> {
    algorithm: SignAlgorithm,
    plan: SignPlan,
    /// The message, the digest or the caller's own encoding, as the plan wants it.
    input: std::borrow::Cow<'a, [u8]>,
    salt_bytes: usize,
}

/// Signs with a private key.
///
/// Spec: PKCS#11 2.40 §5.11.
pub(super) fn sign(
    token: &Token,
    call: &CallContext,
    key: &KeyRef,
    algorithm: SignAlgorithm,
    salt_bytes: Option<usize>,
    input: SignInput<'_>,
) -> Result<Output<Vec<u8>>, HsmError> {
    let plan = match input {
        SignInput::Message(_) => token.capabilities.sign(algorithm),
        SignInput::Digest(_) => token.capabilities.sign_digest(algorithm),
    };
    let plan = plan.ok_or(UNSUPPORTED)?;
    let (SignInput::Message(bytes) | SignInput::Digest(bytes)) = input;
    limits::check_data(bytes)?;
    if algorithm == SignAlgorithm::EcdsaRaw {
        limits::check_digest(bytes)?;
    }
    let default_salt = hash_of(algorithm).map_or(0, HashAlgorithm::bytes);
    let job = Job {
        algorithm,
        plan,
        input: prepare(algorithm, plan, input)?,
        salt_bytes: salt_bytes.unwrap_or(default_salt),
    };
    let value = token
        .use_key(call, key, Doubt::Device, |session, key| sign_with(token, session, key, &job))?;
    Ok(Output { value, mechanism: plan.mechanism() })
}

const fn hash_of(algorithm: SignAlgorithm) -> Option<HashAlgorithm> {
    match algorithm {
        SignAlgorithm::RsaPkcs1(hash)
        | SignAlgorithm::RsaPss { hash, .. }
        | SignAlgorithm::Ecdsa(hash) => Some(hash),
        SignAlgorithm::RsaPkcs1Raw | SignAlgorithm::EcdsaRaw | SignAlgorithm::EdDsa(_) => None,
    }
}

/// Hashes where the plan says so.
fn prepare<'a>(
    algorithm: SignAlgorithm,
    plan: SignPlan,
    input: SignInput<'a>,
) -> Result<std::borrow::Cow<'a, [u8]>, HsmError> {
    let (SignInput::Message(bytes) | SignInput::Digest(bytes)) = input;
    match (plan, hash_of(algorithm)) {
        (SignPlan::OnToken(_) | SignPlan::Raw(_), _) | (_, None) => Ok(bytes.into()),
        (SignPlan::HashHere(_) | SignPlan::EncodeHere(_), Some(hash)) => {
            Ok(digest_input(hash, input)?.into())
        }
    }
}

fn sign_with(token: &Token, session: &Session, key: &Key, job: &Job<'_>) -> Result<Vec<u8>, Fault> {
    match (key.kind, job.algorithm) {
        (KeyKind::Ec(curve), SignAlgorithm::Ecdsa(_) | SignAlgorithm::EcdsaRaw) => {
            sign_ec(token, session, key, curve, job)
        }
        (KeyKind::Rsa { modulus_bits }, SignAlgorithm::RsaPss { hash, mgf }) => {
            sign_pss(token, session, key, modulus_bits, Hashes { message: hash, mgf }, job)
        }
        (KeyKind::Rsa { modulus_bits }, SignAlgorithm::RsaPkcs1(hash)) => {
            let info = match job.plan {
                SignPlan::HashHere(_) => pkcs1::digest_info(hash, &job.input),
                SignPlan::OnToken(_) | SignPlan::EncodeHere(_) | SignPlan::Raw(_) => {
                    return sign_parts(token, session, key, job);
                }
            };
            sign_pkcs1(token, session, key, modulus_bits, job.plan.mechanism(), &info)
        }
        (KeyKind::Rsa { modulus_bits }, SignAlgorithm::RsaPkcs1Raw) => {
            sign_pkcs1(token, session, key, modulus_bits, job.plan.mechanism(), &job.input)
        }
        (KeyKind::Edwards(curve), SignAlgorithm::EdDsa(wanted)) if curve == wanted => {
            let mechanism = job.plan.mechanism();
            let handle = token.working_handle(key)?;
            // EdDSA reads its message twice, so tokens take it in one part, however long it is.
            Ok(eddsa(mechanism, curve, |call| session.sign(call, handle, &job.input))?)
        }
        (KeyKind::Secret { .. }, _)
        | (KeyKind::Ec(_) | KeyKind::Edwards(_), _)
        | (
            KeyKind::Rsa { .. },
            SignAlgorithm::Ecdsa(_) | SignAlgorithm::EcdsaRaw | SignAlgorithm::EdDsa(_),
        ) => Err(HsmError::new(HsmErrorKind::NotPermitted, "key type").into()),
    }
}

fn sign_pkcs1(
    token: &Token,
    session: &Session,
    key: &Key,
    modulus_bits: usize,
    mechanism: Mechanism,
    info: &[u8],
) -> Result<Vec<u8>, Fault> {
    let k = modulus_bits.div_ceil(8);
    pkcs1::check_length(info, k)?;
    let handle = token.working_handle(key)?;
    padded(session.sign(&plain(mechanism), handle, info)?, k)
}

/// The signature as long as the modulus; some tokens drop leading zeros.
fn padded(signature: Vec<u8>, k: usize) -> Result<Vec<u8>, Fault> {
    if signature.len() == k {
        return Ok(signature);
    }
    let wrong = HsmError::new(HsmErrorKind::Device(0), "C_Sign");
    left_pad(&signature, k).ok_or_else(|| wrong.into())
}

fn sign_pss(
    token: &Token,
    session: &Session,
    key: &Key,
    modulus_bits: usize,
    hashes: Hashes,
    job: &Job<'_>,
) -> Result<Vec<u8>, Fault> {
    let k = modulus_bits.div_ceil(8);
    let longest = emsa_pss::max_salt(modulus_bits, hashes.message);
    if longest.is_none_or(|longest| job.salt_bytes > longest) {
        return Err(HsmError::new(HsmErrorKind::BadParameter, "salt length").into());
    }
    let handle = token.working_handle(key)?;
    match job.plan {
        SignPlan::HashHere(mechanism) | SignPlan::OnToken(mechanism) => {
            let params = pss_params(hashes.message, hashes.mgf, job.salt_bytes)?;
            padded(session.sign(&pss(mechanism, &params), handle, &job.input)?, k)
        }
        SignPlan::EncodeHere(mechanism) | SignPlan::Raw(mechanism) => {
            // A salt is no secret: the system's random numbers spare a call to the token.
            let mut salt = vec![0; job.salt_bytes];
            fill_random(&mut salt)?;
            let block = emsa_pss::encode(hashes, &job.input, &salt, modulus_bits)?;
            padded(session.sign(&plain(mechanism), handle, &block)?, k)
        }
    }
}

fn sign_ec(
    token: &Token,
    session: &Session,
    key: &Key,
    curve: Curve,
    job: &Job<'_>,
) -> Result<Vec<u8>, Fault> {
    let raw = match job.plan {
        SignPlan::HashHere(mechanism) | SignPlan::Raw(mechanism) => {
            let handle = token.working_handle(key)?;
            session.sign(&plain(mechanism), handle, ecdsa_digest(&job.input, curve))?
        }
        SignPlan::OnToken(_) | SignPlan::EncodeHere(_) => sign_parts(token, session, key, job)?,
    };
    let wrong = HsmError::new(HsmErrorKind::Device(0), "C_Sign");
    ecdsa_to_der(&raw).ok_or_else(|| wrong.into())
}

/// A message hashed and signed by the token.
fn sign_parts(
    token: &Token,
    session: &Session,
    key: &Key,
    job: &Job<'_>,
) -> Result<Vec<u8>, Fault> {
    let handle = token.working_handle(key)?;
    sign_message(session, &plain(job.plan.mechanism()), handle, &job.input)
}

/// C_Sign, in parts where the message is long.
pub(super) fn sign_message(
    session: &Session,
    mechanism: &cryptoki::mechanism::Mechanism<'_>,
    handle: cryptoki::object::ObjectHandle,
    message: &[u8],
) -> Result<Vec<u8>, Fault> {
    if message.len() <= SINGLE_PART_BYTES {
        return Ok(session.sign(mechanism, handle, message)?);
    }
    session.sign_init(mechanism, handle)?;
    for part in message.chunks(PART_BYTES) {
        session.sign_update(part)?;
    }
    Ok(session.sign_final()?)
}
