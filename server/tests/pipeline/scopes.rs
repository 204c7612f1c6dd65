//! Scopes: what belongs to another does not exist.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    BlockCipherMode, CryptographicAlgorithm, CryptographicUsageMask as Mask, DerivationMethod,
    EncodingOption, HashingAlgorithm, LinkType, ObjectType, Operation, PaddingMethod, ResultReason,
    SplitKeyMethod, Tag, WrappingMethod,
};
use server::operation::SERVED;

use crate::support::ask::{
    CRYPT, algorithm, create_pair, custom, data, flag, length, mask, mode, name, of_kind, on,
    padding, parameters, plain_mode, template, uid,
};
use crate::support::certificates::x509;
use crate::support::secrets::{derive, join, split};
use crate::support::tree::{Read, boolean, bytes, enumeration, long, structure, text};
use crate::support::{Client, World, keys};

/// A payload about the object `id`; `None` for an operation that takes no identifier.
///
/// A newly served operation must be added here.
pub(crate) fn about(operation: Operation, id: &str) -> Option<Vec<Item>> {
    let ecb = plain_mode(BlockCipherMode::ECB);
    let pss = parameters(vec![
        padding(PaddingMethod::PSS),
        enumeration(Tag::HashingAlgorithm, HashingAlgorithm::SHA_256.0),
    ]);
    let reason = structure(Tag::RevocationReason, vec![enumeration(Tag::RevocationReasonCode, 2)]);
    let fields = match operation {
        Operation::CreateSplitKey => {
            return Some(split(Some(id), (2, 2), SplitKeyMethod::XOR, None, Vec::new()));
        }
        Operation::JoinSplitKey => return Some(join(&[id], Vec::new())),
        Operation::DeriveKey => {
            let fields = vec![bytes(Tag::DerivationData, b"data")];
            let (kind, method) = (ObjectType::SecretData, DerivationMethod::HMAC);
            return Some(derive(kind, &[id], method, fields, vec![length(128)]));
        }
        Operation::DiscoverVersions
        | Operation::Query
        | Operation::Create
        | Operation::CreateKeyPair
        | Operation::Register
        | Operation::Import
        | Operation::Locate
        | Operation::RNGRetrieve
        | Operation::RNGSeed
        | Operation::Hash
        // They name a pending operation: see `asynchronous`.
        | Operation::Cancel
        | Operation::Poll => return None,
        Operation::Get
        | Operation::Export
        | Operation::GetAttributes
        | Operation::GetAttributeList
        | Operation::ReKey
        | Operation::ReKeyKeyPair
        | Operation::ReCertify
        | Operation::Validate
        | Operation::Check
        | Operation::ObtainLease
        | Operation::Archive
        | Operation::Recover
        | Operation::Activate
        | Operation::Destroy => Vec::new(),
        Operation::Certify => vec![template(vec![x509()])],
        Operation::GetUsageAllocation => vec![long(Tag::UsageLimitsCount, 1)],
        Operation::AddAttribute => vec![custom("x-new", "v")],
        Operation::ModifyAttribute => vec![custom("x-own", "v")],
        Operation::DeleteAttribute => vec![text(Tag::AttributeName, "x-own")],
        Operation::Revoke => vec![reason],
        Operation::Encrypt | Operation::Decrypt => vec![ecb, data(&[0; 16])],
        Operation::Sign => vec![pss, data(b"m")],
        Operation::SignatureVerify => vec![pss, data(b"m"), bytes(Tag::SignatureData, &[0; 256])],
        Operation::MAC => vec![plain_mode(BlockCipherMode::CMAC), data(b"m")],
        Operation::MACVerify => {
            vec![plain_mode(BlockCipherMode::CMAC), data(b"m"), bytes(Tag::MACData, &[0; 16])]
        }
        other => panic!("{other:?} is served: say here how it names an object"),
    };
    if operation == Operation::ReKeyKeyPair {
        return Some(vec![text(Tag::PrivateKeyUniqueIdentifier, id)]);
    }
    Some([vec![uid(id)], fields].concat())
}

