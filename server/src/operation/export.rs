//! Export: an object with all its attributes, for another server to import.
//!
//! Spec: KMIP 1.4 §4.40.

use kmip_core::attribute::{AttributeKind as Kind, Digest, UniqueIdentifier};
use kmip_core::object::{KeyBlock, Object, PrivateKey, PublicKey, SymmetricKey};
use kmip_core::payload::{ExportRequest, ExportResponse};
use kmip_core::types::{CryptographicAlgorithm, KeyFormatType, ObjectType};

use super::get::{self, Form};
use super::{OpContext, OpError, attribute_list};
use crate::object::ManagedObject;

/// Answers with the object, as Get does and under its rules, and with its attributes. Of a key that
/// was destroyed the key material is left out.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: ExportRequest,
) -> Result<ExportResponse, OpError> {
    let form = Form {
        format: request.key_format_type,
        wrap_type: request.key_wrap_type,
        compression: request.key_compression_type,
        wrapping: request.key_wrapping_specification,
    };
    let uid: UniqueIdentifier = ctx.identifier(request.unique_identifier)?;
    let row = ctx.object_or_remains(Some(uid.clone()))?;
    let object = if row.is_destroyed() {
        let mut remains = remains(&row, &form)?;
        get::suit(ctx, &mut remains)?;
        remains
    } else {
        let row = ctx.object(Some(uid.clone()))?;
        get::given_out(ctx, &row, &form)?
    };
    // As they are now: what was given out is fresh no more.
    let row = ctx.object_or_remains(Some(uid.clone()))?;
    let attributes = attribute_list::visible(&row, ctx.version()).collect();
    ctx.set_placeholder(Some(uid.clone()));
    Ok(ExportResponse { object_type: row.object_type, unique_identifier: uid, attributes, object })
}

/// What is left of a destroyed key: all but its material.
///
/// # Errors
///
/// `IllegalOperation` for other objects, which are nothing without their value, and for a form that
/// only a value can have; `KeyFormat` for a format that the key did not have.
fn remains(row: &ManagedObject, form: &Form) -> Result<Object, OpError> {
    if form.wrapping.is_some() || form.compression.is_some() {
        return Err(OpError::IllegalOperation("the key was destroyed"));
    }
    let digest = row.attributes.typed::<Digest>(Kind::Digest);
    let own = digest.and_then(|digest| digest.key_format_type).unwrap_or(KeyFormatType::Raw);
    if form.format.is_some_and(|wanted| wanted != own) {
        return Err(OpError::KeyFormat);
    }
    let algorithm = row.attributes.enumeration(Kind::CryptographicAlgorithm);
    let key_block = KeyBlock {
        key_format_type: own,
        key_compression_type: None,
        key_value: None,
        cryptographic_algorithm: algorithm.map(CryptographicAlgorithm),
        cryptographic_length: row.attributes.integer(Kind::CryptographicLength),
        key_wrapping_data: None,
    };
    match row.object_type {
        ObjectType::SymmetricKey => Ok(Object::SymmetricKey(SymmetricKey { key_block })),
        ObjectType::PublicKey => Ok(Object::PublicKey(PublicKey { key_block })),
        ObjectType::PrivateKey => Ok(Object::PrivateKey(PrivateKey { key_block })),
        _ => Err(OpError::IllegalOperation("nothing is left of the object")),
    }
}
