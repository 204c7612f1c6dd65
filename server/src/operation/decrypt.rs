//! Decrypt.
//!
//! Spec: KMIP 1.4 §4.30.

use std::borrow::Cow;

use hsm_backend::{CipherAlgorithm, HsmError, HsmErrorKind, KeyRef, StreamWish};
use kmip_core::attribute::UniqueIdentifier;
use kmip_core::payload::{DecryptRequest, DecryptResponse};
use kmip_core::secret::SecretBytes;
use kmip_core::types::{CryptographicUsageMask as Mask, ObjectType};

use super::encrypt::aad;
use super::one_time_pad::{self, Wanted};
use super::stream::{self, Beginning, Fields, Later, Part, Right};
use super::tweak_key::tweak_key;
use super::use_key::{algorithm_of, key_for, parameters_for, single_part, token_key};
use super::{OpContext, OpError};
use crate::bridge::cipher::{self, Cipher};
use crate::lifecycle::Purpose;
use crate::object::ManagedObject;
use crate::pad::Direction;
use crate::streams::Work;

const RIGHT: Right = Right { usage: Mask::Decrypt, purpose: Purpose::Process };

/// Decrypts the data, or a part of them. Deactivated and Compromised keys still do: what they
/// protected must stay readable.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: DecryptRequest,
) -> Result<DecryptResponse, OpError> {
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

fn whole(ctx: &mut OpContext<'_>, mut request: DecryptRequest) -> Result<DecryptResponse, OpError> {
    let key = key_for(ctx, request.unique_identifier.take(), RIGHT.usage, RIGHT.purpose)?;
    if one_time_pad::is_pad(&key) {
        return with_pad(ctx, &key, request);
    }
    refuse_public(&key)?;
    let data = single_part(ctx, request.data)?;
    let parameters = parameters_for(&key, request.cryptographic_parameters)?;
    let cipher = cipher::cipher(algorithm_of(&key)?, &parameters)?;
    let aad = aad(&cipher, request.authenticated_encryption_additional_data)?;
    let iv = iv(&cipher, request.iv_counter_nonce)?;
    let (data, tag) = tag(&cipher, data.expose(), request.authenticated_encryption_tag)?;
    let token_key = servable(ctx, &key, &cipher)?;
    let mut params = Cipher { tag_bytes: tag.len(), ..cipher.clone() }.params(iv, aad)?;
    params.tweak_key = tweak_key(ctx, &key, &cipher, RIGHT)?;
    let plain = ctx
        .hsm()
        .decrypt(&ctx.call(), &token_key, cipher.algorithm, &params, &data, &tag)
        .map_err(|error| undecided(&cipher, error))?
        .value;
    Ok(DecryptResponse {
        unique_identifier: key.uid.clone(),
        data: Some(SecretBytes::new(plain.expose().to_vec())),
        correlation_value: None,
    })
}

fn with_pad(
    ctx: &mut OpContext<'_>,
    pad: &ManagedObject,
    request: DecryptRequest,
) -> Result<DecryptResponse, OpError> {
    let extras = request.iv_counter_nonce.is_some()
        || request.authenticated_encryption_additional_data.is_some()
        || request.authenticated_encryption_tag.is_some();
    let wanted =
        Wanted { parameters: request.cryptographic_parameters, data: request.data, extras };
    let data = one_time_pad::apply(ctx, pad, wanted, Direction::Decrypt)?;
    Ok(DecryptResponse {
        unique_identifier: pad.uid.clone(),
        data: Some(data),
        correlation_value: None,
    })
}

fn refuse_public(key: &ManagedObject) -> Result<(), OpError> {
    match key.object_type {
        ObjectType::PublicKey => Err(OpError::IllegalOperation("decrypting takes the private key")),
        _ => Ok(()),
    }
}

/// The IV, which the client must give exactly where the mode has one.
fn iv(cipher: &Cipher, given: Option<Vec<u8>>) -> Result<Vec<u8>, OpError> {
    match given.filter(|iv| !iv.is_empty()) {
        None if cipher.iv_bytes > 0 => Err(OpError::InvalidMessage("no IV")),
        Some(_) if cipher.iv_bytes == 0 => Err(OpError::InvalidField("this mode takes no IV")),
        iv => Ok(iv.unwrap_or_default()),
    }
}

/// The token's key, if the token can carry out `cipher`.
fn servable(ctx: &OpContext<'_>, key: &ManagedObject, cipher: &Cipher) -> Result<KeyRef, OpError> {
    if ctx.capabilities()?.cipher(cipher.algorithm).is_none() {
        return Err(OpError::ParametersNotSupported("the HSM lacks the mechanism"));
    }
    token_key(key)
}

/// The first part: everything but the data and the tag is settled with it.
fn first(ctx: &mut OpContext<'_>, request: DecryptRequest) -> Result<DecryptResponse, OpError> {
    let key = key_for(ctx, request.unique_identifier, RIGHT.usage, RIGHT.purpose)?;
    refuse_public(&key)?;
    let given = request.cryptographic_parameters;
    let cipher = cipher::cipher(algorithm_of(&key)?, &parameters_for(&key, given.clone())?)?;
    if cipher.algorithm.is_public_key() {
        return Err(OpError::FeatureNotSupported("private keys decrypt in one part only"));
    }
    let aad = aad(&cipher, request.authenticated_encryption_additional_data)?;
    let iv = iv(&cipher, request.iv_counter_nonce)?;
    let claimed = request.authenticated_encryption_tag;
    if let Some(tag) = &claimed {
        check_tag(&cipher, tag)?;
    }
    let token_key = servable(ctx, &key, &cipher)?;
    let tag_bytes = claimed.as_ref().map_or(cipher.tag_bytes, Vec::len);
    let mut params = Cipher { tag_bytes, ..cipher.clone() }.params(iv, aad)?;
    params.tweak_key = tweak_key(ctx, &key, &cipher, RIGHT)?;
    let wish = StreamWish::Decrypt { algorithm: cipher.algorithm, params };
    let work = stream::open(ctx, &token_key, &wish)?;
    let beginning = Beginning { uid: Some(key.uid.clone()), parameters: given, claimed, work };
    let (name, data) = stream::begin(ctx, beginning, request.data)?;
    Ok(more(key.uid.clone(), data, name.to_vec()))
}

fn later(
    ctx: &mut OpContext<'_>,
    request: DecryptRequest,
    name: Vec<u8>,
    last: bool,
) -> Result<DecryptResponse, OpError> {
    let settled = request.iv_counter_nonce.is_some()
        || request.authenticated_encryption_additional_data.is_some();
    if settled {
        return Err(OpError::InvalidField("IV and additional data belong to the first part"));
    }
    let later = Later {
        name,
        uid: request.unique_identifier,
        parameters: request.cryptographic_parameters,
        claimed: request.authenticated_encryption_tag,
    };
    let (name, mut stream) = stream::resume(ctx, later, Some(RIGHT), 0)?;
    let uid = stream.uid.clone().ok_or(OpError::NotFound)?;
    if !last {
        let data = stream::feed(ctx, &mut stream.work, request.data)?;
        stream::keep(ctx, name, stream);
        return Ok(more(uid, data, name.to_vec()));
    }
    let aead = matches!(stream.work, Work::Token { aead: true, .. });
    let tag = match (stream.claimed.take(), aead) {
        (Some(tag), true) => tag,
        (None, false) => Vec::new(),
        (None, true) => return Err(OpError::InvalidMessage("no authentication tag")),
        (Some(_), false) => return Err(OpError::InvalidField("this mode has no tag")),
    };
    let end = stream::finish(ctx, &mut stream.work, request.data, &tag)?;
    let data = Some(SecretBytes::new(end.data.expose().to_vec())).filter(|d| !d.is_empty());
    Ok(DecryptResponse { unique_identifier: uid, data, correlation_value: None })
}

const fn more(
    unique_identifier: UniqueIdentifier,
    data: Option<SecretBytes>,
    correlation_value: Vec<u8>,
) -> DecryptResponse {
    DecryptResponse { unique_identifier, data, correlation_value: Some(correlation_value) }
}

/// RSA: a ciphertext of a wrong length is answered as one with a wrong padding, so that there is one
/// answer for all that cannot be decrypted.
fn undecided(cipher: &Cipher, error: HsmError) -> OpError {
    let is_rsa =
        matches!(cipher.algorithm, CipherAlgorithm::RsaPkcs1 | CipherAlgorithm::RsaOaep { .. });
    if is_rsa && error.kind == HsmErrorKind::BadLength {
        return OpError::CryptographicFailure("the data are not authentic");
    }
    error.into()
}

/// A tag that is given is one of this mode, and as long as the parameters say if they do: else who
/// cuts it would be let choose how little is checked.
fn check_tag(cipher: &Cipher, tag: &[u8]) -> Result<(), OpError> {
    if !cipher.is_aead() {
        return Err(OpError::InvalidField("this mode has no tag"));
    }
    let as_told = !cipher.exact_tag || tag.len() == cipher.tag_bytes;
    if as_told && matches!(tag.len(), 4 | 6 | 8 | 10 | 12..=16) {
        return Ok(());
    }
    Err(OpError::CryptographicFailure("the data are not authentic"))
}

/// Ciphertext and tag: the tag comes in its own field, or at the end of the data (before 1.4, and
/// from clients whose stored form is that).
///
/// What such clients keep from the time when they encrypted with RSA they cut in the same way. It is
/// joined again: RSA has no tag, and takes its ciphertext whole or not at all.
fn tag<'a>(
    cipher: &Cipher,
    data: &'a [u8],
    given: Option<Vec<u8>>,
) -> Result<(Cow<'a, [u8]>, Vec<u8>), OpError> {
    match given {
        Some(end) if cipher.algorithm.is_public_key() => {
            Ok(([data, &end].concat().into(), Vec::new()))
        }
        Some(tag) => {
            check_tag(cipher, &tag)?;
            Ok((data.into(), tag))
        }
        None if !cipher.is_aead() => Ok((data.into(), Vec::new())),
        None => {
            let cut = data.len().checked_sub(cipher.tag_bytes);
            let (data, tag) = cut
                .and_then(|cut| data.split_at_checked(cut))
                .ok_or(OpError::CryptographicFailure("the data are not authentic"))?;
            Ok((data.into(), tag.to_vec()))
        }
    }
}
