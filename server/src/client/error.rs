//! Why a call to a KMIP server did not succeed.

use std::io;
use std::path::PathBuf;

use kmip_core::ttlv::DecodeError;
use kmip_core::types::{Operation, ResultReason};

use crate::tls_words;

/// Why a call to a KMIP server did not succeed. Holds no key and no data.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// A certificate or key file is unreadable, or holds nothing of the kind.
    #[error("{}: {text}", file.display())]
    Pem {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        text: String,
    },
    /// The address is none: not of the form `host:port`, or its host is no name.
    #[error("{0:?} is no address of the form host:port")]
    Address(String),
    /// Nobody answers at the address.
    #[error("cannot connect to {addr}: {source}")]
    Connect {
        /// The address.
        addr: String,
        /// What the system said.
        source: io::Error,
    },
    /// The two sides do not trust each other, or do not agree on how to talk.
    #[error("TLS: {}", tls_words::told(.0))]
    Tls(rustls::Error),
    /// The server did not answer in time.
    #[error("the server did not answer in time")]
    Timeout,
    /// The server closed the connection instead of answering.
    #[error("the server closed the connection")]
    Closed,
    /// The connection broke.
    #[error("connection: {0}")]
    Transport(io::Error),
    /// The answer is no KMIP message that this client can read.
    #[error("unreadable answer: {0}")]
    Unreadable(DecodeError),
    /// The answer is a KMIP message, but no answer to what was asked.
    #[error("{0}")]
    Protocol(&'static str),
    /// The server refused.
    #[error("{} refused: {} ({message})", named(*operation), reason_text(*reason))]
    Refused {
        /// What was asked for, if the server says so.
        operation: Option<Operation>,
        /// Why it refused.
        reason: ResultReason,
        /// The same in its own words.
        message: String,
    },
}

impl ClientError {
    /// The reason of a refusal; `None` for every other error.
    #[must_use]
    pub const fn reason(&self) -> Option<ResultReason> {
        match self {
            Self::Refused { reason, .. } => Some(*reason),
            _ => None,
        }
    }
}

impl From<io::Error> for ClientError {
    /// Sorts what the TLS stream reports, which carries every kind of fault as an I/O error.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            // A read timeout of a socket is WouldBlock here, and TimedOut on other systems.
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Self::Timeout,
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe => Self::Closed,
            _ => match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
                Some(tls) => Self::Tls(tls.clone()),
                None => Self::Transport(error),
            },
        }
    }
}

fn named(operation: Option<Operation>) -> String {
    operation.map_or_else(|| "the request was".to_owned(), |operation| format!("{operation:?}"))
}

/// A reason in words: `ItemNotFound` becomes "Item Not Found".
#[must_use]
pub fn reason_text(reason: ResultReason) -> String {
    let name = format!("{reason:?}");
    let mut text = String::with_capacity(name.len() + 4);
    let mut after_lower = false;
    for letter in name.chars() {
        if after_lower && letter.is_ascii_uppercase() {
            text.push(' ');
        }
        after_lower = letter.is_ascii_lowercase();
        text.push(letter);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusal_reads_as_a_sentence() {
        let error = ClientError::Refused {
            operation: Some(Operation::Get),
            reason: ResultReason::ItemNotFound,
            message: "no such object".to_owned(),
        };
        assert_eq!(error.to_string(), "Get refused: Item Not Found (no such object)");
    }

    #[test]
    fn unknown_reason_keeps_its_number() {
        assert_eq!(reason_text(ResultReason(0x8000_0001)), "0x80000001");
    }

    #[test]
    fn faults_of_the_stream_are_told_apart() {
        let of = |kind| ClientError::from(io::Error::from(kind));
        assert!(matches!(of(io::ErrorKind::WouldBlock), ClientError::Timeout));
        assert!(matches!(of(io::ErrorKind::UnexpectedEof), ClientError::Closed));
        assert!(matches!(of(io::ErrorKind::AddrInUse), ClientError::Transport(_)));
        let tls = io::Error::new(io::ErrorKind::InvalidData, rustls::Error::DecryptError);
        assert!(matches!(ClientError::from(tls), ClientError::Tls(rustls::Error::DecryptError)));
    }
}
