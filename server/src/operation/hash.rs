//! Hash: a digest of data the client sends; no object is involved.
//!
//! Spec: KMIP 1.4 §4.37.

use hsm_backend::software;
use kmip_core::payload::{HashRequest, HashResponse};
use kmip_core::secret::SecretBytes;

use super::use_key::{Streaming, refuse_streaming, single_part};
use super::{OpContext, OpError};
use crate::bridge::algorithm;

/// Hashes the data.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: HashRequest,
) -> Result<HashResponse, OpError> {
    refuse_streaming(&Streaming {
        correlation_value: request.correlation_value.as_deref(),
        init: request.init_indicator,
        last: request.final_indicator,
    })?;
    let data = single_part(ctx, request.data)?;
    let wanted = request.cryptographic_parameters.hashing_algorithm;
    let hash = algorithm::hash(wanted.ok_or(OpError::InvalidMessage("no hashing algorithm"))?)?;
    let digest = software::digest(hash, data.expose())?;
    Ok(HashResponse { data: Some(SecretBytes::new(digest)), correlation_value: None })
}
