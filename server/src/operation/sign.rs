//! Sign.
//!
//! Spec: KMIP 1.4 §4.31.

use hsm_backend::SignInput;
use kmip_core::payload::{SignRequest, SignResponse};
use kmip_core::secret::SecretBytes;
use kmip_core::types::{CryptographicUsageMask as Mask, ObjectType};

use super::use_key::{
    Streaming, algorithm_of, key_for, parameters_for, refuse_streaming, single_part, spend,
    token_key,
};
use super::{OpContext, OpError};
use crate::bridge::signature;
use crate::lifecycle::Purpose;

/// Signs data, or the digest of data, with a private key in the token.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: SignRequest,
) -> Result<SignResponse, OpError> {
    refuse_streaming(&Streaming {
        correlation_value: request.correlation_value.as_deref(),
        init: request.init_indicator,
        last: request.final_indicator,
    })?;
    let key = key_for(ctx, request.unique_identifier, Mask::Sign, Purpose::Protect)?;
    if key.object_type != ObjectType::PrivateKey {
        return Err(OpError::IllegalOperation("signing takes a private key"));
    }
    let input = Input::of(ctx, request.data, request.digested_data)?;
    let parameters = parameters_for(&key, request.cryptographic_parameters);
    let scheme = signature::scheme(algorithm_of(&key)?, &parameters, input.digest_bytes())?;
    if ctx.capabilities()?.sign(scheme.algorithm).is_none() {
        return Err(OpError::ParametersNotSupported("the HSM lacks the mechanism"));
    }
    let token_key = token_key(&key)?;
    spend(ctx, &key, input.len())?;
    let (call, salt) = (ctx.call(), scheme.salt_bytes);
    let signed = ctx.hsm().sign(&call, &token_key, scheme.algorithm, salt, input.get())?;
    Ok(SignResponse {
        unique_identifier: key.uid.clone(),
        signature_data: Some(signed.value),
        correlation_value: None,
    })
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
