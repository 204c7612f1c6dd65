//! Re-key: a new key takes the place of an older one.

use hsm_backend::HsmErrorKind;
use hsm_backend::fault::{Moment, Verb};
use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{DateTime, Item, Value};
use kmip_core::types::{
    BatchErrorContinuationOption as Continuation, BlockCipherMode, CryptographicAlgorithm,
    CryptographicUsageMask as Mask, LinkType, ObjectType, Operation, ResultReason as Reason,
    ResultStatus as Status, RevocationReasonCode, State, Tag, UsageLimitsUnit,
};

use crate::support::ask::{
    CRYPT, algorithm, create_of, custom, data, flag, length, mask, name, of_kind, on, plain_mode,
    template, uid,
};
use crate::support::tree::{Read, enumeration, interval, long, structure, text};
use crate::support::{Client, IN_TOKEN, START, WRAPPED, World, keys};
use server::services::Bounds;

/// Longer than any lease.
const LATER: i64 = 3_600;

fn offset(seconds: u32) -> Item {
    interval(Tag::Offset, seconds)
}

/// Re-keys with these fields and returns the new key.
#[track_caller]
fn re_key(client: &Client<'_>, key: &str, fields: Vec<Item>) -> String {
    let answer = client.ok(Operation::ReKey, [vec![uid(key)], fields].concat());
    let new = answer.text(Tag::UniqueIdentifier);
    assert_eq!(answer.value.children(), [uid(&new)]);
    assert_ne!(new, key);
    new
}

#[track_caller]
fn refused(client: &Client<'_>, key: &str, fields: Vec<Item>) -> Reason {
    client.fails(Operation::ReKey, [vec![uid(key)], fields].concat())
}

fn date(seconds: i64) -> Value {
    Value::DateTime(DateTime(seconds))
}

fn link(link_type: LinkType, to: &str) -> Value {
    Value::Structure(vec![
        enumeration(Tag::LinkType, link_type.0),
        text(Tag::LinkedObjectIdentifier, to),
    ])
}

fn called(client: &Client<'_>, value: &str) -> Vec<String> {
    client.locate(vec![name(value)])
}

fn key_bytes(client: &Client<'_>, key: &str) -> Vec<u8> {
    let answer = client.ok(Operation::Get, vec![uid(key)]);
    let path = [Tag::SymmetricKey, Tag::KeyBlock, Tag::KeyValue, Tag::KeyMaterial];
    answer.at(&path).as_bytes()
}

#[test]
fn names_move_and_links_join_the_two() {
    for custody in [IN_TOKEN, WRAPPED] {
        let world = World::keeping(custody);
        let demo = world.demo();
        let old = demo.create(vec![name("first"), name("second")]);
        world.clock.advance(30);
        let new = re_key(&demo, &old, Vec::new());
        for value in ["first", "second"] {
            assert_eq!(called(&demo, value), [new.clone()]);
        }
        assert_eq!(demo.values(&old, "Name"), []);
        assert_eq!(demo.values(&old, "Link"), [link(LinkType::ReplacementObjectLink, &new)]);
        assert_eq!(demo.values(&new, "Link"), [link(LinkType::ReplacedObjectLink, &old)]);
        assert_eq!(demo.value(&old, Kind::LastChangeDate), date(START + 30));
        assert_eq!(demo.value(&new, Kind::InitialDate), date(START + 30));
        assert_eq!(demo.value(&old, Kind::InitialDate), date(START));
        assert_ne!(key_bytes(&demo, &new), key_bytes(&demo, &old), "another key");
        let custody = |key: &str| demo.values(key, "x-claviger-custody");
        assert_eq!(custody(&new), custody(&old));
        // The newer one is replaced in its turn.
        let third = re_key(&demo, &new, Vec::new());
        assert_eq!(called(&demo, "first"), [third]);
    }
}

