//! Sign.
//!
//! Spec: KMIP 1.4 §4.31.

use hsm_backend::{KeyRef, SignInput, StreamWish};
use kmip_core::attribute::CryptographicParameters;
use kmip_core::payload::{SignRequest, SignResponse};
use kmip_core::secret::SecretBytes;
use kmip_core::types::{CryptographicUsageMask as Mask, ObjectType};

use super::stream::{self, Beginning, Fields, Later, Part, Right};
use super::use_key::{algorithm_of, key_for, parameters_for, single_part, spend, token_key};
use super::{OpContext, OpError};
use crate::bridge::signature::{self, Scheme};
use crate::lifecycle::Purpose;
use crate::object::ManagedObject;

const RIGHT: Right = Right { usage: Mask::Sign, purpose: Purpose::Protect };

/// Signs data, a part of them, or their digest, with a private key in the token.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: SignRequest,
) -> Result<SignResponse, OpError> {
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

fn whole(ctx: &mut OpContext<'_>, request: SignRequest) -> Result<SignResponse, OpError> {
    let key = key_for(ctx, request.unique_identifier, RIGHT.usage, RIGHT.purpose)?;
    let input = Input::of(ctx, request.data, request.digested_data)?;
    let given = request.cryptographic_parameters;
    let (scheme, token_key) = scheme(ctx, &key, given, input.digest_bytes())?;
    spend(ctx, &key, input.len())?;
    let (call, salt) = (ctx.call(), scheme.salt_bytes);
    let signed = ctx.hsm().sign(&call, &token_key, scheme.algorithm, salt, input.get())?;
    Ok(SignResponse {
        unique_identifier: key.uid.clone(),
        signature_data: Some(signed.value),
        correlation_value: None,
    })
}

/// The scheme asked for and the token's key, if the token can carry it out.
fn scheme(
    ctx: &OpContext<'_>,
    key: &ManagedObject,
    given: Option<CryptographicParameters>,
    digest_bytes: Option<usize>,
) -> Result<(Scheme, KeyRef), OpError> {
    if key.object_type != ObjectType::PrivateKey {
        return Err(OpError::IllegalOperation("signing takes a private key"));
    }
    let parameters = parameters_for(key, given)?;
    let scheme = signature::scheme(algorithm_of(key)?, &parameters, digest_bytes, key.true_bits)?;
    if ctx.capabilities()?.sign(scheme.algorithm).is_none() {
        return Err(OpError::ParametersNotSupported("the HSM lacks the mechanism"));
    }
    Ok((scheme, token_key(key)?))
}

fn first(ctx: &mut OpContext<'_>, request: SignRequest) -> Result<SignResponse, OpError> {
    let key = key_for(ctx, request.unique_identifier, RIGHT.usage, RIGHT.purpose)?;
    let given = request.cryptographic_parameters;
    let (scheme, token_key) = scheme(ctx, &key, given.clone(), None)?;
    spend(ctx, &key, request.data.as_ref().map_or(0, SecretBytes::len))?;
    let wish = StreamWish::Sign { algorithm: scheme.algorithm, salt_bytes: scheme.salt_bytes };
    let work = stream::open(ctx, &token_key, &wish)?;
    let beginning =
        Beginning { uid: Some(key.uid.clone()), parameters: given, claimed: None, work };
    let (name, _) = stream::begin(ctx, beginning, request.data)?;
    Ok(SignResponse {
        unique_identifier: key.uid.clone(),
        signature_data: None,
        correlation_value: Some(name.to_vec()),
    })
}

fn later(
    ctx: &mut OpContext<'_>,
    request: SignRequest,
    name: Vec<u8>,
    last: bool,
) -> Result<SignResponse, OpError> {
    let later = Later {
        name,
        uid: request.unique_identifier,
        parameters: request.cryptographic_parameters,
        claimed: None,
    };
    let bytes = request.data.as_ref().map_or(0, SecretBytes::len);
    let (name, mut stream) = stream::resume(ctx, later, Some(RIGHT), bytes)?;
    let unique_identifier = stream.uid.clone().ok_or(OpError::NotFound)?;
    if !last {
        stream::feed(ctx, &mut stream.work, request.data)?;
        stream::keep(ctx, name, stream);
        let correlation_value = Some(name.to_vec());
        return Ok(SignResponse { unique_identifier, signature_data: None, correlation_value });
    }
    let end = stream::finish(ctx, &mut stream.work, request.data, &[])?;
    let signature_data = Some(end.data.expose().to_vec());
    Ok(SignResponse { unique_identifier, signature_data, correlation_value: None })
}

/// What is signed or verified: the data, or the client's own digest of them.
pub(super) enum Input {
    Data(SecretBytes),
    Digest(Vec<u8>),
}

impl Input {
    /// Exactly one of the two.
    pub(super) fn of(
        ctx: &OpContext<'_>,
        data: Option<SecretBytes>,
        digest: Option<Vec<u8>>,
    ) -> Result<Self, OpError> {
        match (data, digest) {
            (Some(_), Some(_)) => {
                Err(OpError::InvalidMessage("both data and their digest are given"))
            }
            (None, Some(digest)) => Ok(Self::Digest(digest)),
            (data, None) => single_part(ctx, data).map(Self::Data),
        }
    }

    pub(super) fn digest_bytes(&self) -> Option<usize> {
        if let Self::Digest(digest) = self { Some(digest.len()) } else { None }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Data(data) => data.len(),
            Self::Digest(digest) => digest.len(),
        }
    }

    pub(super) fn get(&self) -> SignInput<'_> {
        match self {
            Self::Data(data) => SignInput::Message(data.expose()),
            Self::Digest(digest) => SignInput::Digest(digest),
        }
    }
}
