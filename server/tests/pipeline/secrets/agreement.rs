//! Derive Key by key agreement: known answers, where the key comes to live, and what is refused.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    CryptographicAlgorithm as Algorithm, CryptographicUsageMask as Mask,
    DerivationMethod as Method, HashingAlgorithm, KeyFormatType as Format, LinkType, ObjectType,
    Operation, RecommendedCurve, ResultReason as Reason, Tag,
};
use server::object::{CUSTODY_ATTRIBUTE, CustodyRules};

use super::{linked, to_derive, value};
use crate::support::ask::{CRYPT, algorithm, create_pair, length, mask, on, parameters};
use crate::support::keys::{hex, raw, secret, transparent};
use crate::support::secrets::derive;
use crate::support::tree::{Read, bytes, enumeration, unsigned};
use crate::support::{Client, IN_TOKEN, WRAPPED, World};

/// NIST CAVP, ECC CDH primitive, P-256, first case: private key, point and shared secret.
const D: &str = "7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534";
const POINT: &str = "04700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287\
    db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac";
const SECRET: &str = "46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b";

fn private(client: &Client<'_>, attributes: Vec<Item>) -> String {
    let curve = enumeration(Tag::RecommendedCurve, RecommendedCurve::P_256.0);
    let fields = vec![curve, unsigned(Tag::D, &hex(D))];
    let key = transparent(ObjectType::PrivateKey, Format::TransparentECPrivateKey, fields);
    client.register(ObjectType::PrivateKey, attributes, key)
}

fn public(client: &Client<'_>, attributes: Vec<Item>) -> String {
    let curve = enumeration(Tag::RecommendedCurve, RecommendedCurve::P_256.0);
    let fields = vec![curve, bytes(Tag::QString, &hex(POINT))];
    let key = transparent(ObjectType::PublicKey, Format::TransparentECPublicKey, fields);
    client.register(ObjectType::PublicKey, attributes, key)
}

fn ecdh() -> Vec<Item> {
    vec![parameters(vec![enumeration(Tag::CryptographicAlgorithm, Algorithm::ECDH.0)])]
}

fn aes(bits: i32) -> Vec<Item> {
    vec![algorithm(Algorithm::AES), length(bits), mask(CRYPT)]
}

fn wish(bases: &[&str], attributes: Vec<Item>) -> Vec<Item> {
    derive(ObjectType::SymmetricKey, bases, Method::AsymmetricKey, ecdh(), attributes)
}

#[track_caller]
fn agreed(client: &Client<'_>, bases: &[&str], attributes: Vec<Item>) -> String {
    client.ok(Operation::DeriveKey, wish(bases, attributes)).text(Tag::UniqueIdentifier)
}

fn pair_on(client: &Client<'_>, curve: RecommendedCurve) -> (String, String) {
    let domain = vec![enumeration(Tag::RecommendedCurve, curve.0)];
    let domain = Value::Structure(domain);
    let mut common = vec![
        algorithm(Algorithm::EC),
        crate::support::ask::of_kind(Kind::CryptographicDomainParameters, domain),
    ];
    common.push(on(Kind::ActivationDate, 0));
    let may = |also: Mask| vec![mask(Mask::DeriveKey.union(also))];
    let pair = create_pair(common, may(Mask::Sign), may(Mask::Verify));
    let made = client.ok(Operation::CreateKeyPair, pair);
    (made.text(Tag::PrivateKeyUniqueIdentifier), made.text(Tag::PublicKeyUniqueIdentifier))
}

#[test]
fn whole_secret_becomes_a_key_in_the_token_without_assisted_mode() {
    for (custody, told) in [(IN_TOKEN, "token"), (WRAPPED, "wrapped")] {
        let world = World::keeping(custody);
        let demo = world.demo();
        let (ours, theirs) = (private(&demo, to_derive()), public(&demo, to_derive()));
        let made = agreed(&demo, &[&ours, &theirs], aes(256));
        assert_eq!(value(&demo, &made), hex(SECRET));
        let lives = demo.values(&made, CUSTODY_ATTRIBUTE);
        assert_eq!(lives, [Value::TextString(told.to_owned())]);
        for base in [&ours, &theirs] {
            assert_eq!(linked(&demo, base, LinkType::DerivedKeyLink), [made.clone()]);
        }
        let bases = linked(&demo, &made, LinkType::DerivationBaseObjectLink);
        assert_eq!(bases, [ours.clone(), theirs.clone()]);
        // The order of the bases says nothing.
        let again = agreed(&demo, &[&theirs, &ours], aes(256));
        assert_eq!(value(&demo, &again), hex(SECRET));
    }
}

#[test]
fn both_sides_come_to_the_same_key_on_every_curve() {
    let world = World::assisted();
    let demo = world.demo();
    for (curve, bits) in [
        (RecommendedCurve::P_256, 256),
        (RecommendedCurve::P_384, 384),
        (RecommendedCurve::P_521, 528),
        (RecommendedCurve::SECP256K1, 256),
    ] {
        let (a, a_public) = pair_on(&demo, curve);
        let (b, b_public) = pair_on(&demo, curve);
        let hmac = || {
            vec![
                algorithm(Algorithm::HMAC_SHA256),
                length(bits),
                mask(Mask::MACGenerate.union(Mask::MACVerify)),
            ]
        };
        let ours = agreed(&demo, &[&a, &b_public], hmac());
        let theirs = agreed(&demo, &[&b, &a_public], hmac());
        assert_eq!(value(&demo, &ours), value(&demo, &theirs), "{curve:?}");
    }
}