#[test]
fn attributes_are_copied_but_for_those_of_the_old_key_alone() {
    let world = World::new();
    let demo = world.demo();
    let limits = vec![
        long(Tag::UsageLimitsTotal, 100),
        enumeration(Tag::UsageLimitsUnit, UsageLimitsUnit::Byte.0),
    ];
    let parent = link(LinkType::ParentLink, "some-parent");
    let old = demo.active(vec![
        custom("x-own", "1"),
        custom("x-own", "2"),
        of_kind(Kind::Description, Value::TextString("d".to_owned())),
        of_kind(Kind::ObjectGroup, Value::TextString("g".to_owned())),
        of_kind(Kind::UsageLimits, Value::Structure(limits)),
        of_kind(Kind::Link, parent),
        flag(Kind::Sensitive, true),
    ]);
    let ecb = plain_mode(BlockCipherMode::ECB);
    demo.encrypt(&old, vec![ecb, data(&[0; 32])]);
    demo.revoke(&old, RevocationReasonCode::KeyCompromise);
    world.clock.advance(10);
    let new = re_key(&demo, &old, Vec::new());
    for kind in [
        Kind::CryptographicAlgorithm,
        Kind::CryptographicLength,
        Kind::CryptographicUsageMask,
        Kind::Description,
        Kind::ObjectGroup,
        Kind::ActivationDate,
        Kind::Sensitive,
        Kind::Extractable,
    ] {
        assert_eq!(demo.value(&new, kind), demo.value(&old, kind), "{kind:?}");
    }
    assert_eq!(demo.values(&new, "x-own"), demo.values(&old, "x-own"));
    for gone in ["Compromise Date", "Compromise Occurrence Date", "Revocation Reason"] {
        assert_eq!(demo.values(&new, gone), [], "{gone}");
    }
    assert_eq!(demo.values(&new, "Link"), [link(LinkType::ReplacedObjectLink, &old)]);
    assert_eq!(demo.state(&new), State::Active, "by its dates");
    assert_eq!(demo.state(&old), State::Compromised);
    let counts = |key: &str| {
        let value = demo.value(key, Kind::UsageLimits);
        let limits = structure(Tag::UsageLimits, value.children().to_vec());
        limits.get(Tag::UsageLimitsCount).value.clone()
    };
    assert_eq!(counts(&new), Value::LongInteger(100));
    assert_eq!(counts(&old), Value::LongInteger(68));
    assert_ne!(demo.value(&new, Kind::Digest), demo.value(&old, Kind::Digest));
    assert_eq!(demo.value(&new, Kind::OriginalCreationDate), date(START + 10));
    assert_eq!(demo.value(&new, Kind::Fresh), Value::Boolean(true));
    let iv = demo.encrypt(&new, vec![plain_mode(BlockCipherMode::ECB), data(&[0; 16])]);
    assert!(iv.has(Tag::Data));
}

#[test]
fn what_the_request_names_comes_in_the_stead_of_what_was_copied() {
    let world = World::new();
    let demo = world.demo();
    let old = demo.create(vec![custom("x-own", "1"), custom("x-other", "2"), name("kept")]);
    let asked = template(vec![
        custom("x-own", "new"),
        length(128),
        name("kept"),
        name("added"),
        on(Kind::ActivationDate, START - 5),
    ]);
    let new = re_key(&demo, &old, vec![asked]);
    assert_eq!(demo.values(&new, "x-own"), [Value::TextString("new".to_owned())]);
    assert_eq!(demo.values(&new, "x-other"), [Value::TextString("2".to_owned())]);
    assert_eq!(key_bytes(&demo, &new).len(), 16);
    assert_eq!(demo.values(&new, "Name").len(), 2);
    for value in ["kept", "added"] {
        assert_eq!(called(&demo, value), [new.clone()], "{value}");
    }
    assert_eq!(demo.state(&new), State::Active);
    assert_eq!(demo.state(&old), State::PreActive);
}

#[test]
fn offset_counts_from_the_new_keys_beginning_and_shifts_the_other_dates() {
    let world = World::new();
    let demo = world.demo();
    let old = demo.create(vec![
        on(Kind::ActivationDate, START + 10),
        on(Kind::ProcessStartDate, START + 20),
        on(Kind::ProtectStopDate, START + 30),
        on(Kind::DeactivationDate, START + 40),
    ]);
    world.clock.advance(100);
    assert_eq!(demo.state(&old), State::Deactivated);
    let dates = |key: &str| {
        [
            Kind::ActivationDate,
            Kind::ProcessStartDate,
            Kind::ProtectStopDate,
            Kind::DeactivationDate,
        ]
        .map(|kind| demo.value(key, kind))
    };
    let new = re_key(&demo, &old, vec![offset(5)]);
    assert_eq!(dates(&new), [105, 115, 125, 135].map(|after| date(START + after)));
    assert_eq!(demo.state(&new), State::PreActive);
    let now = re_key(&demo, &old, vec![offset(0)]);
    assert_eq!(dates(&now), [100, 110, 120, 130].map(|after| date(START + after)));
    assert_eq!(demo.state(&now), State::Active);
    // Without Offset the dates are the old key's, and the state with them.
    let same = re_key(&demo, &old, Vec::new());
    assert_eq!(dates(&same), dates(&old));
    assert_eq!(demo.state(&same), State::Deactivated);
    let undated = demo.create(Vec::new());
    let dated = re_key(&demo, &undated, vec![offset(7)]);
    assert_eq!(demo.value(&dated, Kind::ActivationDate), date(START + 107));
    assert_eq!(demo.values(&dated, "Deactivation Date"), []);
}

