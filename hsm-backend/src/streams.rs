//! Streams: operations whose data come in parts.
//!
//! No stream holds a session. A block cipher's parts are calls of their own, chained by the IV; a
//! message to be signed is hashed here; what can only be done in one piece (GCM, CCM, MACs, key
//! wrapping, RSA) is gathered, so that nothing leaves before a tag is verified. So a stream can
//! starve nobody, and survives the token's return. Their number, size and idle time are bounded.

mod blocks;
mod slots;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::backend::{CallContext, HsmBackend, KeyRef, Output};
use crate::capability::Capabilities;
use crate::encoding::feedback::Way;
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{
    CipherAlgorithm, HashAlgorithm, Padding, SecretValue, SignAlgorithm, SignInput, StreamEnd,
    StreamId, StreamWish,
};
use crate::limits;
use crate::software::{Hasher, fill_random};
use blocks::{Blocks, append, decrypt, encrypt};
use slots::{Slot, Slots};
pub use slots::{StreamLimits, gives_way};
use wiping::Wiping;

const UNSUPPORTED: HsmError = HsmError::new(HsmErrorKind::Unsupported, "stream");
const NOT_FOUND: HsmError = HsmError::new(HsmErrorKind::StreamNotFound, "stream");
const BUSY: HsmError = HsmError::new(HsmErrorKind::Busy, "stream");

/// The open streams of one backend.
pub(crate) struct Streams {
    slots: Mutex<Slots>,
    limits: StreamLimits,
}

struct Flow {
    key: KeyRef,
    kind: FlowKind,
}

enum FlowKind {
    Blocks(Blocks),
    Gather { wish: StreamWish, held: Wiping },
    Hash { algorithm: SignAlgorithm, salt_bytes: Option<usize>, hasher: Hasher },
}

impl core::fmt::Debug for Streams {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Streams").field("open", &self.slots().0.len()).finish_non_exhaustive()
    }
}

impl Streams {
    pub(crate) fn new(limits: StreamLimits) -> Self {
        Self { slots: Mutex::default(), limits }
    }

    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a stream. Where there are too many, one of the scope that has most ends; `Busy` where that
    /// is the caller's.
    pub(crate) fn open(
        &self,
        capabilities: &Capabilities,
        call: &CallContext,
        key: &KeyRef,
        wish: &StreamWish,
    ) -> Result<StreamId, HsmError> {
        let kind = start(capabilities, wish)?;
        let mut id = [0; 16];
        fill_random(&mut id)?;
        self.reap();
        let mut slots = self.slots();
        slots.room_for_one(&call.scope, self.limits.max_streams)?;
        let flow = Some(Box::new(Flow { key: key.clone(), kind }));
        let slot = Slot { scope: call.scope.clone(), used: Instant::now(), held: 0, flow };
        slots.0.insert(StreamId(id), slot);
        Ok(StreamId(id))
    }

    /// Takes the next part; a part that fails ends the stream.
    pub(crate) fn update(
        &self,
        backend: &dyn HsmBackend,
        call: &CallContext,
        id: StreamId,
        part: &[u8],
    ) -> Result<SecretValue, HsmError> {
        let mut flow = self.take(call, id)?;
        let output = self.hold(call, id, part).and_then(|()| flow.update(backend, call, part));
        let mut slots = self.slots();
        if output.is_err() {
            slots.0.remove(&id);
        } else if let Some(slot) = slots.0.get_mut(&id) {
            slot.used = Instant::now();
            slot.held = flow.held();
            slot.flow = Some(flow);
        }
        output
    }

    /// Takes the last part and ends the stream, whatever comes of it.
    pub(crate) fn finish(
        &self,
        backend: &dyn HsmBackend,
        call: &CallContext,
        id: StreamId,
        last: &[u8],
        tag: &[u8],
    ) -> Result<Output<StreamEnd>, HsmError> {
        let flow = self.take(call, id)?;
        self.slots().0.remove(&id);
        flow.finish(backend, call, last, tag)
    }

    /// Ends the stream.
    pub(crate) fn abort(&self, call: &CallContext, id: StreamId) -> Result<(), HsmError> {
        self.take(call, id)?;
        self.slots().0.remove(&id);
        Ok(())
    }

    /// Ends the streams that lie idle.
    pub(crate) fn reap(&self) {
        let idle = self.limits.idle_timeout;
        self.slots().0.retain(|_, slot| slot.flow.is_none() || slot.used.elapsed() < idle);
    }

    /// Ends every stream.
    pub(crate) fn clear(&self) {
        self.slots().0.clear();
    }

    /// Counts `part` as held until it is known what is. Where that is too much, a stream of the scope that
    /// holds most ends; `Busy` where that is the caller's.
    fn hold(&self, call: &CallContext, id: StreamId, part: &[u8]) -> Result<(), HsmError> {
        let mut slots = self.slots();
        slots.room_to_hold(&call.scope, part.len(), self.limits.max_held_bytes)?;
        let slot = slots.0.get_mut(&id).ok_or(NOT_FOUND)?;
        slot.held += part.len();
        Ok(())
    }

