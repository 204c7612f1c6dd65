//! Import: what Export gave comes back, under its own identifier and with its past.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    BatchErrorContinuationOption, BlockCipherMode as Mode, CryptographicAlgorithm as Algorithm,
    CryptographicUsageMask as Mask, ObjectType, Operation, ResultReason as Reason,
    ResultStatus as Status, RevocationReasonCode, SplitKeyMethod, State, Tag, UsageLimitsUnit,
};
use server::object::{CUSTODY_ATTRIBUTE, CustodyRules};

use crate::support::ask::{
    CRYPT, MAC, Request, algorithm, attribute, attribute_at, create_pair, custom, data, flag,
    import, length, mask, mode, name, of_kind, on, parameters, plain_mode, uid,
};
use crate::support::secrets::split;
use crate::support::tree::{Read, enumeration, integer, long};
use crate::support::{Client, IN_TOKEN, START, WRAPPED, World, keys};

/// What Export answered: the attributes, and the object.
pub(super) struct Exported {
    pub(super) attributes: Vec<Item>,
    pub(super) object: Item,
}

impl Exported {
    pub(super) fn without(&self, names: &[&str]) -> Vec<Item> {
        let kept = |item: &&Item| !names.contains(&item.text(Tag::AttributeName).as_str());
        self.attributes.iter().filter(kept).cloned().collect()
    }

    /// With another value of one attribute.
    pub(super) fn with(&self, changed: Item) -> Vec<Item> {
        let name = changed.text(Tag::AttributeName);
        [self.without(&[&name]), vec![changed]].concat()
    }
}

#[track_caller]
pub(super) fn export(client: &Client<'_>, key: &str) -> Exported {
    let answer = client.ok(Operation::Export, vec![uid(key)]);
    let attributes = answer.all(Tag::Attribute).into_iter().cloned().collect();
    let object = answer.value.children().last().unwrap().clone();
    Exported { attributes, object }
}

#[track_caller]
fn bring(client: &Client<'_>, id: &str, replace: bool, what: &Exported) {
    let payload = import(id, replace, what.attributes.clone(), what.object.clone());
    let answer = client.ok(Operation::Import, payload);
    assert_eq!(answer.value.children(), [uid(id)], "the identifier, and nothing else");
}

#[track_caller]
fn end(client: &Client<'_>, key: &str) {
    if client.state(key) == State::Active {
        client.revoke(key, RevocationReasonCode::Superseded);
    }
    client.destroy(key);
}

fn sorted(attributes: &[Item]) -> Vec<Item> {
    let mut all = attributes.to_vec();
    all.sort_by_key(Item::to_bytes);
    all
}

/// Objects of every kind, in several states.
pub(super) fn objects(client: &Client<'_>) -> Vec<String> {
    let own = |bits| vec![mask(bits), custom("x-own", "1"), custom("x-own", "2"), name("other")];
    let active = |bits| vec![mask(bits), on(Kind::ActivationDate, 0)];
    let pair = [vec![algorithm(Algorithm::ECDSA), length(256)], active(Mask::Sign)].concat();
    let pair = client.ok(Operation::CreateKeyPair, create_pair(pair, Vec::new(), Vec::new()));
    let parts = split(
        None,
        (2, 2),
        SplitKeyMethod::XOR,
        None,
        vec![algorithm(Algorithm::AES), length(128), mask(CRYPT)],
    );
    let parts = client.ok(Operation::CreateSplitKey, parts).texts(Tag::UniqueIdentifier);
    let compromised = client.active(vec![custom("x-own", "1")]);
    client.revoke(&compromised, RevocationReasonCode::KeyCompromise);
    // Dates that are out of order by what happened.
    let revoked = client.active(vec![on(Kind::ProtectStopDate, START + 100_000)]);
    client.revoke(&revoked, RevocationReasonCode::Superseded);
    let late = client.create(vec![on(Kind::ProcessStartDate, START - 100_000)]);
    client.activate(&late);
    let symmetric = ObjectType::SymmetricKey;
    vec![
        revoked,
        late,
        client.create(vec![name("made"), on(Kind::DeactivationDate, START + 100_000)]),
        client.active(vec![attribute_at("x-far", 7, Value::Boolean(true))]),
        compromised,
        client.register(symmetric, active(CRYPT), keys::aes_key()),
        client.register(symmetric, active(MAC), keys::raw(Algorithm::HMAC_SHA256, &[5; 20])),
        client.register(ObjectType::PrivateKey, own(Mask::Sign), keys::rsa_private()),
        client.register(ObjectType::PrivateKey, active(Mask::Sign), keys::rsa_transparent()),
        client.register(ObjectType::PublicKey, active(Mask::Verify), keys::rsa_public()),
        client.register(ObjectType::Certificate, active(Mask::Verify), keys::certificate()),
        client.register(ObjectType::SecretData, active(Mask::DeriveKey), keys::secret(b"s")),
        client.register(ObjectType::OpaqueObject, Vec::new(), keys::opaque(b"o")),
        client.register(ObjectType::PGPKey, active(Mask::Sign), keys::pgp(4)),
        pair.text(Tag::PrivateKeyUniqueIdentifier),
        pair.text(Tag::PublicKeyUniqueIdentifier),
        parts[0].clone(),
    ]
}

