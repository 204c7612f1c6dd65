//! Keys wrapped by a token-resident key: made, taken in, wrapped anew, and unwrapped for use.

use std::sync::Arc;

use cryptoki::object::{Attribute, ObjectHandle};
use cryptoki::session::Session;

use super::generate::ulong;
use super::keys::{Key, KeyKind, check_value};
use super::mechanism::plain;
use super::rv::{Effect, Fault};
use super::token::{Doubt, Token};
use super::{generate, import, template};
use crate::backend::{CallContext, KeyId, KeyRef, Output, WrappedKey};
use crate::capability::Mechanism;
use crate::custody::{Envelope, KEK_SPEC, algorithm_for, kek_policy};
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{KeyMaterial, KeyPolicy, KeyUsage, SecretKeyKind, SecretKeySpec};
use crate::{keycheck, limits};

const UNSUPPORTED: HsmError = HsmError::new(HsmErrorKind::Unsupported, "wrapped custody");

/// Makes a wrapping key.
pub(super) fn make_kek(token: &Token, call: &CallContext, id: KeyId) -> Result<(), HsmError> {
    generate::generate_key(token, call, id, KEK_SPEC, &kek_policy()).map(drop)
}

/// Generates a key in the session, wraps it, and destroys it there.
pub(super) fn generate_wrapped(
    token: &Token,
    call: &CallContext,
    kek: KeyId,
    spec: SecretKeySpec,
    policy: &KeyPolicy,
) -> Result<Output<WrappedKey>, HsmError> {
    let bytes = limits::spec_bytes(spec)?;
    let generation = token.capabilities.generate_secret_of(spec.kind, spec.bits);
    let mechanism = generation.ok_or(UNSUPPORTED)?.mechanism;
    let mut template = passing(spec.kind, bytes);
    if spec.kind != SecretKeyKind::Des3 {
        template.push(Attribute::ValueLen(ulong(bytes)?));
    }
    wrap_passing(token, call, kek, spec, policy, |session| {
        Ok(session.generate_key(&plain(mechanism), &template)?)
    })
}

/// Wraps a secret key given in plaintext, which the token sees for one call.
pub(super) fn import_wrapped(
    token: &Token,
    call: &CallContext,
    kek: KeyId,
    material: &KeyMaterial,
    policy: &KeyPolicy,
) -> Result<Output<WrappedKey>, HsmError> {
    let KeyMaterial::Secret { kind, value } = keycheck::checked(material)? else {
        return Err(UNSUPPORTED);
    };
    import::need_use_for(token, kind)?;
    let value = import::token_bytes(token, kind, value.expose(), policy);
    let bits = u32::try_from(8 * value.len()).map_err(|_| UNSUPPORTED)?;
    let mut template = passing(kind, value.len());
    template.push(Attribute::Value(value));
    let spec = SecretKeySpec { kind, bits };
    let wrapped = wrap_passing(token, call, kek, spec, policy, |session| {
        Ok(session.create_object(&template)?)
    });
    template::wipe(&mut template);
    wrapped
}

/// Wraps a wrapped key under another wrapping key, inside the token.
pub(super) fn rewrap(
    token: &Token,
    call: &CallContext,
    key: &KeyRef,
    new_kek: KeyId,
) -> Result<Output<WrappedKey>, HsmError> {
    let KeyRef::Wrapped { kek, blob, kcv, .. } = key else { return Err(UNSUPPORTED) };
    let old = Envelope::decode(blob)?;
    let bytes = limits::spec_bytes(old.spec)?;
    limits::check_wrapped(&old.wrapped, bytes)?;
    let template = passing(old.spec.kind, bytes);
    let unwrapping = token.capabilities.wrap(old.algorithm).ok_or(UNSUPPORTED)?.mechanism();
    let old_kek = KeyRef::Token(*kek);
    let handle =
        token.use_key(call, &old_kek, Doubt::Device, |_, key| token.working_handle(key))?;
    let made = wrap_passing(token, call, new_kek, old.spec, &old.policy(), |session| {
        let object = session.unwrap_key(&plain(unwrapping), handle, &old.wrapped, &template);
        let object = object.map_err(|error| unreadable(token, error.into()))?;
        same_key(session, object, old.spec.kind, kcv)?;
        Ok(object)
    });
    let mut made = made?;
    if made.value.kcv.is_empty() {
        // It is the same key; not every token tells the value of an unwrapped one.
        made.value.kcv.clone_from(kcv);
    }
    Ok(made)
}

/// A key that lives in the session to be wrapped, and does nothing else.
fn passing(kind: SecretKeyKind, bytes: usize) -> Vec<Attribute> {
    template::session_secret(kind, bytes, KeyUsage::default(), true, true)
}

fn wrap_passing(
    token: &Token,
    call: &CallContext,
    kek: KeyId,
    spec: SecretKeySpec,
    policy: &KeyPolicy,
    make: impl Fn(&Session) -> Result<ObjectHandle, Fault>,
) -> Result<Output<WrappedKey>, HsmError> {
    let bytes = limits::spec_bytes(spec)?;
    let algorithm = algorithm_for(&token.capabilities, bytes).ok_or(UNSUPPORTED)?;
    let mechanism = token.capabilities.wrap(algorithm).ok_or(UNSUPPORTED)?.mechanism();
    let (wrapped, kcv) =
        token.use_key(call, &KeyRef::Token(kek), Doubt::Device, |session, key| {
            super::cipher::need_secret(key, SecretKeyKind::Aes)?;
            let handle = token.working_handle(key)?;
            let passing = make(session)?;
            let wrapped = session.wrap_key(&plain(mechanism), handle, passing);
            let kcv = check_value(session, passing);
            session.destroy_object(passing)?;
            Ok((wrapped?, kcv))
        })?;
    let blob = Envelope::new(algorithm, spec, policy, wrapped).encode();
    Ok(Output { value: WrappedKey { blob, kcv }, mechanism })
}

