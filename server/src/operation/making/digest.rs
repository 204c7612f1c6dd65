//! The Digest of an object that a client brings: made of what it brought, and held against what it
//! says of it.
//!
//! Spec: KMIP 1.4 §3.17.

use hsm_backend::{HashAlgorithm, software};
use kmip_core::attribute::Digest;
use kmip_core::object::{KeyMaterial, KeyValue, Object};
use kmip_core::ttlv::{Codec, Writer};
use kmip_core::types::{KeyFormatType, ProtocolVersion, Tag};
use zeroize::Zeroizing;

use crate::bridge::algorithm;
use crate::operation::{OpError, birth};

/// The object's own Digest; `None` where it has no value.
///
/// # Errors
///
/// [`OpError`] where hashing fails.
pub(in crate::operation) fn of(object: &Object) -> Result<Option<Digest>, OpError> {
    let Some((value, format)) = digested(object) else { return Ok(None) };
    Ok(Some(birth::digest(software::digest(HashAlgorithm::Sha256, &value)?, format)))
}

/// Whether `claimed` is a Digest of the object in the form in which it is here. One that cannot be
/// told, being of another form or by a hash that is not served, is believed.
///
/// # Errors
///
/// [`OpError`] where hashing fails.
pub(in crate::operation) fn is_believable(
    claimed: &Digest,
    object: &Object,
) -> Result<bool, OpError> {
    let Some((value, format)) = digested(object) else { return Ok(true) };
    let Some(told) = &claimed.digest_value else { return Ok(true) };
    let same_form = claimed.key_format_type.is_none_or(|claimed| claimed == format);
    match algorithm::hash(claimed.hashing_algorithm) {
        Ok(hash) if same_form => Ok(software::digest(hash, &value)? == *told),
        Ok(_) | Err(_) => Ok(true),
    }
}

/// What a Digest of the object is made over, and the format it names.
fn digested(object: &Object) -> Option<(Zeroizing<Vec<u8>>, KeyFormatType)> {
    match object {
        Object::Certificate(certificate) => {
            Some((Zeroizing::new(certificate.certificate_value.clone()), KeyFormatType::Raw))
        }
        Object::OpaqueObject(opaque) => {
            let value = opaque.opaque_data_value.expose().to_vec();
            Some((Zeroizing::new(value), KeyFormatType::Opaque))
        }
        _ => {
            let block = object.key_block()?;
            Some((key_value_bytes(block.key_value.as_ref()?), block.key_format_type))
        }
    }
}

/// The material's bytes, or the encoding of its structure.
fn key_value_bytes(value: &KeyValue) -> Zeroizing<Vec<u8>> {
    let bytes = match value {
        KeyValue::Wrapped(bytes) => bytes.expose().to_vec(),
        KeyValue::Plain { material: KeyMaterial::Bytes(bytes), .. } => bytes.expose().to_vec(),
        KeyValue::Plain { material, .. } => {
            let mut w = Writer::new(ProtocolVersion::NEWEST);
            material.encode(Tag::KeyMaterial, &mut w);
            w.into_bytes()
        }
    };
    Zeroizing::new(bytes)
}
