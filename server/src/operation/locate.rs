//! Locate: objects by their attributes, exactly.
//!
//! Spec: KMIP 1.4 §4.9.

use kmip_core::attribute::{Attribute, AttributeKind as Kind, AttributeName, UniqueIdentifier};
use kmip_core::payload::{LocateRequest, LocateResponse};
use kmip_core::ttlv::Value;
use kmip_core::types::{ObjectGroupMember, ProtocolVersion, StorageStatusMask, Tag};

use super::{OpContext, OpError};
use crate::store::{Criterion, FieldMatch, Filter, MAX_TESTS, Order, Page};

/// The versions whose clients get the oldest objects first, all others the newest.
///
/// The specifications leave the order open. The OASIS cases page with Offset Items, which came with
/// 1.3, from the oldest object in 1.3 and from the newest in 1.4; clients of 1.0 to 1.2 want the
/// newest.
const OLDEST_FIRST: &[ProtocolVersion] = &[ProtocolVersion::V1_3];

/// Answers with the identifiers that match, in the order of the version; members of a group oldest
/// first. None is a success.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: LocateRequest,
) -> Result<LocateResponse, OpError> {
    let mut attributes = request.attributes;
    if let Some(template) = request.template_attribute {
        if !template.names.is_empty() {
            return Err(OpError::InvalidField("templates are no criterion"));
        }
        attributes.extend(template.attributes);
    }
    let storage = request.storage_status_mask.unwrap_or(StorageStatusMask::OnLineStorage);
    let mut filter = Filter {
        criteria: criteria(ctx, &attributes)?,
        online: storage.contains(StorageStatusMask::OnLineStorage),
        archived: storage.contains(StorageStatusMask::ArchivalStorage),
        order: order(ctx.version()),
        offset: count(request.offset_items)?.unwrap_or(0),
        limit: count(request.maximum_items)?.unwrap_or(usize::MAX),
    };
    filter.limit = filter.limit.min(ctx.services().bounds.max_locate_items);
    let page = match request.object_group_member {
        None => ctx.locate(&filter)?,
        Some(ObjectGroupMember::GroupMemberFresh) => {
            let fresh = AttributeName::from(Kind::Fresh);
            filter.criteria.push(Criterion::equals(fresh, &Value::Boolean(true)));
            members(ctx, &filter, |_, _| Ok(0))?
        }
        Some(ObjectGroupMember::GroupMemberDefault) => {
            let group = group_of(&attributes)?;
            members(ctx, &filter, |ctx, all| {
                let scope = ctx.grant()?.scope();
                Ok(ctx.services().rotation.next(scope, &group, all))
            })?
        }
        Some(_) => return Err(OpError::InvalidField("no such object group member")),
    };
    let placeholder = match page.identifiers.as_slice() {
        [only] => Some(only.clone()),
        _ => None,
    };
    ctx.set_placeholder(placeholder);
    Ok(LocateResponse {
        located_items: i32::try_from(page.located).ok(),
        unique_identifiers: page.identifiers,
    })
}

fn order(version: ProtocolVersion) -> Order {
    if OLDEST_FIRST.contains(&version) { Order::OldestFirst } else { Order::NewestFirst }
}

fn count(given: Option<i32>) -> Result<Option<usize>, OpError> {
    given
        .map(usize::try_from)
        .transpose()
        .map_err(|_| OpError::InvalidField("a number of items is negative"))
}

/// The group that the default member is asked of.
fn group_of(attributes: &[Attribute]) -> Result<String, OpError> {
    attributes
        .iter()
        .filter(|attribute| attribute.name.kind() == Some(Kind::ObjectGroup))
        .find_map(|attribute| match &attribute.value {
            Value::TextString(name) => Some(name.clone()),
            _ => None,
        })
        .ok_or(OpError::InvalidField("no object group is named"))
}

