//! The One Time Pad: in assisted mode, each byte once, and never given out again.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    BlockCipherMode as Mode, CryptographicAlgorithm as Algorithm, CryptographicUsageMask as Mask,
    ObjectType, Operation, ResultReason as Reason, SplitKeyMethod, Tag, UsageLimitsUnit,
};
use server::object::CustodyRules;

use crate::support::ask::{
    algorithm, attribute, data, flag, iv, mask, of_kind, on, parameters, plain_mode, uid,
};
use crate::support::keys::{self, hex};
use crate::support::secrets::split;
use crate::support::tree::{Read, boolean, bytes, enumeration, long};
use crate::support::{Client, WRAPPED, World};

/// The values of the OASIS cases TC-OTP-1 and TC-OTP-2.
const PAD: &str = "fc932e1428bd";
const PLAIN: &str = "010203040506";
const CIPHER: &str = "fd912d102dbb";

fn pad_with(client: &Client<'_>, value: &[u8], also: Vec<Item>) -> String {
    let usage = mask(Mask::Encrypt.union(Mask::Decrypt).union(Mask::DeriveKey));
    let active = on(Kind::ActivationDate, 0);
    let attributes = [vec![usage, algorithm(Algorithm::OneTimePad), active], also].concat();
    client.register(ObjectType::SecretData, attributes, keys::secret(value))
}

fn pad(client: &Client<'_>, value: &[u8]) -> String {
    pad_with(client, value, Vec::new())
}

fn encrypt(client: &Client<'_>, pad: &str, plain: &[u8]) -> Vec<u8> {
    client.encrypt(pad, vec![data(plain)]).bytes(Tag::Data)
}

#[track_caller]
fn refused(client: &Client<'_>, operation: Operation, pad: &str, fields: Vec<Item>) -> Reason {
    client.fails(operation, [vec![uid(pad)], fields].concat())
}

#[test]
fn known_answer_encrypts_and_decrypts() {
    let world = World::assisted();
    let demo = world.demo();
    let secret = pad(&demo, &hex(PAD));
    assert_eq!(encrypt(&demo, &secret, &hex(PLAIN)), hex(CIPHER));
    assert_eq!(demo.decrypt(&secret, vec![data(&hex(CIPHER))]), hex(PLAIN));
    // A symmetric key is as good a pad as Secret Data.
    let attributes = vec![mask(Mask::Encrypt.union(Mask::Decrypt)), on(Kind::ActivationDate, 0)];
    let object = keys::raw(Algorithm::OneTimePad, &hex(PAD));
    let key = demo.register(ObjectType::SymmetricKey, attributes, object);
    let named = parameters(vec![enumeration(Tag::CryptographicAlgorithm, Algorithm::OneTimePad.0)]);
    let answer = demo.encrypt(&key, vec![named, data(&hex(PLAIN))]);
    assert_eq!(answer.bytes(Tag::Data), hex(CIPHER));
    assert!(!answer.has(Tag::IVCounterNonce));
}