/// The objects of `demo`: one of each kind, one in each state, one that is gone.
fn objects(demo: &Client<'_>) -> Vec<String> {
    let all = Mask(0x1FF);
    let own = || vec![custom("x-own", "1"), mask(all)];
    let gone = demo.create(vec![custom("x-own", "1")]);
    demo.destroy(&gone);
    vec![
        demo.create(vec![custom("x-own", "1")]),
        demo.active(vec![custom("x-own", "1")]),
        demo.register(ObjectType::PrivateKey, own(), keys::rsa_private()),
        demo.register(ObjectType::PublicKey, own(), keys::rsa_public()),
        demo.register(ObjectType::Certificate, own(), keys::certificate()),
        demo.register(ObjectType::SecretData, own(), keys::secret(b"s")),
        demo.register(ObjectType::OpaqueObject, vec![custom("x-own", "1")], keys::opaque(b"o")),
        gone,
    ]
}

#[test]
fn objects_of_another_scope_answer_byte_for_byte_like_none() {
    let world = World::new();
    let (demo, other) = (world.demo(), world.other());
    let theirs = objects(&demo);
    for entry in SERVED {
        let never = "00000000-0000-0000-0000-000000000000";
        let Some(about_none) = about(entry.operation, never) else { continue };
        let request = other.request().named(b"id", entry.operation, about_none);
        let none = other.raw(&request.bytes());
        let reply = crate::support::answer::Outcome::only(none.clone());
        assert_eq!(reply.reason(), ResultReason::ItemNotFound, "{:?}", entry.operation);
        for object in &theirs {
            let payload = about(entry.operation, object).unwrap();
            let request = other.request().named(b"id", entry.operation, payload);
            assert_eq!(other.raw(&request.bytes()), none, "{:?}", entry.operation);
        }
    }
}

#[test]
fn locate_never_finds_objects_of_another_scope() {
    let world = World::new();
    let (demo, other) = (world.demo(), world.other());
    let theirs = objects(&demo);
    let mine = other.create(Vec::new());
    assert_eq!(other.locate(Vec::new()), [mine.clone()]);
    assert_eq!(other.ok(Operation::Locate, Vec::new()).get(Tag::LocatedItems).as_integer(), 1);
    for object in &theirs {
        let id = of_kind(Kind::UniqueIdentifier, Value::TextString(object.clone()));
        assert_eq!(other.locate(vec![id]), [] as [String; 0]);
    }
    assert_eq!(other.locate(vec![custom("x-own", "1")]), [] as [String; 0]);
    assert!(!demo.locate(Vec::new()).contains(&mine));
}

#[test]
fn names_may_repeat_across_scopes_but_not_within_one() {
    let world = World::new();
    let (demo, other) = (world.demo(), world.other());
    let one = demo.create(vec![name("shared")]);
    let two = other.create(vec![name("shared")]);
    assert_eq!(demo.locate(vec![name("shared")]), [one]);
    assert_eq!(other.locate(vec![name("shared")]), [two]);
    let again = crate::support::ask::create(vec![name("shared")]);
    assert_eq!(other.fails(Operation::Create, again), ResultReason::InvalidField);
}

#[test]
fn scope_without_export_locks_keys_away_whatever_is_asked() {
    let world = World::new();
    let other = world.other();
    let open = || vec![flag(Kind::Sensitive, false), flag(Kind::Extractable, true)];
    let secret = [open(), vec![mask(CRYPT)]].concat();
    let aes = [secret.clone(), vec![on(Kind::ActivationDate, 0)]].concat();
    let ec = vec![algorithm(CryptographicAlgorithm::ECDSA), length(256)];
    let pair = other.ok(Operation::CreateKeyPair, create_pair(ec, open(), Vec::new()));
    let locked = [
        other.create(open()),
        other.register(ObjectType::SymmetricKey, aes, keys::aes_key()),
        other.register(ObjectType::PrivateKey, secret.clone(), keys::rsa_private()),
        other.register(ObjectType::SecretData, secret, keys::secret(b"s")),
        other.register(ObjectType::OpaqueObject, open(), keys::opaque(b"o")),
        pair.text(Tag::PrivateKeyUniqueIdentifier),
    ];
    for key in &locked {
        assert_eq!(other.values(key, "Sensitive"), [Value::Boolean(true)]);
        assert_eq!(other.values(key, "Extractable"), [Value::Boolean(false)]);
        assert_eq!(other.values(key, "Always Sensitive"), [Value::Boolean(true)]);
        assert_eq!(other.values(key, "Never Extractable"), [Value::Boolean(true)]);
        let refused = other.fails(Operation::Get, vec![uid(key)]);
        assert_eq!(refused, ResultReason::NotExtractable);
        for change in open() {
            let changed = other.ask(Operation::ModifyAttribute, vec![uid(key), change]);
            assert_eq!(changed.reason(), ResultReason::PermissionDenied);
        }
        other.fails(Operation::Get, vec![uid(key)]);
    }
    let public = pair.text(Tag::PublicKeyUniqueIdentifier);
    other.ok(Operation::Get, vec![uid(&public)]);
}

