//! Derive Key against known answers, and what it leaves behind.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    BlockCipherMode, CryptographicAlgorithm as Algorithm, CryptographicUsageMask as Mask,
    DerivationMethod as Method, HashingAlgorithm, LinkType, ObjectType, Operation, Tag,
};
use server::object::CUSTODY_ATTRIBUTE;

use super::{linked, to_derive, value};
use crate::support::ask::{
    CRYPT, algorithm, attribute, custom, data, length, mask, mode, on, parameters, plain_mode, uid,
};
use crate::support::keys::{hex, raw, secret};
use crate::support::secrets::derive;
use crate::support::tree::{Read, bytes, enumeration, integer};
use crate::support::{Client, World};

/// The key that Python's libraries were given.
fn hmac_key() -> Vec<u8> {
    (0..32).collect()
}

fn hashing(name: HashingAlgorithm) -> Item {
    parameters(vec![enumeration(Tag::HashingAlgorithm, name.0)])
}

fn input(value: &[u8]) -> Item {
    bytes(Tag::DerivationData, value)
}

fn secret_data(client: &Client<'_>, value: &[u8]) -> String {
    client.register(ObjectType::SecretData, to_derive(), secret(value))
}

fn key(client: &Client<'_>, of: Algorithm, value: &[u8]) -> String {
    client.register(ObjectType::SymmetricKey, to_derive(), raw(of, value))
}

/// The bytes of Secret Data derived so.
#[track_caller]
fn derived(
    client: &Client<'_>,
    bases: &[&str],
    method: Method,
    fields: Vec<Item>,
    bytes: usize,
) -> Vec<u8> {
    let bits = i32::try_from(bytes * 8).unwrap();
    let wish = derive(ObjectType::SecretData, bases, method, fields, vec![length(bits)]);
    let made = client.ok(Operation::DeriveKey, wish).text(Tag::UniqueIdentifier);
    let value = value(client, &made);
    assert_eq!(value.len(), bytes);
    value
}

/// RFC 6070, and RFC 7914 §11.
#[test]
fn pbkdf2_matches_its_known_answers() {
    let world = World::assisted();
    let demo = world.demo();
    let password = secret_data(&demo, b"password");
    let fields = |count| vec![bytes(Tag::Salt, b"salt"), integer(Tag::IterationCount, count)];
    let answer = derived(&demo, &[&password], Method::PBKDF2, fields(4096), 20);
    assert_eq!(answer, hex("4b007901b765489abead49d926f721d065a429c1"), "SHA-1, unsaid");
    let passwd = secret_data(&demo, b"passwd");
    let fields = [vec![hashing(HashingAlgorithm::SHA_256)], fields(1)].concat();
    let answer = derived(&demo, &[&passwd], Method::PBKDF2, fields.clone(), 32);
    assert_eq!(answer, hex("55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"));
    // A key as the password, which its token gives to a scope that may export.
    let as_key = key(&demo, Algorithm::HMAC_SHA256, b"passwd");
    assert_eq!(derived(&demo, &[&as_key], Method::PBKDF2, fields, 32), answer);
}

#[test]
fn hash_is_made_over_the_key_or_over_secret_data() {
    let world = World::assisted();
    let demo = world.demo();
    let abc = hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    let sha256 = || vec![hashing(HashingAlgorithm::SHA_256)];
    let password = secret_data(&demo, b"abc");
    assert_eq!(derived(&demo, &[&password], Method::HASH, sha256(), 32), abc);
    assert_eq!(derived(&demo, &[&password], Method::HASH, sha256(), 16), abc[..16]);
    let short = key(&demo, Algorithm::HMAC_SHA256, b"abc");
    assert_eq!(derived(&demo, &[&short], Method::HASH, sha256(), 32), abc);
    // SHA-1 of sixteen zeros.
    let aes = key(&demo, Algorithm::AES, &[0; 16]);
    let sha1 = derived(&demo, &[&aes], Method::HASH, vec![hashing(HashingAlgorithm::SHA_1)], 20);
    assert_eq!(sha1, hex("e129f27c5103bc5cc44bcdf0a15e160d445066ff"));
}

