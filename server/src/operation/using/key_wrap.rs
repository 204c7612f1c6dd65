//! Wrapped Get: the key leaves under another key.
//!
//! Spec: KMIP 1.4 §2.1.6 and §4.11.

use std::sync::Arc;

use hsm_backend::{SecretValue, WrapAlgorithm};
use kmip_core::attribute::{AttributeKind as Kind, CryptographicParameters};
use kmip_core::object::{
    KeyBlock, KeyInformation, KeyValue, KeyWrappingData, KeyWrappingSpecification, Object,
    PrivateKey, SymmetricKey,
};
use kmip_core::secret::SecretBytes;
use kmip_core::ttlv::Writer;
use kmip_core::types::{
    BlockCipherMode, CryptographicAlgorithm, CryptographicUsageMask as Mask, EncodingOption,
    KeyFormatType, ObjectType, ProtocolVersion, WrappingMethod,
};

use crate::bridge::algorithm::hmac_hash;
use crate::bridge::cipher;
use crate::lifecycle::{self, Purpose};
use crate::object::ManagedObject;
use crate::operation::use_key::spend;
use crate::operation::{OpContext, OpError, attribute_list, birth, register, value};

const NOT_WRAPPED: OpError = OpError::IllegalOperation("objects of this type are not wrapped");

/// The object with its value wrapped as `specification` says.
pub(in crate::operation) fn wrapped(
    ctx: &mut OpContext<'_>,
    row: &ManagedObject,
    format: Option<KeyFormatType>,
    specification: &KeyWrappingSpecification,
) -> Result<Object, OpError> {
    if specification.wrapping_method != WrappingMethod::Encrypt
        || specification.mac_signature_key_information.is_some()
    {
        return Err(OpError::FeatureNotSupported("only wrapping by encryption is supported"));
    }
    let information = specification
        .encryption_key_information
        .as_ref()
        .ok_or(OpError::InvalidMessage("no wrapping key is named"))?;
    let (kek, algorithm) = wrapping_key(ctx, information)?;
    let option = specification.encoding_option.unwrap_or(EncodingOption::TTLVEncoding);
    let (mut object, bytes) = match option {
        EncodingOption::NoEncoding => {
            if !specification.attribute_names.is_empty() {
                return Err(OpError::EncodingOption("No Encoding takes no attributes along"));
            }
            by_token(ctx, row, format, &kek, algorithm)?
        }
        EncodingOption::TTLVEncoding => {
            by_encoding(ctx, row, format, &kek, algorithm, specification)?
        }
        _ => return Err(OpError::EncodingOption("no such encoding option")),
    };
    let block = object.key_block_mut().ok_or(NOT_WRAPPED)?;
    block.key_value = Some(KeyValue::Wrapped(SecretBytes::new(bytes)));
    block.key_wrapping_data = Some(KeyWrappingData {
        wrapping_method: WrappingMethod::Encrypt,
        encryption_key_information: Some(information.clone()),
        mac_signature_key_information: None,
        mac_signature: None,
        iv_counter_nonce: None,
        encoding_option: specification.encoding_option,
    });
    Ok(object)
}

/// The wrapping key and its mechanism.
fn wrapping_key(
    ctx: &mut OpContext<'_>,
    information: &KeyInformation,
) -> Result<(Arc<ManagedObject>, WrapAlgorithm), OpError> {
    let kek = ctx.object(Some(information.unique_identifier.clone()))?;
    need_aes(&kek)?;
    birth::check_algorithm(ctx, &kek.attributes)?;
    lifecycle::may_use(&kek, Mask::WrapKey, Purpose::Protect, ctx.now())?;
    let algorithm = algorithm(ctx, &kek, information)?;
    Ok((kek, algorithm))
}

