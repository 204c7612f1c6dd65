//! MAC Verify: computed anew in the token, compared here in constant time.
//!
//! Spec: KMIP 1.4 §4.34.

use kmip_core::payload::{MacVerifyRequest, MacVerifyResponse};
use kmip_core::types::CryptographicUsageMask as Mask;
use subtle::ConstantTimeEq;

use super::mac::{Wanted, compute};
use super::stream::{Fields, Part, Right};
use super::use_key::verdict;
use super::{OpContext, OpError};
use crate::lifecycle::Purpose;

const RIGHT: Right = Right { usage: Mask::MACVerify, purpose: Purpose::Process };

/// Checks the MAC; a wrong one is a successful answer that says Invalid.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: MacVerifyRequest,
) -> Result<MacVerifyResponse, OpError> {
    let part = Part::of(&Fields {
        correlation_value: request.correlation_value.as_deref(),
        init: request.init_indicator,
        last: request.final_indicator,
    })?;
    let claimed = request.mac_data;
    if part == Part::Whole && claimed.is_none() {
        return Err(OpError::InvalidMessage("no MAC"));
    }
    let wanted = Wanted {
        uid: request.unique_identifier,
        parameters: request.cryptographic_parameters,
        data: request.data,
        claimed,
    };
    let outcome = compute(ctx, part, wanted, RIGHT)?;
    let validity_indicator = match outcome.mac {
        Some(mac) => {
            let claimed = outcome.claimed.ok_or(OpError::InvalidMessage("no MAC"))?;
            Some(verdict(bool::from(mac.ct_eq(&claimed))))
        }
        None => None,
    };
    Ok(MacVerifyResponse {
        unique_identifier: outcome.uid,
        validity_indicator,
        correlation_value: outcome.correlation_value,
    })
}
