//! What an HTTPS connection is doing, and how long it may go on doing it.
//!
//! The parser of HTTP reads and writes by itself, so its side of the stream tells: the first byte
//! after an answer begins a message, and what is flushed after an answer was given ends it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use crate::config::ServerConfig;

/// A message half arrived when the server is to stop gets this long for its other half.
const HALF_MESSAGE_GRACE: Duration = Duration::from_secs(1);

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Waits for a message.
    Idle,
    /// A part of a message has come.
    Receiving,
    /// A message is being served.
    Serving,
    /// An answer is being written.
    Answering,
}

/// The phase of one connection, shared by its stream, its service and whoever drives both.
#[derive(Clone, Debug)]
pub(super) struct Phases(Arc<Mutex<State>>);

#[derive(Clone, Copy, Debug)]
struct State {
    phase: Phase,
    since: Instant,
    /// Bytes of the next message came before the last one was answered.
    ahead: bool,
}

impl Phases {
    pub(super) fn new() -> Self {
        let state = State { phase: Phase::Idle, since: Instant::now(), ahead: false };
        Self(Arc::new(Mutex::new(state)))
    }

    pub(super) fn now(&self) -> Phase {
        self.with(|state| state.phase)
    }

    /// Enters `phase`; its time begins.
    pub(super) fn enter(&self, phase: Phase) {
        self.with(|state| {
            state.phase = phase;
            state.since = Instant::now();
        });
    }

    /// When the phase is over at the latest; `stop` is when the server was told to stop.
    pub(super) fn deadline(&self, config: &ServerConfig, stop: Option<Instant>) -> Option<Instant> {
        let State { phase, since, .. } = self.with(|state| *state);
        match phase {
            Phase::Idle => Some(stop.unwrap_or(since + config.idle_timeout)),
            Phase::Receiving => {
                let deadline = since + config.message_timeout;
                Some(stop.map_or(deadline, |at| deadline.min(at + HALF_MESSAGE_GRACE)))
            }
            // The workers see to that, and a stop waits for them.
            Phase::Serving => None,
            Phase::Answering => Some(since + config.write_timeout),
        }
    }

    fn received(&self) {
        self.with(|state| match state.phase {
            Phase::Idle => {
                state.phase = Phase::Receiving;
                state.since = Instant::now();
            }
            Phase::Receiving => {}
            Phase::Serving | Phase::Answering => state.ahead = true,
        });
    }

    fn flushed(&self) {
        self.with(|state| {
            if state.phase == Phase::Answering {
                let ahead = std::mem::take(&mut state.ahead);
                state.phase = if ahead { Phase::Receiving } else { Phase::Idle };
                state.since = Instant::now();
            }
        });
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A stream that tells [`Phases`] what passes.
pub(super) struct Told<S> {
    pub(super) stream: S,
    pub(super) phases: Phases,
}

impl<S: AsyncRead + Unpin> AsyncRead for Told<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if read.is_pending() {
            // The buffer is the parser's own, and it waits with it: what it held of the message
            // before, keys included, goes now.
            buf.initialize_unfilled();
        } else if buf.filled().len() > before {
            self.phases.received();
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Told<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.phases.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
