//! Create Split Key and Join Split Key.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    CryptographicAlgorithm as Algorithm, CryptographicUsageMask as Mask, LinkType, ObjectType,
    Operation, ResultReason as Reason, SecretDataType, SplitKeyMethod as Method, Tag,
};
use server::object::CUSTODY_ATTRIBUTE;

use super::{linked, value};
use crate::support::ask::{CRYPT, algorithm, flag, length, mask, name, template, uid};
use crate::support::keys::{self, block, hex, raw, secret};
use crate::support::secrets::{join, split};
use crate::support::tree::{Read, bytes, enumeration, integer, structure};
use crate::support::{Client, World};

/// 2^521 - 1.
fn prime() -> Vec<u8> {
    [&[1][..], &[0xFF; 65]].concat()
}

const METHODS: [(Method, (i32, i32)); 4] = [
    (Method::XOR, (3, 3)),
    (Method::PolynomialSharingGF2_16, (5, 3)),
    (Method::PolynomialSharingPrimeField, (5, 3)),
    (Method::PolynomialSharingGF2_8, (5, 3)),
];

fn prime_for(method: Method) -> Option<Vec<u8>> {
    (method == Method::PolynomialSharingPrimeField).then(prime)
}

#[track_caller]
fn parts_of(
    client: &Client<'_>,
    whole: Option<&str>,
    method: Method,
    n: (i32, i32),
) -> Vec<String> {
    let given = match whole {
        Some(_) => Vec::new(),
        None => vec![algorithm(Algorithm::AES), length(256), mask(CRYPT)],
    };
    let wish = split(whole, n, method, prime_for(method).as_deref(), given);
    client.ok(Operation::CreateSplitKey, wish).texts(Tag::UniqueIdentifier)
}

fn refs(parts: &[String]) -> Vec<&str> {
    parts.iter().map(String::as_str).collect()
}

#[test]
fn key_splits_by_every_method_and_joins_again() {
    let world = World::new();
    let demo = world.demo();
    let whole = demo.register(ObjectType::SymmetricKey, vec![mask(CRYPT)], keys::aes_key());
    for (method, counts) in METHODS {
        let parts = parts_of(&demo, Some(&whole), method, counts);
        assert_eq!(parts.len(), usize::try_from(counts.0).unwrap());
        let needed = usize::try_from(counts.1).unwrap();
        for (number, part) in (1..).zip(&parts) {
            let object = demo.ok(Operation::Get, vec![uid(part)]);
            let object = object.get(Tag::SplitKey);
            assert_eq!(object.get(Tag::KeyPartIdentifier).as_integer(), number);
            assert_eq!(object.get(Tag::SplitKeyParts).as_integer(), counts.0);
            assert_eq!(object.get(Tag::SplitKeyThreshold).as_integer(), counts.1);
            assert_eq!(object.get(Tag::SplitKeyMethod).as_number(), method.0);
            assert_eq!(linked(&demo, part, LinkType::ParentLink), [whole.clone()]);
            let custody = demo.values(part, CUSTODY_ATTRIBUTE);
            assert_eq!(custody, [Value::TextString("sealed".to_owned())]);
        }
        let chosen = &refs(&parts)[parts.len() - needed..];
        let made = demo.ok(Operation::JoinSplitKey, join(chosen, Vec::new()));
        let made = made.text(Tag::UniqueIdentifier);
        assert_eq!(value(&demo, &made), hex(keys::AES_KEY), "{method:?}");
        let own = demo.value(&made, Kind::CryptographicUsageMask);
        assert_eq!(own, demo.value(&whole, Kind::CryptographicUsageMask));
        assert_eq!(linked(&demo, &made, LinkType::ParentLink), chosen);
        assert_eq!(linked(&demo, chosen[0], LinkType::ChildLink), [made]);
        let few = join(&chosen[1..], Vec::new());
        assert_eq!(demo.fails(Operation::JoinSplitKey, few), Reason::CryptographicFailure);
    }
    assert_eq!(linked(&demo, &whole, LinkType::ChildLink).len(), 3 + 5 + 5 + 5);
}

#[test]
fn new_key_comes_in_parts_and_the_first_is_the_placeholder() {
    let world = World::new();
    let demo = world.demo();
    let given = vec![algorithm(Algorithm::AES), length(128), mask(CRYPT)];
    let wish = split(None, (3, 2), Method::PolynomialSharingGF2_8, None, given);
    let request = demo.request().next(Operation::CreateSplitKey, wish);
    let reply = demo.send(&request.next(Operation::GetAttributeList, Vec::new()));
    let parts = reply.item(0).ok().texts(Tag::UniqueIdentifier);
    assert_eq!(reply.item(1).ok().text(Tag::UniqueIdentifier), parts[0]);
    let one = demo.ok(Operation::JoinSplitKey, join(&refs(&parts)[..2], Vec::new()));
    let other = demo.ok(Operation::JoinSplitKey, join(&refs(&parts)[1..], Vec::new()));
    let known = value(&demo, &one.text(Tag::UniqueIdentifier));
    assert_eq!(known, value(&demo, &other.text(Tag::UniqueIdentifier)));
    assert!(known.len() == 16 && known != [0; 16]);
    assert!(parts.iter().all(|part| value(&demo, part) != known));
}

