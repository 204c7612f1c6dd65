//! EMSA-PSS over any pair of hashes.

use subtle::ConstantTimeEq;

use super::{bad_length, mgf1_xor};
use crate::error::HsmError;
use crate::job::HashAlgorithm;
use crate::software::digest_parts;

const TRAILER: u8 = 0xBC;

/// The hashes of one PSS encoding.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hashes {
    pub(crate) message: HashAlgorithm,
    pub(crate) mgf: HashAlgorithm,
}

/// The longest salt a modulus of `modulus_bits` leaves room for.
pub(crate) fn max_salt(modulus_bits: usize, hash: HashAlgorithm) -> Option<usize> {
    encoded_bytes(modulus_bits).checked_sub(hash.bytes() + 2)
}

const fn encoded_bytes(modulus_bits: usize) -> usize {
    modulus_bits.saturating_sub(1).div_ceil(8)
}

/// Encodes `digest` for a modulus of `modulus_bits`; as long as the modulus.
///
/// Spec: RFC 8017 §9.1.1.
///
/// # Errors
///
/// `BadLength` where salt and digest do not fit the modulus.
pub(crate) fn encode(
    hashes: Hashes,
    digest: &[u8],
    salt: &[u8],
    modulus_bits: usize,
) -> Result<Vec<u8>, HsmError> {
    let room = max_salt(modulus_bits, hashes.message).ok_or(bad_length("pss"))?;
    let zeros = room.checked_sub(salt.len()).ok_or(bad_length("pss"))?;
    let hash = digest_parts(hashes.message, &[&[0; 8], digest, salt])?;
    let mut masked = vec![0; zeros];
    masked.push(1);
    masked.extend_from_slice(salt);
    mgf1_xor(hashes.mgf, &hash, &mut masked)?;
    clear_top(&mut masked, modulus_bits);
    let mut encoded = vec![0; modulus_bits.div_ceil(8) - encoded_bytes(modulus_bits)];
    encoded.extend_from_slice(&masked);
    encoded.extend_from_slice(&hash);
    encoded.push(TRAILER);
    Ok(encoded)
}

/// Whether `encoded` (as long as the modulus) is an encoding of `digest`.
///
/// With no `salt_bytes` the salt's length is read from the encoding: the hash covers the salt, so
/// a forger gains nothing.
///
/// Spec: RFC 8017 §9.1.2.
pub(crate) fn verify(
    hashes: Hashes,
    digest: &[u8],
    encoded: &[u8],
    modulus_bits: usize,
    salt_bytes: Option<usize>,
) -> Result<bool, HsmError> {
    let Some((masked, hash)) = split(hashes.message, encoded, modulus_bits) else {
        return Ok(false);
    };
    let mut block = masked.to_vec();
    mgf1_xor(hashes.mgf, hash, &mut block)?;
    clear_top(&mut block, modulus_bits);
    let zeros = block.iter().take_while(|byte| **byte == 0).count();
    let Some((1, salt)) = block.get(zeros..).and_then(<[u8]>::split_first) else {
        return Ok(false);
    };
    if salt_bytes.is_some_and(|wanted| wanted != salt.len()) {
        return Ok(false);
    }
    let expected = digest_parts(hashes.message, &[&[0; 8], digest, salt])?;
    Ok(expected.ct_eq(hash).into())
}

/// Masked block and hash, where the fixed bits of `encoded` are as they must be.
fn split(hash: HashAlgorithm, encoded: &[u8], modulus_bits: usize) -> Option<(&[u8], &[u8])> {
    let spare = encoded.len().checked_sub(encoded_bytes(modulus_bits))?;
    let (front, body) = encoded.split_at_checked(spare)?;
    let (trailer, body) = body.split_last()?;
    let (masked, hash) = body.split_at_checked(body.len().checked_sub(hash.bytes())?)?;
    let top_is_clear = masked.first()? & !top_mask(modulus_bits) == 0;
    let good = *trailer == TRAILER && top_is_clear && front.iter().all(|byte| *byte == 0);
    good.then_some((masked, hash))
}

const fn top_mask(modulus_bits: usize) -> u8 {
    let unused = 8 * encoded_bytes(modulus_bits) - modulus_bits.saturating_sub(1);
    0xFF >> unused
}

fn clear_top(block: &mut [u8], modulus_bits: usize) {
    if let Some(top) = block.first_mut() {
        *top &= top_mask(modulus_bits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA256: Hashes = Hashes { message: HashAlgorithm::Sha256, mgf: HashAlgorithm::Sha256 };
    const MIXED: Hashes = Hashes { message: HashAlgorithm::Sha3T256, mgf: HashAlgorithm::Sha1 };

    #[test]
    fn verify_accepts_encode_for_every_modulus_remainder_and_salt() {
        for modulus_bits in 1020..1032 {
            for (hashes, salt) in [(SHA256, 0), (SHA256, 32), (MIXED, 20)] {
                let digest = [0x5A; 32];
                let encoded = encode(hashes, &digest, &vec![3; salt], modulus_bits).unwrap();
                let check = |s| verify(hashes, &digest, &encoded, modulus_bits, s).unwrap();
                assert!(check(None) && check(Some(salt)) && !check(Some(salt + 1)));
                assert!(!verify(hashes, &[0; 32], &encoded, modulus_bits, None).unwrap());
            }
        }
    }

    #[test]
    fn verify_recovers_maximal_salt() {
        let longest = max_salt(2048, HashAlgorithm::Sha256).unwrap();
        assert_eq!(longest, 222);
        let encoded = encode(SHA256, &[1; 32], &vec![9; longest], 2048).unwrap();
        assert!(verify(SHA256, &[1; 32], &encoded, 2048, None).unwrap());
        assert!(encode(SHA256, &[1; 32], &vec![9; longest + 1], 2048).is_err());
    }

    #[test]
    fn verify_rejects_any_flipped_byte() {
        let encoded = encode(SHA256, &[1; 32], &[2; 32], 1024).unwrap();
        for position in 0..encoded.len() {
            let mut bad = encoded.clone();
            bad[position] ^= 0x80;
            assert!(!verify(SHA256, &[1; 32], &bad, 1024, None).unwrap(), "byte {position}");
        }
    }
}
