//! What Derive Key refuses, and with which reason.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::Item;
use kmip_core::types::{
    BlockCipherMode, CryptographicAlgorithm as Algorithm, DerivationMethod as Method,
    HashingAlgorithm, LinkType, ObjectType, Operation, ResultReason as Reason,
    RevocationReasonCode, Tag,
};
use server::object::CustodyRules;
use server::services::Bounds;

use super::{linked, to_derive};
use crate::support::ask::{CRYPT, algorithm, length, mask, name, on, parameters, plain_mode};
use crate::support::keys::{opaque, raw, secret};
use crate::support::secrets::derive;
use crate::support::tree::{Read, bytes, enumeration, integer};
use crate::support::{Client, WRAPPED, World};

/// A base of each kind.
struct Bases {
    hmac: String,
    aes: String,
    secret: String,
}

fn bases(client: &Client<'_>) -> Bases {
    let key =
        |of, value: &[u8]| client.register(ObjectType::SymmetricKey, to_derive(), raw(of, value));
    Bases {
        hmac: key(Algorithm::HMAC_SHA256, &[7; 32]),
        aes: key(Algorithm::AES, &[9; 16]),
        secret: client.register(ObjectType::SecretData, to_derive(), secret(b"password")),
    }
}

fn input() -> Item {
    bytes(Tag::DerivationData, b"data")
}

fn salted(count: i32) -> Vec<Item> {
    vec![bytes(Tag::Salt, b"salt"), integer(Tag::IterationCount, count)]
}

fn sha256() -> Item {
    parameters(vec![enumeration(Tag::HashingAlgorithm, HashingAlgorithm::SHA_256.0)])
}

fn secret_of(bits: i32) -> Vec<Item> {
    vec![length(bits)]
}

#[track_caller]
fn refused(
    client: &Client<'_>,
    bases: &[&str],
    method: Method,
    fields: Vec<Item>,
    attributes: Vec<Item>,
) -> Reason {
    let wish = derive(ObjectType::SecretData, bases, method, fields, attributes);
    client.fails(Operation::DeriveKey, wish)
}

#[test]
fn without_assisted_mode_nothing_is_derived() {
    let world = World::keeping(CustodyRules { assisted: false, ..WRAPPED });
    let demo = world.demo();
    let Bases { hmac, aes, secret } = bases(&demo);
    for (base, method, fields) in [
        (&hmac, Method::HMAC, vec![input()]),
        (&hmac, Method::NIST800_108_C, vec![input()]),
        (&aes, Method::ENCRYPT, vec![plain_mode(BlockCipherMode::ECB), input()]),
        (&aes, Method::HASH, vec![sha256()]),
        (&secret, Method::PBKDF2, salted(1)),
    ] {
        let reason = refused(&demo, &[base], method, fields, secret_of(128));
        assert_eq!(reason, Reason::OperationNotSupported, "{method:?}");
    }
    assert_eq!(linked(&demo, &hmac, LinkType::DerivedKeyLink), Vec::<String>::new());
}

#[test]
fn length_beyond_the_method_is_a_cryptographic_failure() {
    let world = World::assisted();
    let demo = world.demo();
    let Bases { hmac, aes, secret } = bases(&demo);
    let ecb = || vec![plain_mode(BlockCipherMode::ECB), bytes(Tag::DerivationData, &[0; 16])];
    let short = parameters(vec![integer(Tag::CounterLength, 8)]);
    for (base, method, fields, bits) in [
        (&hmac, Method::HMAC, vec![input()], 264),
        (&secret, Method::HASH, vec![sha256()], 264),
        (&aes, Method::HASH, vec![sha256()], 264),
        (&aes, Method::ENCRYPT, ecb(), 136),
        (&hmac, Method::NIST800_108_C, vec![short, input()], 256 * 256),
    ] {
        let reason = refused(&demo, &[base], method, fields, secret_of(bits));
        assert_eq!(reason, Reason::CryptographicFailure, "{method:?}");
    }
}

#[test]
fn bases_must_be_those_that_the_method_takes() {
    let world = World::assisted();
    let demo = world.demo();
    let Bases { hmac, aes, secret } = bases(&demo);
    let opaque = demo.register(ObjectType::OpaqueObject, Vec::new(), opaque(b"o"));
    let of = |bases: &[&str], method, fields| refused(&demo, bases, method, fields, secret_of(128));
    let twice = of(&[&hmac, &secret], Method::HMAC, vec![input()]);
    assert_eq!(twice, Reason::InvalidMessage, "derivation data twice");
    let twice = of(&[&secret], Method::PBKDF2, [vec![input()], salted(1)].concat());
    assert_eq!(twice, Reason::InvalidMessage, "derivation data beside the password");
    assert_eq!(of(&[], Method::HMAC, vec![input()]), Reason::InvalidMessage);
    assert_eq!(of(&[&hmac], Method::HMAC, Vec::new()), Reason::InvalidMessage, "no data");
    assert_eq!(of(&[&secret], Method::HMAC, Vec::new()), Reason::InvalidField, "no key");
    assert_eq!(of(&[&hmac, &aes], Method::HMAC, vec![input()]), Reason::InvalidField);
    assert_eq!(of(&[&hmac], Method::HASH, vec![sha256(), input()]), Reason::InvalidField);
    assert_eq!(of(&[&hmac, &secret], Method::PBKDF2, salted(1)), Reason::InvalidField);
    assert_eq!(of(&[&opaque], Method::HASH, vec![sha256()]), Reason::InvalidField);
    assert_eq!(of(&["no such"], Method::HASH, vec![sha256()]), Reason::ItemNotFound);
}

