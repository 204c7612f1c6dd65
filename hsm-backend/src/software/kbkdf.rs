//! Key derivation with a pseudorandom function, wherever that is computed.

use wiping::Wiping;

use crate::error::{HsmError, HsmErrorKind};
use crate::job::SecretValue;

/// How the calls of the pseudorandom function hang together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KbkdfMode {
    /// Each call takes a counter.
    Counter,
    /// Each call takes the outcome of the one before.
    Feedback,
    /// As feedback, of a second pipeline of calls.
    DoublePipeline,
}

/// A derivation as NIST lays it down; the counter stands before the fixed input.
///
/// Spec: NIST SP 800-108r1 §4.1 to §4.3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kbkdf<'a> {
    /// Which of the three.
    pub mode: KbkdfMode,
    /// Length of the counter in bits: 8, 16, 24 or 32, and 0 for none, which counter mode is not
    /// without.
    pub counter_bits: u32,
    /// What feedback begins with.
    pub iv: &'a [u8],
    /// Label, context and whatever the two sides agreed upon: every call takes it.
    pub fixed: &'a [u8],
}

impl Kbkdf<'_> {
    /// `bytes` bytes, by as many calls of `prf` as it takes.
    ///
    /// # Errors
    ///
    /// `BadParameter` for a counter of another length, `BadLength` for more than it can count or
    /// for nothing at all, and what `prf` fails with.
    pub fn derive<E: From<HsmError>>(
        &self,
        bytes: usize,
        mut prf: impl FnMut(&[u8]) -> Result<SecretValue, E>,
    ) -> Result<SecretValue, E> {
        let counter_bytes = self.counter_bytes()?;
        let mut derived = Wiping::new(Vec::with_capacity(bytes));
        let mut feedback = SecretValue::new(self.iv.to_vec());
        let mut pipeline = SecretValue::new(self.fixed.to_vec());
        let mut count = 0_u32;
        if bytes == 0 {
            return Err(HsmError::new(HsmErrorKind::BadLength, "kbkdf").into());
        }
        while derived.len() < bytes {
            count = next(count, self.counter_bits)?;
            if self.mode == KbkdfMode::DoublePipeline {
                pipeline = prf(pipeline.expose())?;
            }
            let before = match self.mode {
                KbkdfMode::Counter => &[],
                KbkdfMode::Feedback => feedback.expose(),
                KbkdfMode::DoublePipeline => pipeline.expose(),
            };
            let counter = count.to_be_bytes();
            let counter = counter.get(4 - counter_bytes..).unwrap_or_default();
            let block = prf(&Wiping::new([before, counter, self.fixed].concat()))?;
            let wanted = block.expose().iter().take(bytes - derived.len());
            derived.extend(wanted);
            feedback = block;
        }
        Ok(derived.into())
    }

    fn counter_bytes(&self) -> Result<usize, HsmError> {
        match (self.counter_bits, self.mode) {
            (8, _) => Ok(1),
            (16, _) => Ok(2),
            (24, _) => Ok(3),
            (32, _) => Ok(4),
            (0, KbkdfMode::Feedback | KbkdfMode::DoublePipeline) => Ok(0),
            _ => Err(HsmError::new(HsmErrorKind::BadParameter, "kbkdf")),
        }
    }
}

/// The next count, if the counter can hold it.
fn next(count: u32, bits: u32) -> Result<u32, HsmError> {
    let next = count.checked_add(1).filter(|next| bits == 0 || u64::from(*next) >> bits == 0);
    next.ok_or(HsmError::new(HsmErrorKind::BadLength, "kbkdf"))
}

#[cfg(test)]
mod tests;
