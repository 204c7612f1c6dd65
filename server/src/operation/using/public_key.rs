//! Public keys: read from their row, used without the token.

use hsm_backend::PublicKey;
use kmip_core::object::{KeyValue, Object};
use kmip_core::ttlv::Reader;
use kmip_core::types::{ObjectType, ProtocolVersion};

use crate::bridge::key_material;
use crate::object::ManagedObject;
use crate::operation::OpError;

/// The object as it is kept in plaintext.
///
/// # Errors
///
/// `KeyValueNotPresent` if there is none, `GeneralFailure` if it cannot be read back.
pub(in crate::operation) fn stored_object(row: &ManagedObject) -> Result<Object, OpError> {
    let blob = row.blob.as_deref().ok_or(OpError::KeyValueNotPresent)?;
    decoded(blob)
}

/// An object from the form it is kept in.
///
/// # Errors
///
/// `GeneralFailure`.
pub(in crate::operation) fn decoded(bytes: &[u8]) -> Result<Object, OpError> {
    Object::decode_tagged(&mut Reader::new(bytes, ProtocolVersion::NEWEST))
        .map_err(|_| OpError::GeneralFailure("the stored object is unreadable"))
}

/// The public key of a row.
///
/// # Errors
///
/// `IllegalOperation` for any other object, `ParametersNotSupported` for an algorithm we lack.
pub(in crate::operation) fn public_key(row: &ManagedObject) -> Result<PublicKey, OpError> {
    if row.object_type != ObjectType::PublicKey {
        return Err(OpError::IllegalOperation("the object is no public key"));
    }
    let object = stored_object(row)?;
    match object.key_block().and_then(|block| Some((block, block.key_value.as_ref()?))) {
        Some((block, KeyValue::Plain { material, .. })) => {
            Ok(key_material::read_public(block.key_format_type, material)?)
        }
        _ => Err(OpError::KeyValueNotPresent),
    }
}
