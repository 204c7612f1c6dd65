//! C_WrapKey and C_UnwrapKey.

use cryptoki::object::AttributeType;

use super::custody::{Openness, kind_of, told_value, with_passing};
use super::gate::Side;
use super::keys::{Key, KeyKind};
use super::mechanism::plain;
use super::rv::Fault;
use super::template;
use super::token::{Doubt, Token};
use crate::backend::{CallContext, Generated, KeyId, KeyRef, Output};
use crate::capability::WrapPlan;
use crate::custody::Contents;
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{KeyPolicy, SecretKeyKind, SecretKeySpec, SecretValue, WrapAlgorithm};
use crate::limits;

const UNSUPPORTED: HsmError = HsmError::new(HsmErrorKind::Unsupported, "wrap");
const BAD_LENGTH: HsmError = HsmError::new(HsmErrorKind::BadLength, "wrap");

/// A wrapped key on its way in.
pub(super) struct Arrival<'a> {
    pub(super) blob: &'a [u8],
    pub(super) algorithm: WrapAlgorithm,
    pub(super) id: KeyId,
    pub(super) contents: Contents,
    pub(super) policy: &'a KeyPolicy,
}

fn plan_of(token: &Token, algorithm: WrapAlgorithm) -> Result<WrapPlan, HsmError> {
    token.capabilities.wrap(algorithm).ok_or(UNSUPPORTED)
}

/// Refuses lengths that would be wrapped wrongly: SoftHSM pads with zeros and loses the length.
///
/// A length the token does not tell is refused, too, unless the key is AES, which is always whole.
fn check_length(
    algorithm: WrapAlgorithm,
    plan: WrapPlan,
    bytes: Option<usize>,
) -> Result<(), HsmError> {
    let whole = match (algorithm, plan) {
        (WrapAlgorithm::AesKeyWrapPad, WrapPlan::OnToken(_)) => return Ok(()),
        (WrapAlgorithm::AesKeyWrapPad, WrapPlan::WholeBlocks(_)) => 8,
        // RFC 3394 wraps two half-blocks at least.
        (WrapAlgorithm::AesKeyWrap, _) => 16,
    };
    let fits = bytes.is_some_and(|bytes| bytes.is_multiple_of(8) && bytes >= whole);
    if fits { Ok(()) } else { Err(BAD_LENGTH) }
}

fn target_bytes(key: &Key) -> Option<usize> {
    match key.kind {
        KeyKind::Secret { bytes: Some(bytes), .. } => Some(bytes),
        KeyKind::Secret { kind: SecretKeyKind::Aes, bytes: None } => Some(16),
        KeyKind::Secret { kind: SecretKeyKind::Generic | SecretKeyKind::Des3, bytes: None }
        | KeyKind::Rsa { .. }
        | KeyKind::Ec(_)
        | KeyKind::Edwards(_) => None,
    }
}

pub(super) fn need_aes(key: &Key) -> Result<(), HsmError> {
    super::cipher::need_secret(key, SecretKeyKind::Aes)
}

/// Wraps one key under another.
///
/// Spec: PKCS#11 2.40 §5.13, C_WrapKey.
pub(super) fn wrap_key(
    token: &Token,
    call: &CallContext,
    wrapping: &KeyRef,
    target: &KeyRef,
    algorithm: WrapAlgorithm,
) -> Result<Output<Vec<u8>>, HsmError> {
    let plan = plan_of(token, algorithm)?;
    let mechanism = plan.mechanism();
    if let KeyRef::Wrapped { .. } = target {
        let value = wrap_passing(token, call, wrapping, target, (algorithm, plan))?;
        return Ok(Output { value, mechanism });
    }
    // Two keys, two chances of a stale handle: the inner call repeats for the target.
    let (object, bytes) = token.use_key(call, target, Doubt::Device, |session, key| {
        // Asks for an attribute only to learn that the handle is alive.
        super::keys::read(session, key.object, AttributeType::Class)?;
        Ok((key.object, target_bytes(key)))
    })?;
    check_length(algorithm, plan, bytes)?;
    let value = token.use_key(call, wrapping, Doubt::Device, |session, key| {
        need_aes(key)?;
        let handle = token.working_handle(key)?;
        Ok(session.wrap_key(&plain(mechanism), handle, object)?)
    })?;
    Ok(Output { value, mechanism })
}

