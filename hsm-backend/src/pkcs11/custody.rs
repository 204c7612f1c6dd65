//! Keys wrapped by a token-resident key: made, taken in, wrapped anew, and unwrapped for use.

use std::sync::Arc;

use cryptoki::object::{Attribute, AttributeType, ObjectHandle};
use cryptoki::session::Session;

use super::generate::{PassingPair, ulong};
use super::keys::{self, Key, KeyKind, check_value};
use super::mechanism::plain;
use super::rv::{Effect, Fault};
use super::token::{Doubt, Token};
use super::{generate, import, private, template};
use crate::backend::{CallContext, KeyId, KeyRef, Output, WrappedKey, WrappedPair};
use crate::capability::Mechanism;
use crate::custody::{Contents, Envelope, KEK_SPEC, kek_policy};
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{
    HashAlgorithm, KeyMaterial, KeyPairSpec, KeyPolicy, KeyUsage, SecretKeyKind, SecretKeySpec,
};
use crate::{keycheck, limits, software};

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
    let contents = Contents::Secret(spec);
    let mut template = passing(contents);
    if spec.kind != SecretKeyKind::Des3 {
        template.push(Attribute::ValueLen(ulong(bytes)?));
    }
    let made = wrap_passing(token, call, kek, contents, policy, |session| {
        Ok((session.generate_key(&plain(mechanism), &template)?, ()))
    })?;
    Ok(made.0)
}

/// Generates a pair in the session, wraps its private half, and destroys both there.
pub(super) fn generate_pair_wrapped(
    token: &Token,
    call: &CallContext,
    kek: KeyId,
    spec: &KeyPairSpec,
    policy: &KeyPolicy,
) -> Result<Output<WrappedPair>, HsmError> {
    let contents = match spec {
        KeyPairSpec::Rsa { bits, .. } => Contents::Rsa { modulus_bits: *bits },
        KeyPairSpec::Ec(curve) => Contents::Ec(*curve),
        KeyPairSpec::Edwards(curve) => Contents::Edwards(*curve),
    };
    let pair = PassingPair::plan(token, spec, &passing_policy(contents))?;
    let (wrapped, public) =
        wrap_passing(token, call, kek, contents, policy, |session| pair.make(session))?;
    let value = WrappedPair { private: wrapped.value, public };
    Ok(Output { value, mechanism: pair.mechanism() })
}

/// Wraps a key given in plaintext, which the token sees for one call.
pub(super) fn import_wrapped(
    token: &Token,
    call: &CallContext,
    kek: KeyId,
    material: &KeyMaterial,
    policy: &KeyPolicy,
) -> Result<Output<WrappedKey>, HsmError> {
    let material = keycheck::checked(material)?;
    if let KeyMaterial::Secret { kind, .. } = &material {
        import::need_use_for(token, *kind)?;
    }
    import::need_curve(token, &material)?;
    // As the policy would have it in the token, so that MAC keys are padded as they must be.
    let (kind, template) = import::template_of(token, KeyId([0; 16]), &material, policy);
    let contents = contents_of(kind).ok_or(UNSUPPORTED)?;
    let mut template = template::reworked(template::passing(template), &passing(contents));
    let wrapped = wrap_passing(token, call, kek, contents, policy, |session| {
        Ok((session.create_object(&template)?, ()))
    });
    template::wipe(&mut template);
    Ok(wrapped?.0)
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
    let template = passing(old.contents);
    let unwrapping = token.capabilities.wrap(old.algorithm).ok_or(UNSUPPORTED)?.mechanism();
    let old_kek = token.hold(call, &KeyRef::Token(*kek))?;
    let made = wrap_passing(token, call, new_kek, old.contents, &old.policy(), |session| {
        let handle = token.working_handle(&old_kek)?;
        let object = session.unwrap_key(&plain(unwrapping), handle, &old.wrapped, &template);
        let object = object.map_err(|error| damaged(token, session, error.into()))?;
        same_key(session, object, old.contents, kcv)?;
        Ok((object, ()))
    });
    let (mut made, ()) = made?;
    if made.value.kcv.is_empty() {
        // It is the same key; not every token tells the value of an unwrapped one.
        made.value.kcv.clone_from(kcv);
    }
    Ok(made)
}

/// A key that lives in the session to be wrapped.
pub(super) fn passing(contents: Contents) -> Vec<Attribute> {
    let policy = passing_policy(contents);
    template::in_session(contents, policy.usage, policy.sensitive, policy.extractable)
}

/// A secret key does nothing else meanwhile; a private one signs, to be compared with what comes
/// back.
fn passing_policy(contents: Contents) -> KeyPolicy {
    let sign = !matches!(contents, Contents::Secret(_));
    let usage = KeyUsage { sign, ..KeyUsage::default() };
    KeyPolicy { usage, sensitive: true, extractable: true, label: String::new() }
}

