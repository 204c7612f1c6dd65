//! What the internal CA publishes over HTTP, for everybody: its certificates, and what it has revoked.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::{Trust, certificate_pem};
use crate::ca::CaError;

/// The pages, without any authentication: what is there is public.
///
/// - `/v1/kmip/ca/pem`: every CA in PEM, those in force first.
/// - `/v1/kmip/ca/crl`: the list of the issuer in force, in DER.
/// - `/v1/kmip/ca/crl/{name}`: the list of the CA of this short name, in DER.
pub fn router(trust: Arc<Trust>) -> Router {
    Router::new()
        .route("/v1/kmip/ca/pem", get(pem))
        .route("/v1/kmip/ca/crl", get(crl_in_force))
        .route("/v1/kmip/ca/crl/{name}", get(crl))
        .with_state(trust)
}

async fn pem(State(trust): State<Arc<Trust>>) -> Response {
    match off_the_network(move || trust.ca_pem()).await {
        Some(text) => ([(header::CONTENT_TYPE, "application/x-pem-file")], text).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn crl_in_force(State(trust): State<Arc<Trust>>) -> Response {
    let known = Arc::clone(&trust);
    let existing = move || Ok(known.ca.existing()?.map(|all| all.issuer.short_name()));
    list(&trust, off_the_network(existing).await.as_deref())
}

async fn crl(State(trust): State<Arc<Trust>>, Path(name): Path<String>) -> Response {
    list(&trust, Some(&name))
}

fn list(trust: &Trust, name: Option<&str>) -> Response {
    match name.and_then(|name| trust.crls.get(name)) {
        Some(list) => {
            ([(header::CONTENT_TYPE, "application/pkix-crl")], list.der.clone()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Does `work` on a thread that may wait for the store; nothing, where it fails.
async fn off_the_network<T: Send + 'static>(
    work: impl FnOnce() -> Result<Option<T>, CaError> + Send + 'static,
) -> Option<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(found)) => found,
        Ok(Err(error)) => {
            tracing::warn!(%error, "the internal CA cannot be read");
            None
        }
        Err(_) => None,
    }
}

impl Trust {
    /// Every CA in PEM, each level's in force first, and what roots have certified of those after them;
    /// none, if there is no CA yet.
    ///
    /// # Errors
    ///
    /// [`CaError`] of the store.
    pub fn ca_pem(&self) -> Result<Option<String>, CaError> {
        let Some(authorities) = self.ca.existing()? else { return Ok(None) };
        let texts = authorities.all().map(|ca| certificate_pem(ca.certificate.der()));
        Ok(Some(texts.collect::<Result<Vec<_>, _>>()?.concat()))
    }
}
