//! Every request to the interface is on record: before it is carried out where it changes something,
//! and with what became of it.

use std::sync::Arc;

use axum::extract::{MatchedPath, RawPathParams, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Failure;
use crate::audit::{Actor, Facts, Outcome, Refused};
use crate::services::Services;

/// Carries out a request between its records. Which operation it is, its route says: a path as it was
/// sent may hold anything.
pub(super) async fn keep(
    State(services): State<Arc<Services>>,
    path: MatchedPath,
    params: RawPathParams,
    request: Request,
    next: Next,
) -> Response {
    let method = request.method().clone();
    let param = |wanted: &str| {
        let found = params.iter().find(|(name, _)| *name == wanted);
        found.map(|(_, value)| crate::audit::notes::identifier(value))
    };
    let facts = Facts {
        request: Some(format!("{}-{}", services.instance, services.next_request())),
        principal: Some(Actor::Operator),
        operation: Some(format!("{method} {}", path.as_str())),
        scope: param("scope"),
        objects: param("uid").or_else(|| param("id")).into_iter().collect(),
        ..Facts::default()
    };
    match around(services, method, facts, request, next).await {
        Ok(response) => response,
        Err(refused) => {
            Failure::new(StatusCode::SERVICE_UNAVAILABLE, refused.to_string()).into_response()
        }
    }
}

async fn around(
    services: Arc<Services>,
    method: Method,
    facts: Facts,
    request: Request,
    next: Next,
) -> Result<Response, Refused> {
    let audit = Arc::clone(&services.audit);
    let changes = method != Method::GET;
    let intent = facts.clone();
    let begun = waiting(move || changes.then(|| audit.begin(intent)).transpose()).await?;
    let response = next.run(request).await;
    let (outcome, reason) = match response.status() {
        status if status.is_success() => (Outcome::Success, None),
        status => (Outcome::Failed, Some(status.as_u16().to_string())),
    };
    let audit = Arc::clone(&services.audit);
    waiting(move || match begun {
        Some(begun) => begun.finish(outcome, reason),
        None => audit.tell(&Facts { result: Some(outcome), reason, ..facts }),
    })
    .await?;
    Ok(response)
}

/// Waits for the sinks on a thread that may.
async fn waiting<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refused> + Send + 'static,
) -> Result<T, Refused> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(Refused))
}