#[test]
fn exported_object_comes_back_as_it_was_after_its_destruction() {
    for custody in [CustodyRules::default(), IN_TOKEN, WRAPPED] {
        let world = World::keeping(custody);
        let demo = world.demo();
        for key in objects(&demo) {
            let before = export(&demo, &key);
            end(&demo, &key);
            assert_eq!(demo.fails(Operation::Get, vec![uid(&key)]), Reason::ItemNotFound);
            world.clock.advance(1_000);
            bring(&demo, &key, false, &before);
            let after = export(&demo, &key);
            assert_eq!(sorted(&after.attributes), sorted(&before.attributes));
            assert_eq!(after.object, before.object);
        }
    }
}

#[test]
fn key_that_comes_back_does_what_it_did() {
    for custody in [CustodyRules::default(), IN_TOKEN, WRAPPED] {
        let world = World::keeping(custody);
        let demo = world.demo();
        let ecb = |block: &[u8]| vec![plain_mode(Mode::ECB), data(block)];
        let key = demo.active(Vec::new());
        let hidden = demo.encrypt(&key, ecb(&[7; 16])).bytes(Tag::Data);
        let before = export(&demo, &key);
        end(&demo, &key);
        bring(&demo, &key, false, &before);
        assert_eq!(demo.decrypt(&key, ecb(&hidden)), [7; 16]);
        // Over itself, too, and under another name, and on another server.
        bring(&demo, &key, true, &before);
        assert_eq!(demo.decrypt(&key, ecb(&hidden)), [7; 16]);
        let copy = Exported { attributes: before.without(&["Unique Identifier"]), ..before };
        bring(&demo, "a copy", false, &copy);
        assert_eq!(demo.decrypt("a copy", ecb(&hidden)), [7; 16]);
        let elsewhere = World::keeping(custody);
        bring(&elsewhere.demo(), &key, false, &copy);
        assert_eq!(elsewhere.demo().decrypt(&key, ecb(&hidden)), [7; 16]);
        assert_eq!(demo.locate(Vec::new()).len(), 2);
    }
}

#[test]
fn identifiers_of_another_scope_are_free() {
    let world = World::new();
    let (demo, other) = (world.demo(), world.other());
    for key in objects(&demo) {
        let brought = export(&demo, &key);
        let none = import(
            "nobody has it",
            false,
            brought.without(&["Unique Identifier", "Name"]),
            brought.object.clone(),
        );
        other.ok(Operation::Import, none);
        bring(&other, &key, false, &brought);
        end(&other, &key);
        end(&other, "nobody has it");
        assert_eq!(export(&demo, &key).object, brought.object, "untouched");
    }
}

/// A scope that lets nothing out keeps what it is brought, whatever it could do before.
#[test]
fn scope_without_export_locks_away_what_it_is_brought() {
    let world = World::new();
    let (demo, other) = (world.demo(), world.other());
    let brought = export(&demo, &demo.active(Vec::new()));
    let attributes = brought.without(&["Unique Identifier"]);
    other.ok(Operation::Import, import("k", false, attributes, brought.object.clone()));
    let told = |kind| other.value("k", kind);
    assert_eq!(told(Kind::Sensitive), Value::Boolean(true));
    assert_eq!(told(Kind::AlwaysSensitive), Value::Boolean(false), "its past");
    assert_eq!(told(Kind::Extractable), Value::Boolean(false));
    assert_eq!(told(Kind::NeverExtractable), Value::Boolean(false));
    assert_eq!(other.fails(Operation::Get, vec![uid("k")]), Reason::NotExtractable);
    let ecb = vec![plain_mode(Mode::ECB), data(&[0; 16])];
    other.encrypt("k", ecb);
}

