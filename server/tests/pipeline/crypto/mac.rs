//! MACs and hashes over "abc".

use kmip_core::ttlv::Item;
use kmip_core::types::{
    BlockCipherMode, CryptographicAlgorithm as Algorithm, HashingAlgorithm as Hash, ObjectType,
    Operation, ProtocolVersion, ResultReason as Reason, Tag, ValidityIndicator as Validity,
};

use super::{aes_key, hash, usable};
use crate::support::ask::{data, iv, mode, parameters, plain_mode, uid};
use crate::support::keys::{self, hex};
use crate::support::tree::{Read, bytes, enumeration, integer};
use crate::support::{Client, World};

const HMACS: [(Algorithm, Hash, &str); 5] = [
    (Algorithm::HMAC_SHA1, Hash::SHA_1, "fde25bea45b90744715078c176caef9942f77498"),
    (
        Algorithm::HMAC_SHA224,
        Hash::SHA_224,
        "f8930d410fdd27f8d703d1f9852a2202569224942a0a8cc02a25db71",
    ),
    (
        Algorithm::HMAC_SHA256,
        Hash::SHA_256,
        "f0133729c4163dede81e21cd47839256da58171238c8a0d874397c73b14e1e47",
    ),
    (
        Algorithm::HMAC_SHA384,
        Hash::SHA_384,
        "0118b503c345483648a9ea6a1243ee9c65f3edea3092adbc4b86ea0d94ca8192a25f5e2714a5725b4a7112bd4\
         50473a5",
    ),
    (
        Algorithm::HMAC_SHA512,
        Hash::SHA_512,
        "69d4a21e226bf0d348cb9a847c01cf24e93e8ac30d7c951704b936f82f795a624b470e23abd33ac8700e797f0\
         f2a499b932bac7d283bbbb37d8fecf70d5e08a7",
    ),
];