/// Members of a group, oldest first, beginning with the one that `first` names.
fn members(
    ctx: &mut OpContext<'_>,
    filter: &Filter,
    first: impl FnOnce(&OpContext<'_>, &[UniqueIdentifier]) -> Result<usize, OpError>,
) -> Result<Page, OpError> {
    let limit = ctx.services().bounds.max_locate_items;
    let all = Filter { order: Order::OldestFirst, offset: 0, limit, ..filter.clone() };
    let mut page = ctx.locate(&all)?;
    let turn = first(ctx, &page.identifiers)?.min(page.identifiers.len());
    page.identifiers.rotate_left(turn);
    page.identifiers =
        page.identifiers.into_iter().skip(filter.offset).take(filter.limit).collect();
    Ok(page)
}

/// The criteria as data. Each must be an attribute of the request's version, of its type; two
/// instances of one date are a range.
fn criteria(ctx: &OpContext<'_>, attributes: &[Attribute]) -> Result<Vec<Criterion>, OpError> {
    let too_many = OpError::InvalidField("too many criteria");
    // One more is for members of a group that are fresh.
    if attributes.len() >= MAX_TESTS {
        return Err(too_many);
    }
    let mut criteria: Vec<Criterion> = Vec::new();
    for (place, attribute) in attributes.iter().enumerate() {
        let kind = attribute.name.kind().filter(|kind| kind.rule().since <= ctx.version());
        match kind {
            Some(kind) => kind
                .check_partial(&attribute.value)
                .map_err(|_| OpError::InvalidField("malformed criterion"))?,
            None if attribute.name.is_custom() => {}
            None => return Err(OpError::InvalidField("unknown attribute")),
        }
        if let Value::DateTime(date) = &attribute.value {
            let earlier: Vec<_> =
                attributes.iter().take(place).filter_map(date_of(attribute)).collect();
            match *earlier.as_slice() {
                [] => {}
                [first] => {
                    narrow(&mut criteria, &attribute.name, first, date.0);
                    continue;
                }
                _ => return Err(OpError::InvalidField("a range has two ends")),
            }
        }
        criteria.push(criterion(kind, attribute));
    }
    let tests: usize = criteria.iter().map(Criterion::tests).sum();
    if tests < MAX_TESTS { Ok(criteria) } else { Err(too_many) }
}

/// The date that another attribute of this name tells.
fn date_of(attribute: &Attribute) -> impl Fn(&Attribute) -> Option<i64> {
    |other| match &other.value {
        Value::DateTime(date) if other.name == attribute.name => Some(date.0),
        _ => None,
    }
}

/// Replaces the equality of the first date by the closed range of both.
fn narrow(criteria: &mut Vec<Criterion>, name: &AttributeName, first: i64, second: i64) {
    criteria.retain(|criterion| match criterion {
        Criterion::Fields { name: other, .. } => other != name,
        Criterion::HasBits { .. } | Criterion::Range { .. } | Criterion::Present { .. } => true,
    });
    criteria.push(Criterion::Range {
        name: name.clone(),
        low: first.min(second),
        high: first.max(second),
    });
}

fn criterion(kind: Option<Kind>, attribute: &Attribute) -> Criterion {
    let name = attribute.name.clone();
    match (kind, &attribute.value) {
        (Some(Kind::CryptographicUsageMask), Value::Integer(bits)) => {
            Criterion::HasBits { name, bits: u32::from_be_bytes(bits.to_be_bytes()) }
        }
        (Some(Kind::UsageLimits), Value::Structure(items)) if !items.is_empty() => {
            let fields = items
                .iter()
                .map(|item| match item.tag {
                    Tag::UsageLimitsTotal | Tag::UsageLimitsCount => FieldMatch::at_least(item),
                    _ => FieldMatch::of(item),
                })
                .collect();
            Criterion::Fields { name, fields }
        }
        (_, value) => Criterion::equals(name, value),
    }
}
