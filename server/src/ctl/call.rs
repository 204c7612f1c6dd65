//! One request to a server, and its answer.

use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;

use super::CtlError;
use super::door::{Door, Https, Way};
use crate::admin::wire::ErrorBody;
use crate::tls_words;

/// Longest wait for an answer: moving a key may wait for the token.
const PATIENCE: Duration = Duration::from_secs(180);

/// What a server answers.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Answer {
    /// What was asked for.
    #[serde(default)]
    pub(super) data: Value,
    /// A token that was made or renewed.
    #[serde(default)]
    pub(super) auth: Value,
    /// What to beware of.
    #[serde(default)]
    pub(super) warnings: Option<Vec<String>>,
}

/// Sends a request and reads the answer.
pub(super) fn call(
    door: &Door,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> Result<Answer, CtlError> {
    let unreachable = |reason: String| CtlError::Unreachable { server: door.describe(), reason };
    let body = body.map_or_else(String::new, Value::to_string);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| unreachable(error.to_string()))?;
    let asked = runtime.block_on(async {
        tokio::time::timeout(PATIENCE, exchange(door, method, path, body)).await
    });
    let (status, answer) = match asked {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => return Err(unreachable(told(&*error))),
        Err(_) => return Err(unreachable("no answer in time".to_owned())),
    };
    if status == StatusCode::NO_CONTENT {
        return Ok(Answer::default());
    }
    if !status.is_success() {
        let told = serde_json::from_slice::<ErrorBody>(&answer).map(|body| body.errors.join("; "));
        let told = told.unwrap_or_else(|_| format!("the server answers {status}"));
        return Err(match status {
            StatusCode::NOT_FOUND if told.is_empty() => CtlError::Nothing,
            StatusCode::FORBIDDEN if door.is_bare_socket() => CtlError::SocketAlone(told),
            _ => CtlError::Refused(told),
        });
    }
    serde_json::from_slice(&answer).map_err(|error| unreachable(error.to_string()))
}

type Failed = Box<dyn std::error::Error + Send + Sync>;

fn told(error: &(dyn std::error::Error + Send + Sync + 'static)) -> String {
    error.downcast_ref().map_or_else(|| error.to_string(), tls_words::told_io)
}

async fn exchange(
    door: &Door,
    method: Method,
    path: &str,
    body: String,
) -> Result<(StatusCode, Bytes), Failed> {
    match &door.way {
        Way::Socket(socket) => {
            let stream = UnixStream::connect(socket).await?;
            over(stream, "claviger", door, method, path, body).await
        }
        Way::Https(https) => {
            let stream = connect(https).await?;
            over(stream, &https.authority, door, method, path, body).await
        }
    }
}

async fn connect(
    https: &Https,
) -> Result<impl AsyncRead + AsyncWrite + Send + Unpin + use<>, Failed> {
    let stream = TcpStream::connect((https.host.as_str(), https.port)).await?;
    let connector = TlsConnector::from(std::sync::Arc::clone(&https.tls));
    Ok(connector.connect(https.name.clone(), stream).await?)
}

async fn over(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    host: &str,
    door: &Door,
    method: Method,
    path: &str,
    body: String,
) -> Result<(StatusCode, Bytes), Failed> {
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("Host", host)
        .header("Content-Type", "application/json");
    if let Some(token) = &door.token {
        request = request.header("X-Vault-Token", token.as_str());
    }
    let response = sender.send_request(request.body(Full::new(Bytes::from(body)))?).await?;
    let status = response.status();
    let answer = response.into_body().collect().await?.to_bytes();
    connection.abort();
    Ok((status, answer))
}

/// Escapes everything that one segment of a path may not hold.
pub(super) fn escaped(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}
