//! What the operations that use a key have in common.

use std::sync::Arc;

use kmip_core::attribute::{
    AttributeKind as Kind, CryptographicParameters, UniqueIdentifier, UsageLimits,
};
use kmip_core::secret::SecretBytes;
use kmip_core::types::{
    CryptographicAlgorithm, CryptographicUsageMask as Mask, ObjectType, UsageLimitsUnit,
    ValidityIndicator,
};

use crate::bridge::no_parameters;
use crate::lifecycle::{self, Purpose};
use crate::object::ManagedObject;
use crate::operation::{OpContext, OpError, birth, one_time_pad};

/// The data of a single-part request, within bounds.
///
/// # Errors
///
/// `InvalidMessage` if there are none, `InvalidField` if there are too many.
pub(in crate::operation) fn single_part(
    ctx: &OpContext<'_>,
    data: Option<SecretBytes>,
) -> Result<SecretBytes, OpError> {
    let data = data.ok_or(OpError::InvalidMessage("no data"))?;
    if data.len() > ctx.services().bounds.max_data_bytes {
        return Err(OpError::InvalidField("too much data at once"));
    }
    Ok(data)
}

/// Loads a key and checks that it may be used for `usage` now.
///
/// # Errors
///
/// `NotFound`, `IllegalOperation` for what is no key, `Forbidden`, `PermissionDenied` for an
/// algorithm that the role does not have.
pub(in crate::operation) fn key_for(
    ctx: &mut OpContext<'_>,
    uid: Option<UniqueIdentifier>,
    usage: Mask,
    purpose: Purpose,
) -> Result<Arc<ManagedObject>, OpError> {
    let key = ctx.object(uid)?;
    if !is_key(&key) {
        return Err(OpError::IllegalOperation("the object is no key"));
    }
    birth::check_algorithm(ctx, &key.attributes)?;
    lifecycle::may_use(&key, usage, purpose, ctx.now())?;
    if key.attributes.boolean(Kind::KeyValuePresent) == Some(false) {
        return Err(OpError::KeyValueNotPresent);
    }
    Ok(key)
}

/// Secret Data are a key where they are a One Time Pad.
fn is_key(row: &ManagedObject) -> bool {
    match row.object_type {
        ObjectType::SymmetricKey | ObjectType::PrivateKey | ObjectType::PublicKey => true,
        ObjectType::SecretData => one_time_pad::is_pad(row),
        _ => false,
    }
}

/// The key's algorithm.
///
/// # Errors
///
/// `IllegalOperation` for a key without one.
pub(in crate::operation) fn algorithm_of(
    key: &ManagedObject,
) -> Result<CryptographicAlgorithm, OpError> {
    key.attributes
        .enumeration(Kind::CryptographicAlgorithm)
        .map(CryptographicAlgorithm)
        .ok_or(OpError::IllegalOperation("the key has no algorithm"))
}

/// The parameters given, else the key's own first instance, else none.
///
/// # Errors
///
/// `InvalidField` for a Key Role Type that is given, and is not among the key's own.
pub(in crate::operation) fn parameters_for(
    key: &ManagedObject,
    given: Option<CryptographicParameters>,
) -> Result<CryptographicParameters, OpError> {
    let own = || key.attributes.all_typed::<CryptographicParameters>(Kind::CryptographicParameters);
    let Some(given) = given else { return Ok(own().next().unwrap_or_else(no_parameters)) };
    let role = given.key_role_type;
    if role.is_some() && own().all(|own| own.key_role_type != role) {
        return Err(OpError::InvalidField("the key has another role"));
    }
    Ok(given)
}

/// What a verification says.
pub(in crate::operation) const fn verdict(valid: bool) -> ValidityIndicator {
    if valid { ValidityIndicator::Valid } else { ValidityIndicator::Invalid }
}

/// The token's key.
///
/// # Errors
///
/// `ParametersNotSupported` for a key that no token takes.
pub(in crate::operation) fn token_key(key: &ManagedObject) -> Result<hsm_backend::KeyRef, OpError> {
    key.key_ref().ok_or(OpError::ParametersNotSupported("the HSM cannot use this key"))
}

/// Takes `bytes` off the key's Usage Limits, if it has any, before the key is used.
///
/// # Errors
///
/// `UsageExhausted`, with nothing taken.
pub(in crate::operation) fn spend(
    ctx: &mut OpContext<'_>,
    key: &ManagedObject,
    bytes: usize,
) -> Result<(), OpError> {
    if key.attributes.get(Kind::UsageLimits).is_none() {
        return Ok(());
    }
    ctx.draw(&key.uid, |key, _| {
        let limits = key.attributes.typed::<UsageLimits>(Kind::UsageLimits);
        Ok(match limits.map(|limits| limits.unit) {
            None => 0,
            Some(UsageLimitsUnit::Byte) => i64::try_from(bytes).unwrap_or(i64::MAX),
            Some(_) => 1,
        })
    })
}