#[test]
fn secret_data_split_and_join_too() {
    let world = World::new();
    let demo = world.demo();
    let whole = demo.register(ObjectType::SecretData, vec![mask(Mask(0))], secret(b"password"));
    let parts = parts_of(&demo, Some(&whole), Method::PolynomialSharingPrimeField, (3, 2));
    let joined = |kind: Vec<Item>| {
        let mut wish = vec![enumeration(Tag::ObjectType, ObjectType::SecretData.0)];
        wish.extend(parts.iter().map(|part| uid(part)));
        wish.extend(kind);
        wish.push(template(Vec::new()));
        demo.ask(Operation::JoinSplitKey, wish)
    };
    // The client may say what kind it is; else it is what is derived and newly made, too.
    for (told, kind) in [
        (
            vec![enumeration(Tag::SecretDataType, SecretDataType::Password.0)],
            SecretDataType::Password,
        ),
        (Vec::new(), SecretDataType::Seed),
    ] {
        let made = joined(told).ok().text(Tag::UniqueIdentifier);
        assert_eq!(value(&demo, &made), b"password");
        let object = demo.ok(Operation::Get, vec![uid(&made)]);
        let found = object.at(&[Tag::SecretData, Tag::SecretDataType]).as_number();
        assert_eq!(found, kind.0);
    }
    let unknown = joined(vec![enumeration(Tag::SecretDataType, 77)]);
    assert_eq!(unknown.reason(), Reason::InvalidField);
}

/// One of two parts as a client brings it.
fn brought(client: &Client<'_>, number: i32, material: &[u8]) -> String {
    brought_of(client, 2, number, material)
}

/// One of `parts`, of which, so its client says, any two will do.
fn brought_of(client: &Client<'_>, parts: i32, number: i32, material: &[u8]) -> String {
    let material = bytes(Tag::KeyMaterial, material);
    let block =
        block(kmip_core::types::KeyFormatType::Raw, material, Some(Algorithm::AES), Some(128));
    let part = structure(
        Tag::SplitKey,
        vec![
            integer(Tag::SplitKeyParts, parts),
            integer(Tag::KeyPartIdentifier, number),
            integer(Tag::SplitKeyThreshold, 2),
            enumeration(Tag::SplitKeyMethod, Method::XOR.0),
            block,
        ],
    );
    client.register(ObjectType::SplitKey, vec![mask(CRYPT)], part)
}

#[test]
fn parts_may_be_registered_and_are_given_back() {
    let world = World::new();
    let demo = world.demo();
    let (one, two) = (brought(&demo, 1, &[0x0F; 16]), brought(&demo, 2, &[0xF0; 16]));
    assert_eq!(value(&demo, &one), [0x0F; 16]);
    let made = demo.ok(Operation::JoinSplitKey, join(&[&two, &one], Vec::new()));
    assert_eq!(value(&demo, &made.text(Tag::UniqueIdentifier)), [0xFF; 16]);
    let again = brought(&demo, 1, &[0; 16]);
    for parts in [[&one, &again], [&one, &one]] {
        let wish = join(&[parts[0], parts[1]], Vec::new());
        assert_eq!(demo.fails(Operation::JoinSplitKey, wish), Reason::CryptographicFailure);
    }
    let short = brought(&demo, 2, &[0; 8]);
    let wish = join(&[&one, &short], Vec::new());
    assert_eq!(demo.fails(Operation::JoinSplitKey, wish), Reason::CryptographicFailure);
}

#[test]
fn parts_of_xor_are_taken_with_any_threshold_and_joined_all_together() {
    let world = World::new();
    let demo = world.demo();
    let parts = [(1, [0x01; 16]), (2, [0x02; 16]), (3, [0x04; 16])];
    let parts = parts.map(|(number, material)| brought_of(&demo, 3, number, &material));
    let answer = demo.ok(Operation::Get, vec![uid(&parts[0])]);
    assert_eq!(answer.get(Tag::SplitKey).get(Tag::SplitKeyThreshold).as_integer(), 2);
    let two = join(&[&parts[0], &parts[1]], Vec::new());
    assert_eq!(demo.fails(Operation::JoinSplitKey, two), Reason::CryptographicFailure);
    let made = demo.ok(Operation::JoinSplitKey, join(&refs(&parts), Vec::new()));
    assert_eq!(value(&demo, &made.text(Tag::UniqueIdentifier)), [0x07; 16]);
}

#[test]
fn part_too_many_that_does_not_fit_is_noticed() {
    let world = World::new();
    let demo = world.demo();
    let of_one = parts_of(&demo, None, Method::PolynomialSharingGF2_16, (4, 2));
    let of_other = parts_of(&demo, None, Method::PolynomialSharingGF2_16, (4, 2));
    let mixed = join(&[&of_one[0], &of_one[1], &of_other[2]], Vec::new());
    assert_eq!(demo.fails(Operation::JoinSplitKey, mixed), Reason::CryptographicFailure);
    let of_xor = parts_of(&demo, None, Method::XOR, (4, 4));
    let mixed = join(&[&of_one[0], &of_xor[1]], Vec::new());
    assert_eq!(demo.fails(Operation::JoinSplitKey, mixed), Reason::CryptographicFailure);
}

