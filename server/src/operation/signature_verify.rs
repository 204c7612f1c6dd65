//! Signature Verify: in software, on the public key of the row.
//!
//! Spec: KMIP 1.4 §4.32.

use hsm_backend::software::{self, Hasher};
use kmip_core::attribute::UniqueIdentifier;
use kmip_core::payload::{SignatureVerifyRequest, SignatureVerifyResponse};
use kmip_core::types::CryptographicUsageMask as Mask;

use super::public_key::public_key;
use super::sign::Input;
use super::stream::{self, Beginning, Fields, Later, Part, Right};
use super::use_key::{algorithm_of, key_for, parameters_for, verdict};
use super::{OpContext, OpError};
use crate::bridge::signature;
use crate::lifecycle::Purpose;
use crate::streams::Work;

const RIGHT: Right = Right { usage: Mask::Verify, purpose: Purpose::Process };

/// Checks the signature; a wrong one is a successful answer that says Invalid.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: SignatureVerifyRequest,
) -> Result<SignatureVerifyResponse, OpError> {
    let part = Part::of(&Fields {
        correlation_value: request.correlation_value.as_deref(),
        init: request.init_indicator,
        last: request.final_indicator,
    })?;
    if part != Part::Whole && request.digested_data.is_some() {
        return Err(OpError::InvalidField("a digest comes in one part"));
    }
    match part {
        Part::Whole => whole(ctx, request),
        Part::First => first(ctx, request),
        Part::Later { name, last } => later(ctx, request, name, last),
    }
}

fn whole(
    ctx: &mut OpContext<'_>,
    request: SignatureVerifyRequest,
) -> Result<SignatureVerifyResponse, OpError> {
    let key = key_for(ctx, request.unique_identifier, RIGHT.usage, RIGHT.purpose)?;
    let public = public_key(&key)?;
    let signature = request.signature_data.ok_or(OpError::InvalidMessage("no signature"))?;
    let input = Input::of(ctx, request.data, request.digested_data)?;
    let parameters = parameters_for(&key, request.cryptographic_parameters)?;
    let (algorithm, bits) = (algorithm_of(&key)?, key.true_bits);
    let scheme = signature::verified_scheme(algorithm, &parameters, input.digest_bytes(), bits)?;
    let (algorithm, salt) = (scheme.algorithm, scheme.salt_bytes);
    let valid = software::verify(&public, algorithm, salt, input.get(), &signature)?;
    Ok(done(key.uid.clone(), valid))
}

fn first(
    ctx: &mut OpContext<'_>,
    request: SignatureVerifyRequest,
) -> Result<SignatureVerifyResponse, OpError> {
    let key = key_for(ctx, request.unique_identifier, RIGHT.usage, RIGHT.purpose)?;
    let public = public_key(&key)?;
    let given = request.cryptographic_parameters;
    let parameters = parameters_for(&key, given.clone())?;
    let (algorithm, bits) = (algorithm_of(&key)?, key.true_bits);
    let scheme = signature::verified_scheme(algorithm, &parameters, None, bits)?;
    let hasher = Hasher::new(signature::hash_of(scheme.algorithm)?)?;
    let beginning = Beginning {
        uid: Some(key.uid.clone()),
        parameters: given,
        claimed: request.signature_data,
        work: Work::Verify { key: public, scheme, hasher },
    };
    let (name, _) = stream::begin(ctx, beginning, request.data)?;
    Ok(more(key.uid.clone(), name.to_vec()))
}

fn later(
    ctx: &mut OpContext<'_>,
    request: SignatureVerifyRequest,
    name: Vec<u8>,
    last: bool,
) -> Result<SignatureVerifyResponse, OpError> {
    let later = Later {
        name,
        uid: request.unique_identifier,
        parameters: request.cryptographic_parameters,
        claimed: request.signature_data,
    };
    let (name, mut stream) = stream::resume(ctx, later, Some(RIGHT), 0)?;
    let uid = stream.uid.clone().ok_or(OpError::NotFound)?;
    stream::feed(ctx, &mut stream.work, request.data)?;
    if !last {
        stream::keep(ctx, name, stream);
        return Ok(more(uid, name.to_vec()));
    }
    let signature = stream.claimed.take().ok_or(OpError::InvalidMessage("no signature"))?;
    Ok(done(uid, stream::verified(stream.work, &signature)?))
}

fn done(unique_identifier: UniqueIdentifier, valid: bool) -> SignatureVerifyResponse {
    SignatureVerifyResponse {
        unique_identifier,
        validity_indicator: Some(verdict(valid)),
        data: None,
        correlation_value: None,
    }
}

const fn more(unique_identifier: UniqueIdentifier, name: Vec<u8>) -> SignatureVerifyResponse {
    SignatureVerifyResponse {
        unique_identifier,
        validity_indicator: None,
        data: None,
        correlation_value: Some(name),
    }
}
