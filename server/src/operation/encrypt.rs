//! Encrypt.
//!
//! Spec: KMIP 1.4 §4.29.

use hsm_backend::{CipherAlgorithm, CipherParams, Encrypted, KeyRef, StreamWish, software};
use kmip_core::attribute::{CryptographicParameters, UniqueIdentifier};
use kmip_core::payload::{EncryptRequest, EncryptResponse};
use kmip_core::secret::SecretBytes;
use kmip_core::types::{CryptographicUsageMask as Mask, ObjectType, ProtocolVersion};

use super::one_time_pad::{self, Wanted};
use super::public_key::public_key;
use super::stream::{self, Beginning, Fields, Later, Part, Right};
use super::tweak_key::tweak_key;
use super::use_key::{algorithm_of, key_for, parameters_for, single_part, spend, token_key};
use super::{OpContext, OpError, constructed_iv};
use crate::bridge::cipher::{self, Cipher};
use crate::lifecycle::Purpose;
use crate::object::ManagedObject;
use crate::pad::Direction;
use crate::streams::Work;

const RIGHT: Right = Right { usage: Mask::Encrypt, purpose: Purpose::Protect };

/// Encrypts the data, or a part of them; the IV is in the answer exactly if the server made it.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: EncryptRequest,
) -> Result<EncryptResponse, OpError> {
    let part = Part::of(&Fields {
        correlation_value: request.correlation_value.as_deref(),
        init: request.init_indicator,
        last: request.final_indicator,
    })?;
    match part {
        Part::Whole => whole(ctx, request),
        Part::First => first(ctx, request),
        Part::Later { name, last } => later(ctx, request, name, last),
    }
}

fn whole(ctx: &mut OpContext<'_>, mut request: EncryptRequest) -> Result<EncryptResponse, OpError> {
    let key = key_for(ctx, request.unique_identifier.take(), RIGHT.usage, RIGHT.purpose)?;
    if one_time_pad::is_pad(&key) {
        return with_pad(ctx, &key, request);
    }
    let data = single_part(ctx, request.data)?;
    let parameters = parameters_for(&key, request.cryptographic_parameters)?;
    let cipher = cipher::cipher(algorithm_of(&key)?, &parameters)?;
    let aad = aad(&cipher, request.authenticated_encryption_additional_data)?;
    let (iv, made_here) = iv(ctx, &key, &cipher, request.iv_counter_nonce)?;
    let mut params = cipher.params(iv.clone(), aad)?;
    params.tweak_key = tweak_key(ctx, &key, &cipher, RIGHT)?;
    let encrypted = if key.object_type == ObjectType::PublicKey {
        let public = public_key(&key)?;
        spend(ctx, &key, data.len())?;
        let data = software::encrypt_public(&public, cipher.algorithm, &params, data.expose())?;
        Encrypted { data, tag: Vec::new() }
    } else {
        let token_key = servable(ctx, &key, &cipher)?;
        spend(ctx, &key, data.len())?;
        let (call, algorithm) = (ctx.call(), cipher.algorithm);
        ctx.hsm().encrypt(&call, &token_key, algorithm, &params, data.expose())?.value
    };
    let iv = if made_here { Some(iv) } else { None };
    Ok(response(ctx, key.uid.clone(), cipher.is_aead(), encrypted, iv))
}

fn with_pad(
    ctx: &mut OpContext<'_>,
    pad: &ManagedObject,
    request: EncryptRequest,
) -> Result<EncryptResponse, OpError> {
    let extras = request.iv_counter_nonce.is_some()
        || request.authenticated_encryption_additional_data.is_some();
    let wanted =
        Wanted { parameters: request.cryptographic_parameters, data: request.data, extras };
    let data = one_time_pad::apply(ctx, pad, wanted, Direction::Encrypt)?;
    Ok(EncryptResponse {
        unique_identifier: pad.uid.clone(),
        data: Some(data),
        iv_counter_nonce: None,
        correlation_value: None,
        authenticated_encryption_tag: None,
    })
}

/// The token's key, if it and the token can carry out `cipher`.
pub(super) fn servable(
    ctx: &OpContext<'_>,
    key: &ManagedObject,
    cipher: &Cipher,
) -> Result<KeyRef, OpError> {
    let token_key = token_key(key)?;
    require_symmetric(cipher)?;
    if ctx.capabilities()?.cipher(cipher.algorithm).is_none() {
        return Err(OpError::ParametersNotSupported("the HSM lacks the mechanism"));
    }
    Ok(token_key)
}

/// The first part: everything but the data is settled with it.
fn first(ctx: &mut OpContext<'_>, request: EncryptRequest) -> Result<EncryptResponse, OpError> {
    let key = key_for(ctx, request.unique_identifier, RIGHT.usage, RIGHT.purpose)?;
    if key.object_type == ObjectType::PublicKey {
        return Err(OpError::FeatureNotSupported("public keys encrypt in one part only"));
    }
    let given: Option<CryptographicParameters> = request.cryptographic_parameters;
    let cipher = cipher::cipher(algorithm_of(&key)?, &parameters_for(&key, given.clone())?)?;
    let aad = aad(&cipher, request.authenticated_encryption_additional_data)?;
    let token_key = servable(ctx, &key, &cipher)?;
    let (iv, made_here) = iv(ctx, &key, &cipher, request.iv_counter_nonce)?;
    let mut params: CipherParams = cipher.params(iv.clone(), aad)?;
    params.tweak_key = tweak_key(ctx, &key, &cipher, RIGHT)?;
    spend(ctx, &key, request.data.as_ref().map_or(0, SecretBytes::len))?;
    let wish = StreamWish::Encrypt { algorithm: cipher.algorithm, params };
    let work = stream::open(ctx, &token_key, &wish)?;
    let beginning =
        Beginning { uid: Some(key.uid.clone()), parameters: given, claimed: None, work };
    let (name, data) = stream::begin(ctx, beginning, request.data)?;
    let iv_counter_nonce = if made_here { Some(iv) } else { None };
    Ok(EncryptResponse { iv_counter_nonce, ..more(key.uid.clone(), data, name.to_vec()) })
}

