//! XTS with a key and the one it is linked to. Answers: IEEE 1619-2007 appendix B, vectors 2, 15
//! and 18, and of vector 10 the beginning.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    BlockCipherMode as Mode, CryptographicAlgorithm as Algorithm, CryptographicUsageMask as Mask,
    LinkType, ObjectType, Operation, PaddingMethod as Padding, ResultReason as Reason,
    RevocationReasonCode, Tag,
};

use super::usable;
use crate::support::ask::{data, iv, mask, mode, of_kind, on, padding, parameters, uid};
use crate::support::keys::{self, hex};
use crate::support::tree::{Read, boolean, bytes, enumeration, integer, text};
use crate::support::{Client, World};

/// Both keys, tweak, plain text, cipher text.
#[rustfmt::skip]
const ANSWERS: [[&str; 5]; 4] = [
    [
        "11111111111111111111111111111111", "22222222222222222222222222222222", "33333333330000000000000000000000",
        "4444444444444444444444444444444444444444444444444444444444444444",
        "c454185e6a16936e39334038acef838bfb186fff7480adc4289382ecd6d394f0",
    ],
    [
        "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0", "bfbebdbcbbbab9b8b7b6b5b4b3b2b1b0", "9a785634120000000000000000000000",
        "000102030405060708090a0b0c0d0e0f10", "6c1625db4671522d3d7599601de7ca09ed",
    ],
    [
        "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0", "bfbebdbcbbbab9b8b7b6b5b4b3b2b1b0", "9a785634120000000000000000000000",
        "000102030405060708090a0b0c0d0e0f10111213", "9d84c813f719aa2c7be3f66171c7c5c2edbf9dac",
    ],
    [
        "2718281828459045235360287471352662497757247093699959574966967627",
        "3141592653589793238462643383279502884197169399375105820974944592", "ff000000000000000000000000000000",
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f",
        "1c3b3a102f770386e4836c99e370cf9bea00803f5e482357a4ae12d414a3e63b5d31e276f8fe4a8d66b317f9ac683f44680a86ac35adfc3345befecb4bb188fd",
    ],
];

fn xts() -> Item {
    parameters(vec![mode(Mode::XTS)])
}

fn key(client: &Client<'_>, value: &[u8]) -> String {
    client.register(ObjectType::SymmetricKey, usable(), keys::raw(Algorithm::AES, value))
}

fn link(client: &Client<'_>, from: &str, kind: LinkType, to: &str) {
    let fields = vec![enumeration(Tag::LinkType, kind.0), text(Tag::LinkedObjectIdentifier, to)];
    let link = of_kind(Kind::Link, Value::Structure(fields));
    client.ok(Operation::AddAttribute, vec![uid(from), link]);
}

/// A key whose Next Link is a second one.
fn pair(client: &Client<'_>, first: &[u8], second: &[u8]) -> (String, String) {
    let (first, second) = (key(client, first), key(client, second));
    link(client, &first, LinkType::NextLink, &second);
    link(client, &second, LinkType::PreviousLink, &first);
    (first, second)
}

#[test]
fn xts_matches_known_answers() {
    let world = World::new();
    let demo = world.demo();
    for [first, second, tweak, plain, sealed] in ANSWERS {
        let (key, _) = pair(&demo, &hex(first), &hex(second));
        let made = demo.encrypt(&key, vec![xts(), data(&hex(plain)), iv(&hex(tweak))]);
        assert_eq!(hex::encode(made.bytes(Tag::Data)), sealed);
        assert!(!made.has(Tag::IVCounterNonce));
        let back = vec![xts(), data(&hex(sealed)), iv(&hex(tweak))];
        assert_eq!(demo.decrypt(&key, back), hex(plain));
    }
}