    /// The stream's state, while a part is at work. Another scope's stream is none.
    fn take(&self, call: &CallContext, id: StreamId) -> Result<Box<Flow>, HsmError> {
        self.reap();
        let mut slots = self.slots();
        let slot = slots.0.get_mut(&id).filter(|slot| slot.scope == call.scope).ok_or(NOT_FOUND)?;
        slot.flow.take().ok_or(BUSY)
    }
}

/// What a stream begins as; wishes without a plan and bad parameters are refused at once.
fn start(capabilities: &Capabilities, wish: &StreamWish) -> Result<FlowKind, HsmError> {
    let gather = || FlowKind::Gather { wish: wish.clone(), held: Wiping::default() };
    let (algorithm, params, way) = match wish {
        StreamWish::Encrypt { algorithm, params } => (*algorithm, params, Way::Encrypt),
        StreamWish::Decrypt { algorithm, params } => (*algorithm, params, Way::Decrypt),
        StreamWish::Sign { algorithm, salt_bytes } => {
            capabilities.sign(*algorithm).ok_or(UNSUPPORTED)?;
            let here = capabilities.sign_digest(*algorithm).and_then(|_| hash_of(*algorithm));
            let Some(hash) = here else { return Ok(gather()) };
            let (algorithm, salt_bytes) = (*algorithm, *salt_bytes);
            return Ok(FlowKind::Hash { algorithm, salt_bytes, hasher: Hasher::new(hash)? });
        }
        StreamWish::Mac(algorithm) => {
            capabilities.mac(*algorithm).ok_or(UNSUPPORTED)?;
            return Ok(gather());
        }
    };
    if way == Way::Encrypt && algorithm.is_public_key() {
        return Err(UNSUPPORTED);
    }
    capabilities.cipher(algorithm).ok_or(UNSUPPORTED)?;
    limits::check_params(algorithm, params, params.tag_bytes)?;
    let CipherAlgorithm::Block { cipher, mode, padding } = algorithm else { return Ok(gather()) };
    if way == Way::Decrypt && padding == Padding::Zeros {
        return Err(UNSUPPORTED);
    }
    let (params, held) = (params.clone(), Wiping::default());
    Ok(FlowKind::Blocks(Blocks { way, cipher, mode, padding, params, held, gone: 0 }))
}

const fn hash_of(algorithm: SignAlgorithm) -> Option<HashAlgorithm> {
    match algorithm {
        SignAlgorithm::RsaPkcs1(hash)
        | SignAlgorithm::RsaPss { hash, .. }
        | SignAlgorithm::Ecdsa(hash) => Some(hash),
        SignAlgorithm::EdDsa(_) => None,
        SignAlgorithm::RsaPkcs1Raw | SignAlgorithm::EcdsaRaw => None,
    }
}

impl Flow {
    /// Bytes that are kept for later.
    fn held(&self) -> usize {
        match &self.kind {
            FlowKind::Blocks(blocks) => blocks.held.len(),
            FlowKind::Gather { held, .. } => held.len(),
            FlowKind::Hash { .. } => 0,
        }
    }

    fn update(
        &mut self,
        backend: &dyn HsmBackend,
        call: &CallContext,
        part: &[u8],
    ) -> Result<SecretValue, HsmError> {
        limits::check_data(part)?;
        match &mut self.kind {
            FlowKind::Blocks(blocks) => blocks.update(backend, call, &self.key, part),
            FlowKind::Gather { held, .. } => {
                append(held, part)?;
                Ok(SecretValue::new(Vec::new()))
            }
            FlowKind::Hash { hasher, .. } => {
                hasher.update(part);
                Ok(SecretValue::new(Vec::new()))
            }
        }
    }

    fn finish(
        self,
        backend: &dyn HsmBackend,
        call: &CallContext,
        last: &[u8],
        tag: &[u8],
    ) -> Result<Output<StreamEnd>, HsmError> {
        let key = &self.key;
        let plain = |output: Output<Vec<u8>>| {
            let data = SecretValue::new(output.value);
            Output { value: StreamEnd { data, tag: Vec::new() }, mechanism: output.mechanism }
        };
        limits::check_data(last)?;
        match self.kind {
            FlowKind::Blocks(blocks) => blocks.finish(backend, call, key, last, tag),
            FlowKind::Hash { algorithm, salt_bytes, mut hasher } => {
                hasher.update(last);
                let digest = hasher.finish();
                let input = SignInput::Digest(&digest);
                backend.sign(call, key, algorithm, salt_bytes, input).map(plain)
            }
            FlowKind::Gather { wish, held: mut data } => {
                append(&mut data, last)?;
                match wish {
                    StreamWish::Encrypt { algorithm, params } => {
                        encrypt(backend, call, key, algorithm, &params, &data)
                    }
                    StreamWish::Decrypt { algorithm, params } => {
                        decrypt(backend, call, key, algorithm, &params, &data, tag)
                    }
                    StreamWish::Sign { algorithm, salt_bytes } => {
                        let input = SignInput::Message(&data);
                        backend.sign(call, key, algorithm, salt_bytes, input).map(plain)
                    }
                    StreamWish::Mac(algorithm) => {
                        backend.mac(call, key, algorithm, &data).map(plain)
                    }
                }
            }
        }
    }
}
