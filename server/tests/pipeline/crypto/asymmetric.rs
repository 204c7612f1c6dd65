//! RSA and ECDSA: what OpenSSL made is opened and verified here, and what we make verifies.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    CryptographicAlgorithm, DigitalSignatureAlgorithm, HashingAlgorithm as Hash,
    KeyFormatType as Format, ObjectType, Operation, PaddingMethod as Padding, RecommendedCurve,
    ResultReason as Reason, Tag, ValidityIndicator as Validity,
};

use super::{hash, rsa_pair, usable};
use crate::support::ask::{algorithm, create_pair, data, of_kind, on, padding, parameters, uid};
use crate::support::keys::{self, hex};
use crate::support::tree::{Read, bytes, enumeration, integer};
use crate::support::{Client, World, vectors};

fn scheme(padding_: Padding, hashing: Hash) -> Vec<Item> {
    vec![padding(padding_), hash(hashing)]
}

fn mgf(hashing: Hash) -> Item {
    enumeration(Tag::MaskGeneratorHashingAlgorithm, hashing.0)
}

/// What Signature Verify says of a signature over "abc".
#[track_caller]
fn verdict(client: &Client<'_>, key: &str, how: &Item, signature: &[u8]) -> Validity {
    let fields = vec![uid(key), how.clone(), data(b"abc"), bytes(Tag::SignatureData, signature)];
    let answer = client.ok(Operation::SignatureVerify, fields);
    Validity(answer.get(Tag::ValidityIndicator).as_number())
}

#[track_caller]
fn assert_verifies(client: &Client<'_>, key: &str, how: &Item, signature: &[u8]) {
    assert_eq!(verdict(client, key, how, signature), Validity::Valid);
    let mut changed = signature.to_vec();
    *changed.last_mut().unwrap() ^= 1;
    assert_eq!(verdict(client, key, how, &changed), Validity::Invalid);
    assert_eq!(verdict(client, key, how, &signature[1..]), Validity::Invalid);
    assert_eq!(verdict(client, key, how, &[]), Validity::Invalid);
}

#[test]
fn pkcs1_signatures_match_known_answers() {
    let world = World::new();
    let demo = world.demo();
    let (private, public) = rsa_pair(&demo);
    for (hashing, expected) in [
        (Hash::SHA_1, vectors::RSA_SIGNATURE_SHA1),
        (Hash::SHA_256, vectors::RSA_SIGNATURE_SHA256),
        (Hash::SHA_512, vectors::RSA_SIGNATURE_SHA512),
    ] {
        let how = parameters(scheme(Padding::PKCS1V1_5, hashing));
        let made = demo.ok(Operation::Sign, vec![uid(&private), how.clone(), data(b"abc")]);
        assert_eq!(made.bytes(Tag::SignatureData), hex(expected), "{hashing:?}");
        assert_verifies(&demo, &public, &how, &hex(expected));
    }
    let named = DigitalSignatureAlgorithm::SHA_256WithRSAEncryptionPKCS_1V1_5;
    let named = parameters(vec![enumeration(Tag::DigitalSignatureAlgorithm, named.0)]);
    let made = demo.ok(Operation::Sign, vec![uid(&private), named, data(b"abc")]);
    assert_eq!(made.bytes(Tag::SignatureData), hex(vectors::RSA_SIGNATURE_SHA256));
}

#[test]
fn digested_data_signs_like_the_data() {
    let world = World::new();
    let demo = world.demo();
    let (private, _) = rsa_pair(&demo);
    let how = parameters(scheme(Padding::PKCS1V1_5, Hash::SHA_256));
    let hashed =
        demo.ok(Operation::Hash, vec![parameters(vec![hash(Hash::SHA_256)]), data(b"abc")]);
    let digest = bytes(Tag::DigestedData, &hashed.bytes(Tag::Data));
    let made = demo.ok(Operation::Sign, vec![uid(&private), how.clone(), digest.clone()]);
    assert_eq!(made.bytes(Tag::SignatureData), hex(vectors::RSA_SIGNATURE_SHA256));
    let both = vec![uid(&private), how.clone(), data(b"abc"), digest];
    demo.fails(Operation::Sign, both);
    let short = vec![uid(&private), how, bytes(Tag::DigestedData, &[0; 31])];
    demo.fails(Operation::Sign, short);
}

