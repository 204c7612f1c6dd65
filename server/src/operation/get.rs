//! Get: an object's value, as it was registered, in another format, or wrapped.
//!
//! Spec: KMIP 1.4 §4.11.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::object::Object;
use kmip_core::payload::{GetRequest, GetResponse};
use kmip_core::types::KeyWrapType;

use super::{OpContext, OpError, key_wrap, value};
use crate::object::{Custody, ManagedObject};

/// Answers with the object.
pub(super) fn handle(ctx: &mut OpContext<'_>, request: GetRequest) -> Result<GetResponse, OpError> {
    let row = ctx.object(request.unique_identifier)?;
    if request.key_compression_type.is_some() {
        return Err(OpError::KeyCompression);
    }
    let format = request.key_format_type;
    let object = match request.key_wrapping_specification {
        Some(specification) => {
            may_leave_wrapped(ctx, &row)?;
            key_wrap::wrapped(ctx, &row, format, &specification)?
        }
        None => {
            may_leave(ctx, &row)?;
            value::in_plaintext(ctx, &row, format)?
        }
    };
    if request.key_wrap_type == Some(KeyWrapType::NotWrapped) && is_wrapped(&object) {
        return Err(OpError::FeatureNotSupported("registered wrapped, and given out as such only"));
    }
    if row.attributes.boolean(Kind::Fresh) == Some(true) {
        ctx.change(Some(row.uid.clone()), |object, _| {
            object.attributes.set(Kind::Fresh, &false);
            Ok(())
        })?;
    }
    Ok(GetResponse { object_type: row.object_type, unique_identifier: row.uid.clone(), object })
}

fn is_wrapped(object: &Object) -> bool {
    object.key_block().is_some_and(|block| block.key_wrapping_data.is_some())
}

/// Whether the object's value may be given out in plaintext.
fn may_leave(ctx: &OpContext<'_>, row: &ManagedObject) -> Result<(), OpError> {
    may_leave_wrapped(ctx, row)?;
    if row.attributes.boolean(Kind::Sensitive) == Some(true) {
        return Err(OpError::Sensitive);
    }
    Ok(())
}

/// Whether the object's value may be given out at all.
fn may_leave_wrapped(ctx: &OpContext<'_>, row: &ManagedObject) -> Result<(), OpError> {
    if row.custody == Custody::Public {
        return Ok(());
    }
    if row.attributes.boolean(Kind::Extractable) != Some(true) || !ctx.may_export() {
        return Err(OpError::NotExtractable);
    }
    Ok(())
}