#[test]
fn parameters_that_a_method_lacks_or_has_no_use_for_are_refused() {
    let world = World::with(
        Bounds { max_derivation_iterations: 1_000, ..Bounds::default() },
        CustodyRules { assisted: true, ..WRAPPED },
        |store| store,
    );
    let demo = world.demo();
    let Bases { hmac, aes, secret } = bases(&demo);
    let of = |base: &str, method, fields| refused(&demo, &[base], method, fields, secret_of(128));
    let salt = || bytes(Tag::Salt, b"salt");
    let iv = || bytes(Tag::InitializationVector, &[0; 16]);
    let count = |count| integer(Tag::IterationCount, count);
    assert_eq!(of(&secret, Method::PBKDF2, vec![salt()]), Reason::InvalidMessage);
    assert_eq!(of(&secret, Method::PBKDF2, vec![count(1)]), Reason::InvalidMessage);
    for iterations in [0, -1, 1_001] {
        let fields = salted(iterations);
        assert_eq!(of(&secret, Method::PBKDF2, fields), Reason::InvalidField, "{iterations}");
    }
    assert_eq!(of(&hmac, Method::HMAC, vec![input(), salt()]), Reason::InvalidField);
    assert_eq!(of(&hmac, Method::HMAC, vec![iv(), input()]), Reason::InvalidField);
    assert_eq!(of(&secret, Method::HASH, Vec::new()), Reason::InvalidMessage, "no hash");
    let cbc = || plain_mode(BlockCipherMode::CBC);
    assert_eq!(of(&aes, Method::ENCRYPT, vec![cbc(), input()]), Reason::InvalidMessage, "no IV");
    let gcm = plain_mode(BlockCipherMode::GCM);
    assert_eq!(of(&aes, Method::ENCRYPT, vec![gcm, iv(), input()]), Reason::OperationNotSupported);
    let odd = parameters(vec![integer(Tag::CounterLength, 7)]);
    assert_eq!(of(&hmac, Method::NIST800_108_C, vec![odd, input()]), Reason::InvalidField);
    assert_eq!(of(&hmac, Method::AsymmetricKey, vec![input()]), Reason::InvalidField);
    assert_eq!(of(&hmac, Method(0x55), vec![input()]), Reason::InvalidField);
}

#[test]
fn object_wanted_must_be_a_secret_of_some_length() {
    let world = World::assisted();
    let demo = world.demo();
    let Bases { hmac, .. } = bases(&demo);
    let of = |object_type, attributes| {
        let fields = vec![input()];
        let wish = derive(object_type, &[&hmac], Method::HMAC, fields, attributes);
        demo.fails(Operation::DeriveKey, wish)
    };
    assert_eq!(of(ObjectType::SecretData, Vec::new()), Reason::InvalidMessage);
    for bits in [0, -8, 12, 65_544] {
        assert_eq!(of(ObjectType::SecretData, vec![length(bits)]), Reason::InvalidField, "{bits}");
    }
    let aes = |bits| vec![algorithm(Algorithm::AES), length(bits)];
    assert_eq!(of(ObjectType::SymmetricKey, vec![length(128)]), Reason::InvalidMessage);
    assert_eq!(of(ObjectType::SymmetricKey, aes(136)), Reason::InvalidField);
    assert_eq!(of(ObjectType::PrivateKey, aes(128)), Reason::InvalidField);
}

#[test]
fn base_must_be_active_and_have_the_bit() {
    let world = World::assisted();
    let demo = world.demo();
    let key = |attributes| {
        demo.register(ObjectType::SymmetricKey, attributes, raw(Algorithm::HMAC_SHA256, &[1; 32]))
    };
    let of = |base: &str| refused(&demo, &[base], Method::HMAC, vec![input()], secret_of(128));
    let lacks = key(vec![mask(CRYPT), on(Kind::ActivationDate, 0)]);
    assert_eq!(of(&lacks), Reason::PermissionDenied);
    let Bases { hmac, .. } = bases(&demo);
    demo.revoke(&hmac, RevocationReasonCode::KeyCompromise);
    assert_eq!(of(&hmac), Reason::PermissionDenied);
    demo.destroy(&hmac);
    assert_eq!(of(&hmac), Reason::ItemNotFound);
}

#[test]
fn refused_object_leaves_no_link_and_no_object() {
    let world = World::assisted();
    let demo = world.demo();
    let Bases { hmac, .. } = bases(&demo);
    demo.create(vec![name("taken")]);
    let before = demo.locate(Vec::new()).len();
    let taken = vec![length(128), name("taken")];
    let reason = refused(&demo, &[&hmac], Method::HMAC, vec![input()], taken);
    assert_eq!(reason, Reason::InvalidField);
    assert_eq!(demo.locate(Vec::new()).len(), before);
    assert_eq!(linked(&demo, &hmac, LinkType::DerivedKeyLink), Vec::<String>::new());
}

#[test]
fn base_of_another_scope_is_no_base() {
    let world = World::assisted();
    let Bases { hmac, .. } = bases(&world.other());
    let reason = refused(&world.demo(), &[&hmac], Method::HMAC, vec![input()], secret_of(128));
    assert_eq!(reason, Reason::ItemNotFound);
    assert!(!world.other().attributes(&hmac).all(Tag::Attribute).is_empty());
}
