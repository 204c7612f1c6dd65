//! Keys that change their custody: out of a token object into a blob, and back.

use super::keys::KeyKind;
use super::mechanism::plain;
use super::token::{Doubt, Token};
use super::wrap::{self, Arrival};
use super::{custody, keys};
use crate::backend::{CallContext, Generated, KeyId, KeyRef, Output, WrappedKey};
use crate::custody::{Envelope, algorithm_for};
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{KeyPolicy, SecretKeySpec};
use crate::limits;

const UNSUPPORTED: HsmError = HsmError::new(HsmErrorKind::Unsupported, "moving");

/// Wraps a token object under the wrapping key.
pub(super) fn to_blob(
    token: &Token,
    call: &CallContext,
    key: &KeyRef,
    kek: KeyId,
    spec: SecretKeySpec,
    policy: &KeyPolicy,
) -> Result<Output<WrappedKey>, HsmError> {
    let KeyRef::Token(_) = key else { return Err(UNSUPPORTED) };
    let (object, spec, kcv) = token.use_key(call, key, Doubt::Device, |session, key| {
        let KeyKind::Secret { kind, bytes } = key.kind else { return Err(UNSUPPORTED.into()) };
        let told = bytes.and_then(|bytes| u32::try_from(8 * bytes).ok());
        let spec = SecretKeySpec { kind, bits: told.unwrap_or(spec.bits) };
        Ok((key.object, spec, keys::check_value(session, key.object)))
    })?;
    let bytes = limits::spec_bytes(spec)?;
    let algorithm = algorithm_for(&token.capabilities, bytes).ok_or(UNSUPPORTED)?;
    let mechanism = token.capabilities.wrap(algorithm).ok_or(UNSUPPORTED)?.mechanism();
    let wrapped = token.use_key(call, &KeyRef::Token(kek), Doubt::Device, |session, kek| {
        let handle = token.working_handle(kek)?;
        Ok(session.wrap_key(&plain(mechanism), handle, object)?)
    })?;
    let blob = Envelope::new(algorithm, spec, policy, wrapped).encode();
    Ok(Output { value: WrappedKey { blob, kcv }, mechanism })
}

/// Unwraps a blob into a token object.
pub(super) fn to_token(
    token: &Token,
    call: &CallContext,
    key: &KeyRef,
    id: KeyId,
    label: &str,
) -> Result<Output<Generated>, HsmError> {
    let KeyRef::Wrapped { kek, blob, kcv, .. } = key else { return Err(UNSUPPORTED) };
    let envelope = Envelope::decode(blob)?;
    let policy = KeyPolicy { label: label.to_owned(), ..envelope.policy() };
    let (blob, algorithm, spec) = (&envelope.wrapped, envelope.algorithm, envelope.spec);
    let arrival = Arrival { blob, algorithm, id, spec, policy: &policy };
    let made = wrap::unwrap_key(token, call, &KeyRef::Token(*kek), &arrival)?;
    let moved = KeyRef::Token(id);
    let same = token.use_key(call, &moved, Doubt::Device, |session, key| {
        Ok(custody::is_same_key(session, key.object, spec.kind, kcv))
    });
    if same != Ok(true) {
        super::manage::destroy_key(token, call, &moved)?;
        same?;
        return Err(HsmError::new(HsmErrorKind::BadData, "key check value"));
    }
    Ok(made)
}
