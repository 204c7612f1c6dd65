//! One HTTP request over the socket.

use std::path::Path;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::UnixStream;

use super::CtlError;
use crate::admin::wire::ErrorBody;

/// Longest wait for an answer: moving a key may wait for the token.
const PATIENCE: Duration = Duration::from_secs(180);

/// Asks for `path` and reads the answer.
pub(super) fn call<A: DeserializeOwned>(
    socket: &Path,
    method: Method,
    path: &str,
    body: Option<&impl Serialize>,
) -> Result<A, CtlError> {
    let unreachable = |reason: String| CtlError::Unreachable { socket: socket.to_owned(), reason };
    let body = body.map_or(Ok(Vec::new()), serde_json::to_vec);
    let body = body.map_err(|error| unreachable(error.to_string()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| unreachable(error.to_string()))?;
    let asked = runtime.block_on(async {
        tokio::time::timeout(PATIENCE, exchange(socket, method, path, body)).await
    });
    let (succeeded, answer) = match asked {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => return Err(unreachable(error.to_string())),
        Err(_) => return Err(unreachable("no answer in time".to_owned())),
    };
    if !succeeded {
        let told = serde_json::from_slice::<ErrorBody>(&answer).map(|body| body.errors.join("; "));
        return Err(CtlError::Refused(told.unwrap_or_else(|_| "the server refused".to_owned())));
    }
    serde_json::from_slice(&answer).map_err(|error| unreachable(error.to_string()))
}

async fn exchange(
    socket: &Path,
    method: Method,
    path: &str,
    body: Vec<u8>,
) -> Result<(bool, Bytes), Box<dyn std::error::Error + Send + Sync>> {
    let stream = TokioIo::new(UnixStream::connect(socket).await?);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await?;
    let connection = tokio::spawn(connection);
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("Host", "claviger")
        .header("Content-Type", "application/json")
        .body(Full::new(Bytes::from(body)))?;
    let response = sender.send_request(request).await?;
    let succeeded = response.status().is_success();
    let answer = response.into_body().collect().await?.to_bytes();
    connection.abort();
    Ok((succeeded, answer))
}