pub(super) fn contents_of(kind: KeyKind) -> Option<Contents> {
    Some(match kind {
        KeyKind::Secret { kind, bytes } => {
            Contents::Secret(SecretKeySpec { kind, bits: u32::try_from(8 * bytes?).ok()? })
        }
        KeyKind::Rsa { modulus_bits } => {
            Contents::Rsa { modulus_bits: u32::try_from(modulus_bits).ok()? }
        }
        KeyKind::Ec(curve) => Contents::Ec(curve),
        KeyKind::Edwards(curve) => Contents::Edwards(curve),
    })
}

/// What the token is asked with for such contents.
pub(super) fn kind_of(contents: Contents) -> KeyKind {
    match contents {
        Contents::Secret(spec) => {
            KeyKind::Secret { kind: spec.kind, bytes: usize::try_from(spec.bits / 8).ok() }
        }
        Contents::Rsa { modulus_bits } => {
            KeyKind::Rsa { modulus_bits: usize::try_from(modulus_bits).unwrap_or_default() }
        }
        Contents::Ec(curve) => KeyKind::Ec(curve),
        Contents::Edwards(curve) => KeyKind::Edwards(curve),
    }
}

/// Wraps what `make` makes in the session, and destroys it there.
pub(super) fn wrap_passing<T>(
    token: &Token,
    call: &CallContext,
    kek: KeyId,
    contents: Contents,
    policy: &KeyPolicy,
    make: impl Fn(&Session) -> Result<(ObjectHandle, T), Fault>,
) -> Result<(Output<WrappedKey>, T), HsmError> {
    let algorithm = contents.algorithm(&token.capabilities).ok_or(UNSUPPORTED)?;
    let mechanism = token.capabilities.wrap(algorithm).ok_or(UNSUPPORTED)?.mechanism();
    let (wrapped, kcv, made) =
        token.use_key(call, &KeyRef::Token(kek), Doubt::Device, |session, key| {
            super::cipher::need_secret(key, SecretKeyKind::Aes)?;
            let handle = token.working_handle(key)?;
            let (passing, made) = make(session)?;
            let wrapped = session.wrap_key(&plain(mechanism), handle, passing);
            let wrapped = wrapped.map_err(|error| refused(contents, error.into()));
            let wrapped = wrapped.and_then(|wrapped| {
                private::comes_back(session, (handle, mechanism), contents, passing, &wrapped)?;
                Ok(wrapped)
            });
            let kcv = told_value(session, passing, contents);
            session.destroy_object(passing)?;
            Ok((wrapped?, kcv, made))
        })?;
    let blob = Envelope::new(algorithm, contents, policy, wrapped).encode();
    Ok((Output { value: WrappedKey { blob, kcv }, mechanism }, made))
}

/// Some tokens wrap no private keys, or not those of every curve: such keys live in the token.
fn refused(contents: Contents, fault: Fault) -> Fault {
    match contents {
        Contents::Secret(_) => fault,
        Contents::Rsa { .. } | Contents::Ec(_) | Contents::Edwards(_) => private::lost(fault),
    }
}

/// Wraps an object that is there, for a blob of its own.
pub(super) fn wrap_object(
    token: &Token,
    call: &CallContext,
    kek: KeyId,
    (object, contents): (ObjectHandle, Contents),
    policy: &KeyPolicy,
) -> Result<Output<WrappedKey>, HsmError> {
    let algorithm = contents.algorithm(&token.capabilities).ok_or(UNSUPPORTED)?;
    let mechanism = token.capabilities.wrap(algorithm).ok_or(UNSUPPORTED)?.mechanism();
    let (wrapped, kcv) =
        token.use_key(call, &KeyRef::Token(kek), Doubt::Device, |session, kek| {
            let handle = token.working_handle(kek)?;
            let wrapped = session.wrap_key(&plain(mechanism), handle, object)?;
            private::unwraps(session, (handle, mechanism), contents, &wrapped)?;
            Ok((wrapped, told_value(session, object, contents)))
        })?;
    let blob = Envelope::new(algorithm, contents, policy, wrapped).encode();
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
    let contents = envelope.contents;
    let mechanism = token.capabilities.wrap(envelope.algorithm).ok_or(UNSUPPORTED)?.mechanism();
    // What lives on is shut, whatever the key's policy: see `with_passing`.
    let template = template::in_session(contents, envelope.usage, true, false);
    let kek = token.key(call, session, &KeyRef::Token(kek))?;
    let handle = token.working_handle(&kek)?;
    let object = token.owner.with(|owner| {
        let object = owner.unwrap_key(&plain(mechanism), handle, &envelope.wrapped, &template);
        object.map_err(|error| damaged(token, owner, error.into()))
    })?;
    // Not in the owner session: an operation that fails may stay open, and block it for good.
    same_key(session, object, contents, kcv)?;
    let key = Key::unwrapped(kind_of(contents), object, &token.unwrapped.graveyard);
    Ok(token.unwrapped.insert(id, key))
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
    let contents = envelope.contents;
    let template = template::in_session(contents, KeyUsage::default(), !readable, true);
    let mechanism = token.capabilities.wrap(envelope.algorithm).ok_or(UNSUPPORTED)?.mechanism();
    token.use_key(call, &KeyRef::Token(*kek), Doubt::Device, |session, kek| {
        let handle = token.working_handle(kek)?;
        let object = session.unwrap_key(&plain(mechanism), handle, &envelope.wrapped, &template);
        let object = object.map_err(|error| damaged(token, session, error.into()))?;
        same_key(session, object, contents, kcv)?;
        let passing = Key::new(kind_of(contents), object);
        let done = work(session, &passing);
        session.destroy_object(object)?;
        done
    })
}

