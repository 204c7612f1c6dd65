//! Keys that change their custody: out of a token object, or another's wrapping, into a blob, and back.

use super::custody;
use super::keys::KeyKind;
use super::mechanism::plain;
use super::token::{Doubt, Token};
use super::wrap::{self, Arrival};
use crate::backend::{ArrivingKey, CallContext, Generated, KeyId, KeyRef, Output, WrappedKey};
use crate::custody::{Contents, Envelope};
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
    let (object, contents) = token.use_key(call, key, Doubt::Device, |_, key| {
        let kind = match key.kind {
            KeyKind::Secret { kind, bytes: None } => {
                KeyKind::Secret { kind, bytes: Some(limits::spec_bytes(spec)?) }
            }
            told => told,
        };
        Ok((key.object, custody::contents_of(kind).ok_or(UNSUPPORTED)?))
    })?;
    custody::wrap_object(token, call, kek, (object, contents), policy)
}

/// Unwraps what came wrapped, and wraps it anew.
pub(super) fn arriving_to_blob(
    token: &Token,
    call: &CallContext,
    kek: KeyId,
    arriving: &ArrivingKey,
    policy: &KeyPolicy,
) -> Result<Output<WrappedKey>, HsmError> {
    let spec = arriving.spec;
    let mechanism =
        wrap::plan_to_unwrap(token, &arriving.blob, arriving.algorithm, spec)?.mechanism();
    let contents = Contents::Secret(spec);
    let template = custody::passing(contents);
    let wrapping = token.hold(call, &arriving.wrapping)?;
    wrap::need_aes(&wrapping)?;
    let (made, ()) = custody::wrap_passing(token, call, kek, contents, policy, |session| {
        let handle = token.working_handle(&wrapping)?;
        let object = session.unwrap_key(&plain(mechanism), handle, &arriving.blob, &template);
        Ok((object.map_err(|error| custody::unreadable(token, session, error.into()))?, ()))
    })?;
    Ok(made)
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
    let (blob, algorithm, contents) = (&envelope.wrapped, envelope.algorithm, envelope.contents);
    let arrival = Arrival { blob, algorithm, id, contents, policy: &policy };
    let made = wrap::unwrap_key(token, call, &KeyRef::Token(*kek), &arrival);
    let made = made.map_err(HsmError::about_stored)?;
    let moved = KeyRef::Token(id);
    let same = token.use_key(call, &moved, Doubt::Device, |session, key| {
        custody::is_same_key(session, key.object, contents, kcv)
    });
    if same != Ok(true) {
        super::manage::destroy_key(token, call, &moved)?;
        same?;
        return Err(HsmError::new(HsmErrorKind::Damaged, "key check value"));
    }
    Ok(made)
}
