//! One exchange: what HTTP says of a request, the message in it, and the answer.
//!
//! Spec: KMIP Additional Message Encodings 1.0 §2.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue,
};
use hyper::{Method, Request, Response, StatusCode};
use kmip_core::ttlv::Limits;
use tokio::sync::Semaphore;
use tracing::{error, info};
use wiping::Wiping;

use super::phase::{Phase, Phases};
use crate::encoding::{Encoding, TranslationError};
use crate::identity::Principal;
use crate::net::room;
use crate::worker::{FrameFault, MessageBytes, Workers};

/// The one path that is served.
const PATH: &str = "/kmip";

/// What the exchanges of a connection need.
pub(super) struct Exchanger {
    pub(super) principal: Arc<Principal>,
    pub(super) workers: Arc<Workers>,
    pub(super) limits: Limits,
    /// Turns at translating, which is work of the processor alone.
    pub(super) turns: Arc<Semaphore>,
    pub(super) phases: Phases,
    /// Set where an answer went out before the whole request had come.
    pub(super) left_unread: AtomicBool,
}

/// An answer that is no KMIP message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    NotFound,
    MethodNotAllowed,
    UnsupportedMediaType,
    TooLarge,
    /// The rest of the body did not come; nobody is likely to read the answer.
    Broken,
    Internal,
}

impl Refusal {
    const fn words(self) -> (StatusCode, &'static str) {
        match self {
            Self::NotFound => (StatusCode::NOT_FOUND, "KMIP is served at /kmip\n"),
            Self::MethodNotAllowed => {
                (StatusCode::METHOD_NOT_ALLOWED, "KMIP messages come by POST\n")
            }
            Self::UnsupportedMediaType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "the Content-Type of a KMIP message is application/octet-stream, text/xml or \
                 application/json\n",
            ),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "the message is too large\n"),
            Self::Broken => (StatusCode::BAD_REQUEST, "the message is incomplete\n"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal failure\n"),
        }
    }
}

impl Exchanger {
    /// Answers `request`.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        self.phases.enter(Phase::Receiving);
        // One that opens nothing any more gets a refusal for an answer, and then the connection ends.
        let welcome = self.workers.handler().is_welcome(&self.principal);
        let mut answer = match self.message(request).await {
            Ok((encoding, answer)) => with_message(encoding, answer),
            Err(refusal) => {
                info!(peer = %self.principal.peer, ?refusal, "HTTP request refused");
                refused(refusal)
            }
        };
        if !welcome {
            answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        self.phases.enter(Phase::Answering);
        answer
    }

    async fn message(
        &self,
        request: Request<Incoming>,
    ) -> Result<(Encoding, MessageBytes), Refusal> {
        let (head, body) = request.into_parts();
        // Whatever is refused from here to the last byte leaves the rest of the body unread.
        self.left_unread.store(!body.is_end_stream(), Ordering::Relaxed);
        if head.uri.path() != PATH {
            return Err(Refusal::NotFound);
        }
        if head.method != Method::POST {
            return Err(Refusal::MethodNotAllowed);
        }
        let encoding = encoding_of(&head.headers).ok_or(Refusal::UnsupportedMediaType)?;
        let body = whole(body, encoding.max_body_bytes(&self.limits)).await?;
        self.left_unread.store(false, Ordering::Relaxed);
        self.phases.enter(Phase::Serving);
        let answer = self.serve(encoding, body).await?;
        Ok((encoding, answer))
    }

    async fn serve(&self, encoding: Encoding, body: MessageBytes) -> Result<MessageBytes, Refusal> {
        let answer = match self.read(encoding, body).await? {
            Ok(message) => self.workers.submit(&self.principal, message).await,
            Err(TranslationError::TooLarge) => return Err(Refusal::TooLarge),
            Err(fault @ (TranslationError::NotUtf8 | TranslationError::Text(_))) => {
                info!(peer = %self.principal.peer, %fault, "message refused");
                let answer = self.workers.handler().unreadable_frame(FrameFault::Garbled);
                Wiping::new(answer.unwrap_or_default())
            }
        };
        if answer.is_empty() {
            return Err(Refusal::Internal);
        }
        self.write(encoding, answer).await
    }

    async fn read(
        &self,
        encoding: Encoding,
        body: MessageBytes,
    ) -> Result<Result<MessageBytes, TranslationError>, Refusal> {
        if encoding == Encoding::Ttlv {
            return Ok(Ok(body));
        }
        let limits = self.limits;
        self.off_the_network(move || encoding.read(body, &limits)).await
    }

    async fn write(
        &self,
        encoding: Encoding,
        answer: MessageBytes,
    ) -> Result<MessageBytes, Refusal> {
        if encoding == Encoding::Ttlv {
            return Ok(answer);
        }
        let text = self.off_the_network(move || encoding.write(answer)).await?;
        text.ok_or(Refusal::Internal)
    }

    /// Does `work` on a thread that may take its time, when it is this connection's turn.
    async fn off_the_network<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| Refusal::Internal)?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            // The work goes on if the connection ends meanwhile, and so does its turn.
            drop(turn);
            done
        });
        done.await.map_err(|_| {
            // The panic's own text may quote the message, so it is not repeated here.
            error!("translating a message panicked");
            Refusal::Internal
        })
    }
}

fn encoding_of(headers: &HeaderMap) -> Option<Encoding> {
    let plain = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if !headers.get_all(CONTENT_ENCODING).iter().all(plain) {
        return None;
    }
    Encoding::of_content_type(headers.get(CONTENT_TYPE)?.to_str().ok()?)
}

/// Reads the whole of `body`, at most `limit_bytes`; what is announced as longer is not read at all.
async fn whole(mut body: Incoming, limit_bytes: usize) -> Result<MessageBytes, Refusal> {
    let announced = body.size_hint().lower();
    if usize::try_from(announced).map_or(true, |announced| announced > limit_bytes) {
        return Err(Refusal::TooLarge);
    }
    let mut message = room::with_room(room::FIRST_ROOM_BYTES.min(limit_bytes), &[]);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refusal::Broken)?;
        let Ok(part) = frame.into_data() else { continue };
        if part.len() > limit_bytes.saturating_sub(message.len()) {
            return Err(Refusal::TooLarge);
        }
        room::append(&mut message, &part, limit_bytes);
    }
    Ok(message)
}

/// Message bytes as the owner of what is written.
struct Owned(MessageBytes);

impl AsRef<[u8]> for Owned {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

fn with_message(encoding: Encoding, answer: MessageBytes) -> Response<Full<Bytes>> {
    // The buffer is wiped when it is written.
    let mut response = Response::new(Full::new(Bytes::from_owner(Owned(answer))));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(encoding.content_type()));
    never_cached(headers);
    response
}

fn refused(refusal: Refusal) -> Response<Full<Bytes>> {
    let (status, words) = refusal.words();
    let mut response = Response::new(Full::new(Bytes::from_static(words.as_bytes())));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    if refusal == Refusal::MethodNotAllowed {
        headers.insert(ALLOW, HeaderValue::from_static("POST"));
    }
    never_cached(headers);
    response
}

fn never_cached(headers: &mut HeaderMap) {
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, no-store"));
}