/// The specification's own cases: sixteen bytes, and nothing named.
#[test]
fn digest_of_an_unnamed_hash_is_signed_as_it_is() {
    let world = World::new();
    let demo = world.demo();
    let digest = || bytes(Tag::DigestedData, &hex("01020304050607080910111213141516"));
    let rsa = rsa_pair(&demo);
    let ec = [algorithm(CryptographicAlgorithm::ECDSA), on(Kind::ActivationDate, 1)];
    let curve =
        Value::Structure(vec![enumeration(Tag::RecommendedCurve, RecommendedCurve::P_384.0)]);
    let ec = [&ec[..], &[of_kind(Kind::CryptographicDomainParameters, curve)]].concat();
    let made = demo.ok(Operation::CreateKeyPair, create_pair(ec, Vec::new(), Vec::new()));
    let ec =
        (made.text(Tag::PrivateKeyUniqueIdentifier), made.text(Tag::PublicKeyUniqueIdentifier));
    for (private, public) in [rsa, ec] {
        let made = demo.ok(Operation::Sign, vec![uid(&private), digest()]);
        let signature = bytes(Tag::SignatureData, &made.bytes(Tag::SignatureData));
        let verdict = |what: Item| {
            let asked = vec![uid(&public), what, signature.clone()];
            demo.ok(Operation::SignatureVerify, asked).get(Tag::ValidityIndicator).as_number()
        };
        assert_eq!(verdict(digest()), Validity::Valid.0);
        assert_eq!(verdict(bytes(Tag::DigestedData, &[1; 16])), Validity::Invalid.0);
        for bytes_ in [0, 300] {
            let wrong = vec![uid(&private), bytes(Tag::DigestedData, &vec![1; bytes_])];
            demo.fails(Operation::Sign, wrong);
        }
    }
}

#[test]
fn pss_verifies_known_answers_and_its_own() {
    let world = World::new();
    let demo = world.demo();
    let (private, public) = rsa_pair(&demo);
    let pss =
        |fields: Vec<Item>| parameters([scheme(Padding::PSS, Hash::SHA_256), fields].concat());
    assert_verifies(&demo, &public, &pss(Vec::new()), &hex(vectors::RSA_PSS_SHA256));
    let other = pss(vec![mgf(Hash::SHA_1)]);
    assert_verifies(&demo, &public, &other, &hex(vectors::RSA_PSS_SHA256_MGF_SHA1));
    // The MGF's hash is part of the scheme: it is not passed over.
    let crossed = verdict(&demo, &public, &other, &hex(vectors::RSA_PSS_SHA256));
    assert_eq!(crossed, Validity::Invalid);
    for fields in [
        Vec::new(),
        vec![integer(Tag::SaltLength, 0)],
        vec![integer(Tag::SaltLength, 20), mgf(Hash::SHA_1)],
        vec![integer(Tag::SaltLength, 222), mgf(Hash::SHA_512)],
    ] {
        let how = pss(fields);
        let made = demo.ok(Operation::Sign, vec![uid(&private), how.clone(), data(b"abc")]);
        assert_verifies(&demo, &public, &how, &made.bytes(Tag::SignatureData));
    }
    let salted = pss(vec![integer(Tag::SaltLength, 31)]);
    let wrong = verdict(&demo, &public, &salted, &hex(vectors::RSA_PSS_SHA256));
    assert_eq!(wrong, Validity::Invalid, "a salt length that is named is demanded");
}

#[test]
fn oaep_and_pkcs1_open_known_answers() {
    let world = World::new();
    let demo = world.demo();
    let (private, public) = rsa_pair(&demo);
    let label = bytes(Tag::PSource, b"label");
    let oaep =
        |hashing, rest: Vec<Item>| parameters([scheme(Padding::OAEP, hashing), rest].concat());
    for (how, text) in [
        (oaep(Hash::SHA_1, Vec::new()), vectors::RSA_OAEP_SHA1),
        (oaep(Hash::SHA_256, vec![mgf(Hash::SHA_256)]), vectors::RSA_OAEP_SHA256),
        (
            oaep(Hash::SHA_256, vec![mgf(Hash::SHA_1), label]),
            vectors::RSA_OAEP_SHA256_MGF_SHA1_LABEL,
        ),
        (oaep(Hash::SHA_512, vec![mgf(Hash::SHA_256)]), vectors::RSA_OAEP_SHA512_MGF_SHA256),
        (parameters(vec![padding(Padding::PKCS1V1_5)]), vectors::RSA_ENCRYPTED_PKCS1),
    ] {
        assert_eq!(demo.decrypt(&private, vec![how.clone(), data(&hex(text))]), b"secret");
        let made = demo.encrypt(&public, vec![how.clone(), data(b"back again")]);
        assert_eq!(made.tags(), [Tag::UniqueIdentifier, Tag::Data]);
        let back = vec![how, data(&made.bytes(Tag::Data))];
        assert_eq!(demo.decrypt(&private, back), b"back again");
    }
}

/// Who keeps ciphertext and tag as one and cuts by what it encrypts with today cuts what RSA made, too.
#[test]
fn rsa_ciphertext_whose_end_comes_as_a_tag_is_joined_again() {
    let world = World::new();
    let demo = world.demo();
    let (private, _) = rsa_pair(&demo);
    let how =
        || parameters([scheme(Padding::OAEP, Hash::SHA_256), vec![mgf(Hash::SHA_256)]].concat());
    let text = hex(vectors::RSA_OAEP_SHA256);
    let cut = |at: usize| {
        let (begin, end) = text.split_at(at);
        vec![how(), data(begin), bytes(Tag::AuthenticatedEncryptionTag, end)]
    };
    for tag_bytes in [0, 12, 16] {
        assert_eq!(demo.decrypt(&private, cut(text.len() - tag_bytes)), b"secret");
    }
    let twice =
        vec![how(), data(&text), bytes(Tag::AuthenticatedEncryptionTag, &text[text.len() - 16..])];
    let refused = demo.fails(Operation::Decrypt, [vec![uid(&private)], twice].concat());
    assert_eq!(refused, Reason::CryptographicFailure);
}

