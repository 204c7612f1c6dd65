//! KMIP over HTTPS: `POST /kmip`, in TTLV, XML or JSON.
//!
//! The same messages, limits, workers and principals as over plain TLS; only the frame is another.
//! HTTP/1.0 and 1.1, as the profile demands.
//!
//! Spec: KMIP Additional Message Encodings 1.0 §2.

mod exchange;
mod phase;

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_rustls::server::TlsStream;
use tracing::debug;

use super::connection::{close, drop_rest, stopped};
use crate::config::ServerConfig;
use crate::identity::Principal;
use crate::worker::Workers;
use exchange::Exchanger;
use phase::{Phase, Phases, Told};

/// What is offered in the handshake.
pub(super) const ALPN_PROTOCOLS: &[&[u8]] = &[b"http/1.1", b"http/1.0"];
/// Longest head of a request, and what is read at once.
const MAX_HEAD_BYTES: usize = 16 * 1_024;

/// A client's connection after the handshake.
pub(super) struct HttpsConnection {
    pub(super) stream: TlsStream<TcpStream>,
    pub(super) principal: Arc<Principal>,
    pub(super) workers: Arc<Workers>,
    pub(super) config: Arc<ServerConfig>,
    /// Turns at translating, shared by all connections.
    pub(super) turns: Arc<Semaphore>,
    /// Turns true when the server is to stop.
    pub(super) stop: watch::Receiver<bool>,
}

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("one side closed it")]
    Closed,
    #[error("its time was over, {0:?}")]
    TimedOut(Phase),
    #[error("the server is stopping")]
    Stopping,
    #[error("{0}")]
    Http(#[from] hyper::Error),
}

impl HttpsConnection {
    /// Serves the connection until one side ends it.
    pub(super) async fn run(self) {
        let Self { stream, principal, workers, config, turns, mut stop } = self;
        let peer = principal.peer;
        let phases = Phases::new();
        let exchanger = Arc::new(Exchanger {
            principal,
            workers,
            limits: config.message_limits(),
            turns,
            phases: phases.clone(),
            left_unread: AtomicBool::new(false),
        });
        let io = TokioIo::new(Told { stream, phases: phases.clone() });
        let service = service_fn(|request| {
            let exchanger = Arc::clone(&exchanger);
            Box::pin(async move { Ok::<_, Infallible>(exchanger.answer(request).await) })
        });
        let mut connection = http1::Builder::new()
            // Some close their side as soon as the request is out.
            .half_close(true)
            .max_buf_size(MAX_HEAD_BYTES)
            .serve_connection(io, service);

        let ended = {
            let mut limits = TimeLimits {
                phases: &phases,
                config: &config,
                stop: Box::pin(stopped(&mut stop)),
                told: None,
                alarm: Box::pin(sleep_until(Instant::now())),
            };
            poll_fn(|cx| {
                if let Poll::Ready(done) = connection.poll_without_shutdown(cx) {
                    return Poll::Ready(done.map_or_else(Ended::Http, |()| Ended::Closed));
                }
                let connection = Pin::new(&mut connection);
                limits.poll(cx, || connection.graceful_shutdown())
            })
            .await
        };
        debug!(%peer, why = %ended, "connection ends");
        let mut stream = connection.into_parts().io.into_inner().stream;
        let rest = match &ended {
            // Half an answer may be on its way: a close_notify after it would lie.
            Ended::TimedOut(Phase::Answering) => return,
            Ended::Closed => exchanger.left_unread.load(Ordering::Relaxed),
            // What is no HTTP has got its answer, and may have more to say.
            Ended::Http(error) => error.is_parse(),
            Ended::TimedOut(_) | Ended::Stopping => false,
        };
        close(&mut stream, config.write_timeout).await;
        if rest {
            drop_rest(&mut stream).await;
        }
    }
}

/// Ends a connection whose phase takes too long. Looked at whenever the connection has done what it
/// could, since only then is its phase what it will be for a while.
struct TimeLimits<'a, S> {
    phases: &'a Phases,
    config: &'a ServerConfig,
    stop: Pin<Box<S>>,
    /// When the server was told to stop.
    told: Option<Instant>,
    alarm: Pin<Box<Sleep>>,
}

impl<S: Future<Output = ()>> TimeLimits<'_, S> {
    /// Ready when time is over; calls `wind_down` once, when the server is told to stop.
    fn poll(&mut self, cx: &mut Context<'_>, wind_down: impl FnOnce()) -> Poll<Ended> {
        if self.told.is_none() && self.stop.as_mut().poll(cx).is_ready() {
            self.told = Some(Instant::now());
            wind_down();
        }
        let Some(deadline) = self.phases.deadline(self.config, self.told) else {
            return Poll::Pending;
        };
        if self.alarm.deadline() != deadline {
            self.alarm.as_mut().reset(deadline);
        }
        self.alarm.as_mut().poll(cx).map(|()| match (self.phases.now(), self.told) {
            (Phase::Idle | Phase::Receiving, Some(_)) => Ended::Stopping,
            (phase, _) => Ended::TimedOut(phase),
        })
    }
}
