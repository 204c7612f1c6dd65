//! OAEP over any pair of hashes, with a label.

use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

use super::{bad_data, bad_length, mgf1_xor};
use crate::error::HsmError;
use crate::job::{HashAlgorithm, SecretValue};
use crate::software::digest_parts;

/// Hashes and label of one OAEP encoding.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Oaep<'a> {
    pub(crate) hash: HashAlgorithm,
    pub(crate) mgf: HashAlgorithm,
    pub(crate) label: &'a [u8],
}

impl Oaep<'_> {
    /// Encodes `message` for a modulus of `k` bytes; `seed` is as long as the hash.
    ///
    /// Spec: RFC 8017 §7.1.1 step 2.
    ///
    /// # Errors
    ///
    /// `BadLength` where the message is longer than k - 2 hLen - 2.
    pub(crate) fn encode(
        self,
        message: &[u8],
        seed: &[u8],
        k: usize,
    ) -> Result<SecretValue, HsmError> {
        let hash_bytes = self.hash.bytes();
        let zeros = k
            .checked_sub(2 * hash_bytes + 2 + message.len())
            .filter(|_| seed.len() == hash_bytes)
            .ok_or(bad_length("oaep"))?;
        let mut block = Zeroizing::new(Vec::with_capacity(k));
        block.extend_from_slice(&digest_parts(self.hash, &[self.label])?);
        block.resize(hash_bytes + zeros, 0);
        block.push(1);
        block.extend_from_slice(message);
        let mut seed = Zeroizing::new(seed.to_vec());
        mgf1_xor(self.mgf, &seed, &mut block)?;
        mgf1_xor(self.mgf, &block, &mut seed)?;
        let mut encoded = Vec::with_capacity(k);
        encoded.push(0);
        encoded.extend_from_slice(&seed);
        encoded.extend_from_slice(&block);
        Ok(SecretValue::new(encoded))
    }

    /// Takes the padding off `encoded`, which is as long as the modulus.
    ///
    /// Every fault is the same `BadData` after the same work: the answer is no oracle (Manger).
    ///
    /// Spec: RFC 8017 §7.1.2 step 3.
    pub(crate) fn decode(self, encoded: &[u8]) -> Result<SecretValue, HsmError> {
        let hash_bytes = self.hash.bytes();
        if encoded.len() < 2 * hash_bytes + 2 {
            return Err(bad_data("oaep"));
        }
        let (front, masked) = encoded.split_at(hash_bytes + 1);
        let mut seed = Zeroizing::new(front.get(1..).unwrap_or_default().to_vec());
        let mut block = Zeroizing::new(masked.to_vec());
        mgf1_xor(self.mgf, &block, &mut seed)?;
        mgf1_xor(self.mgf, &seed, &mut block)?;
        let (label_hash, rest) = block.split_at(hash_bytes);
        let mut good = label_hash.ct_eq(&digest_parts(self.hash, &[self.label])?);
        good &= front.first().copied().unwrap_or(1).ct_eq(&0);
        let (start, found) = message_start(rest);
        let message = rest.get(start..).unwrap_or_default();
        if bool::from(good & found) {
            Ok(SecretValue::new(message.to_vec()))
        } else {
            Err(bad_data("oaep"))
        }
    }
}

/// Where the message starts after zeros and a one, and whether it is so.
fn message_start(rest: &[u8]) -> (usize, Choice) {
    let (mut start, mut found, mut good) = (0_u64, Choice::from(0), Choice::from(1));
    for (position, byte) in (1_u64..).zip(rest) {
        let (zero, one) = (byte.ct_eq(&0), byte.ct_eq(&1));
        good &= found | zero | one;
        start = u64::conditional_select(&start, &position, one & !found);
        found |= one;
    }
    (usize::try_from(start).unwrap_or_default(), good & found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIXED: Oaep<'static> =
        Oaep { hash: HashAlgorithm::Sha256, mgf: HashAlgorithm::Sha1, label: b"label" };

    #[test]
    fn decode_undoes_encode_up_to_the_limit() {
        for length in [0, 1, 61, 62] {
            let message = vec![0; length];
            let encoded = MIXED.encode(&message, &[7; 32], 128).unwrap();
            assert_eq!(encoded.expose().len(), 128);
            assert_eq!(MIXED.decode(encoded.expose()).unwrap().expose(), message);
        }
        assert!(MIXED.encode(&[0; 63], &[7; 32], 128).is_err());
    }

    #[test]
    fn decode_rejects_flipped_bytes_and_other_label_alike() {
        let encoded = MIXED.encode(b"secret", &[7; 32], 128).unwrap().expose().to_vec();
        let refusal = Err(bad_data("oaep"));
        for position in 0..100 {
            let mut bad = encoded.clone();
            bad[position] ^= 1;
            assert_eq!(MIXED.decode(&bad), refusal, "byte {position}");
        }
        let unlabelled = Oaep { label: b"", ..MIXED };
        assert_eq!(unlabelled.decode(&encoded), refusal);
        assert_eq!(MIXED.decode(&encoded[..60]), refusal);
    }
}
