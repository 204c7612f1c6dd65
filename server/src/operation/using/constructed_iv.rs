//! IVs that the server constructs of a fixed field and an invocation field.
//!
//! Spec: SP 800-38D §8.2.1; KMIP 1.4 §3.6.

use crate::bridge::constructed::Fields;
use crate::invocations;
use crate::object::ManagedObject;
use crate::operation::{OpContext, OpError};

/// Most numbers reserved at once: a write to the store for each so many IVs.
const MAX_RESERVED: u64 = 256;

/// An IV of `bytes` for `key` that was never made before and will never be again.
///
/// The fixed field stands for this key in this run of the server, the invocation field counts over
/// all runs. A key that comes back to a scope of the same name is another one here, since nobody
/// remembers the count of the first; so the runs of a scope's name are told apart, too.
///
/// # Errors
///
/// `InvalidField` for a fixed field that cannot be filled, `PermissionDenied` where the invocation
/// field has counted to its end, those of the store.
pub(in crate::operation) fn make(
    ctx: &mut OpContext<'_>,
    key: &ManagedObject,
    fields: Fields,
    bytes: usize,
) -> Result<Vec<u8>, OpError> {
    fields.check_made_here()?;
    let services = ctx.services();
    let (instance, removals) = (&services.instance, services.directory.removals());
    let context = format!("claviger/iv/{instance}/{removals}/{}/{}", key.scope.as_str(), key.uid);
    let number = next(ctx, key, &context, fields)?;
    if !fields.holds(number) {
        return Err(OpError::PermissionDenied("the key has no more IVs of this layout"));
    }
    Ok(fields.fill(&context, number, bytes)?)
}

fn next(
    ctx: &mut OpContext<'_>,
    key: &ManagedObject,
    context: &str,
    fields: Fields,
) -> Result<u64, OpError> {
    let numbers = &ctx.services().invocations;
    if let Some(number) = numbers.next(context) {
        return Ok(number);
    }
    // Short fields are not to run out by restarts alone.
    let count = MAX_RESERVED.min(1 << (fields.invocation_bits / 4).min(8));
    let mut reserved = ctx.reserve(&key.uid, |attributes| {
        invocations::reserve(attributes, count)
            .ok_or(OpError::PermissionDenied("the key has no more IVs"))
    })?;
    let first = reserved.next().ok_or(OpError::GeneralFailure("no number was reserved"))?;
    numbers.put(context, reserved);
    Ok(first)
}