/// As the profile makes them: by Create, with the mode in the key's own parameters.
#[test]
fn generated_keys_with_parameters_of_their_own_work() {
    let world = World::new();
    let demo = world.demo();
    let of_mode = of_kind(Kind::CryptographicParameters, xts().value);
    let create = || demo.active(vec![of_mode.clone()]);
    let (first, second) = (create(), create());
    link(&demo, &first, LinkType::NextLink, &second);
    link(&demo, &second, LinkType::PreviousLink, &first);
    for length in [16, 17, 31, 32, 512, 4096 + 5] {
        let made = demo.encrypt(&first, vec![data(&vec![8; length]), iv(&[1; 16])]);
        let sealed = made.bytes(Tag::Data);
        assert_eq!(sealed.len(), length);
        assert_eq!(demo.decrypt(&first, vec![data(&sealed), iv(&[1; 16])]), vec![8; length]);
        assert_ne!(demo.decrypt(&first, vec![data(&sealed), iv(&[2; 16])]), vec![8; length]);
    }
    let asked = vec![uid(&second), data(&[8; 16]), iv(&[1; 16])];
    assert_eq!(demo.fails(Operation::Encrypt, asked), Reason::IllegalOperation);
}

#[test]
fn tweak_is_given_and_whole() {
    let world = World::new();
    let demo = world.demo();
    let (key, _) = pair(&demo, &[1; 32], &[2; 32]);
    let fails = |how: Vec<Item>, rest: Vec<Item>| {
        let how = parameters([vec![mode(Mode::XTS)], how].concat());
        let asked = [vec![uid(&key), how], rest].concat();
        let reason = demo.fails(Operation::Encrypt, asked.clone());
        if asked.iter().all(|field| field.child(Tag::RandomIV).is_none()) {
            assert_eq!(demo.fails(Operation::Decrypt, asked), reason);
        }
        reason
    };
    let whole = || vec![data(&[0; 32]), iv(&[0; 16])];
    assert_eq!(fails(Vec::new(), vec![data(&[0; 32])]), Reason::InvalidMessage);
    let random = vec![boolean(Tag::RandomIV, true)];
    assert_eq!(fails(random, vec![data(&[0; 32])]), Reason::InvalidField);
    for length in [8, 12, 15, 17] {
        let asked = vec![data(&[0; 32]), iv(&vec![0; length])];
        assert_eq!(fails(Vec::new(), asked), Reason::InvalidField);
    }
    for length in [0, 1, 15] {
        let asked = vec![data(&vec![0; length]), iv(&[0; 16])];
        assert_eq!(fails(Vec::new(), asked), Reason::CryptographicFailure);
    }
    for field in [
        padding(Padding::PKCS5),
        integer(Tag::IVLength, 96),
        integer(Tag::TagLength, 16),
        integer(Tag::FixedFieldLength, 32),
        integer(Tag::CounterLength, 32),
        integer(Tag::InitialCounterValue, 1),
    ] {
        assert_eq!(fails(vec![field.clone()], whole()), Reason::InvalidField, "{field:?}");
    }
    let aad = bytes(Tag::AuthenticatedEncryptionAdditionalData, b"a");
    let with_aad = [whole(), vec![aad]].concat();
    assert_eq!(fails(Vec::new(), with_aad), Reason::InvalidField);
    let told = parameters(vec![mode(Mode::XTS), integer(Tag::IVLength, 128)]);
    demo.encrypt(&key, [vec![told], whole()].concat());
}

#[test]
fn keys_that_do_not_fit_each_other_are_refused() {
    let world = World::new();
    let demo = world.demo();
    let refused = |key: &str| {
        let asked = vec![uid(key), xts(), data(&[0; 32]), iv(&[0; 16])];
        let reason = demo.fails(Operation::Encrypt, asked.clone());
        assert_eq!(demo.fails(Operation::Decrypt, asked), reason);
        reason
    };
    let illegal = Reason::IllegalOperation;
    assert_eq!(refused(&key(&demo, &[1; 16])), illegal, "no link");
    for (first, second) in [(16, 32), (32, 16), (24, 24)] {
        let (key, _) = pair(&demo, &vec![1; first], &vec![2; second]);
        assert_eq!(refused(&key), illegal, "{first} {second}");
    }
    let (equal, _) = pair(&demo, &[1; 16], &[1; 16]);
    assert_eq!(refused(&equal), Reason::InvalidField, "two equal keys");
    let own = key(&demo, &[1; 16]);
    link(&demo, &own, LinkType::NextLink, &own);
    assert_eq!(refused(&own), illegal);
    let (several, second) = pair(&demo, &[1; 16], &[2; 16]);
    link(&demo, &several, LinkType::NextLink, &second);
    assert_eq!(refused(&several), illegal);
    let lost = key(&demo, &[1; 16]);
    link(&demo, &lost, LinkType::NextLink, "nobody");
    assert_eq!(refused(&lost), Reason::ItemNotFound);
    let secret = demo.register(ObjectType::SecretData, usable(), keys::secret(&[2; 16]));
    let odd = key(&demo, &[1; 16]);
    link(&demo, &odd, LinkType::NextLink, &secret);
    assert_eq!(refused(&odd), illegal);
    let hmac = keys::raw(Algorithm::HMAC_SHA256, &[2; 16]);
    let hmac = demo.register(ObjectType::SymmetricKey, usable(), hmac);
    let odd = key(&demo, &[1; 16]);
    link(&demo, &odd, LinkType::NextLink, &hmac);
    assert_eq!(refused(&odd), illegal);
}

