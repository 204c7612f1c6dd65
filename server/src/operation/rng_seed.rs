//! RNG Seed: mixes bytes into the token's generator.
//!
//! Spec: KMIP 1.4 §4.36.

use kmip_core::payload::{RngSeedRequest, RngSeedResponse};

use super::{OpContext, OpError};

/// Hands the seed to the token; the answer says how many bytes it took.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: RngSeedRequest,
) -> Result<RngSeedResponse, OpError> {
    if request.data.len() > ctx.services().bounds.max_data_bytes {
        return Err(OpError::InvalidField("seed is too long"));
    }
    let taken = ctx.hsm().seed(&ctx.call(), request.data.expose())?;
    Ok(RngSeedResponse { data_length: i32::try_from(taken).unwrap_or(i32::MAX) })
}
