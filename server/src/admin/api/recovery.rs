//! A new root token for who knows the token's PIN, on the server's own machine.

use std::time::Instant;

use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::admin::gate::Call;
use crate::admin::loose::SecretText;
use crate::admin::pin::PinVerdict;
use crate::admin::route::Data;
use crate::admin::{Failure, api};

/// Who asks for a new root token.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct RecoveryWish {
    /// The PIN of the HSM's token.
    pin: SecretText,
}

/// A new root token.
#[derive(Serialize, JsonSchema)]
pub(in crate::admin) struct Recovered {
    /// The token. It is told this once.
    root_token: String,
}

/// Revokes every root token, and all that they made, and makes a new one.
pub(in crate::admin) fn recover(
    call: &Call<'_>,
    wish: RecoveryWish,
) -> Result<Data<Recovered>, Failure> {
    match call.plane.pin.judge(wish.pin.expose().as_bytes(), Instant::now()) {
        PinVerdict::Right => {}
        PinVerdict::Wrong => {
            tracing::warn!("recovery refused: that is not the PIN");
            return Err(Failure::new(StatusCode::FORBIDDEN, "that is not the PIN"));
        }
        PinVerdict::Paused => {
            let text = "too many wrong PINs: wait ten minutes";
            return Err(Failure::new(StatusCode::TOO_MANY_REQUESTS, text));
        }
    }
    let root = call.plane.tokens.recover("recovery").map_err(api::token::failed)?;
    tracing::warn!("every root token was revoked, and a new one made");
    Ok(Data::new(Recovered { root_token: root.expose().to_owned() }))
}