/// State, mask and scope of the second key are asked for as those of the first.
#[test]
fn second_key_is_used_by_right_only() {
    let world = World::new();
    let demo = world.demo();
    let (first, second) = pair(&demo, &[1; 16], &[2; 16]);
    let asked = || vec![uid(&first), xts(), data(&[0; 32]), iv(&[0; 16])];
    demo.ok(Operation::Encrypt, asked());
    demo.revoke(&second, RevocationReasonCode::CessationOfOperation);
    assert_eq!(demo.fails(Operation::Encrypt, asked()), Reason::PermissionDenied);
    demo.ok(Operation::Decrypt, asked());
    demo.destroy(&second);
    assert_eq!(demo.fails(Operation::Decrypt, asked()), Reason::ItemNotFound);
    let attributes = vec![mask(Mask::Encrypt), on(Kind::ActivationDate, 0)];
    let object = keys::raw(Algorithm::AES, &[2; 16]);
    let narrow = demo.register(ObjectType::SymmetricKey, attributes, object);
    let wide = key(&demo, &[1; 16]);
    link(&demo, &wide, LinkType::NextLink, &narrow);
    let asked = || vec![uid(&wide), xts(), data(&[0; 32]), iv(&[0; 16])];
    demo.ok(Operation::Encrypt, asked());
    assert_eq!(demo.fails(Operation::Decrypt, asked()), Reason::PermissionDenied);
    let attributes = vec![mask(Mask::Encrypt), on(Kind::ActivationDate, 0)];
    let object = keys::raw(Algorithm::AES, &[2; 16]);
    let strangers = world.other().register(ObjectType::SymmetricKey, attributes, object);
    let own = key(&demo, &[1; 16]);
    link(&demo, &own, LinkType::NextLink, &strangers);
    let asked = vec![uid(&own), xts(), data(&[0; 32]), iv(&[0; 16])];
    assert_eq!(demo.fails(Operation::Encrypt, asked), Reason::ItemNotFound);
}

/// A data unit is one whole: nothing comes out before its last part.
#[test]
fn parts_are_those_of_one_data_unit() {
    let world = World::new();
    let demo = world.demo();
    let (key, _) = pair(&demo, &[1; 16], &[2; 16]);
    let whole = demo.encrypt(&key, vec![xts(), data(&[5; 50]), iv(&[3; 16])]).bytes(Tag::Data);
    for (operation, text, expected) in [
        (Operation::Encrypt, vec![5; 50], &whole),
        (Operation::Decrypt, whole.clone(), &vec![5; 50]),
    ] {
        let init = boolean(Tag::InitIndicator, true);
        let asked = vec![uid(&key), xts(), data(&text[..33]), iv(&[3; 16]), init];
        let first = demo.ok(operation, asked);
        assert!(!first.has(Tag::Data));
        let name = bytes(Tag::CorrelationValue, &first.bytes(Tag::CorrelationValue));
        let last = boolean(Tag::FinalIndicator, true);
        let end = demo.ok(operation, vec![uid(&key), data(&text[33..]), name, last]);
        assert_eq!(end.bytes(Tag::Data), *expected);
    }
}
