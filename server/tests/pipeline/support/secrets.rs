//! Requests for secrets made of others.

use kmip_core::ttlv::Item;
use kmip_core::types::{DerivationMethod, ObjectType, SplitKeyMethod, Tag};

use super::ask::{template, uid};
use super::tree::{enumeration, integer, structure, unsigned};

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

/// A Create Split Key: of `object`, or of a new secret.
pub(crate) fn split(
    object: Option<&str>,
    (parts, threshold): (i32, i32),
    method: SplitKeyMethod,
    prime: Option<&[u8]>,
    attributes: Vec<Item>,
) -> Vec<Item> {
    let mut payload = vec![enumeration(Tag::ObjectType, ObjectType::SplitKey.0)];
    payload.extend(object.map(uid));
    payload.push(integer(Tag::SplitKeyParts, parts));
    payload.push(integer(Tag::SplitKeyThreshold, threshold));
    payload.push(enumeration(Tag::SplitKeyMethod, method.0));
    payload.extend(prime.map(|prime| unsigned(Tag::PrimeFieldSize, prime)));
    payload.push(template(attributes));
    payload
}

/// A Join Split Key of a symmetric key.
pub(crate) fn join(parts: &[&str], attributes: Vec<Item>) -> Vec<Item> {
    let mut payload = vec![enumeration(Tag::ObjectType, ObjectType::SymmetricKey.0)];
    payload.extend(parts.iter().map(|part| uid(part)));
    payload.push(template(attributes));
    payload
}
