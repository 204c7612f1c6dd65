//! One connection: read a message, have it served, write the answer, and again.
//!
//! One request is in flight at a time, so answers keep the order of the requests. An answer is
//! one buffer in one write, since some clients take one TLS record for one whole message. A
//! connection that waits holds no message buffer.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::server::TlsStream;
use tracing::debug;
use wiping::Wiping;

use super::room::{self, FIRST_ROOM_BYTES};
use crate::config::ServerConfig;
use crate::identity::Principal;
use crate::worker::{FrameFault, MessageBytes, Workers};

/// Tag, type and length of the outermost TTLV item.
const HEADER_BYTES: usize = 8;
/// A message half arrived when the server is to stop gets this long for its other half.
const HALF_MESSAGE_GRACE: Duration = Duration::from_secs(1);
/// Tag Request Message (42 00 78) and type Structure (01).
const REQUEST_MESSAGE: [u8; 4] = [0x42, 0x00, 0x78, 0x01];
/// After an answer to half a message: how long its rest is read and dropped, so that the answer arrives.
const LINGER: Duration = Duration::from_secs(1);

/// A client's connection after the handshake.
pub(super) struct Connection {
    pub(super) stream: TlsStream<TcpStream>,
    pub(super) principal: Arc<Principal>,
    pub(super) workers: Arc<Workers>,
    pub(super) config: Arc<ServerConfig>,
    /// Turns true when the server is to stop.
    pub(super) stop: watch::Receiver<bool>,
}

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ended {
    #[error("the client closed it")]
    ByClient,
    #[error("the server is stopping")]
    Stopping,
    #[error("no message came within the idle time")]
    Idle,
    #[error("a message did not arrive in time")]
    MessageTimeout,
    #[error("an answer could not be written in time")]
    WriteTimeout,
    #[error("unreadable frame: {0:?}")]
    Unreadable(FrameFault),
    #[error("a request was left without an answer")]
    NoAnswer,
    #[error("the client is not admitted any more")]
    NotAdmitted,
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl Connection {
    /// Serves the connection until one side ends it.
    pub(super) async fn run(mut self) {
        let ended = self.serve().await;
        debug!(peer = %self.principal.peer, why = %ended, "connection ends");
        match ended {
            Ended::Unreadable(fault) => self.answer_fault(fault).await,
            Ended::ByClient
            | Ended::Stopping
            | Ended::Idle
            | Ended::MessageTimeout
            | Ended::NoAnswer
            | Ended::NotAdmitted => close(&mut self.stream, self.config.write_timeout).await,
            // Half an answer may be on its way: a close_notify after it would lie.
            Ended::WriteTimeout | Ended::Io(_) => {}
        }
    }

    async fn serve(&mut self) -> Ended {
        loop {
            match self.serve_one().await {
                Ok(()) if *self.stop.borrow() => return Ended::Stopping,
                Ok(()) => {}
                Err(ended) => return ended,
            }
        }
    }

    async fn serve_one(&mut self) -> Result<(), Ended> {
        let message = self.read_message().await?;
        // One that opens nothing any more gets a refusal for an answer, and then the connection ends.
        let welcome = self.workers.handler().is_welcome(&self.principal);
        let answer = self.workers.submit(&self.principal, message).await;
        if answer.is_empty() {
            return Err(Ended::NoAnswer);
        }
        self.write(&answer).await?;
        if welcome { Ok(()) } else { Err(Ended::NotAdmitted) }
    }

    async fn read_message(&mut self) -> Result<MessageBytes, Ended> {
        let mut header = [0; HEADER_BYTES];
        let filled = self.first_bytes(&mut header).await?;
        let deadline = Instant::now() + self.config.message_timeout;
        let mut stop = self.stop.clone();
        tokio::select! {
            biased;
            read = timeout_at(deadline, self.rest(header, filled)) => {
                read.map_err(|_| Ended::MessageTimeout)?
            }
            () = half_message_grace(&mut stop) => Err(Ended::Stopping),
        }
    }

    /// Waits at the message edge, the only place where a stop or idling ends the connection.
    async fn first_bytes(&mut self, header: &mut [u8; HEADER_BYTES]) -> Result<usize, Ended> {
        let read = timeout(self.config.idle_timeout, self.stream.read(header));
        let filled = tokio::select! {
            // A request that has come goes before a stop that has come with it.
            biased;
            read = read => read.map_err(|_| Ended::Idle)??,
            () = stopped(&mut self.stop) => return Err(Ended::Stopping),
        };
        if filled == 0 { Err(Ended::ByClient) } else { Ok(filled) }
    }

    async fn rest(
        &mut self,
        mut header: [u8; HEADER_BYTES],
        filled: usize,
    ) -> Result<MessageBytes, Ended> {
        if let Some(missing) = header.get_mut(filled..)
            && !missing.is_empty()
        {
            self.stream.read_exact(missing).await?;
        }
        let total_bytes =
            frame_bytes(header, self.config.max_message_bytes).map_err(Ended::Unreadable)?;
        let mut message = room::with_room(total_bytes.min(FIRST_ROOM_BYTES), &header);
        while message.len() < total_bytes {
            room::grow(&mut message, total_bytes);
            let missing = u64::try_from(total_bytes - message.len()).unwrap_or(u64::MAX);
            if (&mut self.stream).take(missing).read_buf(&mut *message).await? == 0 {
                return Err(Ended::ByClient);
            }
        }
        Ok(message)
    }

    async fn write(&mut self, answer: &[u8]) -> Result<(), Ended> {
        let written = timeout(self.config.write_timeout, async {
            self.stream.write_all(answer).await?;
            self.stream.flush().await
        });
        written.await.map_err(|_| Ended::WriteTimeout)?.map_err(Ended::Io)
    }

    async fn answer_fault(&mut self, fault: FrameFault) {
        if let Some(answer) = self.workers.handler().unreadable_frame(fault)
            && self.write(&Wiping::new(answer)).await.is_err()
        {
            return;
        }
        close(&mut self.stream, self.config.write_timeout).await;
        drop_rest(&mut self.stream).await;
    }
}

/// Sends close_notify and the end of the stream.
pub(super) async fn close(stream: &mut TlsStream<TcpStream>, within: Duration) {
    // The client may be gone already, which is no news at this point.
    let _ = timeout(within, stream.shutdown()).await;
}

/// Reads and drops what the client still sends: closing over unread bytes resets the connection,
/// and the reset would overtake the answer.
pub(super) async fn drop_rest(stream: &mut TlsStream<TcpStream>) {
    let (socket, _) = stream.get_mut();
    let mut rest = socket.take(4 * 1_048_576);
    let mut nowhere = tokio::io::sink();
    let _ = timeout(LINGER, tokio::io::copy(&mut rest, &mut nowhere)).await;
}

/// Waits until the server is to stop, and then as long as it waits for the rest of a message.
async fn half_message_grace(stop: &mut watch::Receiver<bool>) {
    stopped(stop).await;
    tokio::time::sleep(HALF_MESSAGE_GRACE).await;
}

/// Waits until the server is to stop.
pub(super) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that the other end is gone, which is a stop as well.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Length of the whole message that begins with `header`, checked before any room is taken.
fn frame_bytes(header: [u8; HEADER_BYTES], limit_bytes: usize) -> Result<usize, FrameFault> {
    let [t0, t1, t2, kind, length @ ..] = header;
    if [t0, t1, t2, kind] != REQUEST_MESSAGE {
        return Err(FrameFault::NotKmip);
    }
    let announced_bytes = u64::from(u32::from_be_bytes(length)) + 8;
    match usize::try_from(announced_bytes) {
        Ok(total) if total <= limit_bytes => Ok(total),
        Ok(_) | Err(_) => Err(FrameFault::TooLarge { announced_bytes, limit_bytes }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_bytes_counts_the_header() {
        let header = [0x42, 0, 0x78, 1, 0, 0, 1, 0];
        assert_eq!(frame_bytes(header, 264), Ok(264));
        let fault = FrameFault::TooLarge { announced_bytes: 264, limit_bytes: 263 };
        assert_eq!(frame_bytes(header, 263), Err(fault));
    }

    #[test]
    fn frame_bytes_refuses_the_longest_length_without_overflow() {
        let header = [0x42, 0, 0x78, 1, 0xFF, 0xFF, 0xFF, 0xFF];
        assert!(matches!(
            frame_bytes(header, 1_048_576),
            Err(FrameFault::TooLarge { announced_bytes: 0x1_0000_0007, .. })
        ));
    }

    #[test]
    fn frame_bytes_refuses_other_tags_and_types() {
        for header in [*b"GET / HT", [0x42, 0, 0x7B, 1, 0, 0, 0, 8], [0x42, 0, 0x78, 2, 0, 0, 0, 8]]
        {
            assert_eq!(frame_bytes(header, 1_048_576), Err(FrameFault::NotKmip));
        }
    }
}