/// A Get of `key` wrapped under `kek`.
fn wrapped(key: &str, kek: &str) -> Vec<Item> {
    let how = parameters(vec![mode(BlockCipherMode::NISTKeyWrap)]);
    let specification = vec![
        enumeration(Tag::WrappingMethod, WrappingMethod::Encrypt.0),
        structure(Tag::EncryptionKeyInformation, vec![uid(kek), how]),
        enumeration(Tag::EncodingOption, EncodingOption::NoEncoding.0),
    ];
    vec![uid(key), structure(Tag::KeyWrappingSpecification, specification)]
}

#[test]
fn wrapping_key_of_another_scope_is_not_found() {
    let world = World::new();
    let (demo, other) = (world.demo(), world.other());
    let wraps = vec![
        algorithm(CryptographicAlgorithm::AES),
        length(256),
        mask(Mask::WrapKey),
        on(Kind::ActivationDate, 0),
    ];
    let kek = |client: &Client<'_>| {
        let payload = crate::support::ask::create_of(wraps.clone());
        client.ok(Operation::Create, payload).text(Tag::UniqueIdentifier)
    };
    let key = demo.create(Vec::new());
    demo.ok(Operation::Get, wrapped(&key, &kek(&demo)));
    let foreign = demo.ask(Operation::Get, wrapped(&key, &kek(&other)));
    let absent = demo.ask(Operation::Get, wrapped(&key, "nobody"));
    assert_eq!(foreign.reason(), ResultReason::ItemNotFound);
    assert_eq!(foreign, absent);
}

/// A Link is text: it may name anything, and tells nothing of what it names.
#[test]
fn link_to_another_scope_opens_nothing() {
    let world = World::new();
    let (demo, other) = (world.demo(), world.other());
    let theirs = demo.create(Vec::new());
    let link = |to: &str| {
        let fields = vec![
            enumeration(Tag::LinkType, LinkType::ParentLink.0),
            text(Tag::LinkedObjectIdentifier, to),
        ];
        of_kind(Kind::Link, Value::Structure(fields))
    };
    let own = [other.create(Vec::new()), other.create(Vec::new())];
    let outcomes = [link(&theirs), link("nobody")]
        .map(|link| other.ask(Operation::AddAttribute, vec![uid(&own[0]), link]).reason);
    assert_eq!(outcomes[0], outcomes[1], "a link tells whether its object exists");
    assert_eq!(demo.values(&theirs, "Link"), []);
    assert_eq!(other.fails(Operation::Get, vec![uid(&theirs)]), ResultReason::ItemNotFound);
}

/// A scope that is not configured is granted nothing that needs an object.
#[test]
fn client_of_an_unknown_scope_may_do_nothing() {
    let world = World::new();
    let stranger = world.client("nowhere");
    for entry in SERVED {
        let Some(payload) = about(entry.operation, "nobody") else { continue };
        let refused = stranger.fails(entry.operation, payload);
        assert_eq!(refused, ResultReason::PermissionDenied, "{:?}", entry.operation);
    }
    let query = vec![enumeration(Tag::QueryFunction, 1)];
    assert_eq!(stranger.fails(Operation::Query, query), ResultReason::PermissionDenied);
    let create = crate::support::ask::create(vec![flag(Kind::Extractable, true)]);
    assert_eq!(stranger.fails(Operation::Create, create), ResultReason::PermissionDenied);
    let indicator = boolean(Tag::AsynchronousIndicator, false);
    let request = stranger.request().with(indicator).item(Operation::Locate, Vec::new());
    assert_eq!(stranger.send(&request).item(0).reason(), ResultReason::PermissionDenied);
}
