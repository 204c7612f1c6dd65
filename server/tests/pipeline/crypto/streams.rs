//! Operations in parts.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::Item;
use kmip_core::types::{
    BlockCipherMode as Mode, CryptographicAlgorithm as Algorithm, HashingAlgorithm as Hash,
    ObjectType, Operation, PaddingMethod as Padding, ProtocolVersion, ResultReason as Reason,
    RevocationReasonCode, Tag, UsageLimitsUnit, ValidityIndicator as Validity,
};

use super::{aes_key, hash, rsa_pair, usable};
use crate::support::ask::{data, iv, mode, of_kind, padding, parameters, uid};
use crate::support::keys;
use crate::support::tree::{Read, boolean, bytes, enumeration, long, structure};
use crate::support::{Client, World};

const TEXT: &[u8] = b"a text that is neither short nor a whole number of blocks long";
/// Where the parts end: inside a block, at its edge, and with nothing between.
const CUTS: [usize; 4] = [5, 16, 16, 37];

fn init() -> Item {
    boolean(Tag::InitIndicator, true)
}

fn last() -> Item {
    boolean(Tag::FinalIndicator, true)
}

fn part_of(name: &[u8]) -> Item {
    bytes(Tag::CorrelationValue, name)
}

/// The parts of `text`, cut at [`CUTS`].
fn parts(text: &[u8]) -> Vec<&[u8]> {
    let mut edges = vec![0];
    edges.extend(CUTS);
    edges.push(text.len());
    edges.windows(2).map(|edge| &text[edge[0]..edge[1]]).collect()
}

/// Streams `text`; `settled` goes with the first part, `claim` with the last. Returns all data that
/// came out, and the last answer.
fn streamed(
    client: &Client<'_>,
    operation: Operation,
    key: Option<&str>,
    (settled, claim): (Vec<Item>, Vec<Item>),
    text: &[u8],
) -> (Vec<u8>, Item) {
    let parts = parts(text);
    let key = || key.map(uid).into_iter();
    // Hash names its algorithm with each part, the others with the first.
    let every = if operation == Operation::Hash { settled.clone() } else { Vec::new() };
    let Some((end, middle)) = parts.split_last() else { unreachable!() };
    let mut out = Vec::new();
    let mut name: Option<Vec<u8>> = None;
    for part in middle {
        let asked: Vec<Item> = match &name {
            None => key().chain(ordered(settled.clone(), data(part), vec![init()])).collect(),
            Some(name) => {
                key().chain(ordered(every.clone(), data(part), vec![part_of(name)])).collect()
            }
        };
        let answer = client.ok(operation, asked);
        out.extend(answer.maybe_bytes(Tag::Data));
        name = Some(answer.bytes(Tag::CorrelationValue));
    }
    let name = name.unwrap_or_default();
    let mut tail = claim.clone();
    tail.extend([part_of(&name), last()]);
    let asked = key().chain(ordered(every, data(end), tail)).collect();
    let answer = client.ok(operation, asked);
    assert!(!answer.has(Tag::CorrelationValue));
    out.extend(answer.maybe_bytes(Tag::Data));
    (out, answer)
}

/// The fields of a payload in the order of the specification.
fn ordered(mut first: Vec<Item>, data: Item, rest: Vec<Item>) -> Vec<Item> {
    const ORDER: [Tag; 9] = [
        Tag::CryptographicParameters,
        Tag::Data,
        Tag::IVCounterNonce,
        Tag::MACData,
        Tag::SignatureData,
        Tag::CorrelationValue,
        Tag::InitIndicator,
        Tag::FinalIndicator,
        Tag::AuthenticatedEncryptionAdditionalData,
    ];
    first.push(data);
    first.extend(rest);
    first.sort_by_key(|item| ORDER.iter().position(|tag| *tag == item.tag));
    first
}

#[test]
fn parts_encrypt_to_what_the_whole_encrypts_to_and_back() {
    let world = World::new();
    let demo = world.demo();
    let key = aes_key(&demo);
    for fields in [
        vec![mode(Mode::CBC), padding(Padding::PKCS5)],
        vec![mode(Mode::CFB)],
        vec![mode(Mode::OFB)],
        vec![mode(Mode::CTR)],
    ] {
        let settled = || vec![parameters(fields.clone()), iv(&[9; 16])];
        let mut asked = vec![uid(&key)];
        asked.extend(ordered(settled(), data(TEXT), Vec::new()));
        let whole = demo.ok(Operation::Encrypt, asked).bytes(Tag::Data);
        let how = (settled(), Vec::new());
        let (sealed, _) = streamed(&demo, Operation::Encrypt, Some(&key), how, TEXT);
        assert_eq!(sealed, whole, "{fields:?}");
        let how = (settled(), Vec::new());
        let (opened, _) = streamed(&demo, Operation::Decrypt, Some(&key), how, &sealed);
        assert_eq!(opened, TEXT, "{fields:?}");
    }
}

