//! What is asked over HTTP, and the plain listener for it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use serde_json::{Map, Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::{Health, Metrics};
use crate::net::listener::ListenError;

/// Connections at once; those beyond wait.
const MAX_CONNECTIONS: usize = 256;
/// From one answer's end to the end of the next request's head: silent connections must not keep out a
/// prober for long.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest life of a connection, however much is asked over it.
const CONNECTION_LIFE: Duration = Duration::from_secs(600);
/// Pause after accept failed, which means that the process is out of descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
const TEXT: &str = "text/plain; version=0.0.4";

#[derive(Clone)]
struct Shown {
    metrics: Arc<Metrics>,
    health: Arc<Health>,
}

/// `/metrics`, `/livez` and `/readyz`, for a listener that asks for no authentication; other routers
/// may be merged with it.
pub fn router(metrics: Arc<Metrics>, health: Arc<Health>) -> Router {
    Router::new()
        .route("/metrics", get(show))
        .route("/livez", get(live))
        .route("/readyz", get(ready))
        .with_state(Shown { metrics, health })
}

async fn show(State(shown): State<Shown>) -> Response {
    shown.health.show();
    match shown.metrics.text() {
        Ok(text) => ([(header::CONTENT_TYPE, TEXT)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be shown");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Answers as long as the network's threads do; asks neither token nor store.
async fn live() -> Response {
    fresh(StatusCode::OK, json!({ "live": true }))
}

async fn ready(State(shown): State<Shown>) -> Response {
    let verdicts = shown.health.verdicts().await;
    let ready = verdicts.iter().all(|(_, verdict)| verdict.is_ok());
    let checks: Map<String, Value> = verdicts
        .into_iter()
        .map(|(name, verdict)| (name.to_owned(), verdict.err().unwrap_or("ok").into()))
        .collect();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    fresh(status, json!({ "ready": ready, "checks": checks }))
}

fn fresh(status: StatusCode, body: Value) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// The plain listener, bound.
pub struct Monitor {
    socket: TcpListener,
    addr: SocketAddr,
}

impl Monitor {
    /// Binds `addr`. Needs a tokio runtime around it.
    ///
    /// # Errors
    ///
    /// [`ListenError`].
    pub async fn bind(addr: SocketAddr) -> Result<Self, ListenError> {
        let failed = |source| ListenError { addr, source };
        let socket = TcpListener::bind(addr).await.map_err(failed)?;
        let addr = socket.local_addr().map_err(failed)?;
        Ok(Self { socket, addr })
    }

    /// Its address, with the port that was found for 0.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// Serves until dropped.
    pub async fn serve(self, router: Router) {
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            match self.socket.accept().await {
                Ok((stream, _)) => {
                    let router = router.clone();
                    tokio::spawn(async move {
                        serve_one(stream, router).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection for monitoring");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

async fn serve_one(stream: TcpStream, router: Router) {
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    match timeout(CONNECTION_LIFE, serving).await {
        Ok(Ok(())) | Err(_) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a connection for monitoring ends"),
    }
}
