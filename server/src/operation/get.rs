//! Get: an object's value, as it was registered, in another format, or wrapped.
//!
//! Spec: KMIP 1.4 §4.11.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::object::{KeyValue, KeyWrappingSpecification, Object};
use kmip_core::payload::{GetRequest, GetResponse};
use kmip_core::types::{KeyCompressionType, KeyFormatType, KeyWrapType, ObjectType};

use super::{OpContext, OpError, attribute_list, key_wrap, one_time_pad, pkcs12, query, value};
use crate::object::{Custody, ManagedObject};

/// The form in which a client wants an object.
pub(super) struct Form {
    /// Format; absent means as it was registered.
    pub(super) format: Option<KeyFormatType>,
    /// Whether as registered, or unwrapped.
    pub(super) wrap_type: Option<KeyWrapType>,
    /// How the point of an EC public key is packed.
    pub(super) compression: Option<KeyCompressionType>,
    /// How to wrap it; absent means not at all.
    pub(super) wrapping: Option<KeyWrappingSpecification>,
}

/// Answers with the object.
pub(super) fn handle(ctx: &mut OpContext<'_>, request: GetRequest) -> Result<GetResponse, OpError> {
    let row = ctx.object(request.unique_identifier)?;
    let form = Form {
        format: request.key_format_type,
        wrap_type: request.key_wrap_type,
        compression: request.key_compression_type,
        wrapping: request.key_wrapping_specification,
    };
    let object = given_out(ctx, &row, &form)?;
    Ok(GetResponse { object_type: row.object_type, unique_identifier: row.uid.clone(), object })
}

/// The object in that form, if it may leave so. It is fresh no more.
///
/// # Errors
///
/// [`OpError`].
pub(super) fn given_out(
    ctx: &mut OpContext<'_>,
    row: &ManagedObject,
    form: &Form,
) -> Result<Object, OpError> {
    if !query::is_known(row.object_type, ctx.version()) {
        return Err(OpError::InvalidField("this version has no objects of this type"));
    }
    if form.compression.is_some() {
        return Err(OpError::KeyCompression);
    }
    if form.wrap_type.is_some_and(|wrap| wrap.name().is_none()) {
        return Err(OpError::InvalidField("no such key wrap type"));
    }
    let mut object = match &form.wrapping {
        Some(specification) => {
            may_leave_wrapped(ctx, row)?;
            key_wrap::wrapped(ctx, row, form.format, specification)?
        }
        None => {
            may_leave(ctx, row)?;
            not_wrapped_here(ctx, row, form)?
        }
    };
    if form.wrap_type == Some(KeyWrapType::NotWrapped)
        && form.wrapping.is_none()
        && value::is_wrapped(&object)
    {
        return Err(OpError::FeatureNotSupported("registered wrapped, and given out as such only"));
    }
    suit(ctx, &mut object)?;
    if row.attributes.boolean(Kind::Fresh) == Some(true) {
        ctx.change(Some(row.uid.clone()), |object, _| {
            object.attributes.set(Kind::Fresh, &false);
            Ok(())
        })?;
    }
    Ok(object)
}

/// Makes the object one that a client of the request's version can read: the material alone (Veeam
/// fails on attributes beside it), and no number that the version lacks.
pub(super) fn suit(ctx: &OpContext<'_>, object: &mut Object) -> Result<(), OpError> {
    let wrapped = value::is_wrapped(object);
    let Some(block) = object.key_block_mut() else { return Ok(()) };
    if let (Some(KeyValue::Plain { attributes, .. }), false) = (&mut block.key_value, wrapped) {
        attributes.clear();
    }
    if KeyFormatType::TABLE
        .entry(block.key_format_type.0)
        .is_some_and(|entry| entry.since > ctx.version())
    {
        return Err(OpError::KeyFormat);
    }
    if let Some(algorithm) = block.cryptographic_algorithm {
        block.cryptographic_algorithm = attribute_list::algorithm_in(ctx.version(), algorithm);
        if block.cryptographic_algorithm.is_none() {
            // Both or neither, says the specification.
            block.cryptographic_length = None;
        }
    }
    Ok(())
}

/// The object as it came or in plaintext, or a private key in a PKCS#12 container.
fn not_wrapped_here(
    ctx: &mut OpContext<'_>,
    row: &ManagedObject,
    form: &Form,
) -> Result<Object, OpError> {
    // One that is not in the token may be a container already, and is given back as it came.
    let is_key = row.object_type == ObjectType::PrivateKey && row.key_ref().is_some();
    if is_key && form.format == Some(KeyFormatType::PKCS_12) {
        return pkcs12::container(ctx, row);
    }
    match form.wrap_type {
        Some(KeyWrapType::NotWrapped) => value::in_plaintext(ctx, row, form.format),
        _ => value::as_it_came(ctx, row, form.format),
    }
}

/// Whether the object's value may be given out in plaintext.
fn may_leave(ctx: &OpContext<'_>, row: &ManagedObject) -> Result<(), OpError> {
    may_leave_wrapped(ctx, row)?;
    if row.attributes.boolean(Kind::Sensitive) == Some(true) && !is_elsewhere(row) {
        return Err(OpError::Sensitive);
    }
    Ok(())
}

/// Whether the object's value may be given out at all.
fn may_leave_wrapped(ctx: &OpContext<'_>, row: &ManagedObject) -> Result<(), OpError> {
    if row.custody == Custody::Public || is_elsewhere(row) {
        return Ok(());
    }
    one_time_pad::may_leave(row)?;
    if row.attributes.boolean(Kind::Extractable) != Some(true) || !ctx.may_export() {
        return Err(OpError::NotExtractable);
    }
    Ok(())
}

/// Whether the object was registered without its value: of what is told, nothing is secret.
fn is_elsewhere(row: &ManagedObject) -> bool {
    row.attributes.boolean(Kind::KeyValuePresent) == Some(false)
}