#[test]
fn gcm_gives_out_no_plaintext_before_its_tag_is_checked() {
    let world = World::new();
    let demo = world.demo();
    let key = aes_key(&demo);
    let aad = bytes(Tag::AuthenticatedEncryptionAdditionalData, b"with it");
    let settled = || vec![parameters(vec![mode(Mode::GCM)]), iv(&[3; 12]), aad.clone()];
    let how = (settled(), Vec::new());
    let (sealed, end) = streamed(&demo, Operation::Encrypt, Some(&key), how, TEXT);
    let tag = end.bytes(Tag::AuthenticatedEncryptionTag);
    assert_eq!((sealed.len(), tag.len()), (TEXT.len(), 16));
    for (flip, opens) in [(0, true), (1, false)] {
        let mut first = vec![uid(&key)];
        first.extend(ordered(settled(), data(&sealed[..40]), vec![init()]));
        let begun = demo.ok(Operation::Decrypt, first);
        assert!(!begun.has(Tag::Data), "unverified plaintext");
        let name = begun.bytes(Tag::CorrelationValue);
        let mut claimed = tag.clone();
        claimed[0] ^= flip;
        let claimed = bytes(Tag::AuthenticatedEncryptionTag, &claimed);
        let rest = vec![uid(&key), data(&sealed[40..]), part_of(&name), last(), claimed];
        let end = demo.ask(Operation::Decrypt, rest);
        if opens {
            assert_eq!(end.ok().bytes(Tag::Data), TEXT);
        } else {
            assert_eq!(end.reason(), Reason::CryptographicFailure);
        }
    }
}

#[test]
fn parts_are_hashed_maced_and_signed_as_the_whole_is() {
    let world = World::new();
    let demo = world.demo();
    let by = vec![parameters(vec![hash(Hash::SHA_256)])];
    let whole = demo.ok(Operation::Hash, ordered(by.clone(), data(TEXT), Vec::new()));
    let (_, end) = streamed(&demo, Operation::Hash, None, (by, Vec::new()), TEXT);
    assert_eq!(end.bytes(Tag::Data), whole.bytes(Tag::Data));

    let secret = keys::raw(Algorithm::HMAC_SHA256, &[7; 32]);
    let key = demo.register(ObjectType::SymmetricKey, usable(), secret);
    let whole = demo.ok(Operation::MAC, vec![uid(&key), data(TEXT)]).bytes(Tag::MACData);
    let nothing = || (Vec::new(), Vec::new());
    let (_, end) = streamed(&demo, Operation::MAC, Some(&key), nothing(), TEXT);
    assert_eq!(end.bytes(Tag::MACData), whole);
    for (flip, verdict) in [(0, Validity::Valid), (1, Validity::Invalid)] {
        let mut mac = whole.clone();
        mac[0] ^= flip;
        let how = (Vec::new(), vec![bytes(Tag::MACData, &mac)]);
        let (_, end) = streamed(&demo, Operation::MACVerify, Some(&key), how, TEXT);
        assert_eq!(end.get(Tag::ValidityIndicator).as_number(), verdict.0);
    }

    let (private, public) = rsa_pair(&demo);
    let by = || vec![parameters(vec![padding(Padding::PKCS1V1_5), hash(Hash::SHA_256)])];
    let mut asked = vec![uid(&private)];
    asked.extend(ordered(by(), data(TEXT), Vec::new()));
    let whole = demo.ok(Operation::Sign, asked).bytes(Tag::SignatureData);
    let (_, end) = streamed(&demo, Operation::Sign, Some(&private), (by(), Vec::new()), TEXT);
    assert_eq!(end.bytes(Tag::SignatureData), whole);
    for (flip, verdict) in [(0, Validity::Valid), (1, Validity::Invalid)] {
        let mut signature = whole.clone();
        signature[0] ^= flip;
        let how = (by(), vec![bytes(Tag::SignatureData, &signature)]);
        let (_, end) = streamed(&demo, Operation::SignatureVerify, Some(&public), how, TEXT);
        assert_eq!(end.get(Tag::ValidityIndicator).as_number(), verdict.0);
    }
}

