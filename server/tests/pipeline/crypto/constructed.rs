//! IVs that the server constructs: a fixed field and a counter that never comes back.

use std::collections::BTreeSet;

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{BlockCipherMode as Mode, Operation, ResultReason as Reason, Tag};
use server::authz::{Grants, Rules};
use server::object::Scope;

use super::aes_key;
use crate::support::ask::{CRYPT, data, import, iv, mask, mode, on, parameters, plain_mode, uid};
use crate::support::tree::{Read, boolean, bytes, integer};
use crate::support::{Client, World, keys};

const NUMBERS: &str = "y-claviger-invocations";

/// Mode and fields; lengths in bits.
fn fields(mode_: Mode, fixed: i32, invocation: i32) -> Vec<Item> {
    let lengths =
        [(Tag::FixedFieldLength, fixed), (Tag::InvocationFieldLength, invocation)].into_iter();
    let lengths = lengths.filter(|(_, bits)| *bits != 0).map(|(tag, bits)| integer(tag, bits));
    [mode(mode_)].into_iter().chain(lengths).collect()
}

/// The IV that the server makes, after the answer was found to decrypt.
#[track_caller]
fn made(client: &Client<'_>, key: &str, how: Vec<Item>) -> Vec<u8> {
    let how = parameters(how);
    let answer = client.encrypt(key, vec![how.clone(), data(b"some text")]);
    let iv_ = answer.bytes(Tag::IVCounterNonce);
    let mut back = vec![how, data(&answer.bytes(Tag::Data)), iv(&iv_)];
    back.extend(answer.child(Tag::AuthenticatedEncryptionTag).cloned());
    assert_eq!(client.decrypt(key, back), b"some text");
    iv_
}

#[test]
fn gcm_iv_is_the_context_and_a_count() {
    let world = World::new();
    let demo = world.demo();
    let (key, other) = (aes_key(&demo), aes_key(&demo));
    let layout = || fields(Mode::GCM, 32, 64);
    let first = made(&demo, &key, layout());
    assert_eq!((first.len(), &first[4..]), (12, &[0; 8][..]));
    for count in 1..600_u64 {
        let next = made(&demo, &key, layout());
        assert_eq!(next, [&first[..4], &count.to_be_bytes()].concat());
    }
    assert_ne!(made(&demo, &other, layout())[..4], first[..4], "a context of its own");
    // One count serves every layout of the key.
    let wide = made(&demo, &key, fields(Mode::GCM, 40, 88));
    assert_eq!((wide.len(), &wide[5..]), (16, &[&[0; 9][..], &600_u16.to_be_bytes()].concat()[..]));
    let rest = [fields(Mode::GCM, 32, 0), fields(Mode::GCM, 0, 64), fields(Mode::CCM, 40, 0)];
    for (count, how) in (601_u64..).zip(rest) {
        let iv_ = made(&demo, &key, how);
        assert_eq!(
            (iv_.len(), &iv_[5..]),
            (12, &count.to_be_bytes()[1..]),
            "12 bytes, unless told"
        );
    }
}