#[test]
fn bytes_are_used_in_order_once_for_each_direction() {
    let world = World::assisted();
    let demo = world.demo();
    let pad = pad(&demo, &[1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(encrypt(&demo, &pad, &[0; 3]), [1, 2, 3]);
    assert_eq!(encrypt(&demo, &pad, &[0; 2]), [4, 5]);
    assert_eq!(demo.decrypt(&pad, vec![data(&[1, 2, 3])]), [0; 3]);
    let too_much = || vec![data(&[0; 4])];
    assert_eq!(refused(&demo, Operation::Encrypt, &pad, too_much()), Reason::PermissionDenied);
    let restarted = world.restarted();
    let again = restarted.demo();
    assert_eq!(encrypt(&again, &pad, &[0; 3]), [6, 7, 8], "a refusal uses nothing");
    assert_eq!(again.decrypt(&pad, vec![data(&[4, 5])]), [0; 2]);
    let one = || vec![data(&[0])];
    assert_eq!(refused(&again, Operation::Encrypt, &pad, one()), Reason::PermissionDenied);
    assert_eq!(again.decrypt(&pad, vec![data(&[6, 7, 8])]), [0; 3]);
    assert_eq!(refused(&again, Operation::Decrypt, &pad, one()), Reason::PermissionDenied);
}

#[test]
fn no_byte_is_used_twice_by_threads_or_servers() {
    let world = World::assisted();
    let (demo, restarted) = (world.demo(), world.restarted());
    let value: Vec<u8> = (0..=255).collect();
    let pad = pad(&demo, &value);
    let pad = pad.as_str();
    let mut used: Vec<u8> = std::thread::scope(|scope| {
        let ask = |client: Client<'_>| {
            let one = || {
                let answer = client.ask(Operation::Encrypt, vec![uid(pad), data(&[0; 4])]);
                match answer.reason {
                    None => answer.payload.unwrap().bytes(Tag::Data),
                    // Too many at once: nothing was taken, and the client may try again.
                    Some(Reason::GeneralFailure) => Vec::new(),
                    Some(other) => panic!("{other:?}"),
                }
            };
            (0..12).flat_map(|_| one()).collect::<Vec<_>>()
        };
        let clients = [demo.clone(), restarted.demo(), demo.clone(), restarted.demo()];
        let threads = clients.map(|client| scope.spawn(move || ask(client)));
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let Value::LongInteger(counted) = demo.values(pad, "y-claviger-pad-encrypted")[0] else {
        panic!("no count")
    };
    used.sort_unstable();
    assert!(used.len() >= 48, "{}", used.len());
    let counted = usize::try_from(counted).unwrap();
    assert_eq!(used, value[..counted], "each byte once, and none left out");
}

#[test]
fn pad_is_given_out_where_none_is_used_and_never_else() {
    let kept = World::keeping(CustodyRules { assisted: false, ..WRAPPED });
    let demo = kept.demo();
    let pad = pad(&demo, &hex(PAD));
    let material = [Tag::SecretData, Tag::KeyBlock, Tag::KeyValue];
    let whole = demo.ok(Operation::Get, vec![uid(&pad)]);
    assert_eq!(whole.at(&material).bytes(Tag::KeyMaterial), hex(PAD));
    // The operator switches assisted mode on.
    let world = kept.keeping_now(CustodyRules { assisted: true, ..WRAPPED });
    let demo = world.demo();
    encrypt(&demo, &pad, &[0]);
    stays(&demo, &pad);
    let fresh = pad_with(&demo, &hex(PAD), vec![flag(Kind::Extractable, true)]);
    assert_eq!(demo.value(&fresh, Kind::Extractable), Value::Boolean(false));
    assert_eq!(demo.value(&fresh, Kind::Sensitive), Value::Boolean(true));
    stays(&demo, &fresh);
    // What was locked away stays so.
    let get = refused(&kept.demo(), Operation::Get, &fresh, Vec::new());
    assert_eq!(get, Reason::PermissionDenied);
}

#[track_caller]
fn stays(demo: &Client<'_>, pad: &str) {
    assert_eq!(refused(demo, Operation::Get, pad, Vec::new()), Reason::PermissionDenied);
    let exported = demo.ask(Operation::Export, vec![uid(pad)]);
    assert_eq!(exported.reason, Some(Reason::PermissionDenied));
    let split = split(Some(pad), (2, 2), SplitKeyMethod::XOR, None, Vec::new());
    assert_eq!(demo.fails(Operation::CreateSplitKey, split), Reason::PermissionDenied);
}

#[test]
fn without_assisted_mode_pads_are_kept_and_not_used() {
    let world = World::keeping(CustodyRules { assisted: false, ..WRAPPED });
    let demo = world.demo();
    let pad = pad(&demo, &hex(PAD));
    let text = || vec![data(&hex(PLAIN))];
    assert_eq!(refused(&demo, Operation::Encrypt, &pad, text()), Reason::OperationNotSupported);
    assert_eq!(refused(&demo, Operation::Decrypt, &pad, text()), Reason::OperationNotSupported);
    demo.ok(Operation::Get, vec![uid(&pad)]);
}

#[test]
fn usage_limits_count_the_bytes_of_a_pad() {
    let world = World::assisted();
    let demo = world.demo();
    let limits = vec![
        long(Tag::UsageLimitsTotal, 3),
        long(Tag::UsageLimitsCount, 3),
        enumeration(Tag::UsageLimitsUnit, UsageLimitsUnit::Byte.0),
    ];
    let limits = of_kind(Kind::UsageLimits, Value::Structure(limits));
    let pad = pad_with(&demo, &hex(PAD), vec![limits]);
    encrypt(&demo, &pad, &[0; 2]);
    let two = vec![data(&[0; 2])];
    assert_eq!(refused(&demo, Operation::Encrypt, &pad, two), Reason::PermissionDenied);
    assert_eq!(encrypt(&demo, &pad, &[0]), hex(PAD)[2..3]);
    assert_eq!(demo.decrypt(&pad, vec![data(&[0; 6])]), hex(PAD), "decrypting costs nothing");
}

#[test]
fn what_a_pad_has_no_use_for_is_refused_and_uses_nothing() {
    let world = World::assisted();
    let demo = world.demo();
    let pad = pad(&demo, &hex(PAD));
    let text = || data(&[0; 2]);
    let tag = bytes(Tag::AuthenticatedEncryptionTag, &[0; 16]);
    let aad = || bytes(Tag::AuthenticatedEncryptionAdditionalData, b"aad");
    let aes = parameters(vec![enumeration(Tag::CryptographicAlgorithm, Algorithm::AES.0)]);
    for fields in [
        vec![plain_mode(Mode::CTR), text()],
        vec![aes, text()],
        vec![text(), iv(&[0; 8])],
        vec![text(), aad()],
    ] {
        assert_eq!(refused(&demo, Operation::Encrypt, &pad, fields), Reason::InvalidField);
    }
    for fields in [vec![text(), iv(&[0; 8])], vec![text(), aad()], vec![text(), tag]] {
        assert_eq!(refused(&demo, Operation::Decrypt, &pad, fields), Reason::InvalidField);
    }
    let part = vec![text(), boolean(Tag::InitIndicator, true)];
    assert_eq!(refused(&demo, Operation::Encrypt, &pad, part), Reason::OperationNotSupported);
    assert_eq!(refused(&demo, Operation::Encrypt, &pad, Vec::new()), Reason::InvalidMessage);
    let mac = refused(&demo, Operation::MAC, &pad, vec![text()]);
    assert_ne!(mac, Reason::GeneralFailure);
    for name in ["y-claviger-pad-encrypted", "y-claviger-pad-decrypted"] {
        assert_eq!(demo.values(&pad, name), []);
        let zero = vec![attribute(name, Value::LongInteger(0))];
        let set = refused(&demo, Operation::AddAttribute, &pad, zero);
        assert_eq!(set, Reason::PermissionDenied);
    }
    // Secret Data of no algorithm encrypt nothing.
    let usage = vec![mask(Mask::Encrypt), on(Kind::ActivationDate, 0)];
    let other = demo.register(ObjectType::SecretData, usage, keys::secret(b"data"));
    let reason = refused(&demo, Operation::Encrypt, &other, vec![text()]);
    assert_eq!(reason, Reason::IllegalOperation);
}
