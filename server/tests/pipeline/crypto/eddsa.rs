//! EdDSA against the answers of RFC 8032 §7.1 and §7.4.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    CryptographicAlgorithm as Algorithm, DigitalSignatureAlgorithm as Dsa,
    HashingAlgorithm as Hash, KeyFormatType as Format, ObjectType, Operation,
    PaddingMethod as Padding, ProtocolVersion, RecommendedCurve, ResultReason as Reason, Tag,
    ValidityIndicator as Validity,
};

use super::{hash, usable};
use crate::support::ask::{
    algorithm, create_pair, data, length, of_kind, padding, parameters, uid,
};
use crate::support::keys::{self, hex};
use crate::support::tree::{Read, boolean, bytes, enumeration, integer};
use crate::support::{Client, World};

/// A key of the RFC, and what it signs.
struct Answer {
    algorithm: Algorithm,
    bits: i32,
    /// What stands in PKCS#8 before the seed, and in X.509 before the point.
    heads: (&'static str, &'static str),
    seed: &'static str,
    point: &'static str,
    message: &'static str,
    signature: &'static str,
}

#[rustfmt::skip]
const ANSWERS: [Answer; 2] = [
    Answer {
        algorithm: Algorithm::Ed25519,
        bits: 256,
        heads: ("302e020100300506032b657004220420", "302a300506032b6570032100"),
        seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        point: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        message: "72",
        signature: "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    },
    Answer {
        algorithm: Algorithm::Ed448,
        bits: 456,
        heads: ("3047020100300506032b6571043b0439", "3043300506032b6571033a00"),
        seed: "c4eab05d357007c632f3dbb48489924d552b08fe0c353a0d4a1f00acda2c463afbea67c5e8d2877c5e3bc397a659949ef8021e954e0a12274e",
        point: "43ba28f430cdff456ae531545f7ecd0ac834a55d9358c0372bfa0c6c6798c0866aea01eb00742802b8438ea4cb82169c235160627b4c3a9480",
        message: "03",
        signature: "26b8f91727bd62897af15e41eb43c377efb9c610d48f2335cb0bd0087810f4352541b143c4b981b7e18f62de8ccdf633fc1bf037ab7cd779805e0dbcc0aae1cbcee1afb2e027df36bc04dcecbf154336c19f0af7e0a6472905e799f1953d2a0ff3348ab21aa4adafd1d234441cf807c03a00",
    },
];

impl Answer {
    fn pkcs8(&self) -> Vec<u8> {
        hex(&[self.heads.0, self.seed].concat())
    }

    fn spki(&self) -> Vec<u8> {
        hex(&[self.heads.1, self.point].concat())
    }

    /// Both halves, registered with these attributes besides.
    fn pair(&self, client: &Client<'_>, extra: &[Item]) -> (String, String) {
        let attributes = || [usable(), extra.to_vec()].concat();
        let private = keys::key(ObjectType::PrivateKey, Format::PKCS_8, &self.pkcs8());
        let public = keys::key(ObjectType::PublicKey, Format::X_509, &self.spki());
        (
            client.register(ObjectType::PrivateKey, attributes(), private),
            client.register(ObjectType::PublicKey, attributes(), public),
        )
    }
}

fn verdict(client: &Client<'_>, key: &str, message: &[u8], signature: &[u8]) -> Validity {
    let fields = vec![uid(key), data(message), bytes(Tag::SignatureData, signature)];
    let answer = client.ok(Operation::SignatureVerify, fields);
    Validity(answer.get(Tag::ValidityIndicator).as_number())
}

fn material(client: &Client<'_>, key: &str, path: Tag) -> Vec<u8> {
    let got = client.ok(Operation::Get, vec![uid(key)]);
    got.at(&[path, Tag::KeyBlock, Tag::KeyValue, Tag::KeyMaterial]).as_bytes()
}

#[test]
fn registered_keys_match_known_answers_and_come_back_as_they_came() {
    let world = World::new();
    let demo = world.demo();
    for answer in &ANSWERS {
        let named = [algorithm(answer.algorithm), length(answer.bits)];
        for extra in [&[][..], &named[..]] {
            let (private, public) = answer.pair(&demo, extra);
            let message = hex(answer.message);
            let made = demo.ok(Operation::Sign, vec![uid(&private), data(&message)]);
            let signature = made.bytes(Tag::SignatureData);
            assert_eq!(hex::encode(&signature), answer.signature);
            assert_eq!(verdict(&demo, &public, &message, &signature), Validity::Valid);
            assert_eq!(verdict(&demo, &public, b"other", &signature), Validity::Invalid);
            assert_eq!(verdict(&demo, &public, &message, &signature[1..]), Validity::Invalid);
            assert_eq!(material(&demo, &private, Tag::PrivateKey), answer.pkcs8());
            assert_eq!(material(&demo, &public, Tag::PublicKey), answer.spki());
        }
        assert_eq!(demo.locate(vec![algorithm(answer.algorithm)]).len(), 4);
    }
}

#[test]
fn created_pairs_sign_and_can_be_given_out() {
    let world = World::new();
    let demo = world.demo();
    for answer in &ANSWERS {
        let common = vec![algorithm(answer.algorithm), usable()[1].clone()];
        let made = demo.ok(Operation::CreateKeyPair, create_pair(common, Vec::new(), Vec::new()));
        let private = made.text(Tag::PrivateKeyUniqueIdentifier);
        let public = made.text(Tag::PublicKeyUniqueIdentifier);
        assert_eq!(demo.value(&private, Kind::CryptographicLength), Value::Integer(answer.bits));
        let signed = demo.ok(Operation::Sign, vec![uid(&private), data(b"text")]);
        let signature = signed.bytes(Tag::SignatureData);
        assert_eq!(verdict(&demo, &public, b"text", &signature), Validity::Valid);
        let pkcs8 = material(&demo, &private, Tag::PrivateKey);
        assert!(pkcs8.starts_with(&hex(answer.heads.0)));
        assert!(material(&demo, &public, Tag::PublicKey).starts_with(&hex(answer.heads.1)));
        let object = keys::key(ObjectType::PrivateKey, Format::PKCS_8, &pkcs8);
        let copy = demo.register(ObjectType::PrivateKey, usable(), object);
        let again = demo.ok(Operation::Sign, vec![uid(&copy), data(b"text")]);
        assert_eq!(again.bytes(Tag::SignatureData), signature);
        let raw = vec![uid(&private), enumeration(Tag::KeyFormatType, Format::ECPrivateKey.0)];
        assert_eq!(demo.fails(Operation::Get, raw), Reason::KeyFormatTypeNotSupported);
    }
}

/// No version that is spoken has a name for the algorithm: clients may give it, and are not shown
/// it.
#[test]
fn algorithm_is_not_shown_to_versions_without_its_name() {
    let world = World::new();
    for version in [ProtocolVersion::V1_2, ProtocolVersion::V1_4] {
        let demo = world.demo().at(version);
        let (private, _) = ANSWERS[0].pair(&demo, &[algorithm(Algorithm::Ed25519)]);
        assert!(demo.values(&private, "Cryptographic Algorithm").is_empty());
        assert_eq!(demo.value(&private, Kind::CryptographicLength), Value::Integer(256));
    }
}

/// Kept and given back untouched, as before the server knew EdDSA; nothing is signed with them.
#[test]
fn keys_that_are_called_ec_stay_what_their_client_called_them() {
    let world = World::new();
    let demo = world.demo();
    let answer = &ANSWERS[0];
    let (private, public) = answer.pair(&demo, &[algorithm(Algorithm::EC), length(256)]);
    assert_eq!(material(&demo, &private, Tag::PrivateKey), answer.pkcs8());
    assert_eq!(material(&demo, &public, Tag::PublicKey), answer.spki());
    let sha = parameters(vec![hash(Hash::SHA_256)]);
    let refused = demo.fails(Operation::Sign, vec![uid(&private), sha, data(b"m")]);
    assert_eq!(refused, Reason::OperationNotSupported);
    for wrong in [algorithm(Algorithm::RSA), algorithm(Algorithm::Ed448), length(255)] {
        let object = keys::key(ObjectType::PrivateKey, Format::PKCS_8, &answer.pkcs8());
        let asked = crate::support::ask::register(
            ObjectType::PrivateKey,
            [usable(), vec![wrong]].concat(),
            object,
        );
        assert_eq!(demo.fails(Operation::Register, asked), Reason::InvalidField);
    }
}

#[test]
fn eddsa_leaves_nothing_to_choose() {
    let world = World::new();
    let demo = world.demo();
    let (private, public) = ANSWERS[0].pair(&demo, &[]);
    let none = parameters(vec![
        padding(Padding::None),
        enumeration(Tag::CryptographicAlgorithm, Algorithm::Ed25519.0),
    ]);
    demo.ok(Operation::Sign, vec![uid(&private), none, data(b"m")]);
    for field in [
        padding(Padding::PKCS1V1_5),
        padding(Padding::PSS),
        hash(Hash::SHA_512),
        enumeration(Tag::DigitalSignatureAlgorithm, Dsa::ECDSAWithSHA256.0),
        enumeration(Tag::CryptographicAlgorithm, Algorithm::EC.0),
        enumeration(Tag::CryptographicAlgorithm, Algorithm::Ed448.0),
        integer(Tag::SaltLength, 0),
        enumeration(Tag::MaskGenerator, 1),
        integer(Tag::TrailerField, 1),
    ] {
        let how = parameters(vec![field.clone()]);
        let sign = vec![uid(&private), how.clone(), data(b"m")];
        assert_eq!(demo.fails(Operation::Sign, sign), Reason::InvalidField, "{field:?}");
        let verify = vec![uid(&public), how, data(b"m"), bytes(Tag::SignatureData, &[1; 64])];
        assert_eq!(demo.fails(Operation::SignatureVerify, verify), Reason::InvalidField);
    }
    let digest = bytes(Tag::DigestedData, &[0; 64]);
    let sign = vec![uid(&private), digest.clone()];
    assert_eq!(demo.fails(Operation::Sign, sign), Reason::OperationNotSupported);
    let verify = vec![uid(&public), digest, bytes(Tag::SignatureData, &[1; 64])];
    assert_eq!(demo.fails(Operation::SignatureVerify, verify), Reason::OperationNotSupported);
    let curve = vec![enumeration(Tag::RecommendedCurve, RecommendedCurve::P_256.0)];
    let curve = of_kind(Kind::CryptographicDomainParameters, Value::Structure(curve));
    let common = vec![algorithm(Algorithm::Ed25519), curve];
    let asked = create_pair(common, Vec::new(), Vec::new());
    assert_eq!(demo.fails(Operation::CreateKeyPair, asked), Reason::InvalidField);
}

/// The message is needed twice, so its parts are gathered; verifying takes it in one part.
#[test]
fn parts_are_signed_as_the_whole_is() {
    let world = World::new();
    let demo = world.demo();
    let (private, public) = ANSWERS[0].pair(&demo, &[]);
    let whole = demo.ok(Operation::Sign, vec![uid(&private), data(b"two parts")]);
    let init = boolean(Tag::InitIndicator, true);
    let first = demo.ok(Operation::Sign, vec![uid(&private), data(b"two "), init.clone()]);
    let name = bytes(Tag::CorrelationValue, &first.bytes(Tag::CorrelationValue));
    let last = boolean(Tag::FinalIndicator, true);
    let end = demo.ok(Operation::Sign, vec![uid(&private), data(b"parts"), name, last]);
    assert_eq!(end.bytes(Tag::SignatureData), whole.bytes(Tag::SignatureData));
    let refused = demo.fails(Operation::SignatureVerify, vec![uid(&public), data(b"two "), init]);
    assert_eq!(refused, Reason::OperationNotSupported);
}
