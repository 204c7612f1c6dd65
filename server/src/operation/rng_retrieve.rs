//! RNG Retrieve: random bytes from the token.
//!
//! Spec: KMIP 1.4 §4.35.

use kmip_core::payload::{RngRetrieveRequest, RngRetrieveResponse};
use kmip_core::secret::SecretBytes;

use super::{OpContext, OpError};

/// Draws the bytes.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: RngRetrieveRequest,
) -> Result<RngRetrieveResponse, OpError> {
    let bytes = usize::try_from(request.data_length)
        .map_err(|_| OpError::InvalidField("negative data length"))?;
    if bytes > ctx.services().bounds.max_data_bytes {
        return Err(OpError::InvalidField("too many random bytes at once"));
    }
    if bytes == 0 {
        return Ok(RngRetrieveResponse { data: SecretBytes::default() });
    }
    let random = ctx.hsm().random(&ctx.call(), bytes)?;
    Ok(RngRetrieveResponse { data: SecretBytes::new(random.expose().to_vec()) })
}