#[test]
fn first_bytes_of_the_secret_are_taken_in_assisted_mode_only() {
    let world = World::assisted();
    let demo = world.demo();
    let (ours, theirs) = (private(&demo, to_derive()), public(&demo, to_derive()));
    let made = agreed(&demo, &[&ours, &theirs], aes(128));
    assert_eq!(value(&demo, &made), hex(SECRET)[..16]);
    let data = derive(
        ObjectType::SecretData,
        &[&ours, &theirs],
        Method::AsymmetricKey,
        ecdh(),
        vec![length(256)],
    );
    let made = demo.ok(Operation::DeriveKey, data.clone()).text(Tag::UniqueIdentifier);
    assert_eq!(value(&demo, &made), hex(SECRET));
    let longer = derive(
        ObjectType::SecretData,
        &[&ours, &theirs],
        Method::AsymmetricKey,
        ecdh(),
        vec![length(264)],
    );
    assert_eq!(demo.fails(Operation::DeriveKey, longer), Reason::CryptographicFailure);

    let world = World::keeping(CustodyRules { assisted: false, ..WRAPPED });
    let demo = world.demo();
    let (ours, theirs) = (private(&demo, to_derive()), public(&demo, to_derive()));
    let reason = demo.fails(Operation::DeriveKey, wish(&[&ours, &theirs], aes(128)));
    assert_eq!(reason, Reason::OperationNotSupported);
    let data = derive(
        ObjectType::SecretData,
        &[&ours, &theirs],
        Method::AsymmetricKey,
        ecdh(),
        vec![length(256)],
    );
    assert_eq!(demo.fails(Operation::DeriveKey, data), Reason::OperationNotSupported);
}

#[test]
fn bases_must_be_a_private_and_a_public_key_of_one_curve() {
    let world = World::assisted();
    let demo = world.demo();
    let (ours, theirs) = (private(&demo, to_derive()), public(&demo, to_derive()));
    let (other, other_public) = pair_on(&demo, RecommendedCurve::P_384);
    let (koblitz, _) = pair_on(&demo, RecommendedCurve::SECP256K1);
    let of_secret = demo.register(ObjectType::SecretData, to_derive(), secret(b"data"));
    let symmetric =
        demo.register(ObjectType::SymmetricKey, to_derive(), raw(Algorithm::AES, &[1; 16]));
    for bases in [
        vec![&ours],
        vec![&theirs],
        vec![&ours, &other],
        vec![&ours, &other_public],
        vec![&koblitz, &theirs],
        vec![&ours, &theirs, &of_secret],
        vec![&ours, &theirs, &symmetric],
        vec![&symmetric],
    ] {
        let bases: Vec<&str> = bases.into_iter().map(String::as_str).collect();
        let reason = demo.fails(Operation::DeriveKey, wish(&bases, aes(256)));
        assert_eq!(reason, Reason::InvalidField, "{bases:?}");
    }
    let hashed = derive(
        ObjectType::SymmetricKey,
        &[&ours],
        Method::HASH,
        vec![parameters(vec![enumeration(Tag::HashingAlgorithm, HashingAlgorithm::SHA_256.0)])],
        aes(256),
    );
    assert_eq!(demo.fails(Operation::DeriveKey, hashed), Reason::InvalidField);
    assert_eq!(linked(&demo, &ours, LinkType::DerivedKeyLink), Vec::<String>::new());
}

#[test]
fn parameters_and_masks_must_be_those_of_a_key_agreement() {
    let world = World::assisted();
    let demo = world.demo();
    let (ours, theirs) = (private(&demo, to_derive()), public(&demo, to_derive()));
    let with = |fields: Vec<Item>| {
        let bases = [ours.as_str(), theirs.as_str()];
        let wish =
            derive(ObjectType::SymmetricKey, &bases, Method::AsymmetricKey, fields, aes(256));
        demo.fails(Operation::DeriveKey, wish)
    };
    let named = |tag, value| vec![parameters(vec![enumeration(tag, value)])];
    let algorithm = |of: Algorithm| named(Tag::CryptographicAlgorithm, of.0);
    assert_eq!(with(algorithm(Algorithm::ECMQV)), Reason::OperationNotSupported);
    assert_eq!(with(algorithm(Algorithm::ECDSA)), Reason::InvalidField);
    let hash = named(Tag::HashingAlgorithm, HashingAlgorithm::SHA_256.0);
    assert_eq!(with(hash), Reason::InvalidField, "no function is put over the secret");
    let data = bytes(Tag::DerivationData, b"data");
    assert_eq!(with([ecdh(), vec![data]].concat()), Reason::InvalidField);
    let agrees = vec![mask(Mask::KeyAgreement), on(Kind::ActivationDate, 0)];
    let undeclared = private(&demo, agrees.clone());
    let reason = demo.fails(Operation::DeriveKey, wish(&[&undeclared, &theirs], aes(256)));
    let unusable =
        demo.fails(Operation::DeriveKey, wish(&[&ours, &public(&demo, agrees)], aes(256)));
    assert_eq!((reason, unusable), (Reason::PermissionDenied, Reason::PermissionDenied));
}