#[test]
fn iv_is_not_made_twice_by_threads_or_after_a_restart() {
    let world = World::new();
    let demo = world.demo();
    let key = aes_key(&demo);
    let restarted = world.restarted();
    let again = restarted.demo();
    let ivs: Vec<Vec<u8>> = std::thread::scope(|scope| {
        let ask = |client: Client<'_>| {
            let ask = || parameters(fields(Mode::GCM, 32, 64));
            let one = || client.encrypt(&key, vec![ask(), data(b"t")]).bytes(Tag::IVCounterNonce);
            (0..150).map(|_| one()).collect::<Vec<_>>()
        };
        let clients = [demo.clone(), again.clone(), demo.clone(), again.clone()];
        let threads = clients.map(|client| scope.spawn(move || ask(client)));
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    // Whatever the fixed fields are, the counts alone differ.
    let counts: BTreeSet<&[u8]> = ivs.iter().map(|iv| &iv[4..]).collect();
    assert_eq!(counts.len(), 600);
    let last = counts.last().unwrap().to_vec();
    let third = world.restarted();
    let next = made(&third.demo(), &key, fields(Mode::GCM, 32, 64));
    assert!(next[4..] > last[..], "a restart goes on where no IV has been");
}

#[test]
fn numbers_are_the_servers_own() {
    let world = World::new();
    let demo = world.demo();
    let key = aes_key(&demo);
    let changed = demo.value(&key, Kind::LastChangeDate);
    world.clock.advance(5);
    made(&demo, &key, fields(Mode::GCM, 32, 64));
    assert_eq!(demo.value(&key, Kind::LastChangeDate), changed, "nobody changed the key");
    let zero = crate::support::ask::attribute(NUMBERS, Value::LongInteger(0));
    for operation in [Operation::AddAttribute, Operation::ModifyAttribute] {
        let asked = vec![uid(&key), zero.clone()];
        assert_eq!(demo.fails(operation, asked), Reason::PermissionDenied);
    }
    let named = crate::support::tree::text(Tag::AttributeName, NUMBERS);
    let refused = demo.fails(Operation::DeleteAttribute, vec![uid(&key), named]);
    assert_eq!(refused, Reason::PermissionDenied);
}

#[test]
fn invocation_field_that_is_full_makes_no_more_ivs() {
    let world = World::new();
    let demo = world.demo();
    let key = aes_key(&demo);
    let layout = || fields(Mode::GCM, 94, 2);
    let ivs: BTreeSet<Vec<u8>> = (0..4).map(|_| made(&demo, &key, layout())).collect();
    assert_eq!(ivs.len(), 4);
    let asked = vec![uid(&key), parameters(layout()), data(b"t")];
    assert_eq!(demo.fails(Operation::Encrypt, asked), Reason::PermissionDenied);
    made(&demo, &key, fields(Mode::GCM, 32, 64));
}

/// The counter blocks of CTR are fixed field, invocation field and counter: RFC 3686 is
/// 32, 64 and 32 bits, counting from 1.
#[test]
fn ctr_counts_behind_the_two_fields() {
    let world = World::new();
    let demo = world.demo();
    let key = aes_key(&demo);
    let block = |counter: &[u8]| {
        demo.encrypt(&key, vec![plain_mode(Mode::ECB), data(counter)]).bytes(Tag::Data)
    };
    let rfc3686 = || {
        let counter =
            [integer(Tag::CounterLength, 32), integer(Tag::InitialCounterValue, 1)].to_vec();
        [fields(Mode::CTR, 32, 64), counter].concat()
    };
    for how in [rfc3686(), fields(Mode::CTR, 32, 64)] {
        let from = u32::from(how.len() == 5);
        let how = parameters(how);
        let answer = demo.encrypt(&key, vec![how.clone(), data(&[0; 40])]);
        let iv_ = answer.bytes(Tag::IVCounterNonce);
        assert_eq!(iv_.len(), if from == 1 { 12 } else { 16 }, "as Decrypt takes it");
        let stream: Vec<u8> = (from..from + 3)
            .flat_map(|count| block(&[&iv_[..12], &count.to_be_bytes()].concat()))
            .collect();
        assert_eq!(answer.bytes(Tag::Data), stream[..40]);
        let back = vec![how, data(&answer.bytes(Tag::Data)), iv(&iv_)];
        assert_eq!(demo.decrypt(&key, back), [0; 40]);
    }
    // A counter of 8 bits is good for 256 blocks, and its key stream is not used again.
    let short = || parameters(fields(Mode::CTR, 32, 88));
    demo.encrypt(&key, vec![short(), data(&[0; 4096])]);
    let long = vec![uid(&key), short(), data(&[0; 4097])];
    assert_eq!(demo.fails(Operation::Encrypt, long), Reason::CryptographicFailure);
}

#[test]
fn fields_that_make_no_iv_are_refused() {
    let world = World::new();
    let demo = world.demo();
    let key = aes_key(&demo);
    let with = |mode_, (fixed, invocation), extra: Item| {
        let mut how = fields(mode_, fixed, invocation);
        let early = matches!(extra.tag, Tag::RandomIV | Tag::IVLength);
        how.insert(if early { 1 } else { how.len() }, extra);
        how
    };
    let ctr_bits = |bits| integer(Tag::CounterLength, bits);
    for how in [
        with(Mode::GCM, (32, 64), boolean(Tag::RandomIV, true)),
        with(Mode::GCM, (32, 64), integer(Tag::IVLength, 128)),
        with(Mode::GCM, (96, 0), integer(Tag::IVLength, 96)),
        fields(Mode::GCM, 104, 0),
        fields(Mode::GCM, 33, 64),
        fields(Mode::GCM, -1, 97),
        fields(Mode::GCM, 32, -1),
        fields(Mode::GCM, i32::MAX, i32::MAX),
        fields(Mode::GCM, 32, 8 * 300),
        fields(Mode::CCM, 32, 16),
        fields(Mode::CCM, 32, 80),
        fields(Mode::CTR, 32, 96),
        fields(Mode::CTR, 32, 97),
        with(Mode::CTR, (32, 64), ctr_bits(31)),
        with(Mode::CTR, (33, 64), integer(Tag::InitialCounterValue, 1)),
        fields(Mode::CBC, 32, 96),
        fields(Mode::CFB, 32, 96),
        fields(Mode::ECB, 32, 64),
        fields(Mode::NISTKeyWrap, 32, 32),
        // No context would be told by these.
        fields(Mode::GCM, 31, 65),
        fields(Mode::GCM, 257, 8 * 256 - 257),
    ] {
        let asked = vec![uid(&key), parameters(how.clone()), data(&[0; 32])];
        assert_eq!(demo.fails(Operation::Encrypt, asked), Reason::InvalidField, "{how:?}");
    }
    let half = vec![uid(&key), parameters(fields(Mode::CTR, 32, 0)), data(&[0; 32])];
    assert_eq!(demo.fails(Operation::Encrypt, half), Reason::InvalidMessage);
    assert!(demo.values(&key, NUMBERS).is_empty(), "no number was spent");
}

/// An IV of the client's own is used as it is, whatever it is made of, if it is as long as told.
#[test]
fn given_iv_has_the_length_that_is_told() {
    let world = World::new();
    let demo = world.demo();
    let key = aes_key(&demo);
    let plain = parameters(vec![mode(Mode::GCM)]);
    let expected = demo.encrypt(&key, vec![plain, data(b"text"), iv(&[7; 12])]);
    let told = vec![mode(Mode::GCM), integer(Tag::IVLength, 96)];
    for how in [fields(Mode::GCM, 32, 64), fields(Mode::GCM, 8, 88), told] {
        let how = parameters(how);
        let answer = demo.encrypt(&key, vec![how.clone(), data(b"text"), iv(&[7; 12])]);
        assert_eq!(answer, expected, "{how:?}");
        for length in [1, 11, 13, 16] {
            let asked = vec![uid(&key), how.clone(), data(b"text"), iv(&vec![7; length])];
            assert_eq!(demo.fails(Operation::Encrypt, asked), Reason::InvalidField);
            let tag = bytes(Tag::AuthenticatedEncryptionTag, &[0; 16]);
            let asked = vec![uid(&key), how.clone(), data(b"text"), iv(&vec![7; length]), tag];
            assert_eq!(demo.fails(Operation::Decrypt, asked), Reason::InvalidField);
        }
    }
    assert!(demo.values(&key, NUMBERS).is_empty(), "no number was spent");
}

/// The first part settles the IV and tells it; parts together are the whole.
#[test]
fn iv_of_parts_is_made_with_the_first() {
    let world = World::new();
    let demo = world.demo();
    let key = aes_key(&demo);
    let (init, last) = (boolean(Tag::InitIndicator, true), boolean(Tag::FinalIndicator, true));
    for layout in [fields(Mode::GCM, 32, 64), fields(Mode::CCM, 32, 56), fields(Mode::CTR, 32, 64)]
    {
        let how = parameters(layout);
        let text = [7; 50];
        let asked = vec![uid(&key), how.clone(), data(&text[..20]), init.clone()];
        let first = demo.ok(Operation::Encrypt, asked);
        let iv_ = first.bytes(Tag::IVCounterNonce);
        let name = bytes_of_name(&first);
        let asked = vec![uid(&key), data(&text[20..]), name, last.clone()];
        let end = demo.ok(Operation::Encrypt, asked);
        let sealed = [first.maybe_bytes(Tag::Data), end.maybe_bytes(Tag::Data)].concat();
        let whole = demo.encrypt(&key, vec![how.clone(), data(&text), iv(&iv_)]);
        assert_eq!(sealed, whole.bytes(Tag::Data), "{how:?}");
        let tag = Tag::AuthenticatedEncryptionTag;
        assert_eq!(end.maybe_bytes(tag), whole.maybe_bytes(tag), "{how:?}");
    }
}

/// What may not be done in one part may not be done in several.
#[test]
fn counter_comes_round_in_no_part() {
    let world = World::new();
    let demo = world.demo();
    let key = aes_key(&demo);
    let how = parameters(vec![mode(Mode::CTR), integer(Tag::CounterLength, 1)]);
    let first = |bytes: usize| {
        let init = boolean(Tag::InitIndicator, true);
        let asked = vec![uid(&key), how.clone(), data(&vec![0; bytes]), iv(&[3; 16]), init];
        bytes_of_name(&demo.ok(Operation::Encrypt, asked))
    };
    let last = || boolean(Tag::FinalIndicator, true);
    demo.ok(Operation::Encrypt, vec![uid(&key), data(&[0; 16]), first(16), last()]);
    let over = vec![uid(&key), data(&[0; 17]), first(16), last()];
    assert_eq!(demo.fails(Operation::Encrypt, over), Reason::CryptographicFailure);
    let over = vec![uid(&key), data(&[0; 16]), first(32)];
    assert_eq!(demo.fails(Operation::Encrypt, over), Reason::CryptographicFailure);
}

fn bytes_of_name(answer: &Item) -> Item {
    bytes(Tag::CorrelationValue, &answer.bytes(Tag::CorrelationValue))
}

/// Of two values nobody can tell here that they are not the same: a key that was in a scope of the same
/// name, and under the same identifier, may be this one.
#[test]
fn iv_is_not_made_twice_for_a_key_that_comes_back_to_a_scope_that_was_removed() {
    let world = World::new();
    let directory = &world.services.directory;
    let (scope, now) = (Scope::new("made"), world.services.clock.now());
    let rules = Rules { operations: Grants::All.operations(), ..Rules::default() };
    let tenant = world.bearing(scope.clone(), rules);
    let mut ivs = BTreeSet::new();
    for _ in 0..3 {
        directory.put_scope(&scope, None, now).unwrap();
        let attributes = vec![mask(CRYPT), on(Kind::ActivationDate, 0)];
        tenant.ok(Operation::Import, import("k", false, attributes, keys::aes_key()));
        for _ in 0..300 {
            let iv = made(&tenant, "k", fields(Mode::GCM, 32, 64));
            assert!(ivs.insert(iv), "after {} others", ivs.len());
        }
        directory.remove_scope(&scope, now).unwrap();
    }
}
