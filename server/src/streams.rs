//! Operations in parts: what lives between the first part and the last.
//!
//! Spec: KMIP 1.4 §4.29 to §4.37, Correlation Value.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hsm_backend::software::Hasher;
use hsm_backend::{CallContext, HsmBackend, HsmError, Output, PublicKey, SecretValue, StreamEnd};
use hsm_backend::{KeyRef, StreamId, StreamWish, gives_way};
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
        /// What ends it there, whatever becomes of it here.
        stream: TokenStream,
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

/// A stream of the token's side, which has few: it ends there when it is dropped here.
pub struct TokenStream {
    hsm: Arc<dyn HsmBackend>,
    id: StreamId,
    /// The circumstances of the latest part.
    call: CallContext,
    ended: bool,
}

impl TokenStream {
    /// Begins one.
    ///
    /// # Errors
    ///
    /// Those of [`HsmBackend::stream_open`].
    pub fn open(
        hsm: &Arc<dyn HsmBackend>,
        call: CallContext,
        key: &KeyRef,
        wish: &StreamWish,
    ) -> Result<Self, HsmError> {
        let id = hsm.stream_open(&call, key, wish)?;
        Ok(Self { hsm: Arc::clone(hsm), id, call, ended: false })
    }

    /// Takes the next part and returns what can be given out by now.
    ///
    /// # Errors
    ///
    /// Those of [`HsmBackend::stream_update`].
    pub fn update(&mut self, call: CallContext, part: &[u8]) -> Result<SecretValue, HsmError> {
        self.call = call;
        self.hsm.stream_update(&self.call, self.id, part)
    }

    /// Takes the last part, and the tag of a decryption that has one.
    ///
    /// # Errors
    ///
    /// Those of [`HsmBackend::stream_finish`].
    pub fn finish(
        &mut self,
        call: CallContext,
        last: &[u8],
        tag: &[u8],
    ) -> Result<Output<StreamEnd>, HsmError> {
        self.ended = true;
        self.hsm.stream_finish(&call, self.id, last, tag)
    }
}

impl Drop for TokenStream {
    fn drop(&mut self) {
        if !self.ended {
            // One that a failed part has ended already is not found, which is as good.
            let _ = self.hsm.stream_abort(&self.call, self.id);
        }
    }
}

impl fmt::Debug for TokenStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenStream").field("id", &self.id).finish_non_exhaustive()
    }
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

    /// Puts a stream back that was taken for a part: whoever began meanwhile, it has its place.
    pub fn put_back(&self, name: CorrelationValue, stream: Stream) {
        self.table().insert(name, (stream, Instant::now()));
    }

    /// Keeps a new `stream` until its next part. Where there are too many, one of the scope that has most
    /// ends; false if that is this one's.
    #[must_use]
    pub fn put(&self, name: CorrelationValue, stream: Stream) -> bool {
        let mut table = self.table();
        if table.len() >= MAX_STREAMS {
            let each = table.values().map(|(other, _)| (other.scope.as_str(), 1));
            let Some(scope) = gives_way(stream.scope.as_str(), 1, each) else { return false };
            let theirs = table.iter().filter(|(_, (other, _))| other.scope.as_str() == scope);
            let idle_longest = theirs.min_by_key(|(_, (_, touched))| *touched);
            let Some(name) = idle_longest.map(|(name, _)| *name) else { return false };
            table.remove(&name);
        }
        table.insert(name, (stream, Instant::now()));
        true
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

    #[test]
    fn stream_that_was_begun_keeps_its_place() {
        let streams = Streams::default();
        for name in 0..64 {
            assert!(streams.put([name; 16], stream("a")));
        }
        let taken = streams.take(&[7; 16], &Scope::new("a"), Operation::Hash).unwrap();
        // Another begins while a part of the first is at work.
        assert!(streams.put([64; 16], stream("a")));
        streams.put_back([7; 16], taken);
        assert!(streams.take(&[7; 16], &Scope::new("a"), Operation::Hash).is_some());
        assert!(!streams.put([65; 16], stream("a")));
    }

    #[test]
    fn scope_with_most_streams_makes_room_for_another() {
        let streams = Streams::default();
        for name in 0..64 {
            assert!(streams.put([name; 16], stream("a")));
        }
        assert!(streams.put([64; 16], stream("b")));
        let take = |name, scope| streams.take(&[name; 16], &Scope::new(scope), Operation::Hash);
        assert!(take(0, "a").is_none(), "the one idle longest");
        assert!(take(64, "b").is_some());
        assert!((1..64).all(|name| take(name, "a").is_some()));
    }
}
