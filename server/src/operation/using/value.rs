//! The value of an object in plaintext, for Get and for wrapping.

use hsm_backend::{KeyId, KeyMaterial, KeyRef, SecretValue};
use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::object::{
    KeyBlock, KeyValue, Object, PrivateKey, PublicKey as WirePublicKey, SecretData, SplitKey,
    SymmetricKey,
};
use kmip_core::types::{CryptographicAlgorithm, KeyFormatType, ObjectType};

use crate::bridge::key_material;
use crate::object::{Custody, ManagedObject};
use crate::operation::{OpContext, OpError, one_time_pad, public_key, register};

/// The value in plaintext, in `format` or else as it was registered.
///
/// What was registered wrapped, and is not in the token, comes as it is.
pub(in crate::operation) fn in_plaintext(
    ctx: &OpContext<'_>,
    row: &ManagedObject,
    format: Option<KeyFormatType>,
) -> Result<Object, OpError> {
    match kept(ctx, row)? {
        Some(object) if is_wrapped(&object) && row.key_ref().is_some() => {
            from_token(ctx, row, format, Some(&object))
        }
        kept => in_format(ctx, row, format, kept),
    }
}

/// The value as it was registered, wrapped or not, and in `format`; one that was registered unwrapped
/// in any format.
///
/// # Errors
///
/// `KeyFormat` for another format of a wrapped value; as [`in_plaintext`].
pub(in crate::operation) fn as_it_came(
    ctx: &OpContext<'_>,
    row: &ManagedObject,
    format: Option<KeyFormatType>,
) -> Result<Object, OpError> {
    match kept(ctx, row)? {
        Some(object) if is_wrapped(&object) && !fits(&object, format) => Err(OpError::KeyFormat),
        kept => in_format(ctx, row, format, kept),
    }
}

/// Whether the value is wrapped.
pub(in crate::operation) fn is_wrapped(object: &Object) -> bool {
    object.key_block().is_some_and(|block| block.key_wrapping_data.is_some())
}

fn kept(ctx: &OpContext<'_>, row: &ManagedObject) -> Result<Option<Object>, OpError> {
    Ok(match row.custody {
        Custody::Public => Some(public_key::stored_object(row)?),
        Custody::Token | Custody::Wrapped => as_registered(ctx, row)?,
        Custody::Sealed | Custody::Assisted => Some(unsealed(ctx, row)?),
    })
}

fn in_format(
    ctx: &OpContext<'_>,
    row: &ManagedObject,
    format: Option<KeyFormatType>,
    kept: Option<Object>,
) -> Result<Object, OpError> {
    match kept {
        Some(object) if fits(&object, format) => Ok(object),
        Some(object) if row.key_ref().is_some() => from_token(ctx, row, format, Some(&object)),
        Some(object) => converted(object, format),
        None => from_token(ctx, row, format, None),
    }
}

fn fits(object: &Object, format: Option<KeyFormatType>) -> bool {
    match (format, object.key_block()) {
        (None, _) | (_, None) => true,
        (Some(format), Some(block)) => block.key_format_type == format && !is_misnamed(block),
    }
}

fn is_misnamed(block: &KeyBlock) -> bool {
    match &block.key_value {
        Some(KeyValue::Plain { material, .. }) if block.key_wrapping_data.is_none() => {
            key_material::is_misnamed(block.key_format_type, material)
        }
        Some(_) | None => false,
    }
}

/// The object in the form in which it was registered, if that is kept.
fn as_registered(ctx: &OpContext<'_>, row: &ManagedObject) -> Result<Option<Object>, OpError> {
    row.form.as_ref().map(|form| open(ctx, row, form.key, &form.bytes)).transpose()
}

/// The object that is nowhere but in its blob.
pub(in crate::operation) fn unsealed(
    ctx: &OpContext<'_>,
    row: &ManagedObject,
) -> Result<Object, OpError> {
    let (key, blob) = row.kek_id.zip(row.blob.as_deref()).ok_or(OpError::KeyValueNotPresent)?;
    open(ctx, row, key, blob)
}

fn open(
    ctx: &OpContext<'_>,
    row: &ManagedObject,
    key: KeyId,
    sealed: &[u8],
) -> Result<Object, OpError> {
    let context = register::sealing_context(row);
    let plain = ctx.services().sealer.open(&ctx.call(), key, &context, sealed)?;
    public_key::decoded(plain.expose())
}

/// Another format of an object that is not in the token.
fn converted(object: Object, format: Option<KeyFormatType>) -> Result<Object, OpError> {
    let block = match &object {
        Object::PublicKey(key) => &key.key_block,
        Object::SecretData(secret) => &secret.key_block,
        Object::SymmetricKey(key) => &key.key_block,
        Object::SplitKey(part) => &part.key_block,
        _ => return Err(OpError::KeyFormat),
    };
    let Some(KeyValue::Plain { material, .. }) = &block.key_value else {
        return Err(OpError::KeyFormat);
    };
    let (format, material) = match (&object, format) {
        (Object::PublicKey(_), format) => {
            let key = key_material::read_public(block.key_format_type, material)?;
            key_material::write_public(format, &key)?
        }
        (_, Some(format)) => {
            let value = key_material::read_secret(block.key_format_type, material)?;
            (format, key_material::write_secret(format, &value)?)
        }
        (_, None) => return Ok(object),
    };
    let key_block = KeyBlock {
        key_format_type: format,
        key_value: Some(KeyValue::plain(material)),
        ..block.clone()
    };
    Ok(match object {
        Object::PublicKey(_) => Object::PublicKey(WirePublicKey { key_block }),
        Object::SymmetricKey(_) => Object::SymmetricKey(SymmetricKey { key_block }),
        Object::SplitKey(part) => Object::SplitKey(SplitKey { key_block, ..part }),
        Object::SecretData(secret) => Object::SecretData(SecretData { key_block, ..secret }),
        other => other,
    })
}