#[test]
fn numbers_methods_and_objects_that_cannot_be_are_refused() {
    let world = World::new();
    let demo = world.demo();
    let aes = || vec![algorithm(Algorithm::AES), length(128)];
    let reason = |counts, method, prime: Option<&[u8]>| {
        demo.fails(Operation::CreateSplitKey, split(None, counts, method, prime, aes()))
    };
    for (counts, method) in [
        ((1, 1), Method::XOR),
        ((3, 2), Method::XOR),
        ((0, 0), Method::PolynomialSharingGF2_8),
        ((2, 3), Method::PolynomialSharingGF2_8),
        ((3, 1), Method::PolynomialSharingGF2_8),
        ((256, 2), Method::PolynomialSharingGF2_16),
        ((-3, -2), Method::PolynomialSharingGF2_16),
        ((3, 2), Method(9)),
    ] {
        assert_eq!(reason(counts, method, None), Reason::InvalidField, "{counts:?} {method:?}");
    }
    let field = Method::PolynomialSharingPrimeField;
    assert_eq!(reason((3, 2), field, None), Reason::InvalidMessage, "no prime");
    assert_eq!(reason((3, 2), Method::XOR, Some(&prime())), Reason::InvalidField);
    let mut composite = prime();
    composite[65] = 0xFD;
    for number in [&composite[..], &[251], &[0], &[4]] {
        assert_eq!(reason((3, 2), field, Some(number)), Reason::InvalidField, "{number:?}");
    }
    let pair = demo.register(ObjectType::PrivateKey, vec![mask(Mask::Sign)], keys::rsa_private());
    let of_pair = split(Some(&pair), (2, 2), Method::XOR, None, Vec::new());
    assert_eq!(demo.fails(Operation::CreateSplitKey, of_pair), Reason::InvalidField);
    let key = demo.create(Vec::new());
    assert_eq!(demo.fails(Operation::JoinSplitKey, join(&[&key], aes())), Reason::InvalidField);
    assert_eq!(demo.fails(Operation::JoinSplitKey, join(&[], aes())), Reason::InvalidMessage);
    let none = split(Some("none"), (2, 2), Method::XOR, None, Vec::new());
    assert_eq!(demo.fails(Operation::CreateSplitKey, none), Reason::ItemNotFound);
    let named = split(None, (2, 2), Method::XOR, None, [aes(), vec![name("one")]].concat());
    assert_eq!(demo.fails(Operation::CreateSplitKey, named), Reason::InvalidField, "one name");
    let left = demo.locate(Vec::new());
    assert_eq!(left.len(), 2, "refused, and nothing is left of it");
}

#[test]
fn locks_pass_from_the_whole_to_its_parts_and_back() {
    let world = World::assisted();
    let demo = world.demo();
    let given = vec![algorithm(Algorithm::AES), length(128), flag(Kind::Extractable, false)];
    let wish = split(None, (2, 2), Method::XOR, None, given);
    let parts = demo.ok(Operation::CreateSplitKey, wish).texts(Tag::UniqueIdentifier);
    assert_eq!(demo.fails(Operation::Get, vec![uid(&parts[0])]), Reason::NotExtractable);
    let made = demo.ok(Operation::JoinSplitKey, join(&refs(&parts), Vec::new()));
    let made = made.text(Tag::UniqueIdentifier);
    assert_eq!(demo.fails(Operation::Get, vec![uid(&made)]), Reason::NotExtractable);
    let kept = vec![mask(Mask(0)), flag(Kind::Sensitive, true)];
    let held = demo.register(ObjectType::SecretData, kept, secret(b"held"));
    let parts = parts_of(&demo, Some(&held), Method::XOR, (2, 2));
    assert_eq!(demo.fails(Operation::Get, vec![uid(&parts[1])]), Reason::Sensitive);
}

#[test]
fn without_export_and_assisted_mode_nothing_is_split() {
    let world = World::new();
    let other = world.other();
    let aes = vec![algorithm(Algorithm::AES), length(128)];
    let wish = split(None, (2, 2), Method::XOR, None, aes);
    assert_eq!(other.fails(Operation::CreateSplitKey, wish), Reason::OperationNotSupported);
    let key =
        other.register(ObjectType::SymmetricKey, vec![mask(CRYPT)], raw(Algorithm::AES, &[1; 16]));
    let wish = split(Some(&key), (2, 2), Method::XOR, None, Vec::new());
    assert_eq!(other.fails(Operation::CreateSplitKey, wish), Reason::OperationNotSupported);
    // With it, the token still keeps its key.
    let world = World::assisted();
    let other = world.other();
    let key = other.create(Vec::new());
    let wish = split(Some(&key), (2, 2), Method::XOR, None, Vec::new());
    assert_eq!(other.fails(Operation::CreateSplitKey, wish), Reason::NotExtractable);
}
