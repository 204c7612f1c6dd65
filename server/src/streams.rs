//! Operations in parts: what lives between the first part and the last.
//!
//! Spec: KMIP 1.4 §4.29 to §4.37, Correlation Value.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hsm_backend::software::Hasher;
use hsm_backend::{PublicKey, StreamId};
use kmip_core::attribute::{CryptographicParameters, UniqueIdentifier};
use kmip_core::types::Operation;

use crate::bridge::signature::Scheme;
use crate::object::Scope;

/// Streams open at once, of all clients.
const MAX_STREAMS: usize = 64;
/// A stream that nobody goes on with is forgotten after this.
const IDLE: Duration = Duration::from_secs(60);

/// Bytes of a Correlation Value of ours.
pub type CorrelationValue = [u8; 16];

/// An operation of which some parts have come.
#[derive(Debug)]
pub struct Stream {
    /// Whose it is.
    pub scope: Scope,
    /// What it does.
    pub operation: Operation,
    /// The key, if the operation has one.
    pub uid: Option<UniqueIdentifier>,
    /// What the first part said of parameters; later parts may only repeat it.
    pub parameters: Option<CryptographicParameters>,
    /// The tag, signature or MAC to be checked at the end, once it has come.
    pub claimed: Option<Vec<u8>>,
    /// How far it has come.
    pub work: Work,
}

/// How far a stream has come.
#[derive(Debug)]
pub enum Work {
    /// The token's side has it.
    Token {
        /// Its name there.
        stream: StreamId,
        /// Whether it is a cipher that makes a tag.
        aead: bool,
    },
    /// A hash, made here.
    Hash(Hasher),
    /// A signature's hash, made here; the signature is checked at the end.
    Verify {
        /// The key.
        key: PublicKey,
        /// The scheme.
        scheme: Scheme,
        /// The hash so far.
        hasher: Hasher,
    },
}

/// The open streams. One at work is out of the table, so two parts never meet.
#[derive(Debug, Default)]
pub struct Streams(Mutex<HashMap<CorrelationValue, (Stream, Instant)>>);

impl Streams {
    fn table(&self) -> MutexGuard<'_, HashMap<CorrelationValue, (Stream, Instant)>> {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        table.retain(|_, (_, touched)| touched.elapsed() < IDLE);
        table
    }

    /// Keeps `stream` until its next part; false if there are too many.
    #[must_use]
    pub fn put(&self, name: CorrelationValue, stream: Stream) -> bool {
        let mut table = self.table();
        let room = table.len() < MAX_STREAMS;
        if room {
            table.insert(name, (stream, Instant::now()));
        }
        room
    }

    /// Takes out the stream called `name`, if it is this scope's and does `operation`.
    #[must_use]
    pub fn take(&self, name: &[u8], scope: &Scope, operation: Operation) -> Option<Stream> {
        let name: CorrelationValue = name.try_into().ok()?;
        let mut table = self.table();
        let (stream, _) = table.get(&name)?;
        if stream.scope != *scope || stream.operation != operation {
            return None;
        }
        table.remove(&name).map(|(stream, _)| stream)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hsm_backend::HashAlgorithm;

    fn stream(scope: &str) -> Stream {
        Stream {
            scope: Scope::new(scope),
            operation: Operation::Hash,
            uid: None,
            parameters: None,
            claimed: None,
            work: Work::Hash(Hasher::new(HashAlgorithm::Sha256).unwrap()),
        }
    }

    #[test]
    fn take_gives_a_stream_to_its_own_scope_and_operation_once() {
        let streams = Streams::default();
        let (own, other) = (Scope::new("a"), Scope::new("b"));
        assert!(streams.put([1; 16], stream("a")));
        assert!(streams.take(&[1; 16], &other, Operation::Hash).is_none());
        assert!(streams.take(&[1; 16], &own, Operation::Sign).is_none());
        assert!(streams.take(&[1; 15], &own, Operation::Hash).is_none());
        assert!(streams.take(&[1; 16], &own, Operation::Hash).is_some());
        assert!(streams.take(&[1; 16], &own, Operation::Hash).is_none());
    }

    #[test]
    fn put_refuses_more_than_the_limit() {
        let streams = Streams::default();
        for name in 0..64 {
            assert!(streams.put([name; 16], stream("a")));
        }
        assert!(!streams.put([64; 16], stream("a")));
    }
}