/// Wrong hash, MGF or label: the same refusal, and never a guess.
#[test]
fn oaep_with_other_parameters_opens_nothing() {
    let world = World::new();
    let demo = world.demo();
    let (private, _) = rsa_pair(&demo);
    let text = hex(vectors::RSA_OAEP_SHA256_MGF_SHA1_LABEL);
    let label = |value: &[u8]| bytes(Tag::PSource, value);
    let mut seen = Vec::new();
    for rest in [
        vec![mgf(Hash::SHA_1)],
        vec![mgf(Hash::SHA_1), label(b"labex")],
        vec![mgf(Hash::SHA_256), label(b"label")],
    ] {
        let how = parameters([scheme(Padding::OAEP, Hash::SHA_256), rest].concat());
        let outcome = demo.ask(Operation::Decrypt, vec![uid(&private), how, data(&text)]);
        seen.push((outcome.reason(), outcome.message));
    }
    assert!(seen.iter().all(|outcome| *outcome == seen[0]), "{seen:?}");
}

#[test]
fn ecdsa_verifies_known_answers_and_its_own_on_every_curve() {
    let world = World::new();
    let demo = world.demo();
    for (hashing, pkcs8, spki, signature) in [
        (Hash::SHA_256, vectors::P256_PKCS8, vectors::P256_SPKI, vectors::P256_SIGNATURE),
        (Hash::SHA_384, vectors::P384_PKCS8, vectors::P384_SPKI, vectors::P384_SIGNATURE),
        (Hash::SHA_512, vectors::P521_PKCS8, vectors::P521_SPKI, vectors::P521_SIGNATURE),
    ] {
        let private = keys::key(ObjectType::PrivateKey, Format::PKCS_8, &hex(pkcs8));
        let private = demo.register(ObjectType::PrivateKey, usable(), private);
        let public = keys::key(ObjectType::PublicKey, Format::X_509, &hex(spki));
        let public = demo.register(ObjectType::PublicKey, usable(), public);
        let how = parameters(vec![hash(hashing)]);
        assert_verifies(&demo, &public, &how, &hex(signature));
        for other in [Hash::SHA_1, Hash::SHA_256, Hash::SHA_512] {
            let how = parameters(vec![hash(other)]);
            let made = demo.ok(Operation::Sign, vec![uid(&private), how.clone(), data(b"abc")]);
            let signature = made.bytes(Tag::SignatureData);
            assert_eq!(signature[0], 0x30, "a DER sequence");
            assert_verifies(&demo, &public, &how, &signature);
        }
    }
}

/// The specification's own case: secp256k1, no hash named, and a verification that says RSA and PSS.
#[test]
fn ec_key_signs_with_the_hash_of_its_curve_and_verifies_whatever_rsa_scheme_is_named() {
    let world = World::new();
    let demo = world.demo();
    let curve = |curve: RecommendedCurve| {
        let curve = vec![enumeration(Tag::RecommendedCurve, curve.0)];
        of_kind(Kind::CryptographicDomainParameters, Value::Structure(curve))
    };
    for (name, suited, other) in [
        (RecommendedCurve::SECP256K1, Hash::SHA_256, Hash::SHA_1),
        (RecommendedCurve::P_256, Hash::SHA_256, Hash::SHA_1),
        (RecommendedCurve::P_521, Hash::SHA_512, Hash::SHA_256),
    ] {
        let ec = vec![
            algorithm(CryptographicAlgorithm::ECDSA),
            curve(name),
            on(Kind::ActivationDate, 1),
        ];
        let pair = demo.ok(Operation::CreateKeyPair, create_pair(ec, Vec::new(), Vec::new()));
        let private = pair.text(Tag::PrivateKeyUniqueIdentifier);
        let public = pair.text(Tag::PublicKeyUniqueIdentifier);
        let made = demo.ok(Operation::Sign, vec![uid(&private), data(b"abc")]);
        let signature = made.bytes(Tag::SignatureData);
        let rsa = |hashing| {
            let rsa = enumeration(Tag::CryptographicAlgorithm, CryptographicAlgorithm::RSA.0);
            parameters(vec![padding(Padding::PSS), hash(hashing), rsa])
        };
        assert_verifies(&demo, &public, &parameters(vec![hash(suited)]), &signature);
        assert_verifies(&demo, &public, &rsa(suited), &signature);
        assert_eq!(verdict(&demo, &public, &rsa(other), &signature), Validity::Invalid);
        // A signature is never made that way.
        let sign = vec![uid(&private), rsa(suited), data(b"abc")];
        assert_eq!(demo.fails(Operation::Sign, sign), Reason::InvalidField);
    }
}