#[test]
fn offset_that_cannot_be_is_refused() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.create(vec![on(Kind::ActivationDate, START + 1)]);
    for kind in [
        Kind::ActivationDate,
        Kind::ProcessStartDate,
        Kind::ProtectStopDate,
        Kind::DeactivationDate,
    ] {
        let both = vec![offset(1), template(vec![on(kind, START + 50)])];
        assert_eq!(refused(&demo, &key, both), Reason::InvalidMessage, "{kind:?}");
        if kind != Kind::ActivationDate {
            let later = demo.create(vec![on(kind, START + 50)]);
            assert_eq!(refused(&demo, &later, vec![offset(1)]), Reason::IllegalOperation);
        }
    }
    let old = vec![on(Kind::ActivationDate, i64::MIN), on(Kind::DeactivationDate, i64::MAX)];
    let old = demo.create(old);
    assert_eq!(refused(&demo, &old, vec![offset(1)]), Reason::InvalidField);
    assert_eq!(demo.values(&key, "Link"), []);
}

#[test]
fn what_is_no_symmetric_key_or_is_gone_is_not_re_keyed() {
    let world = World::new();
    let demo = world.demo();
    let own = || vec![mask(CRYPT)];
    for (object_type, object) in [
        (ObjectType::PrivateKey, keys::rsa_private()),
        (ObjectType::PublicKey, keys::rsa_public()),
        (ObjectType::SecretData, keys::secret(b"s")),
        (ObjectType::Certificate, keys::certificate()),
    ] {
        let object = demo.register(object_type, own(), object);
        assert_eq!(refused(&demo, &object, Vec::new()), Reason::PermissionDenied);
    }
    let key = demo.create(Vec::new());
    demo.destroy(&key);
    assert_eq!(refused(&demo, &key, Vec::new()), Reason::ItemNotFound);
    assert_eq!(refused(&demo, "nobody", Vec::new()), Reason::ItemNotFound);
    let empty = structure(
        Tag::SymmetricKey,
        vec![structure(
            Tag::KeyBlock,
            vec![
                enumeration(Tag::KeyFormatType, kmip_core::types::KeyFormatType::Raw.0),
                enumeration(Tag::CryptographicAlgorithm, CryptographicAlgorithm::AES.0),
                crate::support::tree::integer(Tag::CryptographicLength, 256),
            ],
        )],
    );
    let elsewhere = demo.register(ObjectType::SymmetricKey, own(), empty);
    assert_eq!(refused(&demo, &elsewhere, Vec::new()), Reason::KeyValueNotPresent);
    let key = demo.create(Vec::new());
    let asked = |attribute| vec![template(vec![attribute])];
    assert_eq!(refused(&demo, &key, asked(length(100))), Reason::InvalidField);
    let taken = demo.create(vec![name("taken")]);
    assert_eq!(refused(&demo, &key, asked(name("taken"))), Reason::InvalidField);
    assert_eq!(called(&demo, "taken"), [taken]);
    assert_eq!(demo.values(&key, "Link"), []);
}

#[test]
fn registered_and_hmac_keys_are_replaced_by_ones_the_token_makes() {
    let world = World::new();
    let demo = world.demo();
    let registered = demo.register(ObjectType::SymmetricKey, vec![mask(CRYPT)], keys::aes_key());
    let new = re_key(&demo, &registered, Vec::new());
    assert_eq!(key_bytes(&demo, &new).len(), 32);
    assert_ne!(key_bytes(&demo, &new), keys::hex(keys::AES_KEY));
    let hmac = create_of(vec![
        algorithm(CryptographicAlgorithm::HMAC_SHA256),
        length(256),
        mask(Mask::MACGenerate),
        on(Kind::ActivationDate, 0),
    ]);
    let hmac = demo.ok(Operation::Create, hmac).text(Tag::UniqueIdentifier);
    let new = re_key(&demo, &hmac, Vec::new());
    demo.ok(Operation::MAC, vec![uid(&new), data(b"m")]);
}