fn later(
    ctx: &mut OpContext<'_>,
    request: EncryptRequest,
    name: Vec<u8>,
    last: bool,
) -> Result<EncryptResponse, OpError> {
    let settled = request.iv_counter_nonce.is_some()
        || request.authenticated_encryption_additional_data.is_some();
    if settled {
        return Err(OpError::InvalidField("IV and additional data belong to the first part"));
    }
    let later = Later {
        name,
        uid: request.unique_identifier,
        parameters: request.cryptographic_parameters,
        claimed: None,
    };
    let bytes = request.data.as_ref().map_or(0, SecretBytes::len);
    let (name, mut stream) = stream::resume(ctx, later, Some(RIGHT), bytes)?;
    let uid = stream.uid.clone().ok_or(OpError::NotFound)?;
    if !last {
        let data = stream::feed(ctx, &mut stream.work, request.data)?;
        stream::keep(ctx, name, stream);
        return Ok(more(uid, data, name.to_vec()));
    }
    let end = stream::finish(ctx, &mut stream.work, request.data, &[])?;
    let aead = matches!(stream.work, Work::Token { aead: true, .. });
    let encrypted = Encrypted { data: end.data.expose().to_vec(), tag: end.tag };
    let mut response = response(ctx, uid, aead, encrypted, None);
    response.data = response.data.filter(|data| !data.is_empty());
    Ok(response)
}

const fn more(
    unique_identifier: UniqueIdentifier,
    data: Option<SecretBytes>,
    correlation_value: Vec<u8>,
) -> EncryptResponse {
    EncryptResponse {
        unique_identifier,
        data,
        iv_counter_nonce: None,
        correlation_value: Some(correlation_value),
        authenticated_encryption_tag: None,
    }
}

/// From 1.4 on the tag has a field of its own; before, it follows the ciphertext.
fn response(
    ctx: &OpContext<'_>,
    unique_identifier: UniqueIdentifier,
    aead: bool,
    encrypted: Encrypted,
    iv_counter_nonce: Option<Vec<u8>>,
) -> EncryptResponse {
    let Encrypted { mut data, tag } = encrypted;
    let apart = aead && ctx.version() >= ProtocolVersion::V1_4;
    if !apart {
        data.extend_from_slice(&tag);
    }
    EncryptResponse {
        unique_identifier,
        data: Some(SecretBytes::new(data)),
        iv_counter_nonce,
        correlation_value: None,
        authenticated_encryption_tag: apart.then_some(tag),
    }
}

/// A private key does not encrypt.
fn require_symmetric(cipher: &Cipher) -> Result<(), OpError> {
    if cipher.algorithm.is_public_key() {
        return Err(OpError::IllegalOperation("encrypting takes the public key"));
    }
    Ok(())
}

/// Additional data, which only an authenticating mode can take.
pub(super) fn aad(cipher: &Cipher, given: Option<Vec<u8>>) -> Result<Vec<u8>, OpError> {
    match given {
        Some(_) if !cipher.is_aead() => {
            Err(OpError::InvalidField("this mode authenticates no additional data"))
        }
        given => Ok(given.unwrap_or_default()),
    }
}

/// The IV to use, and whether the server made it.
fn iv(
    ctx: &mut OpContext<'_>,
    key: &ManagedObject,
    cipher: &Cipher,
    given: Option<Vec<u8>>,
) -> Result<(Vec<u8>, bool), OpError> {
    let given = given.filter(|iv| !iv.is_empty());
    match given {
        Some(_) if cipher.iv_bytes == 0 => Err(OpError::InvalidField("this mode takes no IV")),
        Some(_) if cipher.random_iv == Some(true) => {
            Err(OpError::InvalidField("an IV is given, and one is to be made"))
        }
        Some(iv) => Ok((iv, false)),
        None if cipher.iv_bytes == 0 => Ok((Vec::new(), false)),
        None if must_be_given(cipher) => Err(OpError::InvalidMessage("no IV")),
        None => {
            let made = match cipher.fields {
                Some(fields) => constructed_iv::make(ctx, key, fields, cipher.iv_bytes)?,
                None => ctx.hsm().random(&ctx.call(), cipher.iv_bytes)?.expose().to_vec(),
            };
            Ok((made, true))
        }
    }
}

/// Where the data of XTS stand, only the client knows; and it may want none of the server's IVs.
fn must_be_given(cipher: &Cipher) -> bool {
    let unwanted = cipher.random_iv == Some(false) && cipher.fields.is_none();
    cipher.algorithm == CipherAlgorithm::AesXts || unwanted
}