/// RFC 4231, test case 2.
#[test]
fn hmac_matches_its_known_answer() {
    let world = World::assisted();
    let demo = world.demo();
    let jefe = key(&demo, Algorithm::HMAC_SHA256, b"Jefe");
    let text = b"what do ya want for nothing?";
    let answer = hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    assert_eq!(derived(&demo, &[&jefe], Method::HMAC, vec![input(text)], 32), answer);
    let held = secret_data(&demo, text);
    assert_eq!(derived(&demo, &[&held, &jefe], Method::HMAC, Vec::new(), 32), answer);
    // An AES key makes the HMAC that the parameters name, in memory: no token object does.
    let aes = key(&demo, Algorithm::AES, &hmac_key()[..16]);
    let fields = vec![hashing(HashingAlgorithm::SHA_256), input(b"abc")];
    let made = derived(&demo, &[&aes], Method::HMAC, fields, 32);
    let same = key(&demo, Algorithm::HMAC_SHA256, &hmac_key()[..16]);
    assert_eq!(made, derived(&demo, &[&same], Method::HMAC, vec![input(b"abc")], 32));
}

/// SP 800-38A F.1.5 and F.2.5.
#[test]
fn encrypt_matches_the_examples_of_nist() {
    let world = World::assisted();
    let demo = world.demo();
    let aes = key(&demo, Algorithm::AES, &hex(crate::support::keys::AES_KEY));
    let block = hex("6bc1bee22e409f96e93d7e117393172a");
    let ecb = vec![plain_mode(BlockCipherMode::ECB), input(&block)];
    let answer = hex("f3eed1bdb5d2a03c064b5a7e3db181f8");
    assert_eq!(derived(&demo, &[&aes], Method::ENCRYPT, ecb, 16), answer);
    let iv = bytes(Tag::InitializationVector, &hex("000102030405060708090a0b0c0d0e0f"));
    let cbc = vec![plain_mode(BlockCipherMode::CBC), iv, input(&block)];
    let answer = hex("f58c4c04d6e5f1ba779eabfb5f7bfbd6");
    assert_eq!(derived(&demo, &[&aes], Method::ENCRYPT, cbc, 16), answer);
}

/// The first case of NIST's CAVP file for counter mode (CMAC with AES-128, counter of 8 bits before
/// the fixed input).
#[test]
fn kbkdf_with_cmac_matches_the_vector_of_nist() {
    let world = World::assisted();
    let demo = world.demo();
    let aes = key(&demo, Algorithm::AES, &hex("dff1e50ac0b69dc40f1051d46c2b069c"));
    let fixed = hex("c16e6e02c5a3dcc8d78b9ac1306877761310455b4e41469951d9e6c2245a064b33fd8c3b0120\
                     3a7824485bf0a64060c4648b707d2607935699316ea5");
    let cmac = parameters(vec![mode(BlockCipherMode::CMAC), integer(Tag::CounterLength, 8)]);
    let made = derived(&demo, &[&aes], Method::NIST800_108_C, vec![cmac, input(&fixed)], 16);
    assert_eq!(made, hex("8be8f0869b3c0ba97b71863d1b9f7813"));
}

/// Counter and feedback: Python's `cryptography` and OpenSSL; double pipeline: the formula in
/// Python's `hmac`.
#[test]
fn kbkdf_with_hmac_matches_independent_libraries() {
    let world = World::assisted();
    let demo = world.demo();
    let hmac = key(&demo, Algorithm::HMAC_SHA256, &hmac_key());
    let fixed = || input(b"label\0context");
    let iv: Vec<u8> = (100..132).collect();
    let iv = bytes(Tag::InitializationVector, &iv);
    for (method, fields, answer) in [
        (
            Method::NIST800_108_C,
            vec![fixed()],
            "18b8910606f09c475658fb393a63521855b7deee922916562c76d87ba4f91aa88d4d4fe95ec82226",
        ),
        (
            Method::NIST800_108_F,
            vec![iv, fixed()],
            "34fd318cd25c3b1961253b9e47dc5b242d9b019bc4e0d1fb9e03023de117ba24493fd16cd3bf9819",
        ),
        (
            Method::NIST800_108_DPI,
            vec![fixed()],
            "80d3e0462dfaf65bdca1b3602dd52bd373e6c927a1a184164c6b71fe08fc665b5bb5a1a7788f40db",
        ),
    ] {
        assert_eq!(derived(&demo, &[&hmac], method, fields, 40), hex(answer), "{method:?}");
    }
}

