//! Keys that live wrapped outside the token, used by more of them than the token holds at once.

use hsm_backend::{
    CipherAlgorithm, CipherParams, HsmBackend, KeyPolicy, KeyRef, KeyUsage, SecretKeyKind,
    SecretKeySpec,
};

use super::child::{call, fresh_id};
use crate::bench::BenchError;

/// Wrapped keys there are.
pub(in crate::bench) const POPULATION: usize = 20_000;
/// Of these, the ones that [`Pattern::Skewed`] prefers.
const FAVOURITES: u64 = 1_000;
/// Keys that [`Pattern::Live`] goes round: they fit every cache.
const FEW: u64 = 500;

/// Which keys are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::bench) enum Pattern {
    /// A few that are live all the time.
    Live,
    /// 80 % of the uses fall on 5 % of the keys.
    Skewed,
    /// Each as often as another.
    Uniform,
}

impl Pattern {
    pub(in crate::bench) const ALL: [Self; 3] = [Self::Live, Self::Skewed, Self::Uniform];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Skewed => "skewed",
            Self::Uniform => "uniform",
        }
    }

    pub(in crate::bench) const fn words(self) -> &'static str {
        match self {
            Self::Live => "500 of them, all live",
            Self::Skewed => "80 % to 5 %",
            Self::Uniform => "all alike",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|pattern| pattern.name() == name)
    }

    fn pick(self, dice: &mut Dice) -> u64 {
        let all = u64::try_from(POPULATION).unwrap_or(u64::MAX);
        match self {
            Self::Live => dice.below(FEW),
            Self::Skewed if dice.below(10) < 8 => dice.below(FAVOURITES),
            Self::Skewed | Self::Uniform => dice.below(all),
        }
    }
}

/// The keys.
pub(super) struct Population {
    keys: Vec<KeyRef>,
    dice: Dice,
}

impl Population {
    /// Makes a wrapping key, and everything under it.
    pub(super) fn make(hsm: &dyn HsmBackend) -> Result<Self, BenchError> {
        let kek = fresh_id()?;
        hsm.make_kek(&call(), kek)?;
        let usage = KeyUsage { encrypt: true, decrypt: true, ..KeyUsage::default() };
        let policy =
            KeyPolicy { usage, sensitive: true, extractable: false, label: "bench".to_owned() };
        let spec = SecretKeySpec { kind: SecretKeyKind::Aes, bits: 256 };
        let one = |_| {
            let made = hsm.generate_wrapped(&call(), kek, spec, &policy)?.value;
            Ok(KeyRef::Wrapped { id: fresh_id()?, kek, kcv: made.kcv, blob: made.blob })
        };
        let keys = (0..POPULATION).map(one).collect::<Result<_, BenchError>>()?;
        Ok(Self { keys, dice: Dice(0x9E37_79B9_7F4A_7C15) })
    }

    /// Encrypts 1 KiB with AES-GCM under the next key.
    pub(super) fn use_one(
        &mut self,
        hsm: &dyn HsmBackend,
        pattern: Pattern,
        text: &[u8],
    ) -> Result<(), BenchError> {
        let picked = usize::try_from(pattern.pick(&mut self.dice)).unwrap_or_default();
        let key = self.keys.get(picked).ok_or(BenchError::Measure("there is no such key"))?;
        let (iv, aad) = (vec![0x17; 12], Vec::new());
        let params = CipherParams { iv, aad, tag_bytes: 16, ..CipherParams::default() };
        hsm.encrypt(&call(), key, CipherAlgorithm::AesGcm, &params, text)?;
        Ok(())
    }
}

/// Numbers without order, the same in every run: xorshift64*.
struct Dice(u64);

impl Dice {
    const fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % bound
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_pick_what_they_say() {
        let picked = |pattern: Pattern| {
            let mut dice = Dice(1);
            (0..10_000).map(|_| pattern.pick(&mut dice)).collect::<Vec<_>>()
        };
        assert!(picked(Pattern::Live).iter().all(|key| *key < FEW));
        let favoured = picked(Pattern::Skewed).iter().filter(|key| **key < FAVOURITES).count();
        // 80 %, and of the rest the 5 % that fall on them as well.
        assert!((7_900..8_300).contains(&favoured), "{favoured}");
        let upper = picked(Pattern::Uniform).iter().filter(|key| **key >= 10_000).count();
        assert!((4_800..5_200).contains(&upper), "{upper}");
        for pattern in Pattern::ALL {
            assert_eq!(Pattern::named(pattern.name()), Some(pattern));
        }
    }
}