/// Destroys what was unwrapped if it is another key than it should be.
fn same_key(
    session: &Session,
    object: ObjectHandle,
    contents: Contents,
    kcv: &[u8],
) -> Result<(), Fault> {
    let same = is_same_key(session, object, contents, kcv);
    if same == Ok(true) {
        return Ok(());
    }
    session.destroy_object(object)?;
    same.and(Err(HsmError::new(HsmErrorKind::Damaged, "key check value").into()))
}

/// Whether nothing speaks against this being the key with that check value. A token that fails at
/// telling it says nothing for it.
pub(super) fn is_same_key(
    session: &Session,
    object: ObjectHandle,
    contents: Contents,
    kcv: &[u8],
) -> Result<bool, Fault> {
    let found = match contents {
        Contents::Secret(spec) => check_value_now(session, object, spec.kind)?,
        Contents::Rsa { .. } | Contents::Ec(_) | Contents::Edwards(_) => {
            told_value(session, object, contents)
        }
    };
    Ok(kcv.is_empty() || found.is_empty() || found == kcv)
}

/// CKA_CHECK_VALUE as the token tells it of a secret key; of an RSA key, the start of its modulus'
/// hash; nothing of others, where the wrapping's own check must do.
pub(super) fn told_value(session: &Session, object: ObjectHandle, contents: Contents) -> Vec<u8> {
    match contents {
        Contents::Secret(_) => check_value(session, object),
        Contents::Rsa { .. } => {
            let modulus = keys::read(session, object, AttributeType::Modulus).unwrap_or_default();
            let hash = software::digest(HashAlgorithm::Sha256, &modulus).unwrap_or_default();
            if modulus.is_empty() { Vec::new() } else { hash.into_iter().take(3).collect() }
        }
        Contents::Ec(_) | Contents::Edwards(_) => Vec::new(),
    }
}

/// CKA_CHECK_VALUE, computed where the token leaves it out (SoftHSM does for unwrapped keys);
/// empty where the key's usage forbids that, and the wrapping's own check must do.
fn check_value_now(
    session: &Session,
    object: ObjectHandle,
    kind: SecretKeyKind,
) -> Result<Vec<u8>, Fault> {
    let told = check_value(session, object);
    if !told.is_empty() {
        return Ok(told);
    }
    let made = match kind {
        SecretKeyKind::Aes => session.encrypt(&plain(Mechanism::AES_ECB), object, &[0; 16]),
        SecretKeyKind::Des3 => session.encrypt(&plain(Mechanism::DES3_ECB), object, &[0; 8]),
        SecretKeyKind::Generic => session.digest_init(&plain(Mechanism::SHA_1)).and_then(|()| {
            // Ended in any case: a refused key may leave it open.
            let taken = session.digest_key(object);
            let ended = session.digest_final();
            taken.and(ended)
        }),
    };
    match made.map_err(Fault::from) {
        Ok(mut value) => {
            value.truncate(3);
            Ok(value)
        }
        Err(fault) if matches!(fault.effect, Effect::None | Effect::StaleHandle) => Ok(Vec::new()),
        Err(fault) => Err(fault),
    }
}

/// Why a blob of the caller's own store cannot be unwrapped.
fn damaged(token: &Token, session: &Session, fault: Fault) -> Fault {
    let fault = unreadable(token, session, fault);
    Fault { error: fault.error.about_stored(), ..fault }
}

/// A doubtful answer of a healthy token to an unwrapping means a damaged blob.
pub(super) fn unreadable(token: &Token, session: &Session, fault: Fault) -> Fault {
    if fault.effect == Effect::Doubtful && token.is_well() && token.serves(session) {
        return HsmError::new(HsmErrorKind::BadData, "C_UnwrapKey").into();
    }
    fault
}
