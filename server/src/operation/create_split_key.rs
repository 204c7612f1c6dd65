//! Create Split Key: a secret, given or new, in parts that are objects of their own.
//!
//! Spec: KMIP 1.4 §4.38.

use std::sync::Arc;

use hsm_backend::software::split::{self, Part};
use hsm_backend::{HashAlgorithm, HsmError, SecretValue, software};
use kmip_core::attribute::{AttributeKind as Kind, UniqueIdentifier};
use kmip_core::object::{KeyBlock, KeyValue, Object, SplitKey};
use kmip_core::payload::{CreateSplitKeyRequest, CreateSplitKeyResponse};
use kmip_core::types::{
    CryptographicAlgorithm, KeyFormatType, LinkType, ObjectType, SecretDataType,
};

use super::birth::{self, Origin};
use super::new_secret::NewSecret;
use super::split_key::{self, Layout};
use super::{OpContext, OpError, destroy, register, template, value};
use crate::bridge::key_material;
use crate::object::{AttributeSet, Custody, ManagedObject};

/// What is to be split.
struct Whole {
    value: SecretValue,
    /// What its parts have.
    attributes: AttributeSet,
    /// The object it is the value of, if it is not new.
    row: Option<Arc<ManagedObject>>,
}

/// Makes the parts and answers with their identifiers, the first part's first.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: CreateSplitKeyRequest,
) -> Result<CreateSplitKeyResponse, OpError> {
    let layout = Layout {
        parts: request.split_key_parts,
        threshold: request.split_key_threshold,
        method: request.split_key_method,
        prime: request.prime_field_size,
    };
    layout.check_new()?;
    let given = template::collect(ctx, Some(&request.template_attribute))?;
    let whole = match request.unique_identifier {
        Some(uid) => existing(ctx, uid, request.object_type, given, layout.parts)?,
        None => fresh(ctx, request.object_type, given)?,
    };
    let sharing = layout.sharing(whole.value.expose().len())?;
    let (parts, threshold) = layout.counts();
    let call = ctx.keygen_call();
    let random = |bytes| -> Result<_, HsmError> { ctx.hsm().random(&call, bytes) };
    let parts = split::split(&sharing, &whole.value, parts, threshold, random)?;
    let rows = parts.iter().map(|part| row(ctx, &layout, &whole, part));
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    birth::keep(ctx, &rows, &[])?;
    let uids: Vec<_> = rows.iter().map(|row| row.uid.clone()).collect();
    if let Err(error) = link(ctx, whole.row.as_deref(), &uids) {
        uids.iter().try_for_each(|uid| destroy::erase(ctx, uid))?;
        return Err(error);
    }
    ctx.set_placeholder(uids.first().cloned());
    Ok(CreateSplitKeyResponse {
        object_type: None,
        unique_identifiers: uids,
        template_attribute: None,
    })
}

/// The value of an object. What the client says of algorithm and length is as nothing beside the
/// object's own.
fn existing(
    ctx: &mut OpContext<'_>,
    uid: UniqueIdentifier,
    object_type: ObjectType,
    mut given: AttributeSet,
    parts: i32,
) -> Result<Whole, OpError> {
    let row = ctx.object(Some(uid))?;
    if !matches!(row.object_type, ObjectType::SymmetricKey | ObjectType::SecretData)
        || !matches!(object_type, ObjectType::SplitKey) && object_type != row.object_type
    {
        return Err(OpError::InvalidField("the object is of another type, or is not split"));
    }
    let links = usize::try_from(parts).unwrap_or(usize::MAX);
    let attributes = row.attributes.iter().count().saturating_add(links);
    if attributes > ctx.services().bounds.max_attributes_per_object {
        return Err(OpError::IndexOutOfBounds);
    }
    split_key::may_be_in_memory(ctx, &row.attributes)?;
    let value = value::in_memory(ctx, &row)?;
    for kind in [Kind::CryptographicAlgorithm, Kind::CryptographicLength] {
        given.clear(kind);
        if let Some(own) = row.attributes.get(kind) {
            given.set_value(&kind.into(), own.clone());
        }
    }
    let bits = i32::try_from(value.expose().len() * 8).unwrap_or(i32::MAX);
    given.set_default(Kind::CryptographicLength, &bits);
    if row.attributes.get(Kind::CryptographicUsageMask).is_some() {
        given.set_default(Kind::CryptographicUsageMask, &row.usage_mask());
    }
    split_key::inherit_locks(&mut given, &row);
    Ok(Whole { value, attributes: given, row: Some(row) })
}

/// Random bytes of the token, for a key or Secret Data that was never whole.
fn fresh(
    ctx: &OpContext<'_>,
    object_type: ObjectType,
    given: AttributeSet,
) -> Result<Whole, OpError> {
    split_key::may_be_in_memory(ctx, &given)?;
    let object_type = match object_type {
        ObjectType::SplitKey => ObjectType::SymmetricKey,
        other => other,
    };
    let wanted = NewSecret::of(ctx, object_type, given, SecretDataType::Seed)?;
    let value = ctx.hsm().random(&ctx.keygen_call(), wanted.bytes())?;
    Ok(Whole { value, attributes: wanted.into_attributes(), row: None })
}

/// The row of one part, sealed.
fn row(
    ctx: &OpContext<'_>,
    layout: &Layout,
    whole: &Whole,
    part: &Part,
) -> Result<ManagedObject, OpError> {
    let given = whole.attributes.clone();
    let mut row = birth::newborn(ctx, ObjectType::SplitKey, given, Origin::Generated)?;
    let bits = row.attributes.integer(Kind::CryptographicLength);
    row.true_bits = bits.and_then(|bits| u32::try_from(bits).ok()).unwrap_or(0);
    let digest = software::digest(HashAlgorithm::Sha256, part.value.expose())?;
    row.attributes.set(Kind::Digest, &birth::digest(digest, KeyFormatType::Raw));
    if let Some(whole) = &whole.row {
        birth::link(&mut row, LinkType::ParentLink, &whole.uid);
    }
    let algorithm = row.attributes.enumeration(Kind::CryptographicAlgorithm);
    let material = key_material::write_secret(KeyFormatType::Raw, &part.value)?;
    let object = Object::SplitKey(SplitKey {
        split_key_parts: layout.parts,
        key_part_identifier: i32::try_from(part.number).unwrap_or(i32::MAX),
        split_key_threshold: layout.threshold,
        split_key_method: layout.method,
        prime_field_size: layout.prime.clone(),
        key_block: KeyBlock {
            key_format_type: KeyFormatType::Raw,
            key_compression_type: None,
            key_value: Some(KeyValue::plain(material)),
            cryptographic_algorithm: algorithm.map(CryptographicAlgorithm),
            // Both or neither, says the specification.
            cryptographic_length: bits.filter(|_| algorithm.is_some()),
            key_wrapping_data: None,
        },
    });
    let sealed = register::seal(ctx, &row, &object)?;
    row.kek_id = Some(sealed.key);
    row.blob = Some(sealed.bytes);
    row.set_custody(Custody::Sealed);
    Ok(row)
}

/// Links what was split to its parts.
fn link(
    ctx: &mut OpContext<'_>,
    whole: Option<&ManagedObject>,
    parts: &[UniqueIdentifier],
) -> Result<(), OpError> {
    let Some(whole) = whole else { return Ok(()) };
    ctx.change(Some(whole.uid.clone()), |whole, _| {
        parts.iter().for_each(|part| birth::link(whole, LinkType::ChildLink, part));
        Ok(())
    })?;
    Ok(())
}
