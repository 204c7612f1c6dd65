//! Cases of pairs: signatures, and RSA encryption.

use kmip_core::types::{
    CryptographicAlgorithm as Algorithm, HashingAlgorithm as Hash, MaskGenerator,
    PaddingMethod as Padding,
};

use crate::plan::{Case, Does, Origin, Pair, Plan, case};

/// Every hash that signatures and OAEP are served with, and its length in bytes.
const HASHES: [(Hash, i32); 12] = [
    (Hash::SHA_1, 20),
    (Hash::SHA_224, 28),
    (Hash::SHA_256, 32),
    (Hash::SHA_384, 48),
    (Hash::SHA_512, 64),
    (Hash::SHA_512_224, 28),
    (Hash::SHA_512_256, 32),
    (Hash::SHA_3_224, 28),
    (Hash::SHA_3_256, 32),
    (Hash::SHA_3_384, 48),
    (Hash::SHA_3_512, 64),
    (Hash::RIPEMD_160, 20),
];
/// Curves on which keys agree, as the library calls them and as we do, and the bits of their secrets.
const AGREEMENTS: [(&str, &str, i32); 4] = [
    ("P_256", "P-256", 256),
    ("P_384", "P-384", 384),
    ("P_521", "P-521", 521),
    ("SECP256K1", "secp256k1", 256),
];
const PAIRS: [(&str, Algorithm, i32); 7] = [
    ("rsa2048", Algorithm::RSA, 2048),
    ("rsa3072", Algorithm::RSA, 3072),
    ("P_256", Algorithm::ECDSA, 256),
    ("P_384", Algorithm::ECDSA, 384),
    ("P_521", Algorithm::ECDSA, 521),
    ("ed25519", Algorithm::Ed25519, 256),
    ("ed448", Algorithm::Ed448, 456),
];

/// All of them.
pub(crate) fn add_all(plan: &mut Plan) {
    agreements(plan);
    for (kind, algorithm, bits) in PAIRS {
        for origin in [Origin::Library, Origin::Token] {
            let name = format!("{kind} of the {origin:?}");
            plan.pairs.insert(name.clone(), Pair { kind, algorithm, bits, origin });
            match algorithm {
                Algorithm::RSA => rsa(plan, &name, origin),
                Algorithm::ECDSA => ecdsa(plan, &name, kind),
                _ => eddsa(plan, &name, algorithm),
            }
        }
    }
}

/// Every key with the library's other one.
fn agreements(plan: &mut Plan) {
    for (kind, curve, bits) in AGREEMENTS {
        // A length says nothing of this curve: such pairs are brought.
        let of_token = kind != "SECP256K1";
        let pair = |origin| Pair { kind, algorithm: Algorithm::EC, bits, origin };
        let peer = format!("{kind} of the other side");
        plan.pairs.insert(peer.clone(), pair(Origin::Library));
        for origin in [Origin::Library, Origin::Token] {
            if origin == Origin::Token && !of_token {
                continue;
            }
            let name = format!("{kind} of the {origin:?}, to agree");
            plan.pairs.insert(name.clone(), pair(origin));
            let kind = format!("Asymmetric Key ECDH on {curve}");
            let whole = 8 * ((bits + 7) / 8);
            let peer = Some(peer.clone());
            plan.add(Case { peer, bits: whole, ..case(kind, Does::Agree, &name, "ECDH") });
        }
    }
}

fn rsa(plan: &mut Plan, key: &str, origin: Origin) {
    for (hash, bytes) in HASHES {
        plan.add(pkcs1(key, hash));
        plan.add(pss(key, (hash, bytes), hash));
    }
    for (hash, salt, mgf) in [(Hash::SHA_256, 20, Hash::SHA_1), (Hash::SHA_512, 0, Hash::SHA_256)] {
        plan.add(pss(key, (hash, salt), mgf));
    }
    // What is encrypted for a key that is the token's alone, nobody else could check.
    if origin == Origin::Library {
        encryption(plan, key);
    }
}

fn named(kind: &str, hash: Hash) -> String {
    format!("{kind} {}", hash.name().unwrap())
}

fn pkcs1(key: &str, hash: Hash) -> Case {
    let kind = named("RSA PKCS1V1_5 signature", hash);
    let mut case = case(kind, Does::Sign, key, "PKCS1V1_5").hash(hash).data(100);
    case.parameters.padding_method = Some(Padding::PKCS1V1_5);
    case
}

fn pss(key: &str, (hash, salt): (Hash, i32), mgf: Hash) -> Case {
    let mut case = case(named("RSA PSS", hash), Does::Sign, key, "PSS").hash(hash).data(100);
    case.salt = Some(salt);
    case.parameters.padding_method = Some(Padding::PSS);
    case.parameters.salt_length = Some(salt);
    with_mgf(case, mgf)
}

fn with_mgf(mut case: Case, mgf: Hash) -> Case {
    if Some(case.hash) != Some(mgf.name()) {
        case.kind = format!("{}, MGF1 {}", case.kind, mgf.name().unwrap());
    }
    case.mgf = mgf.name();
    case.parameters.mask_generator = Some(MaskGenerator::MGF1);
    case.parameters.mask_generator_hashing_algorithm = Some(mgf);
    case
}

fn encryption(plan: &mut Plan, key: &str) {
    for length in [1, 100, 200] {
        let kind = "RSA PKCS1V1_5 encryption".to_owned();
        let mut case = case(kind, Does::Encrypt, key, "PKCS1V1_5").data(length);
        case.parameters.padding_method = Some(Padding::PKCS1V1_5);
        plan.add(case);
    }
    for (hash, _) in HASHES {
        // The hash itself, the default of the specification, and one that is longer than most.
        for mgf in [hash, Hash::SHA_1, Hash::SHA_384] {
            let oaep = case(named("RSA OAEP", hash), Does::Encrypt, key, "OAEP");
            let mut oaep = with_mgf(oaep.hash(hash).data(50), mgf);
            if mgf == hash {
                oaep.label = b"a label".to_vec();
                oaep.parameters.p_source = Some(oaep.label.clone());
            }
            oaep.parameters.padding_method = Some(Padding::OAEP);
            plan.add(oaep);
        }
    }
}

fn ecdsa(plan: &mut Plan, key: &str, curve: &str) {
    for (hash, _) in HASHES {
        let kind = named(&format!("ECDSA {curve}"), hash);
        plan.add(case(kind, Does::Sign, key, "ECDSA").hash(hash).data(100));
    }
}

fn eddsa(plan: &mut Plan, key: &str, algorithm: Algorithm) {
    let scheme = if algorithm == Algorithm::Ed25519 { "Ed25519" } else { "Ed448" };
    for length in [1, 100, 5_000] {
        plan.add(case(scheme.to_owned(), Does::Sign, key, scheme).data(length));
    }
}