const HASHES: [(Hash, &str); 3] = [
    (Hash::SHA_1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
    (Hash::SHA_256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
        Hash::SHA_384,
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca13\
         4c825a7",
    ),
];

fn hmac_key(client: &Client<'_>, algorithm: Algorithm) -> String {
    let value: Vec<u8> = (0..32).collect();
    client.register(ObjectType::SymmetricKey, usable(), keys::raw(algorithm, &value))
}

#[track_caller]
fn assert_mac(client: &Client<'_>, key: &str, how: Option<Item>, expected: &str) {
    let mut fields = vec![uid(key)];
    fields.extend(how);
    fields.push(data(b"abc"));
    let made = client.ok(Operation::MAC, fields.clone());
    assert_eq!(hex::encode(made.bytes(Tag::MACData)), expected);
    for (mac, verdict) in [
        (hex(expected), Validity::Valid),
        (hex(&expected.replace('f', "e")), Validity::Invalid),
        (hex(expected)[..8].to_vec(), Validity::Invalid),
        (Vec::new(), Validity::Invalid),
        ([hex(expected), vec![0]].concat(), Validity::Invalid),
    ] {
        let verify = [fields.clone(), vec![bytes(Tag::MACData, &mac)]].concat();
        let answer = client.ok(Operation::MACVerify, verify);
        assert_eq!(answer.get(Tag::ValidityIndicator).as_number(), verdict.0, "{mac:?}");
    }
}

#[test]
fn hmac_matches_known_answers_by_key_and_by_request() {
    let world = World::new();
    let demo = world.demo();
    for (algorithm, hashing, expected) in HMACS {
        let key = hmac_key(&demo, algorithm);
        assert_mac(&demo, &key, None, expected);
        assert_mac(&demo, &key, Some(parameters(vec![hash(hashing)])), expected);
        let named = enumeration(Tag::CryptographicAlgorithm, algorithm.0);
        assert_mac(&demo, &key, Some(parameters(vec![named])), expected);
    }
}

#[test]
fn cmac_matches_a_known_answer() {
    let world = World::new();
    let demo = world.demo();
    let cmac = plain_mode(BlockCipherMode::CMAC);
    assert_mac(&demo, &aes_key(&demo), Some(cmac), "adb6f4d456c07ae5f7cb2bc0cbc65c4d");
}

/// The request has no place for the IV of a GMAC, so it is GCM over no data: the message is the
/// additional data, the tag the GMAC.
#[test]
fn gmac_is_encrypting_no_data() {
    let world = World::new();
    let demo = world.demo();
    let key = aes_key(&demo);
    let iv_: Vec<u8> = (0..12).collect();
    let gcm = |tag_bytes| {
        parameters(vec![mode(BlockCipherMode::GCM), integer(Tag::TagLength, tag_bytes)])
    };
    let aad = |text: &[u8]| bytes(Tag::AuthenticatedEncryptionAdditionalData, text);
    for (message, expected) in [
        (&b""[..], "f0538d11a8e001d0b533c558051e37d6"),
        (b"header", "9063338d2633f79dba88af5fb63b53bd"),
        (&[0; 1000], "e6c1d3263d8400c9a573a79ba392bb89"),
    ] {
        for tag_bytes in [16, 12, 4] {
            let ask = |rest: Vec<Item>| [vec![gcm(tag_bytes), data(b""), iv(&iv_)], rest].concat();
            let made = demo.encrypt(&key, ask(vec![aad(message)]));
            let tag = made.bytes(Tag::AuthenticatedEncryptionTag);
            assert_eq!(hex::encode(&tag), expected[..2 * usize::try_from(tag_bytes).unwrap()]);
            assert!(made.bytes(Tag::Data).is_empty());
            let given = || bytes(Tag::AuthenticatedEncryptionTag, &tag);
            assert!(demo.decrypt(&key, ask(vec![aad(message), given()])).is_empty());
            let other = [vec![uid(&key)], ask(vec![aad(b"other"), given()])].concat();
            assert_eq!(demo.fails(Operation::Decrypt, other), Reason::CryptographicFailure);
        }
    }
    // Before 1.4 there is no additional data, and the tag follows the data.
    let made = demo.at(ProtocolVersion::V1_2).encrypt(&key, vec![gcm(16), data(b""), iv(&iv_)]);
    assert_eq!(hex::encode(made.bytes(Tag::Data)), "f0538d11a8e001d0b533c558051e37d6");
    // No data are not the same as none that are given.
    let absent = vec![uid(&key), gcm(16), iv(&iv_), aad(b"header")];
    assert_eq!(demo.fails(Operation::Encrypt, absent), Reason::InvalidMessage);
    for mode_ in [BlockCipherMode::GCM, BlockCipherMode::AEAD] {
        let asked = || vec![uid(&key), plain_mode(mode_), data(b"header")];
        assert_eq!(demo.fails(Operation::MAC, asked()), Reason::OperationNotSupported);
        let verify = [asked(), vec![bytes(Tag::MACData, &[0; 16])]].concat();
        assert_eq!(demo.fails(Operation::MACVerify, verify), Reason::OperationNotSupported);
    }
}

/// A token may pad a short key; its MAC stays what it was, and so does its value.
#[test]
fn short_and_long_hmac_keys_keep_their_value() {
    let world = World::new();
    let demo = world.demo();
    for length in [1, 5, 19, 63, 64, 65, 200] {
        let value = vec![0xA7; length];
        let object = keys::raw(Algorithm::HMAC_SHA1, &value);
        let key = demo.register(ObjectType::SymmetricKey, usable(), object);
        demo.ok(Operation::MAC, vec![uid(&key), data(b"abc")]);
        let got = demo.ok(Operation::Get, vec![uid(&key)]);
        let block = got.at(&[Tag::SymmetricKey, Tag::KeyBlock]);
        assert_eq!(block.at(&[Tag::KeyValue, Tag::KeyMaterial]).as_bytes(), value);
    }
}

#[test]
fn hash_matches_known_answers() {
    let world = World::new();
    let demo = world.demo();
    for (hashing, expected) in HASHES {
        let made = demo.ok(Operation::Hash, vec![parameters(vec![hash(hashing)]), data(b"abc")]);
        assert_eq!(hex::encode(made.bytes(Tag::Data)), expected);
    }
    let empty = vec![parameters(vec![hash(Hash::SHA_256)]), data(&[])];
    let digest = demo.ok(Operation::Hash, empty).bytes(Tag::Data);
    assert!(hex::encode(digest).starts_with("e3b0c44298fc1c14"));
}

#[test]
fn hash_that_is_not_served_is_refused() {
    let world = World::new();
    let demo = world.demo();
    for (fields, reason) in [
        (vec![hash(Hash::MD5)], Reason::OperationNotSupported),
        (vec![hash(Hash::Tiger)], Reason::OperationNotSupported),
        (vec![hash(Hash(0x0FFF))], Reason::InvalidField),
        (Vec::new(), Reason::InvalidMessage),
    ] {
        let refused = demo.fails(Operation::Hash, vec![parameters(fields), data(b"abc")]);
        assert_eq!(refused, reason);
    }
}