#[test]
fn supplied_past_stands() {
    let world = World::new();
    let demo = world.demo();
    let limits = |total, count| {
        let unit = enumeration(Tag::UsageLimitsUnit, UsageLimitsUnit::Byte.0);
        let mut fields = vec![long(Tag::UsageLimitsTotal, total)];
        fields.extend(count_of(count));
        of_kind(Kind::UsageLimits, Value::Structure([fields, vec![unit]].concat()))
    };
    fn count_of(count: Option<i64>) -> Option<Item> {
        count.map(|count| long(Tag::UsageLimitsCount, count))
    }
    let past = vec![
        mask(CRYPT),
        of_kind(Kind::State, Value::Enumeration(State::Active.0)),
        on(Kind::InitialDate, 5),
        on(Kind::LastChangeDate, 6),
        on(Kind::OriginalCreationDate, 4),
        on(Kind::ActivationDate, 5),
        flag(Kind::Fresh, false),
        limits(100, Some(20)),
        attribute("y-of-another-server", Value::Integer(3)),
        custom(CUSTODY_ATTRIBUTE, "somewhere else"),
        attribute_at("x-far", 9, Value::Boolean(true)),
        attribute("x-far", Value::Boolean(false)),
        attribute("x-far", Value::Integer(1)),
    ];
    demo.ok(Operation::Import, import("k", false, past, keys::aes_key()));
    assert_eq!(demo.state("k"), State::Active);
    for (kind, seconds) in
        [(Kind::InitialDate, 5), (Kind::LastChangeDate, 6), (Kind::OriginalCreationDate, 4)]
    {
        assert_eq!(
            demo.values("k", kind.name()),
            [on(kind, seconds).get(Tag::AttributeValue).value.clone()]
        );
    }
    assert_eq!(demo.value("k", Kind::Fresh), Value::Boolean(false));
    assert_eq!(demo.values("k", "y-of-another-server"), [Value::Integer(3)]);
    assert_eq!(demo.values("k", CUSTODY_ATTRIBUTE), [Value::TextString("wrapped".to_owned())]);
    let far: Vec<Item> = demo
        .attributes("k")
        .all(Tag::Attribute)
        .into_iter()
        .filter(|a| a.text(Tag::AttributeName) == "x-far")
        .cloned()
        .collect();
    let at = |item: &Item| item.child(Tag::AttributeIndex).map(Read::as_integer);
    assert_eq!(far.iter().map(at).collect::<Vec<_>>(), [Some(0), Some(9), Some(10)]);
    let ecb = |blocks: usize| vec![uid("k"), plain_mode(Mode::ECB), data(&vec![0; 16 * blocks])];
    demo.ok(Operation::Encrypt, ecb(1));
    assert_eq!(demo.fails(Operation::Encrypt, ecb(1)), Reason::PermissionDenied, "four bytes left");
    // A date that passed meanwhile takes effect.
    let late = vec![
        mask(CRYPT),
        of_kind(Kind::State, Value::Enumeration(State::PreActive.0)),
        on(Kind::ActivationDate, START - 1),
    ];
    demo.ok(Operation::Import, import("late", false, late, keys::aes_key()));
    assert_eq!(demo.state("late"), State::Active);
    for (total, count) in [(0, None), (10, Some(11)), (10, Some(-1)), (-1, Some(-1))] {
        let wrong = import("no", false, vec![mask(CRYPT), limits(total, count)], keys::aes_key());
        assert_eq!(demo.fails(Operation::Import, wrong), Reason::InvalidField, "{total} {count:?}");
    }
}

#[test]
fn destroyed_key_is_imported_as_what_is_left_of_it() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.create(vec![name("k")]);
    let whole = export(&demo, &key);
    demo.destroy(&key);
    let left = export(&demo, &key);
    let elsewhere = World::new();
    let there = elsewhere.demo();
    bring(&there, &key, false, &left);
    assert_eq!(
        sorted(&export(&there, &key).attributes),
        sorted(&left.without(&[CUSTODY_ATTRIBUTE]))
    );
    assert_eq!(there.fails(Operation::Get, vec![uid(&key)]), Reason::ItemNotFound);
    // The value does not come back under a destroyed object.
    let both = import("no", false, left.without(&["Unique Identifier"]), whole.object.clone());
    assert_eq!(there.fails(Operation::Import, both), Reason::InvalidField);
    bring(&there, &key, false, &whole);
    assert_eq!(there.state(&key), State::PreActive);
}

