//! Rules 15 to 18: what keys do and in which state, and a batch that reads one.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    BlockCipherMode, CryptographicAlgorithm, CryptographicUsageMask as Mask, Operation,
    PaddingMethod, ProtocolVersion, ResultReason, RevocationReasonCode as Reason, State, Tag,
};

use crate::support::ask::{
    algorithm, create_pair, data, iv, length, mode, padding, parameters, plain_mode, uid,
};
use crate::support::tree::{Read, boolean, bytes, enumeration};
use crate::support::{Client, World};

fn gcm() -> Item {
    plain_mode(BlockCipherMode::GCM)
}

/// Rule 15.
#[test]
fn encrypt_returns_the_iv_only_if_the_server_made_it() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.active(Vec::new());
    for aes_mode in [BlockCipherMode::CBC, BlockCipherMode::CTR, BlockCipherMode::GCM] {
        let how = plain_mode(aes_mode);
        let bytes = if aes_mode == BlockCipherMode::GCM { 12 } else { 16 };
        let given = vec![how.clone(), data(&[7; 32]), iv(&vec![1; bytes])];
        assert!(!demo.encrypt(&key, given).has(Tag::IVCounterNonce), "{aes_mode:?}");
        let made = demo.encrypt(&key, vec![how.clone(), data(&[7; 32])]);
        assert_eq!(made.bytes(Tag::IVCounterNonce).len(), bytes, "{aes_mode:?}");
        let random = parameters(vec![mode(aes_mode), boolean(Tag::RandomIV, true)]);
        let other = demo.encrypt(&key, vec![random, data(&[7; 32])]);
        assert_ne!(other.bytes(Tag::IVCounterNonce), made.bytes(Tag::IVCounterNonce));
        let mut back =
            vec![how, data(&made.bytes(Tag::Data)), iv(&made.bytes(Tag::IVCounterNonce))];
        back.extend(made.child(Tag::AuthenticatedEncryptionTag).cloned());
        assert_eq!(demo.decrypt(&key, back), [7; 32]);
    }
    let ecb = demo.encrypt(&key, vec![plain_mode(BlockCipherMode::ECB), data(&[7; 32])]);
    assert_eq!(ecb.tags(), [Tag::UniqueIdentifier, Tag::Data]);
}

fn sealed(client: &Client<'_>, key: &str) -> Item {
    client.encrypt(key, vec![gcm(), data(b"0123456789"), iv(&[3; 12])])
}

/// Rule 15.
#[test]
fn gcm_tag_stands_apart_in_1_4_and_follows_the_data_below() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.active(Vec::new());
    let new = sealed(&demo, &key);
    assert_eq!(new.tags(), [Tag::UniqueIdentifier, Tag::Data, Tag::AuthenticatedEncryptionTag]);
    let (text, tag) = (new.bytes(Tag::Data), new.bytes(Tag::AuthenticatedEncryptionTag));
    assert_eq!((text.len(), tag.len()), (10, 16));
    for version in [ProtocolVersion::V1_2, ProtocolVersion::V1_3] {
        let old = sealed(&demo.at(version), &key);
        assert_eq!(old.tags(), [Tag::UniqueIdentifier, Tag::Data]);
        assert_eq!(old.bytes(Tag::Data), [text.clone(), tag.clone()].concat());
    }
}

/// Rule 15.
#[test]
fn decrypt_takes_the_gcm_tag_in_both_forms() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.active(Vec::new());
    let new = sealed(&demo, &key);
    let (text, tag) = (new.bytes(Tag::Data), new.bytes(Tag::AuthenticatedEncryptionTag));
    let joined = [text.clone(), tag.clone()].concat();
    for version in [ProtocolVersion::V1_2, ProtocolVersion::V1_3, ProtocolVersion::V1_4] {
        let opened = demo.at(version).decrypt(&key, vec![gcm(), data(&joined), iv(&[3; 12])]);
        assert_eq!(opened, b"0123456789", "{version}");
    }
    let apart =
        vec![gcm(), data(&text), iv(&[3; 12]), bytes(Tag::AuthenticatedEncryptionTag, &tag)];
    assert_eq!(demo.decrypt(&key, apart), b"0123456789");
}

/// Rule 16.
#[test]
fn deactivated_and_compromised_keys_decrypt_and_do_not_encrypt() {
    let world = World::new();
    let demo = world.demo();
    for (code, state) in [
        (Reason::CessationOfOperation, State::Deactivated),
        (Reason::KeyCompromise, State::Compromised),
    ] {
        let key = demo.active(Vec::new());
        let text = sealed(&demo.at(ProtocolVersion::V1_2), &key).bytes(Tag::Data);
        demo.revoke(&key, code);
        assert_eq!(demo.state(&key), state);
        assert_eq!(demo.decrypt(&key, vec![gcm(), data(&text), iv(&[3; 12])]), b"0123456789");
        let again = vec![uid(&key), gcm(), data(b"x"), iv(&[3; 12])];
        assert_eq!(demo.fails(Operation::Encrypt, again), ResultReason::PermissionDenied);
    }
}

