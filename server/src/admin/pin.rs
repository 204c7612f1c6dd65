//! Proof that somebody knows the token's PIN, without asking the token: it would count wrong ones.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Wrong PINs that are looked at before a pause.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_secs(600);

/// How a PIN fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PinVerdict {
    /// It is the one in use.
    Right,
    /// It is not.
    Wrong,
    /// There were too many wrong ones; it was not looked at.
    Paused,
}

/// Compares with the PIN in use, of which it holds only a hash with a salt of its own.
#[derive(Clone)]
pub struct PinCheck {
    salt: [u8; 32],
    mark: [u8; 32],
    wrong: Arc<Mutex<(u32, Option<Instant>)>>,
}

impl PinCheck {
    /// For this PIN.
    ///
    /// # Errors
    ///
    /// Where the system gives no randomness.
    pub fn new(pin: &[u8]) -> Result<Self, getrandom::Error> {
        let mut salt = [0; 32];
        getrandom::fill(&mut salt)?;
        Ok(Self { salt, mark: mark(&salt, pin), wrong: Arc::default() })
    }

    /// Looks whether `pin` is the one, at `now`.
    pub(super) fn judge(&self, pin: &[u8], now: Instant) -> PinVerdict {
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        let (tries, last) = &mut *wrong;
        if *tries >= TRIES {
            if last.is_some_and(|last| now.saturating_duration_since(last) < PAUSE) {
                return PinVerdict::Paused;
            }
            *tries = 0;
        }
        if bool::from(mark(&self.salt, pin).ct_eq(&self.mark)) {
            *tries = 0;
            return PinVerdict::Right;
        }
        *tries += 1;
        *last = Some(now);
        PinVerdict::Wrong
    }
}

impl std::fmt::Debug for PinCheck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PinCheck")
    }
}

fn mark(salt: &[u8; 32], pin: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(salt).chain_update(pin).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_pin_is_right() {
        let check = PinCheck::new(b"1234").unwrap();
        let now = Instant::now();
        assert_eq!(check.judge(b"1234", now), PinVerdict::Right);
        for wrong in [b"".as_slice(), b"1235", b"12345"] {
            assert_eq!(check.judge(wrong, now), PinVerdict::Wrong);
        }
    }

    #[test]
    fn wrong_ones_bring_a_pause_in_which_the_right_one_is_not_looked_at() {
        let check = PinCheck::new(b"1234").unwrap();
        let now = Instant::now();
        for _ in 0..TRIES {
            assert_eq!(check.judge(b"0", now), PinVerdict::Wrong);
        }
        assert_eq!(check.judge(b"1234", now), PinVerdict::Paused);
        assert_eq!(check.judge(b"1234", now + PAUSE), PinVerdict::Right);
    }
}