/// Begins an encryption and returns its name.
fn begun(client: &Client<'_>, key: &str) -> Vec<u8> {
    let how = parameters(vec![mode(Mode::CTR)]);
    let asked = vec![uid(key), how, data(&[1; 8]), iv(&[0; 16]), init()];
    client.ok(Operation::Encrypt, asked).bytes(Tag::CorrelationValue)
}

#[test]
fn stream_is_known_to_its_own_scope_operation_and_key_only() {
    let world = World::new();
    let (demo, other) = (world.demo(), world.other());
    let (key, second) = (aes_key(&demo), aes_key(&demo));
    let next = |key: &str, name: &[u8]| vec![uid(key), data(&[1; 8]), part_of(name)];
    let name = begun(&demo, &key);
    assert_eq!(other.fails(Operation::Encrypt, next(&key, &name)), Reason::ItemNotFound);
    assert_eq!(demo.fails(Operation::Decrypt, next(&key, &name)), Reason::ItemNotFound);
    assert_eq!(demo.fails(Operation::Encrypt, next(&key, b"another")), Reason::ItemNotFound);
    demo.ok(Operation::Encrypt, next(&key, &name));
    assert_eq!(demo.fails(Operation::Encrypt, next(&second, &name)), Reason::ItemNotFound);
    // The fault has ended it.
    assert_eq!(demo.fails(Operation::Encrypt, next(&key, &name)), Reason::ItemNotFound);
}

#[test]
fn stream_ends_when_its_key_may_no_longer_be_used() {
    let world = World::new();
    let demo = world.demo();
    let key = aes_key(&demo);
    let name = begun(&demo, &key);
    demo.revoke(&key, RevocationReasonCode::Superseded);
    let next = || vec![uid(&key), data(&[1; 8]), part_of(&name)];
    assert_eq!(demo.fails(Operation::Encrypt, next()), Reason::PermissionDenied);
    assert_eq!(demo.fails(Operation::Encrypt, next()), Reason::ItemNotFound);
}

#[test]
fn stream_draws_on_usage_limits_with_each_part() {
    let world = World::new();
    let demo = world.demo();
    let limits = structure(
        Tag::AttributeValue,
        vec![
            long(Tag::UsageLimitsTotal, 20),
            enumeration(Tag::UsageLimitsUnit, UsageLimitsUnit::Byte.0),
        ],
    );
    let mut attributes = usable();
    attributes.push(of_kind(Kind::UsageLimits, limits.value));
    let key = demo.register(ObjectType::SymmetricKey, attributes, keys::aes_key());
    let name = begun(&demo, &key);
    let next = || vec![uid(&key), data(&[1; 8]), part_of(&name)];
    demo.ok(Operation::Encrypt, next());
    assert_eq!(demo.fails(Operation::Encrypt, next()), Reason::PermissionDenied);
}

#[test]
fn later_parts_cannot_change_what_the_first_settled() {
    let world = World::new();
    let demo = world.demo();
    let key = aes_key(&demo);
    let how = |wanted| parameters(vec![mode(wanted)]);
    let name = begun(&demo, &key);
    let same = vec![uid(&key), how(Mode::CTR), data(&[1; 8]), part_of(&name)];
    demo.ok(Operation::Encrypt, same);
    let with_iv = vec![uid(&key), data(&[1; 8]), iv(&[1; 16]), part_of(&name)];
    assert_eq!(demo.fails(Operation::Encrypt, with_iv), Reason::InvalidField);
    let other_mode = vec![uid(&key), how(Mode::CFB), data(&[1; 8]), part_of(&name)];
    assert_eq!(demo.fails(Operation::Encrypt, other_mode), Reason::InvalidField);
}

/// The token's side has room for a few streams only; one that a fault has ended must not keep it.
#[test]
fn stream_that_a_fault_has_ended_leaves_its_place_to_others() {
    let world = World::new();
    let demo = world.demo();
    let key = aes_key(&demo);
    for _ in 0..20 {
        let name = begun(&demo, &key);
        let other_mode = parameters(vec![mode(Mode::OFB)]);
        let asked = vec![uid(&key), other_mode, data(&[1; 8]), part_of(&name)];
        assert_eq!(demo.fails(Operation::Encrypt, asked), Reason::InvalidField);
    }
}

#[test]
fn streams_do_not_exist_before_1_3() {
    let world = World::new();
    let demo = world.demo();
    let key = aes_key(&demo);
    let how = parameters(vec![mode(Mode::ECB)]);
    let asked = vec![uid(&key), how, data(&[1; 16]), init()];
    let old = demo.at(ProtocolVersion::V1_2);
    assert_eq!(old.fails(Operation::Encrypt, asked), Reason::InvalidField);
}
