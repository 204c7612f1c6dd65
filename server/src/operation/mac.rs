//! MAC.
//!
//! Spec: KMIP 1.4 §4.33.

use kmip_core::attribute::{CryptographicParameters, UniqueIdentifier};
use kmip_core::payload::{MacRequest, MacResponse};
use kmip_core::secret::SecretBytes;
use kmip_core::types::CryptographicUsageMask as Mask;

use super::use_key::{
    Streaming, algorithm_of, key_for, parameters_for, refuse_streaming, single_part, spend,
    token_key,
};
use super::{OpContext, OpError};
use crate::bridge::signature;
use crate::lifecycle::Purpose;

/// Computes a MAC with a key in the token.
pub(super) fn handle(ctx: &mut OpContext<'_>, request: MacRequest) -> Result<MacResponse, OpError> {
    refuse_streaming(&Streaming {
        correlation_value: request.correlation_value.as_deref(),
        init: request.init_indicator,
        last: request.final_indicator,
    })?;
    let wanted = Wanted {
        uid: request.unique_identifier,
        parameters: request.cryptographic_parameters,
        data: request.data,
    };
    let (uid, mac) = compute(ctx, wanted, Mask::MACGenerate, Purpose::Protect)?;
    Ok(MacResponse { unique_identifier: uid, mac_data: Some(mac), correlation_value: None })
}

/// What MAC and MAC Verify have in common.
pub(super) struct Wanted {
    pub(super) uid: Option<UniqueIdentifier>,
    pub(super) parameters: Option<CryptographicParameters>,
    pub(super) data: Option<SecretBytes>,
}

/// The MAC over the data, by a key that may be used for `usage`.
pub(super) fn compute(
    ctx: &mut OpContext<'_>,
    wanted: Wanted,
    usage: Mask,
    purpose: Purpose,
) -> Result<(UniqueIdentifier, Vec<u8>), OpError> {
    let key = key_for(ctx, wanted.uid, usage, purpose)?;
    let data = single_part(ctx, wanted.data)?;
    let parameters = parameters_for(&key, wanted.parameters);
    let algorithm = signature::mac(algorithm_of(&key)?, &parameters)?;
    if ctx.capabilities()?.mac(algorithm).is_none() {
        return Err(OpError::ParametersNotSupported("the HSM lacks the mechanism"));
    }
    let token_key = token_key(&key)?;
    if purpose == Purpose::Protect {
        spend(ctx, &key, data.len())?;
    }
    let mac = ctx.hsm().mac(&ctx.call(), &token_key, algorithm, data.expose())?;
    Ok((key.uid.clone(), mac.value))
}
