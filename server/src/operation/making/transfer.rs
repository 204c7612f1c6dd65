//! Moves a key from one custody to another. Its identifier stays, and so does its value.
//!
//! No KMIP operation: an operator asks for it. A token object that is left behind, or was begun and
//! not finished, is named in the row and destroyed by the housekeeping.

use std::sync::PoisonError;

use hsm_backend::{HsmError, HsmErrorKind, KeyId, KeyMaterial, KeyRef, SecretKeySpec};
use kmip_core::attribute::UniqueIdentifier;
use kmip_core::types::ObjectType;

use crate::bridge::{key_material, key_spec};
use crate::object::{Custody, ManagedObject, Phase, SealedForm};
use crate::operation::custody::enter_wrapped;
use crate::operation::{OpContext, OpError, birth, register, value};

/// Moves the key `uid` to `target` and returns its row.
///
/// # Errors
///
/// [`OpError`]: `NotFound`; `IllegalOperation` for an object that has no such custody;
/// `NotExtractable` for a token object that never lets its value out; `Hsm` with `Unsupported` for a
/// length that would not come back exactly; `Store` with `Conflict` where a client changed the
/// object meanwhile. The key is then where it was.
pub fn move_key(
    ctx: &mut OpContext<'_>,
    uid: &UniqueIdentifier,
    target: Custody,
) -> Result<ManagedObject, OpError> {
    let services = ctx.services();
    let _alone = services.moves.lock().unwrap_or_else(PoisonError::into_inner);
    let row = (*ctx.object(Some(uid.clone()))?).clone();
    if row.custody == target {
        return Ok(row);
    }
    let has_key = matches!(row.object_type, ObjectType::SymmetricKey | ObjectType::PrivateKey);
    if row.phase != Phase::Live || !has_key || row.leftover.is_some() {
        return Err(OpError::IllegalOperation("the object does not move, or moves already"));
    }
    match (row.custody, target) {
        (Custody::Token, Custody::Wrapped) => token_to_wrapped(ctx, row),
        (Custody::Wrapped, Custody::Token) => wrapped_to_token(ctx, row),
        (Custody::Assisted, Custody::Wrapped) => assisted_to_wrapped(ctx, row),
        (Custody::Token | Custody::Wrapped, Custody::Assisted) => to_assisted(ctx, row),
        _ => Err(OpError::IllegalOperation("there is no way between these custodies")),
    }
}

fn policy(row: &ManagedObject) -> hsm_backend::KeyPolicy {
    let mask = row.usage_mask();
    let usage = match row.object_type {
        ObjectType::PrivateKey => key_spec::private_usage(mask),
        _ => key_spec::secret_usage(mask),
    };
    birth::key_policy(row, usage)
}

fn token_to_wrapped(
    ctx: &mut OpContext<'_>,
    mut row: ManagedObject,
) -> Result<ManagedObject, OpError> {
    let key = row.key_ref().ok_or(OpError::KeyValueNotPresent)?;
    let keyring = &ctx.services().keyring;
    let kek = keyring.wrapping_key(&ctx.call())?;
    let (spec, policy) = (spec(&row)?, policy(&row));
    let made = ctx.hsm().move_to_blob(&ctx.call(), &key, kek.id(), spec, &policy);
    let made = made.map_err(|error| match error.kind {
        HsmErrorKind::NotExtractable | HsmErrorKind::NotPermitted => OpError::NotExtractable,
        _ => error.into(),
    })?;
    let left = row.key_id;
    enter_wrapped(&mut row, kek.id(), made.value)?;
    row.leftover = left;
    ctx.replace(&[&row])?;
    Ok(row)
}