fn need_aes(kek: &ManagedObject) -> Result<(), OpError> {
    let of_aes = kek.attributes.enumeration(Kind::CryptographicAlgorithm)
        == Some(CryptographicAlgorithm::AES.0);
    if kek.object_type != ObjectType::SymmetricKey || !of_aes || kek.key_ref().is_none() {
        return Err(OpError::IllegalOperation("the object cannot wrap keys"));
    }
    Ok(())
}

/// How `kek` wraps and unwraps, as `information` names it.
///
/// # Errors
///
/// `IllegalOperation` for what is no wrapping key, `NotFound` for parameters that it does not have,
/// `ParametersNotSupported`.
pub(in crate::operation) fn algorithm(
    ctx: &OpContext<'_>,
    kek: &ManagedObject,
    information: &KeyInformation,
) -> Result<WrapAlgorithm, OpError> {
    need_aes(kek)?;
    let parameters = wrapping_parameters(kek, information)?;
    let algorithm = match parameters.block_cipher_mode {
        Some(BlockCipherMode::NISTKeyWrap) => WrapAlgorithm::AesKeyWrap,
        Some(BlockCipherMode::AESKeyWrapPadding) => WrapAlgorithm::AesKeyWrapPad,
        _ => return Err(OpError::ParametersNotSupported("wrapping mode not supported")),
    };
    // As the mode is refused in Encrypt, so it is here: no field is passed over.
    cipher::cipher(CryptographicAlgorithm::AES, &parameters)?;
    if ctx.capabilities()?.wrap(algorithm).is_none() {
        return Err(OpError::ParametersNotSupported("the HSM lacks the mechanism"));
    }
    Ok(algorithm)
}

/// The parameters named, if the wrapping key has them; else its first. A key without any takes
/// what is named.
fn wrapping_parameters(
    kek: &ManagedObject,
    information: &KeyInformation,
) -> Result<CryptographicParameters, OpError> {
    let mut own = kek
        .attributes
        .all_typed::<CryptographicParameters>(Kind::CryptographicParameters)
        .peekable();
    match (&information.cryptographic_parameters, own.peek()) {
        (Some(named), None) if named.key_role_type.is_some() => {
            Err(OpError::InvalidField("the key has another role"))
        }
        (Some(named), None) => Ok(named.clone()),
        (Some(named), Some(_)) => own.find(|instance| instance == named).ok_or(OpError::NotFound),
        (None, _) => own.next().ok_or(OpError::NotFound),
    }
}

/// No Encoding: the token wraps the bare key.
fn by_token(
    ctx: &mut OpContext<'_>,
    row: &ManagedObject,
    format: Option<KeyFormatType>,
    kek: &ManagedObject,
    algorithm: WrapAlgorithm,
) -> Result<(Object, Vec<u8>), OpError> {
    let (Some(kek_ref), Some(target)) = (kek.key_ref(), row.key_ref()) else {
        return Err(OpError::EncodingOption("only keys in the token are wrapped without encoding"));
    };
    // What C_WrapKey makes of a private key is PKCS#8, and nothing else.
    let key_format_type = match (row.object_type, format) {
        (ObjectType::SymmetricKey, None | Some(KeyFormatType::Raw)) => KeyFormatType::Raw,
        (ObjectType::PrivateKey, None | Some(KeyFormatType::PKCS_8)) => KeyFormatType::PKCS_8,
        _ => return Err(OpError::KeyFormat),
    };
    let unpadded = if is_padded(ctx, row)? { Some(unpadded(ctx, row)?) } else { None };
    // Wrapping protects as encrypting does, and counts as such.
    spend(ctx, kek, usize::try_from(row.true_bits.div_ceil(8)).unwrap_or(usize::MAX))?;
    let bytes = match unpadded {
        Some(value) => ctx.hsm().wrap_data(&ctx.call(), &kek_ref, &value, algorithm)?.value,
        None => ctx.hsm().wrap_key(&ctx.call(), &kek_ref, &target, algorithm)?.value,
    };
    let key_block = KeyBlock {
        key_format_type,
        key_compression_type: None,
        key_value: None,
        cryptographic_algorithm: row
            .attributes
            .enumeration(Kind::CryptographicAlgorithm)
            .map(CryptographicAlgorithm),
        cryptographic_length: i32::try_from(row.true_bits).ok(),
        key_wrapping_data: None,
    };
    let object = match row.object_type {
        ObjectType::PrivateKey => Object::PrivateKey(PrivateKey { key_block }),
        _ => Object::SymmetricKey(SymmetricKey { key_block }),
    };
    Ok((object, bytes))
}

