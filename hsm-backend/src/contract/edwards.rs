//! EdDSA, against the answers of RFC 8032 §7.1 and §7.4.

use super::support::*;
use crate::backend::HsmBackend;
use crate::error::HsmErrorKind;
use crate::job::{
    Curve, EdwardsCurve, HashAlgorithm, KeyMaterial, KeyPairSpec, KeyPolicy, KeyUsage, PublicKey,
    SecretValue, SignAlgorithm, SignInput, StreamWish,
};
use crate::software::verify;

/// A key pair and the one signature it makes of a message. All in hex.
struct Answer {
    curve: EdwardsCurve,
    seed: &'static str,
    public: &'static str,
    message: &'static str,
    signature: &'static str,
}

#[rustfmt::skip]
const ANSWERS: [Answer; 4] = [
    Answer {
        curve: EdwardsCurve::Ed25519,
        seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        public: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        message: "",
        signature: "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    },
    Answer {
        curve: EdwardsCurve::Ed25519,
        seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        public: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        message: "72",
        signature: "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    },
    Answer {
        curve: EdwardsCurve::Ed448,
        seed: "6c82a562cb808d10d632be89c8513ebf6c929f34ddfa8c9f63c9960ef6e348a3528c8a3fcc2f044e39a3fc5b94492f8f032e7549a20098f95b",
        public: "5fd7449b59b461fd2ce787ec616ad46a1da1342485a70e1f8a0ea75d80e96778edf124769b46c7061bd6783df1e50f6cd1fa1abeafe8256180",
        message: "",
        signature: "533a37f6bbe457251f023c0d88f976ae2dfb504a843e34d2074fd823d41a591f2b233f034f628281f2fd7a22ddd47d7828c59bd0a21bfd3980ff0d2028d4b18a9df63e006c5d1c2d345b925d8dc00b4104852db99ac5c7cdda8530a113a0f4dbb61149f05a7363268c71d95808ff2e652600",
    },
    Answer {
        curve: EdwardsCurve::Ed448,
        seed: "c4eab05d357007c632f3dbb48489924d552b08fe0c353a0d4a1f00acda2c463afbea67c5e8d2877c5e3bc397a659949ef8021e954e0a12274e",
        public: "43ba28f430cdff456ae531545f7ecd0ac834a55d9358c0372bfa0c6c6798c0866aea01eb00742802b8438ea4cb82169c235160627b4c3a9480",
        message: "03",
        signature: "26b8f91727bd62897af15e41eb43c377efb9c610d48f2335cb0bd0087810f4352541b143c4b981b7e18f62de8ccdf633fc1bf037ab7cd779805e0dbcc0aae1cbcee1afb2e027df36bc04dcecbf154336c19f0af7e0a6472905e799f1953d2a0ff3348ab21aa4adafd1d234441cf807c03a00",
    },
];

fn private(curve: EdwardsCurve, seed: Vec<u8>) -> KeyMaterial {
    KeyMaterial::EdwardsPrivate { curve, seed: SecretValue::new(seed) }
}

fn served(backend: &dyn HsmBackend, curve: EdwardsCurve) -> bool {
    capabilities(backend).sign(SignAlgorithm::EdDsa(curve)).is_some()
}

pub(super) fn eddsa_matches_known_answers(backend: &dyn HsmBackend) {
    for answer in &ANSWERS {
        let (curve, algorithm) = (answer.curve, SignAlgorithm::EdDsa(answer.curve));
        let (message, expected) = (hex(answer.message), hex(answer.signature));
        let public = PublicKey::Edwards { curve, point: hex(answer.public) };
        let input = SignInput::Message(&message);
        assert!(verify(&public, algorithm, None, input, &expected).unwrap(), "{curve:?}");
        let material = private(curve, hex(answer.seed));
        if !served(backend, curve) {
            // A key is not bad because the token does not know its kind.
            expect_unsupported(backend.import_key(&call(), fresh_id(), &material, &open_policy()));
            continue;
        }
        let key = TestKey::import(backend, &material, &open_policy());
        let signed = backend.sign(&call(), &key.key, algorithm, None, input);
        assert_eq!(signed.unwrap().value, expected, "{curve:?}");
        assert_eq!(backend.export_key(&call(), &key.key), Ok(material));
    }
}

pub(super) fn generated_edwards_keys_sign_what_verifies(backend: &dyn HsmBackend) {
    for curve in EdwardsCurve::ALL {
        let algorithm = SignAlgorithm::EdDsa(curve);
        let key = TestKey::adopt(backend, fresh_id());
        let spec = KeyPairSpec::Edwards(curve);
        let made = backend.generate_key_pair(&call(), key.id, &spec, &open_policy());
        if capabilities(backend).generate_edwards(curve).is_none() {
            expect_unsupported(made);
            continue;
        }
        let public = made.unwrap().value.public;
        for length in [0, 1, 100, 70_000] {
            let message = vec![0xA5; length];
            let input = SignInput::Message(&message);
            let signature = backend.sign(&call(), &key.key, algorithm, None, input).unwrap().value;
            assert_eq!(signature.len(), 2 * curve.bytes());
            let check = |signature: &[u8], message: &[u8]| {
                verify(&public, algorithm, None, SignInput::Message(message), signature).unwrap()
            };
            assert!(check(&signature, &message), "{curve:?} {length}");
            // Bits that the encoding of a point leaves unused must be zero.
            let mut unused = signature.clone();
            unused[curve.bytes() - 1] ^= 1;
            assert!(!check(&unused, &message), "{curve:?} {length}");
            assert!(!check(&signature, b"other") && !check(&signature[1..], &message));
            for place in [0, curve.bytes(), signature.len() - 1] {
                let mut bad = signature.clone();
                bad[place] ^= 1;
                assert!(!check(&bad, &message), "{curve:?} {place}");
            }
            let wish = StreamWish::Sign { algorithm, salt_bytes: None };
            let stream = backend.stream_open(&call(), &key.key, &wish).unwrap();
            let (first, last) = message.split_at(length / 2);
            let early = backend.stream_update(&call(), stream, first).unwrap();
            assert!(early.expose().is_empty());
            let end = backend.stream_finish(&call(), stream, last, &[]).unwrap().value;
            assert_eq!(end.data.expose(), signature, "EdDSA is the same each time");
        }
        let exported = backend.export_key(&call(), &key.key).unwrap();
        let again = TestKey::import(backend, &exported, &open_policy());
        let sign = |key: &TestKey<'_>| {
            let input = SignInput::Message(b"same");
            backend.sign(&call(), &key.key, algorithm, None, input).unwrap().value
        };
        assert_eq!(sign(&again), sign(&key));
    }
}

pub(super) fn eddsa_refuses_digests_and_other_keys(backend: &dyn HsmBackend) {
    let [short, long] = EdwardsCurve::ALL;
    if !served(backend, short) || !served(backend, long) {
        return;
    }
    let key = |curve: EdwardsCurve, policy: &KeyPolicy| {
        TestKey::import(backend, &private(curve, vec![7; curve.bytes()]), policy)
    };
    let (own, other) = (key(short, &open_policy()), key(long, &open_policy()));
    let sign = |key: &TestKey<'_>, algorithm, input| {
        kind(backend.sign(&call(), &key.key, algorithm, None, input))
    };
    let (eddsa, message) = (SignAlgorithm::EdDsa(short), SignInput::Message(b"m"));
    assert_eq!(sign(&own, eddsa, SignInput::Digest(&[0; 64])), HsmErrorKind::Unsupported);
    let (ec, _) = TestKey::ec(backend, Curve::P256);
    let ecdsa = SignAlgorithm::Ecdsa(HashAlgorithm::Sha256);
    for (key, algorithm) in [(&other, eddsa), (&ec, eddsa), (&own, ecdsa)] {
        assert_eq!(sign(key, algorithm, message), HsmErrorKind::NotPermitted);
    }
    let idle = key(short, &idle_policy());
    assert_eq!(sign(&idle, eddsa, message), HsmErrorKind::NotPermitted);
    let derives = KeyUsage { derive: true, ..KeyUsage::default() };
    let policy = KeyPolicy { usage: derives, sensitive: true, ..open_policy() };
    let shut = key(short, &policy);
    let refused = backend.export_key(&call(), &shut.key);
    assert_eq!(kind(refused), HsmErrorKind::NotExtractable);
    for bytes in [0, 31, 33, 57] {
        let material = private(short, vec![1; bytes]);
        let made = backend.import_key(&call(), fresh_id(), &material, &open_policy());
        assert_eq!(kind(made), HsmErrorKind::BadKey, "{bytes}");
    }
}