/// The live key, unwrapped into the owner session where it is not there yet.
pub(super) fn unwrapped(
    token: &Token,
    call: &CallContext,
    session: &Session,
    (id, kek): (KeyId, KeyId),
    (kcv, blob): (&[u8], &[u8]),
) -> Result<Arc<Key>, Fault> {
    if let Some(key) = token.unwrapped.get(id) {
        return Ok(key);
    }
    let envelope = Envelope::decode(blob)?;
    let bytes = limits::spec_bytes(envelope.spec)?;
    limits::check_wrapped(&envelope.wrapped, bytes)?;
    let mechanism = token.capabilities.wrap(envelope.algorithm).ok_or(UNSUPPORTED)?.mechanism();
    let kind = envelope.spec.kind;
    // What lives on is shut, whatever the key's policy: see `with_passing`.
    let template = template::session_secret(kind, bytes, envelope.usage, true, false);
    let kek = token.key(call, session, &KeyRef::Token(kek))?;
    let handle = token.working_handle(&kek)?;
    let object = token.owner.with(|owner| {
        let object = owner.unwrap_key(&plain(mechanism), handle, &envelope.wrapped, &template);
        let object = object.map_err(|error| unreadable(token, error.into()))?;
        same_key(owner, object, kind, kcv)?;
        Ok(object)
    })?;
    let kind = KeyKind::Secret { kind, bytes: Some(bytes) };
    Ok(token.unwrapped.insert(id, Key::unwrapped(kind, object, &token.unwrapped.graveyard)))
}

/// What a key that has left its blob for one call may give away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Openness {
    /// Its value may be read.
    Readable,
    /// It may be wrapped.
    Wrappable,
}

/// Unwraps a key for one call that reads or wraps it, where its policy allows that; the live key
/// allows neither.
pub(super) fn with_passing<T>(
    token: &Token,
    call: &CallContext,
    key: &KeyRef,
    openness: Openness,
    work: impl Fn(&Session, &Key) -> Result<T, Fault>,
) -> Result<T, HsmError> {
    let KeyRef::Wrapped { kek, blob, kcv, .. } = key else { return Err(UNSUPPORTED) };
    let envelope = Envelope::decode(blob)?;
    let readable = openness == Openness::Readable;
    if !envelope.extractable || (readable && envelope.sensitive) {
        return Err(HsmError::new(HsmErrorKind::NotExtractable, "wrapped custody"));
    }
    let bytes = limits::spec_bytes(envelope.spec)?;
    limits::check_wrapped(&envelope.wrapped, bytes)?;
    let kind = envelope.spec.kind;
    let template = template::session_secret(kind, bytes, KeyUsage::default(), !readable, true);
    let mechanism = token.capabilities.wrap(envelope.algorithm).ok_or(UNSUPPORTED)?.mechanism();
    token.use_key(call, &KeyRef::Token(*kek), Doubt::Device, |session, kek| {
        let handle = token.working_handle(kek)?;
        let object = session.unwrap_key(&plain(mechanism), handle, &envelope.wrapped, &template);
        let object = object.map_err(|error| unreadable(token, error.into()))?;
        same_key(session, object, kind, kcv)?;
        let passing = Key::new(KeyKind::Secret { kind, bytes: Some(bytes) }, object);
        let done = work(session, &passing);
        session.destroy_object(object)?;
        done
    })
}

/// Destroys what was unwrapped if it is another key than it should be.
fn same_key(
    session: &Session,
    object: ObjectHandle,
    kind: SecretKeyKind,
    kcv: &[u8],
) -> Result<(), Fault> {
    if is_same_key(session, object, kind, kcv) {
        return Ok(());
    }
    session.destroy_object(object)?;
    Err(HsmError::new(HsmErrorKind::BadData, "key check value").into())
}

/// Whether nothing speaks against this being the key with that check value.
pub(super) fn is_same_key(
    session: &Session,
    object: ObjectHandle,
    kind: SecretKeyKind,
    kcv: &[u8],
) -> bool {
    let found = check_value_now(session, object, kind);
    kcv.is_empty() || found.is_empty() || found == kcv
}

/// CKA_CHECK_VALUE, computed where the token leaves it out (SoftHSM does for unwrapped keys);
/// empty where the key's usage forbids that, and the wrapping's own check must do.
fn check_value_now(session: &Session, object: ObjectHandle, kind: SecretKeyKind) -> Vec<u8> {
    let told = check_value(session, object);
    if !told.is_empty() {
        return told;
    }
    let made = match kind {
        SecretKeyKind::Aes => session.encrypt(&plain(Mechanism::AES_ECB), object, &[0; 16]),
        SecretKeyKind::Des3 => session.encrypt(&plain(Mechanism::DES3_ECB), object, &[0; 8]),
        SecretKeyKind::Generic => session.digest_init(&plain(Mechanism::SHA_1)).and_then(|()| {
            // Ended in any case: this session lives on, and a refused key may leave it open.
            let taken = session.digest_key(object);
            let ended = session.digest_final();
            taken.and(ended)
        }),
    };
    let mut value = made.unwrap_or_default();
    value.truncate(3);
    value
}

/// A doubtful answer of a healthy token to an unwrapping means a damaged blob.
fn unreadable(token: &Token, fault: Fault) -> Fault {
    if fault.effect == Effect::Doubtful && token.is_well() {
        return HsmError::new(HsmErrorKind::BadData, "C_UnwrapKey").into();
    }
    fault
}