/// A symmetric key of the row's kind with this value.
pub(in crate::operation) fn of_secret(
    row: &ManagedObject,
    value: &SecretValue,
) -> Result<Object, OpError> {
    let algorithm = row.attributes.enumeration(Kind::CryptographicAlgorithm);
    let material = key_material::write_secret(KeyFormatType::Raw, value)?;
    let key_block = KeyBlock {
        key_format_type: KeyFormatType::Raw,
        key_compression_type: None,
        key_value: Some(KeyValue::plain(material)),
        cryptographic_algorithm: algorithm.map(CryptographicAlgorithm),
        cryptographic_length: i32::try_from(row.true_bits).ok(),
        key_wrapping_data: None,
    };
    Ok(Object::SymmetricKey(SymmetricKey { key_block }))
}

/// The bytes of a secret that is sealed: a key of custody `Assisted`, Secret Data.
pub(in crate::operation) fn sealed_secret(
    ctx: &OpContext<'_>,
    row: &ManagedObject,
) -> Result<SecretValue, OpError> {
    let object = unsealed(ctx, row)?;
    let block = object.key_block().ok_or(OpError::KeyValueNotPresent)?;
    match &block.key_value {
        Some(KeyValue::Plain { material, .. }) if block.key_wrapping_data.is_none() => {
            Ok(key_material::read_secret(block.key_format_type, material)?)
        }
        Some(_) | None => Err(OpError::KeyValueNotPresent),
    }
}

/// The bytes of a secret in the server's memory: the caller has seen to it that they may be there.
///
/// # Errors
///
/// `NotExtractable` for a key that its token keeps to itself, `IllegalOperation` for no secret.
pub(in crate::operation) fn in_memory(
    ctx: &OpContext<'_>,
    row: &ManagedObject,
) -> Result<SecretValue, OpError> {
    one_time_pad::may_leave(row)?;
    let Some(key) = row.key_ref() else {
        return match row.custody {
            Custody::Sealed | Custody::Assisted => sealed_secret(ctx, row),
            Custody::Public | Custody::Token | Custody::Wrapped => Err(OpError::KeyValueNotPresent),
        };
    };
    match export(ctx, row, &key)? {
        KeyMaterial::Secret { value, .. } => Ok(value),
        KeyMaterial::RsaPrivate(_)
        | KeyMaterial::EcPrivate { .. }
        | KeyMaterial::EdwardsPrivate { .. } => {
            Err(OpError::IllegalOperation("the object is no secret key"))
        }
    }
}

/// The value as the token gives it. `registered` tells how its key block named the algorithm.
fn from_token(
    ctx: &OpContext<'_>,
    row: &ManagedObject,
    format: Option<KeyFormatType>,
    registered: Option<&Object>,
) -> Result<Object, OpError> {
    let key = row.key_ref().ok_or(OpError::KeyValueNotPresent)?;
    let exported = export(ctx, row, &key)?;
    let (key_format_type, material) = match &exported {
        KeyMaterial::Secret { value, .. } => {
            let format = format.unwrap_or(KeyFormatType::Raw);
            (format, key_material::write_secret(format, value)?)
        }
        private => key_material::write_private(format, private)?,
    };
    let block = registered.and_then(Object::key_block);
    let algorithm = row.attributes.enumeration(Kind::CryptographicAlgorithm);
    let key_block = KeyBlock {
        key_format_type,
        key_compression_type: None,
        key_value: Some(KeyValue::plain(material)),
        cryptographic_algorithm: block
            .and_then(|block| block.cryptographic_algorithm)
            .or(algorithm.map(CryptographicAlgorithm)),
        cryptographic_length: i32::try_from(row.true_bits).ok(),
        key_wrapping_data: None,
    };
    match row.object_type {
        ObjectType::SymmetricKey => Ok(Object::SymmetricKey(SymmetricKey { key_block })),
        ObjectType::PrivateKey => Ok(Object::PrivateKey(PrivateKey { key_block })),
        _ => Err(OpError::KeyFormat),
    }
}

/// Reads the key out of the token; short HMAC keys lose the zeros a token was given with
/// them, two-key 3DES its third key.
pub(in crate::operation) fn export(
    ctx: &OpContext<'_>,
    row: &ManagedObject,
    key: &KeyRef,
) -> Result<KeyMaterial, OpError> {
    let exported = ctx.hsm().export_key(&ctx.call(), key)?;
    Ok(match exported {
        KeyMaterial::Secret { kind, value } => {
            let bytes = key_material::true_bytes(kind, row.true_bits, value.expose().len());
            let value = value.expose().get(..bytes).unwrap_or_default().to_vec();
            KeyMaterial::Secret { kind, value: SecretValue::new(value) }
        }
        other => other,
    })
}
