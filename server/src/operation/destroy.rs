//! Destroy: the row first, then the secret. In a batch with Undo the secret goes when the batch is
//! over and nothing has failed.
//!
//! Spec: KMIP 1.4 §4.21.

use hsm_backend::{HsmBackend, HsmError, HsmErrorKind, KeyRef};
use kmip_core::attribute::UniqueIdentifier;
use kmip_core::payload::{DestroyRequest, DestroyResponse};

use super::{OpContext, OpError, birth, transfer};
use crate::lifecycle;
use crate::object::{Custody, ManagedObject, Phase};

/// Destroys one object and answers with its identifier. Its metadata stay.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: DestroyRequest,
) -> Result<DestroyResponse, OpError> {
    let postponed = ctx.postpones_endings();
    let uid = end(ctx, request.unique_identifier, postponed, |object, now| {
        Ok(lifecycle::destroy(object, now)?)
    })?;
    if postponed {
        ctx.postpone_ending(&uid);
    }
    Ok(DestroyResponse { unique_identifier: uid })
}

/// Undoes the making of an object, whatever state it began in.
pub(super) fn erase(ctx: &mut OpContext<'_>, uid: &UniqueIdentifier) -> Result<(), OpError> {
    use kmip_core::attribute::AttributeKind as Kind;
    use kmip_core::types::State;
    end(ctx, Some(uid.clone()), false, |object, now| {
        if object.state().is_some() {
            object.attributes.set(Kind::State, &State::Destroyed);
        }
        object.attributes.set(Kind::DestroyDate, &now);
        Ok(())
    })?;
    Ok(())
}

/// Ends an object as `change` says. It is of no use from then on; what is secret of it goes at once,
/// or with [`finish`] where that is `postponed`. Whatever becomes of this server, it will go.
fn end(
    ctx: &mut OpContext<'_>,
    uid: Option<UniqueIdentifier>,
    postponed: bool,
    change: impl Fn(&mut ManagedObject, kmip_core::ttlv::DateTime) -> Result<(), OpError>,
) -> Result<UniqueIdentifier, OpError> {
    let lease = birth::lease(ctx);
    // While the token is away a key cannot be destroyed: better to say so before the row changes.
    let target = ctx.object(uid)?;
    if target.custody == Custody::Token {
        ctx.capabilities()?;
    }
    let (object, ()) = ctx.change(Some(target.uid.clone()), |object, now| {
        if object.is_destroyed() {
            return Err(OpError::NotFound);
        }
        change(object, now)?;
        if postponed || object.custody == Custody::Token {
            object.phase = Phase::Destroying(lease.clone());
        } else {
            object.forget_secret();
        }
        Ok(())
    })?;
    let uid = object.uid.clone();
    if object.phase == Phase::Live {
        target.key_ref().iter().for_each(|key| transfer::let_go(ctx, key));
    } else if !postponed {
        finish(ctx, object)?;
    }
    Ok(uid)
}

/// Destroys what is secret of an object at its end: in the token first, then in the row.
///
/// # Errors
///
/// [`OpError`]; the reconciler tries again.
pub(super) fn finish(ctx: &mut OpContext<'_>, mut object: ManagedObject) -> Result<(), OpError> {
    let key = object.key_ref();
    if let Some(key @ KeyRef::Token(_)) = &key {
        let canary = ctx.services().keyring.canary()?;
        destroy_in_token(ctx.hsm(), &ctx.call(), key, canary.map(KeyRef::Token).as_ref())?;
    }
    object.phase = Phase::Live;
    object.forget_secret();
    ctx.replace(&[&object])?;
    key.iter().for_each(|key| transfer::let_go(ctx, key));
    Ok(())
}

/// Destroys a token key. A token that does not know the key is believed only if it knows our canary:
/// an absent or wrong token reads as an empty one.
///
/// # Errors
///
/// [`HsmError`]; the reconciler tries again.
pub(crate) fn destroy_in_token(
    hsm: &dyn HsmBackend,
    call: &hsm_backend::CallContext,
    key: &KeyRef,
    canary: Option<&KeyRef>,
) -> Result<(), HsmError> {
    match hsm.destroy_key(call, key) {
        Err(error) if error.kind == HsmErrorKind::KeyNotFound => match canary {
            Some(KeyRef::Token(id)) if hsm.key_exists(call, *id)? => Ok(()),
            Some(_) => Err(HsmError::new(HsmErrorKind::Unavailable, "canary")),
            None => Ok(()),
        },
        outcome => outcome,
    }
}
