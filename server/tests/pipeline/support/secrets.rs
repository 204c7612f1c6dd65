//! Requests for secrets made of others.

use kmip_core::ttlv::Item;
use kmip_core::types::{DerivationMethod, ObjectType, Tag};

use super::ask::{template, uid};
use super::tree::{enumeration, structure};

/// A Derive Key.
pub(crate) fn derive(
    object_type: ObjectType,
    bases: &[&str],
    method: DerivationMethod,
    parameters: Vec<Item>,
    attributes: Vec<Item>,
) -> Vec<Item> {
    let mut payload = vec![enumeration(Tag::ObjectType, object_type.0)];
    payload.extend(bases.iter().map(|base| uid(base)));
    payload.push(enumeration(Tag::DerivationMethod, method.0));
    payload.push(structure(Tag::DerivationParameters, parameters));
    payload.push(template(attributes));
    payload
}
