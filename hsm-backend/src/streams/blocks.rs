//! A stream of a block cipher: whole blocks go at once, chained by the IV.

use crate::backend::{CallContext, HsmBackend, KeyRef, Output, TokenState};
use crate::capability::Mechanism;
use crate::encoding::feedback::{Way, next_iv};
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{
    BlockCipher, BlockMode, CipherAlgorithm, CipherParams, Padding, SecretValue, StreamEnd,
};
use crate::limits::{self, bytes_of};

use super::UNSUPPORTED;
use wiping::Wiping;

/// Both in one piece of memory that is wiped, without a growing vector's leavings.
pub(super) fn joined(held: &[u8], part: &[u8]) -> Wiping {
    let mut all = Wiping::new(Vec::with_capacity(held.len() + part.len()));
    all.extend_from_slice(held);
    all.extend_from_slice(part);
    all
}

/// Adds `part`. Room is made for more than that, so that many small parts cost what a large one does.
///
/// # Errors
///
/// `BadLength` where it becomes too long for one call.
pub(super) fn append(held: &mut Wiping, part: &[u8]) -> Result<(), HsmError> {
    let bytes = held.len() + part.len();
    if bytes > limits::MAX_DATA_BYTES {
        return Err(HsmError::new(HsmErrorKind::BadLength, "stream"));
    }
    if held.capacity() < bytes {
        let room = (2 * held.len()).min(limits::MAX_DATA_BYTES).max(bytes);
        let mut wider = Wiping::new(Vec::with_capacity(room));
        wider.extend_from_slice(held);
        *held = wider;
    }
    held.extend_from_slice(part);
    Ok(())
}

pub(super) fn encrypt(
    backend: &dyn HsmBackend,
    call: &CallContext,
    key: &KeyRef,
    algorithm: CipherAlgorithm,
    params: &CipherParams,
    data: &[u8],
) -> Result<Output<StreamEnd>, HsmError> {
    let sealed = backend.encrypt(call, key, algorithm, params, data)?;
    let data = SecretValue::new(sealed.value.data);
    Ok(Output { value: StreamEnd { data, tag: sealed.value.tag }, mechanism: sealed.mechanism })
}

pub(super) fn decrypt(
    backend: &dyn HsmBackend,
    call: &CallContext,
    key: &KeyRef,
    algorithm: CipherAlgorithm,
    params: &CipherParams,
    data: &[u8],
    tag: &[u8],
) -> Result<Output<StreamEnd>, HsmError> {
    let opened = backend.decrypt(call, key, algorithm, params, data, tag)?;
    let value = StreamEnd { data: opened.value, tag: Vec::new() };
    Ok(Output { value, mechanism: opened.mechanism })
}

/// A block cipher's stream: whole blocks go at once, the rest is held.
pub(super) struct Blocks {
    pub(super) way: Way,
    pub(super) cipher: BlockCipher,
    pub(super) mode: BlockMode,
    pub(super) padding: Padding,
    /// With the IV for the next block.
    pub(super) params: CipherParams,
    pub(super) held: Wiping,
    /// Bytes that have gone already.
    pub(super) gone: u64,
}

impl Blocks {
    const fn algorithm(&self, padding: Padding) -> CipherAlgorithm {
        CipherAlgorithm::Block { cipher: self.cipher, mode: self.mode, padding }
    }

    fn run(
        &self,
        backend: &dyn HsmBackend,
        call: &CallContext,
        key: &KeyRef,
        padding: Padding,
        data: &[u8],
    ) -> Result<Output<StreamEnd>, HsmError> {
        let algorithm = self.algorithm(padding);
        limits::check_counter(self.cipher, &self.params, self.gone + bytes_of(data))?;
        match self.way {
            Way::Encrypt => encrypt(backend, call, key, algorithm, &self.params, data),
            Way::Decrypt => decrypt(backend, call, key, algorithm, &self.params, data, &[]),
        }
    }

    /// How many bytes can go now: what may be the padding's block stays.
    fn ready(&self, length: usize) -> usize {
        let block = self.cipher.block_bytes();
        let whole = length / block * block;
        let padded = self.way == Way::Decrypt && self.padding != Padding::None;
        if padded && whole == length { whole.saturating_sub(block) } else { whole }
    }

    pub(super) fn update(
        &mut self,
        backend: &dyn HsmBackend,
        call: &CallContext,
        key: &KeyRef,
        part: &[u8],
    ) -> Result<SecretValue, HsmError> {
        let all = joined(&self.held, part);
        let (now, later) = all.split_at(self.ready(all.len()));
        self.held = joined(later, &[]);
        if now.is_empty() {
            return Ok(SecretValue::new(Vec::new()));
        }
        let output = self.run(backend, call, key, Padding::None, now)?.value.data;
        let block = self.cipher.block_bytes();
        self.params.iv = next_iv(self.way, self.mode, block, &self.params, now, output.expose());
        self.gone += bytes_of(now);
        Ok(output)
    }

    pub(super) fn finish(
        self,
        backend: &dyn HsmBackend,
        call: &CallContext,
        key: &KeyRef,
        last: &[u8],
        tag: &[u8],
    ) -> Result<Output<StreamEnd>, HsmError> {
        if !tag.is_empty() {
            return Err(HsmError::new(HsmErrorKind::BadParameter, "tag"));
        }
        // Nothing more is no data to the mode, unless there was nothing before, which is refused
        // or not as in one piece.
        let rest = joined(&self.held, last);
        let over = rest.is_empty() && self.gone > 0;
        let added = !matches!(self.padding, Padding::None | Padding::Zeros);
        if over && !added {
            let value = StreamEnd { data: SecretValue::new(Vec::new()), tag: Vec::new() };
            return Ok(Output { value, mechanism: self.mechanism(backend)? });
        }
        self.run(backend, call, key, self.padding, &rest)
    }

    fn mechanism(&self, backend: &dyn HsmBackend) -> Result<Mechanism, HsmError> {
        let TokenState::Ready(capabilities) = backend.state() else {
            return Err(HsmError::new(HsmErrorKind::Unavailable, "stream"));
        };
        let plan = capabilities.cipher(self.algorithm(self.padding)).ok_or(UNSUPPORTED)?;
        Ok(match self.way {
            Way::Encrypt => plan.mechanism(),
            Way::Decrypt => plan.decrypt_mechanism(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn append_makes_room_ahead() {
        let (mut held, mut moves) = (Wiping::default(), 0);
        for part in 0..4096_u32 {
            let room = held.capacity();
            append(&mut held, &part.to_be_bytes()).unwrap();
            moves += usize::from(held.capacity() != room);
        }
        assert!(moves < 20, "moved {moves} times");
        assert_eq!((held.len(), &held[4 * 4095..]), (4 * 4096, &4095_u32.to_be_bytes()[..]));
    }

    #[test]
    fn append_ends_at_the_limit() {
        let mut held = Wiping::new(vec![0; limits::MAX_DATA_BYTES - 1]);
        append(&mut held, &[1]).unwrap();
        assert_eq!(append(&mut held, &[1]).unwrap_err().kind, HsmErrorKind::BadLength);
        assert_eq!(held.capacity(), limits::MAX_DATA_BYTES);
    }
}