/// What the token is told where it does not know: kind and length.
fn spec(row: &ManagedObject) -> Result<SecretKeySpec, OpError> {
    let algorithm = crate::operation::use_key::algorithm_of(row)?;
    let bytes = usize::try_from(row.true_bits / 8).unwrap_or(usize::MAX);
    let kind = if register::is_for_hmac(&row.attributes) {
        Some(hsm_backend::SecretKeyKind::Generic)
    } else {
        key_material::secret_kind(algorithm, bytes, true)
    };
    // Of a private key, the token knows everything itself.
    let kind = kind.unwrap_or(hsm_backend::SecretKeyKind::Generic);
    Ok(SecretKeySpec { kind, bits: row.true_bits })
}

fn wrapped_to_token(
    ctx: &mut OpContext<'_>,
    mut row: ManagedObject,
) -> Result<ManagedObject, OpError> {
    let key = row.key_ref().ok_or(OpError::KeyValueNotPresent)?;
    let id = KeyId(birth::random_id()?);
    // Named before it is made: a crash leaves no stray key.
    row.leftover = Some(id);
    ctx.replace(&[&row])?;
    row.version += 1;
    let label = policy(&row).label;
    let made = ctx.hsm().move_to_token(&ctx.keygen_call(), &key, id, &label)?;
    row.set_custody(Custody::Token);
    row.key_id = Some(id);
    row.kek_id = None;
    row.blob = None;
    row.leftover = None;
    if !made.value.kcv.is_empty() {
        row.kcv = made.value.kcv;
    }
    ctx.replace(&[&row])?;
    let_go(ctx, &key);
    Ok(row)
}

fn assisted_to_wrapped(
    ctx: &mut OpContext<'_>,
    mut row: ManagedObject,
) -> Result<ManagedObject, OpError> {
    let secret = value::sealed_secret(ctx, &row)?;
    let keyring = &ctx.services().keyring;
    let kek = keyring.wrapping_key(&ctx.call())?;
    let material = KeyMaterial::Secret { kind: spec(&row)?.kind, value: secret };
    let policy = policy(&row);
    let made = ctx.hsm().import_wrapped(&ctx.keygen_call(), kek.id(), &material, &policy)?.value;
    // Where it may be read, the form it was registered in is kept beside.
    let sealed = row.kek_id.zip(row.blob.take()).map(|(key, bytes)| SealedForm { key, bytes });
    row.form = sealed.filter(|_| policy.extractable && !policy.sensitive);
    enter_wrapped(&mut row, kek.id(), made)?;
    ctx.replace(&[&row])?;
    Ok(row)
}

fn to_assisted(ctx: &mut OpContext<'_>, mut row: ManagedObject) -> Result<ManagedObject, OpError> {
    if !ctx.rules()?.custody.assisted {
        return Err(OpError::PermissionDenied("the scope has no assisted mode"));
    }
    let key = row.key_ref().ok_or(OpError::KeyValueNotPresent)?;
    let sealed = match row.form.take() {
        Some(form) => form,
        None => {
            let secret = match value::export(ctx, &row, &key)? {
                KeyMaterial::Secret { value, .. } => value,
                KeyMaterial::RsaPrivate(_)
                | KeyMaterial::EcPrivate { .. }
                | KeyMaterial::EdwardsPrivate { .. } => {
                    return Err(HsmError::new(HsmErrorKind::Unsupported, "assisted").into());
                }
            };
            register::seal(ctx, &row, &value::of_secret(&row, &secret)?)?
        }
    };
    row.leftover = row.key_id.filter(|_| row.custody == Custody::Token);
    row.set_custody(Custody::Assisted);
    row.key_id = None;
    row.kek_id = Some(sealed.key);
    row.blob = Some(sealed.bytes);
    ctx.replace(&[&row])?;
    let_go(ctx, &key);
    Ok(row)
}

/// Lets go of what is live of a wrapped key. A token that is away has lost it.
pub(in crate::operation) fn let_go(ctx: &OpContext<'_>, key: &KeyRef) {
    if let KeyRef::Wrapped { .. } = key
        && let Err(error) = ctx.hsm().destroy_key(&ctx.call(), key)
    {
        tracing::debug!(request = ctx.request_id(), %error, "a live key was not let go");
    }
}
