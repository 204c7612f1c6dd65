//! MAC Verify: computed anew in the token, compared here in constant time.
//!
//! Spec: KMIP 1.4 §4.34.

use kmip_core::payload::{MacVerifyRequest, MacVerifyResponse};
use kmip_core::types::CryptographicUsageMask as Mask;
use subtle::ConstantTimeEq;

use super::mac::{Wanted, compute};
use super::use_key::{Streaming, refuse_streaming, verdict};
use super::{OpContext, OpError};
use crate::lifecycle::Purpose;

/// Checks the MAC; a wrong one is a successful answer that says Invalid.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: MacVerifyRequest,
) -> Result<MacVerifyResponse, OpError> {
    refuse_streaming(&Streaming {
        correlation_value: request.correlation_value.as_deref(),
        init: request.init_indicator,
        last: request.final_indicator,
    })?;
    let claimed = request.mac_data.ok_or(OpError::InvalidMessage("no MAC"))?;
    let wanted = Wanted {
        uid: request.unique_identifier,
        parameters: request.cryptographic_parameters,
        data: request.data,
    };
    let (uid, mac) = compute(ctx, wanted, Mask::MACVerify, Purpose::Process)?;
    let valid = bool::from(mac.ct_eq(&claimed));
    Ok(MacVerifyResponse {
        unique_identifier: uid,
        validity_indicator: Some(verdict(valid)),
        correlation_value: None,
    })
}