/// Wraps a key that is unwrapped for this call. The wrapping key is found before: a search for it
/// must not happen while the other lies open.
fn wrap_passing(
    token: &Token,
    call: &CallContext,
    wrapping: &KeyRef,
    target: &KeyRef,
    (algorithm, plan): (WrapAlgorithm, WrapPlan),
) -> Result<Vec<u8>, HsmError> {
    let wrapping = token.hold(call, wrapping)?;
    need_aes(&wrapping)?;
    with_passing(token, call, target, Openness::Wrappable, |session, key| {
        check_length(algorithm, plan, target_bytes(key))?;
        let handle = token.working_handle(&wrapping)?;
        Ok(session.wrap_key(&plain(plan.mechanism()), handle, key.object)?)
    })
}

/// Wraps bytes, as a generic secret that lives for this call only.
pub(super) fn wrap_data(
    token: &Token,
    call: &CallContext,
    wrapping: &KeyRef,
    data: &SecretValue,
    algorithm: WrapAlgorithm,
) -> Result<Output<Vec<u8>>, HsmError> {
    let plan = plan_of(token, algorithm)?;
    let bytes = data.expose().len();
    if bytes == 0 || bytes > limits::MAX_DATA_BYTES {
        return Err(BAD_LENGTH);
    }
    check_length(algorithm, plan, Some(bytes))?;
    let mut template = template::passing_secret(data.expose());
    let wrapped = token.use_key(call, wrapping, Doubt::Device, |session, key| {
        need_aes(key)?;
        let handle = token.working_handle(key)?;
        let passing = session.create_object(&template)?;
        let wrapped = session.wrap_key(&plain(plan.mechanism()), handle, passing);
        session.destroy_object(passing)?;
        Ok(wrapped?)
    });
    template::wipe(&mut template);
    Ok(Output { value: wrapped?, mechanism: plan.mechanism() })
}

/// Unwraps bytes, by way of a generic secret that lives for this call only.
pub(super) fn unwrap_data(
    token: &Token,
    call: &CallContext,
    wrapping: &KeyRef,
    blob: &[u8],
    algorithm: WrapAlgorithm,
) -> Result<Output<SecretValue>, HsmError> {
    let mechanism = plan_of(token, algorithm)?.mechanism();
    let template = template::arriving_secret();
    let value = token.use_key(call, wrapping, Doubt::Data, |session, key| {
        need_aes(key)?;
        let handle = token.working_handle(key)?;
        let passing = session.unwrap_key(&plain(mechanism), handle, blob, &template)?;
        let value = super::keys::read(session, passing, AttributeType::Value);
        session.destroy_object(passing)?;
        value.map(SecretValue::new)
    })?;
    Ok(Output { value, mechanism })
}

/// How a secret key of these bytes is unwrapped.
pub(super) fn plan_to_unwrap(
    token: &Token,
    blob: &[u8],
    algorithm: WrapAlgorithm,
    spec: SecretKeySpec,
) -> Result<WrapPlan, HsmError> {
    let plan = plan_of(token, algorithm)?;
    super::import::need_use_for(token, spec.kind)?;
    let bytes = limits::spec_bytes(spec)?;
    limits::check_wrapped(blob, bytes)?;
    if algorithm == WrapAlgorithm::AesKeyWrap {
        check_length(algorithm, plan, Some(bytes))?;
    }
    Ok(plan)
}

/// Unwraps a secret key into a token object.
///
/// Spec: PKCS#11 2.40 §5.13, C_UnwrapKey.
pub(super) fn unwrap_key(
    token: &Token,
    call: &CallContext,
    wrapping: &KeyRef,
    arrival: &Arrival<'_>,
) -> Result<Output<Generated>, HsmError> {
    let plan = match arrival.contents {
        Contents::Secret(spec) => plan_to_unwrap(token, arrival.blob, arrival.algorithm, spec)?,
        Contents::Rsa { .. } | Contents::Ec(_) | Contents::Edwards(_) => {
            plan_of(token, arrival.algorithm)?
        }
    };
    template::check_label(arrival.policy)?;
    let template = template::in_token(arrival.contents, arrival.id, arrival.policy);
    let (object, kcv) = token.use_key(call, wrapping, Doubt::Data, |session, key| {
        need_aes(key)?;
        let handle = token.working_handle(key)?;
        let pass = token.gate.enter(Side::Change, call.deadline)?;
        let object =
            session.unwrap_key(&plain(plan.mechanism()), handle, arrival.blob, &template)?;
        drop(pass);
        // No way back from here: a failure to read must not lead to a second object.
        Ok::<_, Fault>((object, told_value(session, object, arrival.contents)))
    })?;
    token.remember(arrival.id, Key::new(kind_of(arrival.contents), object));
    Ok(Output { value: Generated { kcv }, mechanism: plan.mechanism() })
}
