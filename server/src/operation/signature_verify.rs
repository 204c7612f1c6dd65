//! Signature Verify: in software, on the public key of the row.
//!
//! Spec: KMIP 1.4 §4.32.

use hsm_backend::software;
use kmip_core::payload::{SignatureVerifyRequest, SignatureVerifyResponse};
use kmip_core::types::CryptographicUsageMask as Mask;

use super::public_key::public_key;
use super::sign::Input;
use super::use_key::{Streaming, algorithm_of, key_for, parameters_for, refuse_streaming, verdict};
use super::{OpContext, OpError};
use crate::bridge::signature;
use crate::lifecycle::Purpose;

/// Checks the signature; a wrong one is a successful answer that says Invalid.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: SignatureVerifyRequest,
) -> Result<SignatureVerifyResponse, OpError> {
    refuse_streaming(&Streaming {
        correlation_value: request.correlation_value.as_deref(),
        init: request.init_indicator,
        last: request.final_indicator,
    })?;
    let key = key_for(ctx, request.unique_identifier, Mask::Verify, Purpose::Process)?;
    let public = public_key(&key)?;
    let signature = request.signature_data.ok_or(OpError::InvalidMessage("no signature"))?;
    let input = Input::of(ctx, request.data, request.digested_data)?;
    let parameters = parameters_for(&key, request.cryptographic_parameters);
    let scheme = signature::scheme(algorithm_of(&key)?, &parameters, input.digest_bytes())?;
    let (algorithm, salt) = (scheme.algorithm, scheme.salt_bytes);
    let valid = software::verify(&public, algorithm, salt, input.get(), &signature)?;
    Ok(SignatureVerifyResponse {
        unique_identifier: key.uid.clone(),
        validity_indicator: Some(verdict(valid)),
        data: None,
        correlation_value: None,
    })
}
