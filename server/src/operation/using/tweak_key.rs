//! The second key of XTS: the one that the key's Next Link names.
//!
//! Spec: KMIP AES XTS profile, which links both keys by Next Link and Previous Link.

use hsm_backend::{CipherAlgorithm, KeyRef};
use kmip_core::attribute::{AttributeKind as Kind, Link, UniqueIdentifier};
use kmip_core::types::{CryptographicAlgorithm, LinkType, ObjectType};

use crate::bridge::cipher::Cipher;
use crate::object::ManagedObject;
use crate::operation::stream::Right;
use crate::operation::use_key::{algorithm_of, key_for, token_key};
use crate::operation::{OpContext, OpError};

/// The tweak key that `cipher` takes with `key`, if it takes one; the right to use it is the same as
/// for the first key.
///
/// # Errors
///
/// `IllegalOperation` where the key is linked to none, or to one that does not fit it; as for any
/// key that is to be used.
pub(in crate::operation) fn tweak_key(
    ctx: &mut OpContext<'_>,
    key: &ManagedObject,
    cipher: &Cipher,
    right: Right,
) -> Result<Option<KeyRef>, OpError> {
    if cipher.algorithm != CipherAlgorithm::AesXts {
        return Ok(None);
    }
    let linked = next(key)?;
    if linked == key.uid {
        return Err(OpError::IllegalOperation("XTS takes two different keys"));
    }
    let second = key_for(ctx, Some(linked), right.usage, right.purpose)?;
    let fits = second.object_type == ObjectType::SymmetricKey
        && algorithm_of(&second)? == CryptographicAlgorithm::AES
        && second.true_bits == key.true_bits
        && matches!(key.true_bits, 128 | 256);
    if !fits {
        return Err(OpError::IllegalOperation("XTS takes two AES keys of 128 or of 256 bits"));
    }
    token_key(&second).map(Some)
}

/// The one object that the key's Next Link names.
fn next(key: &ManagedObject) -> Result<UniqueIdentifier, OpError> {
    let links = key.attributes.all_typed::<Link>(Kind::Link);
    let mut next = links.filter(|link| link.link_type == LinkType::NextLink);
    match (next.next(), next.next()) {
        (Some(link), None) => Ok(link.linked_object_identifier),
        (None, _) => Err(OpError::IllegalOperation("XTS takes a key with a Next Link to another")),
        (Some(_), Some(_)) => Err(OpError::IllegalOperation("the key has several Next Links")),
    }
}
