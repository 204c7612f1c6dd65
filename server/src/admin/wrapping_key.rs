//! The wrapping keys: which there are, a new one, and the end of an old one.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use hsm_backend::{CallContext, KeyId};

use super::wire::{WrappingKeyBody, WrappingKeysBody};
use super::{Failure, off_the_network};
use crate::rewrap;
use crate::services::Services;

/// Every wrapping key, and what is left to be wrapped anew.
pub(super) async fn status(
    State(services): State<Arc<Services>>,
) -> Result<Json<WrappingKeysBody>, Failure> {
    off_the_network(move || body(&services)).await
}

/// Puts a new wrapping key in force; the housekeeping wraps every key anew.
pub(super) async fn rotate(
    State(services): State<Arc<Services>>,
) -> Result<Json<WrappingKeysBody>, Failure> {
    off_the_network(move || {
        let id = services.keyring.rotate_wrapping_key(&call(&services))?;
        tracing::info!(id = hex::encode(id.0), "new wrapping key in force");
        services.bell.ring();
        body(&services)
    })
    .await
}

/// Destroys a wrapping key that wraps nothing any more.
pub(super) async fn destroy(
    State(services): State<Arc<Services>>,
    Path(id): Path<String>,
) -> Result<Json<WrappingKeysBody>, Failure> {
    off_the_network(move || {
        let mut bytes = [0; 16];
        hex::decode_to_slice(&id, &mut bytes)
            .map_err(|_| Failure::not_found("no such wrapping key"))?;
        let id = KeyId(bytes);
        let status = rewrap::status(&services)?;
        let wraps = status.keys.iter().find(|(kek, _)| *kek == id).map_or(0, |(_, wraps)| *wraps);
        if status.in_force == Some(id) || wraps > 0 {
            let text = "the wrapping key is in force, or still wraps keys";
            return Err(Failure::new(StatusCode::CONFLICT, text));
        }
        services.keyring.destroy_wrapping_key(&call(&services), id)?;
        tracing::info!(id = hex::encode(id.0), "wrapping key destroyed");
        body(&services)
    })
    .await
}

fn call(services: &Services) -> CallContext {
    CallContext {
        deadline: Instant::now() + services.bounds.keygen_timeout,
        scope: String::new(),
        request_id: services.next_request(),
    }
}

fn body(services: &Services) -> Result<Json<WrappingKeysBody>, Failure> {
    let status = rewrap::status(services)?;
    let left = status.left();
    let key = |(id, wraps): (KeyId, u64)| WrappingKeyBody {
        id: hex::encode(id.0),
        in_force: status.in_force == Some(id),
        wraps,
    };
    Ok(Json(WrappingKeysBody { keys: status.keys.iter().copied().map(key).collect(), left }))
}
