//! The end of a scope: what it held is destroyed, whatever state it is in.

use kmip_core::attribute::{AttributeKind as Kind, UniqueIdentifier};

use super::{OpContext, OpError, destroy};
use crate::object::Scope;
use crate::services::Services;
use crate::store::Filter;

/// Objects that are looked for at once.
const PAGE: usize = 256;

/// Destroys the objects of every scope that was removed; returns how many.
///
/// # Errors
///
/// Of the store or the token; what is left is for the next time.
pub fn clear_retired(services: &Services) -> Result<usize, OpError> {
    let mut destroyed = 0;
    for scope in services.directory.retired_scopes()? {
        destroyed += clear(services, &scope)?;
    }
    Ok(destroyed)
}

fn clear(services: &Services, scope: &Scope) -> Result<usize, OpError> {
    let filter = Filter { online: true, archived: true, limit: PAGE, ..Filter::default() };
    let mut destroyed = 0;
    loop {
        let mut ctx = OpContext::for_operator(services, scope);
        let page = ctx.locate(&filter)?;
        if page.identifiers.is_empty() {
            return Ok(destroyed);
        }
        for uid in page.identifiers {
            match end(&mut ctx, &uid) {
                Ok(()) => destroyed += 1,
                // The housekeeping and an operator may be at it at once.
                Err(OpError::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

fn end(ctx: &mut OpContext<'_>, uid: &UniqueIdentifier) -> Result<(), OpError> {
    let object = ctx.object_or_remains(Some(uid.clone()))?;
    if object.is_destroyed() {
        return Err(OpError::NotFound);
    }
    if object.is_archived() {
        ctx.change_archived(uid, |object, _| {
            object.attributes.clear(Kind::ArchiveDate);
            Ok(())
        })?;
    }
    destroy::erase(ctx, uid)
}
