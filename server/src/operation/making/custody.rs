//! Where a new secret key lives: in the token, or wrapped in its row; sealed, where the token
//! lacks what it is for and the scope allows assisted mode.
//!
//! A wrapped key and its row come into being in one write; a token object needs a pending row
//! first, so that a crash leaves no stray key.

use hsm_backend::{
    Agreement, ArrivingKey, HashAlgorithm, HsmErrorKind, KeyId, KeyMaterial, KeyPolicy, KeyRef,
    SecretKeySpec, WrappedKey, software,
};
use kmip_core::attribute::{AttributeKind as Kind, UniqueIdentifier};
use kmip_core::types::KeyFormatType;

use crate::bridge::signature;
use crate::object::CustodyMode;
use crate::object::{Custody, ManagedObject};
use crate::operation::{OpContext, OpError, birth, register, replacement, use_key, value};

/// Where a key comes from.
pub(in crate::operation) enum Source<'a> {
    /// The token makes it.
    Generated(SecretKeySpec),
    /// The token agrees on it with somebody else's public key.
    Agreed(&'a Agreement),
    /// The client brought it, wrapped by a key of the token's.
    Arriving(&'a ArrivingKey),
    /// The client brought it.
    Brought(&'a KeyMaterial),
}

/// Brings the key of `row` into being, and stores the row, in the place of `predecessors` where
/// there are some (see [`birth::keep`]).
///
/// # Errors
///
/// [`OpError`]; no live object is left behind.
pub(in crate::operation) fn bear(
    ctx: &mut OpContext<'_>,
    row: ManagedObject,
    source: &Source<'_>,
    policy: &KeyPolicy,
    predecessors: &[UniqueIdentifier],
) -> Result<ManagedObject, OpError> {
    if needs_assistance(ctx, &row)? {
        return assisted(ctx, row, source, predecessors);
    }
    match mode(ctx, source)? {
        CustodyMode::Token => in_token(ctx, row, source, policy, predecessors),
        CustodyMode::Wrapped => match wrapped(ctx, &row, source, policy, predecessors)? {
            Some(row) => Ok(row),
            // A length that would not come back exactly, or a token that wraps nothing.
            None => in_token(ctx, row, source, policy, predecessors),
        },
    }
}

fn mode(ctx: &OpContext<'_>, source: &Source<'_>) -> Result<CustodyMode, OpError> {
    let rules = ctx.rules()?.custody;
    Ok(match source {
        Source::Generated(_)
        | Source::Agreed(_)
        | Source::Arriving(_)
        | Source::Brought(KeyMaterial::Secret { .. }) => rules.symmetric,
        Source::Brought(
            KeyMaterial::RsaPrivate(_)
            | KeyMaterial::EcPrivate { .. }
            | KeyMaterial::EdwardsPrivate { .. },
        ) => rules.private,
    })
}

/// Where new private keys live.
pub(in crate::operation) fn of_private_keys(ctx: &OpContext<'_>) -> Result<CustodyMode, OpError> {
    Ok(ctx.rules()?.custody.private)
}

/// Puts a wrapped key into its row.
pub(in crate::operation) fn enter_wrapped(
    row: &mut ManagedObject,
    kek: KeyId,
    made: WrappedKey,
) -> Result<(), OpError> {
    row.set_custody(Custody::Wrapped);
    row.key_id = Some(KeyId(birth::random_id()?));
    row.kek_id = Some(kek);
    row.blob = Some(made.blob);
    if !made.kcv.is_empty() {
        row.kcv = made.kcv;
    }
    Ok(())
}

/// Whether the scope has assisted mode for what this key does and the token lacks.
fn needs_assistance(ctx: &OpContext<'_>, row: &ManagedObject) -> Result<bool, OpError> {
    if !ctx.rules()?.custody.assisted {
        return Ok(false);
    }
    let Ok(parameters) = use_key::parameters_for(row, None) else { return Ok(false) };
    let Ok(algorithm) = use_key::algorithm_of(row) else { return Ok(false) };
    let Ok(mac) = signature::mac(algorithm, &parameters) else { return Ok(false) };
    Ok(hsm_backend::assists(hsm_backend::Wish::Mac(mac)) && ctx.capabilities()?.mac(mac).is_none())
}

/// Seals the value: a key that only wraps could not give it back.
fn assisted(
    ctx: &mut OpContext<'_>,
    mut row: ManagedObject,
    source: &Source<'_>,
    predecessors: &[UniqueIdentifier],
) -> Result<ManagedObject, OpError> {
    let made_there;
    let value = match source {
        Source::Generated(spec) => {
            let bytes = usize::try_from(spec.bits / 8).unwrap_or(usize::MAX);
            made_there = ctx.hsm().random(&ctx.keygen_call(), bytes)?;
            &made_there
        }
        Source::Agreed(agreement) => {
            let made = ctx.hsm().agree(&ctx.call(), &agreement.private, &agreement.peer)?;
            made_there = made.value;
            &made_there
        }
        Source::Brought(KeyMaterial::Secret { value, .. }) => value,
        // Its value does not leave the token: see `register::arrival`.
        Source::Arriving(_) => return Err(OpError::FeatureNotSupported("the key stays wrapped")),
        Source::Brought(_) => return Err(OpError::IllegalOperation("the key makes no MAC")),
    };
    // As it was registered, where that is kept.
    let sealed = match row.form.take() {
        Some(form) => form,
        None => register::seal(ctx, &row, &value::of_secret(&row, value)?)?,
    };
    if !matches!(source, Source::Brought(_)) {
        let digest = software::digest(HashAlgorithm::Sha256, value.expose())?;
        row.attributes.set(Kind::Digest, &birth::digest(digest, KeyFormatType::Raw));
    }
    row.set_custody(Custody::Assisted);
    row.kek_id = Some(sealed.key);
    row.blob = Some(sealed.bytes);
    birth::keep(ctx, std::slice::from_ref(&row), predecessors)?;
    Ok(row)
}

fn in_token(
    ctx: &mut OpContext<'_>,
    row: ManagedObject,
    source: &Source<'_>,
    policy: &KeyPolicy,
    predecessors: &[UniqueIdentifier],
) -> Result<ManagedObject, OpError> {
    let make = |ctx: &OpContext<'_>, id| {
        let call = ctx.keygen_call();
        let made = match source {
            Source::Generated(spec) => ctx.hsm().generate_key(&call, id, *spec, policy)?.value,
            Source::Agreed(wish) => ctx.hsm().derive_key(&call, id, wish, policy)?.value,
            Source::Arriving(key) => {
                let ArrivingKey { wrapping, blob, algorithm, spec } = key;
                let hsm = ctx.hsm();
                hsm.unwrap_key(&call, wrapping, blob, *algorithm, id, *spec, policy)?.value
            }
            Source::Brought(material) => ctx.hsm().import_key(&call, id, material, policy)?,
        };
        Ok(made.kcv)
    };
    let finish = |ctx: &OpContext<'_>, objects: &mut [ManagedObject], kcv: Vec<u8>| {
        for object in objects {
            object.kcv.clone_from(&kcv);
            add_digest(ctx, object, source);
        }
        Ok(())
    };
    // An identifier that is held already: the row is not free to tell of a key that is being made.
    if row.version > 0 {
        return replacement::bear(ctx, row, make, finish);
    }
    let made = birth::bear(ctx, vec![row], predecessors, make, finish)?;
    made.into_iter().next().ok_or(OpError::NotFound)
}

