//! What the row of a registered object says of its value.

use hsm_backend::{HashAlgorithm, software};
use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::object::{KeyMaterial as WireMaterial, KeyValue, Object};
use kmip_core::ttlv::{Codec, Writer};
use kmip_core::types::{KeyFormatType, ProtocolVersion, Tag};
use zeroize::Zeroizing;

use super::super::{OpError, birth};
use crate::object::ManagedObject;

/// Digest, length and presence of the value.
pub(super) fn describe(row: &mut ManagedObject, object: &Object) -> Result<(), OpError> {
    let bits = row.attributes.integer(Kind::CryptographicLength).unwrap_or(0);
    row.true_bits = u32::try_from(bits).unwrap_or(0);
    let (value, format) = match object {
        Object::Certificate(certificate) => {
            (Zeroizing::new(certificate.certificate_value.clone()), KeyFormatType::Raw)
        }
        Object::OpaqueObject(opaque) => {
            let value = opaque.opaque_data_value.expose().to_vec();
            (Zeroizing::new(value), KeyFormatType::Opaque)
        }
        _ => match object.key_block() {
            Some(block) => match &block.key_value {
                Some(value) => (key_value_bytes(value), block.key_format_type),
                None => {
                    row.attributes.set(Kind::KeyValuePresent, &false);
                    return Ok(());
                }
            },
            None => return Ok(()),
        },
    };
    let digest = software::digest(HashAlgorithm::Sha256, &value)?;
    row.attributes.set(Kind::Digest, &birth::digest(digest, format));
    Ok(())
}

/// What a Digest is made over: the material's bytes, or the encoding of its structure.
fn key_value_bytes(value: &KeyValue) -> Zeroizing<Vec<u8>> {
    let bytes = match value {
        KeyValue::Wrapped(bytes) => bytes.expose().to_vec(),
        KeyValue::Plain { material: WireMaterial::Bytes(bytes), .. } => bytes.expose().to_vec(),
        KeyValue::Plain { material, .. } => {
            let mut w = Writer::new(ProtocolVersion::NEWEST);
            material.encode(Tag::KeyMaterial, &mut w);
            w.into_bytes()
        }
    };
    Zeroizing::new(bytes)
}