#[test]
fn derived_key_is_one_like_any_other() {
    let world = World::assisted();
    let demo = world.demo();
    let base = key(&demo, Algorithm::HMAC_SHA256, &hmac_key());
    let attributes = vec![
        algorithm(Algorithm::AES),
        length(256),
        mask(CRYPT),
        on(Kind::ActivationDate, 0),
        custom("x-made-by", "derivation"),
    ];
    let fields = vec![input(b"label\0context")];
    let wish =
        derive(ObjectType::SymmetricKey, &[&base], Method::NIST800_108_C, fields, attributes);
    let request = demo.request().next(Operation::DeriveKey, wish);
    let request =
        request.next(Operation::Encrypt, vec![plain_mode(BlockCipherMode::ECB), data(&[0; 16])]);
    let reply = demo.send(&request);
    let made = reply.item(0).ok().text(Tag::UniqueIdentifier);
    let answer = reply.item(1).ok();
    assert_eq!(answer.text(Tag::UniqueIdentifier), made, "the ID Placeholder");
    assert_eq!(demo.values(&made, CUSTODY_ATTRIBUTE), [Value::TextString("wrapped".to_owned())]);
    assert_eq!(linked(&demo, &made, LinkType::DerivationBaseObjectLink), [base.clone()]);
    assert_eq!(linked(&demo, &base, LinkType::DerivedKeyLink), [made.clone()]);
    let known = value(&demo, &made);
    assert_eq!(known[..8], hex("18b8910606f09c47"));
    let brought = demo.register(
        ObjectType::SymmetricKey,
        vec![mask(CRYPT), on(Kind::ActivationDate, 0)],
        raw(Algorithm::AES, &known),
    );
    let same = demo.encrypt(&brought, vec![plain_mode(BlockCipherMode::ECB), data(&[0; 16])]);
    assert_eq!(same.bytes(Tag::Data), answer.bytes(Tag::Data));
    assert_eq!(demo.value(&made, Kind::Digest), demo.value(&brought, Kind::Digest));
}

#[test]
fn derived_key_of_a_scope_that_may_not_export_is_locked_away() {
    let world = World::assisted();
    let other = world.other();
    let base = key(&other, Algorithm::HMAC_SHA256, &hmac_key());
    let wish = derive(
        ObjectType::SymmetricKey,
        &[&base],
        Method::HMAC,
        vec![input(b"x")],
        vec![algorithm(Algorithm::AES), length(128)],
    );
    let made = other.ok(Operation::DeriveKey, wish).text(Tag::UniqueIdentifier);
    assert_eq!(other.value(&made, Kind::Extractable), Value::Boolean(false));
    other.fails(Operation::Get, vec![uid(&made)]);
}

#[test]
fn derivation_counts_against_the_usage_limits_of_its_base() {
    let world: World = World::assisted();
    let demo = world.demo();
    let limits = Value::Structure(vec![
        crate::support::tree::long(Tag::UsageLimitsTotal, 2),
        enumeration(Tag::UsageLimitsUnit, 2),
    ]);
    let mut attributes = to_derive();
    attributes.push(attribute(Kind::UsageLimits.name(), limits));
    let base = demo.register(
        ObjectType::SymmetricKey,
        attributes,
        raw(Algorithm::HMAC_SHA256, &hmac_key()),
    );
    let wish = || {
        let fields = vec![input(b"x")];
        derive(ObjectType::SecretData, &[&base], Method::HMAC, fields, vec![length(128)])
    };
    demo.ok(Operation::DeriveKey, wish());
    demo.ok(Operation::DeriveKey, wish());
    demo.fails(Operation::DeriveKey, wish());
    assert_eq!(linked(&demo, &base, LinkType::DerivedKeyLink).len(), 2);
}

#[test]
fn base_mask_allows_nothing_but_deriving() {
    let world = World::assisted();
    let demo = world.demo();
    let aes = key(&demo, Algorithm::AES, &[1; 16]);
    assert_eq!(
        demo.value(&aes, Kind::CryptographicUsageMask),
        Value::Integer(i32::try_from(Mask::DeriveKey.0).unwrap())
    );
    let block = vec![uid(&aes), plain_mode(BlockCipherMode::ECB), data(&[0; 16])];
    demo.fails(Operation::Encrypt, block);
}
