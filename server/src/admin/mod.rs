//! The administration interface: HTTP with JSON on a Unix socket.
//!
//! Whoever may open the socket is the operator: its file belongs to the server's user, and a peer of
//! any other user but root is refused. Work that waits for store or token is done on threads of its
//! own, never on those of the network.

mod failure;
mod key;
mod record;
mod socket;
pub mod wire;
mod wrapping_key;

use std::sync::Arc;

use axum::Router;
use axum::middleware;
use axum::routing::{delete, get, post};

use crate::services::Services;

pub use failure::Failure;
pub use socket::{AdminSocket, SocketError};

/// The interface to `services`.
pub fn router(services: Arc<Services>) -> Router {
    Router::new()
        .route("/v1/claviger/scope/{scope}/key/{uid}", get(key::show))
        .route("/v1/claviger/scope/{scope}/key/{uid}/custody", post(key::move_to))
        .route("/v1/claviger/wrapping-key", get(wrapping_key::status))
        .route("/v1/claviger/wrapping-key/rotate", post(wrapping_key::rotate))
        .route("/v1/claviger/wrapping-key/{id}", delete(wrapping_key::destroy))
        .route_layer(middleware::from_fn_with_state(Arc::clone(&services), record::keep))
        .fallback(async || Failure::not_found("no such path"))
        .with_state(services)
}

/// Does `work` on a thread that may wait.
async fn off_the_network<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Failure::internal()),
    }
}