/// Whether the token may have the key with zeros behind it, as it has HMAC keys that are too short for
/// it: what C_WrapKey makes of that is another key.
fn is_padded(ctx: &OpContext<'_>, row: &ManagedObject) -> Result<bool, OpError> {
    let algorithm = row.attributes.enumeration(Kind::CryptographicAlgorithm);
    let for_hmac = algorithm.map(CryptographicAlgorithm).and_then(hmac_hash).is_some()
        || register::is_for_hmac(&row.attributes);
    let bytes = usize::try_from(row.true_bits / 8).unwrap_or(usize::MAX);
    Ok(for_hmac && bytes < ctx.capabilities()?.mac_min_bytes())
}

/// The bytes of a key that the token has padded, which only a key that may be read gives away.
fn unpadded(ctx: &OpContext<'_>, row: &ManagedObject) -> Result<SecretValue, OpError> {
    if row.attributes.boolean(Kind::Sensitive) == Some(true) {
        return Err(OpError::EncodingOption("the token cannot wrap a sensitive key this short"));
    }
    let object = value::in_plaintext(ctx, row, Some(KeyFormatType::Raw))?;
    let material = match object.key_block().and_then(|block| block.key_value.as_ref()) {
        Some(KeyValue::Plain { material, .. }) => material.bytes(),
        Some(KeyValue::Wrapped(_)) | None => None,
    };
    let bytes = material.ok_or(OpError::IllegalOperation("the key is wrapped already"))?;
    Ok(SecretValue::new(bytes.expose().to_vec()))
}

/// TTLV encoding: a structure that no token knows, so the value must be one that may be read.
fn by_encoding(
    ctx: &mut OpContext<'_>,
    row: &ManagedObject,
    format: Option<KeyFormatType>,
    kek: &ManagedObject,
    algorithm: WrapAlgorithm,
    specification: &KeyWrappingSpecification,
) -> Result<(Object, Vec<u8>), OpError> {
    if !matches!(
        row.object_type,
        ObjectType::SymmetricKey | ObjectType::PrivateKey | ObjectType::SecretData
    ) {
        return Err(NOT_WRAPPED);
    }
    if row.attributes.boolean(Kind::Sensitive) == Some(true) {
        return Err(OpError::EncodingOption("a sensitive key is wrapped with No Encoding only"));
    }
    let object = value::in_plaintext(ctx, row, format)?;
    let plain = object.key_block().filter(|block| block.key_wrapping_data.is_none());
    let Some(KeyValue::Plain { material, .. }) = plain.and_then(|block| block.key_value.clone())
    else {
        return Err(OpError::IllegalOperation("the key is wrapped already"));
    };
    let attributes = attribute_list::visible(row, ctx.version())
        .filter(|attribute| specification.attribute_names.contains(&attribute.name))
        .collect();
    let mut w = Writer::new(ProtocolVersion::NEWEST);
    KeyValue::Plain { material, attributes }.encode(&mut w);
    let structure = SecretValue::new(w.into_bytes());
    let held = kek.key_ref().ok_or(OpError::IllegalOperation("the object cannot wrap keys"))?;
    spend(ctx, kek, structure.expose().len())?;
    let bytes = ctx.hsm().wrap_data(&ctx.call(), &held, &structure, algorithm)?.value;
    Ok((object, bytes))
}