/// Rule 17.
#[test]
fn destroy_takes_pre_active_keys_and_refuses_active_ones() {
    let world = World::new();
    let demo = world.demo();
    let fresh = demo.create(Vec::new());
    demo.destroy(&fresh);
    assert_eq!(demo.state(&fresh), State::Destroyed);
    let active = demo.active(Vec::new());
    let refused = demo.fails(Operation::Destroy, vec![uid(&active)]);
    assert_eq!(refused, ResultReason::PermissionDenied);
    demo.revoke(&active, Reason::CessationOfOperation);
    demo.destroy(&active);
    let compromised = demo.active(Vec::new());
    demo.revoke(&compromised, Reason::KeyCompromise);
    demo.destroy(&compromised);
    assert_eq!(demo.state(&compromised), State::DestroyedCompromised);
}

/// Rule 17: the end is the end, for every operation that needs the object.
#[test]
fn destroyed_objects_are_not_found_but_keep_their_metadata() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.create(Vec::new());
    demo.destroy(&key);
    for operation in [Operation::Destroy, Operation::Get, Operation::Activate] {
        let refused = demo.fails(operation, vec![uid(&key)]);
        assert_eq!(refused, ResultReason::ItemNotFound, "{operation:?}");
    }
    assert!(matches!(demo.value(&key, Kind::DestroyDate), Value::DateTime(_)));
    assert_eq!(demo.values(&key, "Cryptographic Length"), [Value::Integer(256)]);
}

fn masks(client: &Client<'_>, common: Vec<Item>) -> (Mask, Mask) {
    let made = client.ok(Operation::CreateKeyPair, create_pair(common, Vec::new(), Vec::new()));
    let mask = |tag| match client.value(&made.text(tag), Kind::CryptographicUsageMask) {
        Value::Integer(bits) => Mask(u32::try_from(bits).unwrap()),
        other => panic!("a mask of {other:?}"),
    };
    (mask(Tag::PrivateKeyUniqueIdentifier), mask(Tag::PublicKeyUniqueIdentifier))
}

/// Rule 18.
#[test]
fn key_pairs_without_masks_get_what_such_keys_are_for() {
    let world = World::new();
    let demo = world.demo().at(ProtocolVersion::V1_2);
    let rsa = vec![algorithm(CryptographicAlgorithm::RSA), length(2048)];
    let (private, public) = masks(&demo, rsa);
    assert_eq!(private, Mask::Sign.union(Mask::Decrypt));
    assert_eq!(public, Mask::Verify.union(Mask::Encrypt));
    let ec = vec![algorithm(CryptographicAlgorithm::ECDSA), length(256)];
    assert_eq!(masks(&demo, ec), (Mask::Sign, Mask::Verify));
}

/// Scylla and Percona read a key and its attributes in one ordered batch.
#[test]
fn ordered_batch_gets_key_and_attributes() {
    let world = World::new();
    let demo = world.demo().at(ProtocolVersion::V1_0);
    let key = demo.create(Vec::new());
    let request = demo
        .request()
        .with(boolean(Tag::BatchOrderOption, true))
        .next(Operation::Get, vec![uid(&key)])
        .next(Operation::GetAttributes, vec![uid(&key)]);
    let reply = demo.send(&request);
    assert_eq!(reply.item(0).ok().text(Tag::UniqueIdentifier), key);
    assert_eq!(reply.item(1).ok().text(Tag::UniqueIdentifier), key);
    assert_eq!(reply.item(1).id, Some(vec![0, 0, 0, 1]));
}

/// What Arsenal does with every object: one Create that is Active at once, a zero IV, CBC PKCS5.
#[test]
fn key_created_with_a_past_activation_date_encrypts_at_once() {
    let world = World::new();
    let demo = world.demo().at(ProtocolVersion::V1_2);
    let key = demo.active(vec![crate::support::ask::custom("x-bucket", "b")]);
    let how = parameters(vec![
        mode(BlockCipherMode::CBC),
        padding(PaddingMethod::PKCS5),
        enumeration(Tag::CryptographicAlgorithm, CryptographicAlgorithm::AES.0),
    ]);
    let made = demo.encrypt(&key, vec![how.clone(), data(&[9; 32]), iv(&[0; 16])]);
    assert_eq!(made.tags(), [Tag::UniqueIdentifier, Tag::Data]);
    let text = made.bytes(Tag::Data);
    assert_eq!(text.len(), 48);
    assert_eq!(demo.decrypt(&key, vec![how, data(&text), iv(&[0; 16])]), [9; 32]);
}
