//! Join Split Key: a key or Secret Data out of its parts.
//!
//! Spec: KMIP 1.4 §4.39.

use std::sync::Arc;

use hsm_backend::software::split::{self, Part, Sharing};
use hsm_backend::{HsmErrorKind, SecretValue};
use kmip_core::attribute::{AttributeKind as Kind, UniqueIdentifier};
use kmip_core::object::{KeyValue, Object};
use kmip_core::payload::{JoinSplitKeyRequest, JoinSplitKeyResponse};
use kmip_core::types::{LinkType, ObjectType, SecretDataType, SplitKeyMethod};

use super::new_secret::NewSecret;
use super::split_key::{self, Layout};
use super::{OpContext, OpError, birth, destroy, template, value};
use crate::bridge::key_material;
use crate::object::{AttributeSet, ManagedObject};

const AMISS: OpError = OpError::CryptographicFailure("the parts do not belong together");

/// A part that is at hand.
struct Share {
    row: Arc<ManagedObject>,
    layout: Layout,
    part: Part,
}

/// Makes the object and answers with its identifier.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: JoinSplitKeyRequest,
) -> Result<JoinSplitKeyResponse, OpError> {
    let kind = secret_kind(request.object_type, request.secret_data_type)?;
    let mut given = template::collect(ctx, request.template_attribute.as_ref())?;
    let rows = load(ctx, request.unique_identifiers)?;
    rows.iter().for_each(|row| split_key::inherit_locks(&mut given, row));
    split_key::may_be_in_memory(ctx, &given)?;
    let shares = rows.into_iter().map(|row| open(ctx, row)).collect::<Result<Vec<_>, _>>()?;
    let layout = common_layout(&shares)?;
    complete(&mut given, &shares, layout.method);
    let wanted = NewSecret::of(ctx, request.object_type, given, kind)?;
    let value = joined(&shares, &layout, wanted.bytes())?;
    let parts: Vec<_> = shares.into_iter().map(|share| share.row.uid.clone()).collect();
    let links: Vec<_> = parts.iter().map(|part| (LinkType::ParentLink, part.clone())).collect();
    let uid = wanted.bear(ctx, value, &links)?;
    if let Err(error) = link(ctx, &parts, &uid) {
        destroy::erase(ctx, &uid)?;
        return Err(error);
    }
    ctx.set_placeholder(Some(uid.clone()));
    Ok(JoinSplitKeyResponse { object_type: None, unique_identifier: uid, template_attribute: None })
}

/// What Secret Data are to be, which is told for them alone: a seed, where the client says nothing.
fn secret_kind(
    object_type: ObjectType,
    told: Option<SecretDataType>,
) -> Result<SecretDataType, OpError> {
    match (object_type == ObjectType::SecretData, told) {
        (true, Some(kind)) if kind.name().is_none() && kind.0 < 0x8000_0000 => {
            Err(OpError::InvalidField("no such secret data type"))
        }
        (true, Some(kind)) => Ok(kind),
        (false, Some(_)) => Err(OpError::InvalidField("only secret data have such a type")),
        (_, None) => Ok(SecretDataType::Seed),
    }
}

fn load(
    ctx: &mut OpContext<'_>,
    uids: Vec<UniqueIdentifier>,
) -> Result<Vec<Arc<ManagedObject>>, OpError> {
    if uids.is_empty() {
        return Err(OpError::InvalidMessage("no parts"));
    }
    let bound = ctx.services().bounds.max_attributes_per_object;
    if uids.len() >= bound {
        return Err(OpError::IndexOutOfBounds);
    }
    let mut rows = Vec::with_capacity(uids.len());
    for uid in uids {
        let row = ctx.object(Some(uid))?;
        if row.object_type != ObjectType::SplitKey {
            return Err(OpError::InvalidField("the object is no part of a split key"));
        }
        if row.attributes.iter().count() >= bound {
            return Err(OpError::IndexOutOfBounds);
        }
        rows.push(row);
    }
    Ok(rows)
}

fn open(ctx: &OpContext<'_>, row: Arc<ManagedObject>) -> Result<Share, OpError> {
    let Object::SplitKey(part) = value::unsealed(ctx, &row)? else { return Err(AMISS) };
    let number = u32::try_from(part.key_part_identifier).map_err(|_| AMISS)?;
    let value = match &part.key_block.key_value {
        Some(KeyValue::Plain { material, .. }) if part.key_block.key_wrapping_data.is_none() => {
            key_material::read_secret(part.key_block.key_format_type, material)?
        }
        Some(_) | None => return Err(OpError::KeyValueNotPresent),
    };
    Ok(Share { row, layout: Layout::of(&part), part: Part { number, value } })
}

/// What all parts tell alike.
fn common_layout(shares: &[Share]) -> Result<Layout, OpError> {
    let first = shares.first().ok_or(OpError::InvalidMessage("no parts"))?;
    let alike =
        |share: &Share, kind| share.row.attributes.get(kind) == first.row.attributes.get(kind);
    let kinds = [Kind::CryptographicAlgorithm, Kind::CryptographicLength];
    let fits = |share: &Share| {
        let (parts, _) = share.layout.counts();
        share.layout == first.layout
            && (1..=parts).contains(&share.part.number)
            && kinds.iter().all(|kind| alike(share, *kind))
    };
    if !shares.iter().all(fits) {
        return Err(AMISS);
    }
    let (_, threshold) = first.layout.counts();
    if u32::try_from(shares.len()).is_ok_and(|count| count < threshold) {
        return Err(OpError::CryptographicFailure("fewer parts than it takes"));
    }
    Ok(first.layout.clone())
}

/// What the client does not say of the object, its parts do.
fn complete(given: &mut AttributeSet, shares: &[Share], method: SplitKeyMethod) {
    let Some(first) = shares.first() else { return };
    let kinds =
        [Kind::CryptographicAlgorithm, Kind::CryptographicLength, Kind::CryptographicUsageMask];
    for kind in kinds {
        if let (None, Some(told)) = (given.get(kind), first.row.attributes.get(kind)) {
            given.set_value(&kind.into(), told.clone());
        }
    }
    // A share of the prime field is as long as the prime.
    if method != SplitKeyMethod::PolynomialSharingPrimeField {
        let bits = i32::try_from(first.part.value.expose().len() * 8).unwrap_or(i32::MAX);
        given.set_default(Kind::CryptographicLength, &bits);
    }
}

fn joined(shares: &[Share], layout: &Layout, bytes: usize) -> Result<SecretValue, OpError> {
    let sharing: Sharing = layout.sharing(bytes)?;
    let (_, threshold) = layout.counts();
    let parts: Vec<Part> = shares.iter().map(|share| share.part.clone()).collect();
    split::join(&sharing, &parts, threshold, bytes).map_err(|error| match error.kind {
        HsmErrorKind::BadData => AMISS,
        _ => error.into(),
    })
}

/// Links the parts to what they make.
fn link(
    ctx: &mut OpContext<'_>,
    parts: &[UniqueIdentifier],
    whole: &UniqueIdentifier,
) -> Result<(), OpError> {
    for part in parts {
        ctx.change(Some(part.clone()), |part, _| {
            birth::link(part, LinkType::ChildLink, whole);
            Ok(())
        })?;
    }
    Ok(())
}
