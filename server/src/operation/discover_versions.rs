//! Discover Versions.
//!
//! Spec: KMIP 1.4 §4.26.

use kmip_core::payload::{DiscoverVersionsRequest, DiscoverVersionsResponse};
use kmip_core::types::ProtocolVersion;

use super::{OpContext, OpError};

/// Answers with the versions both sides speak, in the client's order; with all, newest first, if
/// the client names none.
#[allow(clippy::unnecessary_wraps, reason = "every handler has this shape")]
pub(super) fn handle(
    _: &mut OpContext<'_>,
    request: DiscoverVersionsRequest,
) -> Result<DiscoverVersionsResponse, OpError> {
    let protocol_versions = if request.protocol_versions.is_empty() {
        ProtocolVersion::SUPPORTED.to_vec()
    } else {
        request.protocol_versions.into_iter().filter(|v| v.is_supported()).collect()
    };
    Ok(DiscoverVersionsResponse { protocol_versions })
}