#[test]
fn scope_without_export_gets_a_key_that_stays_locked_away() {
    let world = World::new();
    let other = world.other();
    let old = other.create(Vec::new());
    let asked = template(vec![flag(Kind::Sensitive, false), flag(Kind::Extractable, true)]);
    let new = re_key(&other, &old, vec![asked]);
    assert_eq!(other.value(&new, Kind::Sensitive), Value::Boolean(true));
    assert_eq!(other.value(&new, Kind::Extractable), Value::Boolean(false));
}

#[test]
fn placeholder_is_the_new_key_and_undo_gives_the_names_back() {
    for custody in [IN_TOKEN, WRAPPED] {
        let world = World::keeping(custody);
        let demo = world.demo();
        let old = demo.create(vec![name("k")]);
        let before = demo.values(&old, "Name");
        let undo = enumeration(Tag::BatchErrorContinuationOption, Continuation::Undo.0);
        let request = demo.request().with(undo).next(Operation::ReKey, vec![uid(&old)]);
        let request = request.next(Operation::Activate, Vec::new());
        let reply = demo.send(&request.next(Operation::GetAttributes, vec![uid("nobody")]));
        assert_eq!(reply.statuses()[..2], [Status::OperationUndone, Status::OperationUndone]);
        assert_eq!(called(&demo, "k"), [old.clone()]);
        assert_eq!(demo.values(&old, "Name"), before);
        assert_eq!(demo.values(&old, "Link"), []);
        assert_eq!(demo.state(&old), State::PreActive, "it was the new key that became active");
        let new = re_key(&demo, &old, Vec::new());
        assert_eq!(called(&demo, "k"), [new]);
    }
}

#[test]
fn token_that_fails_leaves_the_old_key_in_its_place() {
    for (custody, verb) in [(IN_TOKEN, Verb::GenerateKey), (WRAPPED, Verb::GenerateWrapped)] {
        for moment in [Moment::Before, Moment::After] {
            let world = World::keeping(custody);
            let demo = world.demo();
            let old = demo.create(vec![name("k")]);
            let attributes = demo.attributes(&old);
            world.token.fail_nth(verb, 1, HsmErrorKind::Device(0x30), moment);
            assert_eq!(refused(&demo, &old, Vec::new()), Reason::GeneralFailure);
            world.clock.advance(LATER);
            server::reconcile::run(&world.services).unwrap();
            assert_eq!(demo.locate(Vec::new()), [old.clone()]);
            assert_eq!(demo.attributes(&old), attributes);
            assert_eq!(called(&demo, "k"), [old.clone()]);
            let new = re_key(&demo, &old, Vec::new());
            assert_eq!(called(&demo, "k"), [new]);
        }
    }
}

#[test]
fn two_at_once_leave_each_name_with_one_key() {
    let world = World::new();
    let old = world.demo().create(vec![name("k")]);
    let made: Vec<String> = std::thread::scope(|scope| {
        let threads = [(); 4].map(|()| {
            let (world, old) = (&world, old.as_str());
            scope.spawn(move || re_key(&world.demo(), old, Vec::new()))
        });
        threads.map(|thread| thread.join().unwrap()).to_vec()
    });
    let demo = world.demo();
    let holder = called(&demo, "k");
    assert_eq!(holder.len(), 1);
    assert!(made.contains(&holder[0]));
    assert_eq!(demo.values(&old, "Link").len(), 4, "the old key names every replacement");
}

/// Every replacement is linked, and the links of one object are bounded.
#[test]
fn key_is_not_replaced_without_end() {
    for custody in [IN_TOKEN, WRAPPED] {
        let bounds = Bounds { max_attributes_per_object: 12, ..Bounds::default() };
        let world = World::with(bounds, custody, |store| store);
        let demo = world.demo();
        let key = demo.create(Vec::new());
        let new: Vec<String> = (0..12).map(|_| re_key(&demo, &key, Vec::new())).collect();
        assert_eq!(refused(&demo, &key, Vec::new()), Reason::IndexOutOfBounds);
        assert_eq!(demo.values(&key, Kind::Link.name()).len(), 12);
        re_key(&demo, &new[11], Vec::new());
        assert_eq!(demo.locate(Vec::new()).len(), 14, "nothing is left of what was refused");
    }
}