/// `None` where the token would not give the key back as it is.
fn wrapped(
    ctx: &mut OpContext<'_>,
    row: &ManagedObject,
    source: &Source<'_>,
    policy: &KeyPolicy,
    predecessors: &[UniqueIdentifier],
) -> Result<Option<ManagedObject>, OpError> {
    let keyring = &ctx.services().keyring;
    // Held until the row is stored.
    let kek = keyring.wrapping_key(&ctx.call())?;
    let call = ctx.keygen_call();
    let made = match source {
        Source::Generated(spec) => ctx.hsm().generate_wrapped(&call, kek.id(), *spec, policy),
        Source::Agreed(wish) => ctx.hsm().derive_wrapped(&call, kek.id(), wish, policy),
        Source::Arriving(key) => ctx.hsm().rewrap_arriving(&call, kek.id(), key, policy),
        Source::Brought(material) => ctx.hsm().import_wrapped(&call, kek.id(), material, policy),
    };
    let made = match made {
        Ok(made) => made.value,
        Err(error) if error.kind == HsmErrorKind::Unsupported => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut row = row.clone();
    enter_wrapped(&mut row, kek.id(), made)?;
    add_digest(ctx, &mut row, source);
    birth::keep(ctx, std::slice::from_ref(&row), predecessors)?;
    Ok(Some(row))
}

/// The Digest of a key that nobody has seen, made inside the token; a token that cannot do it
/// leaves the key without.
fn add_digest(ctx: &OpContext<'_>, row: &mut ManagedObject, source: &Source<'_>) {
    let key: Option<KeyRef> = row.key_ref().filter(|_| !matches!(source, Source::Brought(_)));
    let digest =
        key.and_then(|key| ctx.hsm().digest_key(&ctx.call(), &key, HashAlgorithm::Sha256).ok());
    if let Some(digest) = digest {
        row.attributes.set(Kind::Digest, &birth::digest(digest, KeyFormatType::Raw));
    }
}