#[test]
fn number_of_a_constructed_iv_comes_back_with_its_key() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.active(Vec::new());
    let gcm = || {
        let fields = [(Tag::FixedFieldLength, 32), (Tag::InvocationFieldLength, 64)];
        let fields = fields.map(|(tag, bits)| integer(tag, bits));
        vec![parameters([vec![mode(Mode::GCM)], fields.to_vec()].concat()), data(b"t")]
    };
    let made = || demo.encrypt(&key, gcm()).bytes(Tag::IVCounterNonce);
    let mut ivs = vec![made()];
    let whole = export(&demo, &key);
    let forgetful = Exported {
        attributes: whole.without(&["y-claviger-invocations"]),
        object: whole.object.clone(),
    };
    for (ended, brought) in
        [(true, &whole), (false, &whole), (true, &forgetful), (false, &forgetful)]
    {
        if ended {
            end(&demo, &key);
        }
        bring(&demo, &key, true, brought);
        ivs.extend((0..300).map(|_| made()));
    }
    let restarted = world.restarted();
    ivs.push(restarted.demo().encrypt(&key, gcm()).bytes(Tag::IVCounterNonce));
    let mut counts: Vec<&[u8]> = ivs.iter().map(|iv| &iv[4..]).collect();
    counts.sort_unstable();
    counts.dedup();
    assert_eq!(counts.len(), ivs.len());
    for wrong in [Value::LongInteger(-1), Value::Integer(1)] {
        let wrong = attribute("y-claviger-invocations", wrong);
        let wrong = import("no", false, vec![mask(CRYPT), wrong], keys::aes_key());
        assert_eq!(demo.fails(Operation::Import, wrong), Reason::InvalidField);
    }
}

/// What was used of a One Time Pad stays used, though its value comes back.
#[test]
fn one_time_pad_that_comes_back_is_as_used_as_it_was() {
    let world = World::assisted();
    let demo = world.demo();
    let attributes = || {
        let dates = vec![on(Kind::ActivationDate, 0), mask(CRYPT)];
        [vec![algorithm(Algorithm::OneTimePad), length(48)], dates].concat()
    };
    let pad = || keys::raw(Algorithm::OneTimePad, &[1, 2, 3, 4, 5, 6]);
    demo.ok(Operation::Import, import("pad", false, attributes(), pad()));
    let xor = || vec![uid("pad"), data(&[0; 4])];
    assert_eq!(demo.ok(Operation::Encrypt, xor()).bytes(Tag::Data), [1, 2, 3, 4]);
    for ended in [false, true] {
        if ended {
            end(&demo, "pad");
        }
        demo.ok(Operation::Import, import("pad", true, attributes(), pad()));
        assert_eq!(demo.fails(Operation::Encrypt, xor()), Reason::PermissionDenied);
        assert_eq!(demo.fails(Operation::Export, vec![uid("pad")]), Reason::PermissionDenied);
    }
    let used = attribute("y-claviger-pad-encrypted", Value::LongInteger(5));
    let used = [attributes(), vec![used]].concat();
    demo.ok(Operation::Import, import("copy", false, used, pad()));
    let one = |id: &str| vec![uid(id), data(&[0])];
    assert_eq!(demo.ok(Operation::Encrypt, one("copy")).bytes(Tag::Data), [6]);
    assert_eq!(demo.fails(Operation::Encrypt, one("copy")), Reason::PermissionDenied);
}

fn with_undo(client: &Client<'_>) -> Request {
    let undo = BatchErrorContinuationOption::Undo;
    client.request().with(enumeration(Tag::BatchErrorContinuationOption, undo.0))
}

#[test]
fn import_is_undone_where_it_replaced_nothing() {
    for custody in [IN_TOKEN, WRAPPED] {
        let world = World::keeping(custody);
        let demo = world.demo();
        let payload = |replace| import("k", replace, vec![mask(CRYPT)], keys::aes_key());
        let request = with_undo(&demo).next(Operation::Import, payload(false));
        let request = request.next(Operation::Get, vec![uid("nobody")]);
        assert_eq!(
            demo.send(&request).statuses(),
            [Status::OperationUndone, Status::OperationFailed]
        );
        assert_eq!(demo.fails(Operation::Get, vec![uid("k")]), Reason::ItemNotFound);
        demo.ok(Operation::Import, payload(false));
        let get = || demo.ok(Operation::Get, vec![uid("k")]);
        let before = get();
        let request = with_undo(&demo).next(Operation::Import, payload(true));
        assert_eq!(demo.send(&request).item(0).reason(), Reason::FeatureNotSupported);
        // Where the answer has no room, nothing is replaced.
        let small = demo.request().with(integer(Tag::MaximumResponseSize, 1));
        demo.send(&small.next(Operation::Import, payload(true)));
        assert_eq!(get(), before);
    }
}

#[test]
fn import_sets_the_placeholder() {
    let world = World::new();
    let demo = world.demo();
    let request = demo.request();
    let request =
        request.next(Operation::Import, import("k", false, vec![mask(CRYPT)], keys::aes_key()));
    let reply = demo.send(&request.next(Operation::Get, Vec::new()));
    assert_eq!(reply.item(1).ok().text(Tag::UniqueIdentifier), "k");
}