pub(super) fn edwards_public_keys_are_checked(_: &dyn HsmBackend) {
    for curve in EdwardsCurve::ALL {
        let algorithm = SignAlgorithm::EdDsa(curve);
        let check = |point: Vec<u8>, signature: &[u8]| {
            let key = PublicKey::Edwards { curve, point };
            verify(&key, algorithm, None, SignInput::Message(b"m"), signature)
        };
        let identity = [&[1], vec![0; curve.bytes() - 1].as_slice()].concat();
        let [mut high, no_point] = [vec![0xFF; curve.bytes()], vec![2; curve.bytes()]];
        // The last byte's highest bit is the sign of x.
        high[curve.bytes() - 1] = 0x7F;
        for point in [Vec::new(), vec![1; curve.bytes() - 1], high] {
            let told = check(point.clone(), &vec![0; 2 * curve.bytes()]);
            assert_eq!(kind(told), HsmErrorKind::BadKey, "{curve:?} {point:?}");
        }
        // Whatever the rest of the bytes are: an answer, and none that says valid.
        for point in [identity.clone(), no_point] {
            for signature in [identity.repeat(2), vec![0; 2 * curve.bytes()], vec![0xFF; 3]] {
                assert!(!check(point.clone(), &signature).unwrap_or(false), "{curve:?} {point:?}");
            }
        }
    }
}
