//! AES. Known answers made with OpenSSL; ECB and CTR begin as in NIST SP 800-38A.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::Item;
use kmip_core::types::{
    BlockCipherMode as Mode, ObjectType, Operation, PaddingMethod, ResultReason as Reason, Tag,
};

use super::{aes_key, usable};
use crate::support::ask::{data, iv, mode, of_kind, padding, parameters, plain_mode, uid};
use crate::support::keys::{self, hex};
use crate::support::tree::{Read, bytes, integer};
use crate::support::{Client, World};

const TEXT: &str = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51";
const IV: &str = "000102030405060708090a0b0c0d0e0f";
const COUNTER: &str = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff";

/// Both ways, with the parameters in the request.
#[track_caller]
fn assert_both_ways(client: &Client<'_>, how: &Item, iv_: &str, plain: &[u8], cipher: &str) {
    let key = aes_key(client);
    let fields = |text: &[u8]| {
        let mut fields = vec![how.clone(), data(text)];
        fields.extend((!iv_.is_empty()).then(|| iv(&hex(iv_))));
        fields
    };
    let made = client.encrypt(&key, fields(plain));
    assert_eq!(hex::encode(made.bytes(Tag::Data)), cipher);
    assert_eq!(client.decrypt(&key, fields(&hex(cipher))), plain);
}

#[test]
fn aes_matches_known_answers_in_every_mode() {
    let world = World::new();
    let demo = world.demo();
    let text = hex(TEXT);
    let padded = |m| parameters(vec![mode(m), padding(PaddingMethod::PKCS5)]);
    for (how, iv_, plain, cipher) in [
        (
            plain_mode(Mode::ECB),
            "",
            text.as_slice(),
            "f3eed1bdb5d2a03c064b5a7e3db181f8591ccb10d410ed26dc5ba74a31362870",
        ),
        (
            plain_mode(Mode::CBC),
            IV,
            &text,
            "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d",
        ),
        (
            plain_mode(Mode::CTR),
            COUNTER,
            &text,
            "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5",
        ),
        (plain_mode(Mode::CTR), COUNTER, &text[..20], "601ec313775789a5b7a7f504bbf3d228f443e3ca"),
        (
            padded(Mode::CBC),
            IV,
            &text[..20],
            "f58c4c04d6e5f1ba779eabfb5f7bfbd684354e280bfa27ef071b563dc89d0364",
        ),
        (
            padded(Mode::ECB),
            "",
            &text[..20],
            "f3eed1bdb5d2a03c064b5a7e3db181f8f72239b15381491d3f1a8e4705a22ca6",
        ),
        (
            padded(Mode::ECB),
            "",
            &text[..16],
            "f3eed1bdb5d2a03c064b5a7e3db181f84c45dfb3b3b484ec35b0512dc8c1c4d6",
        ),
    ] {
        assert_both_ways(&demo, &how, iv_, plain, cipher);
    }
}

const GCM_IV: &str = "000102030405060708090a0b";
const GCM_TEXT: &str = "63a00fb1aa0404e84f9d3cb8fead8ec1eb510cb5bc66354f4600934c2c0b9bf2";
const GCM_TAG: &str = "2b413d4bf5e7b4cda833c3c7f7e7d820";

fn gcm(tag_bytes: i32) -> Item {
    parameters(vec![mode(Mode::GCM), integer(Tag::TagLength, tag_bytes)])
}

fn header() -> Item {
    bytes(Tag::AuthenticatedEncryptionAdditionalData, b"header")
}

#[test]
fn gcm_matches_a_known_answer_with_tags_of_every_length() {
    let world = World::new();
    let demo = world.demo();
    let key = aes_key(&demo);
    for length in [16, 15, 14, 13, 12, 8, 4] {
        let how = || gcm(i32::try_from(length).unwrap());
        let made = demo.encrypt(&key, vec![how(), data(&hex(TEXT)), iv(&hex(GCM_IV)), header()]);
        assert_eq!(made.bytes(Tag::Data), hex(GCM_TEXT));
        let tag = made.bytes(Tag::AuthenticatedEncryptionTag);
        assert_eq!(tag, hex(GCM_TAG)[..length]);
        let tag = bytes(Tag::AuthenticatedEncryptionTag, &tag);
        let back = vec![how(), data(&hex(GCM_TEXT)), iv(&hex(GCM_IV)), header(), tag];
        assert_eq!(demo.decrypt(&key, back), hex(TEXT));
    }
}

#[test]
fn gcm_detects_every_change() {
    let world = World::new();
    let demo = world.demo();
    let key = aes_key(&demo);
    let other = bytes(Tag::AuthenticatedEncryptionAdditionalData, b"headex");
    let parts = |text: &str, iv_: &str, aad: Item, tag: &str| {
        let tag = bytes(Tag::AuthenticatedEncryptionTag, &hex(tag));
        vec![uid(&key), gcm(16), data(&hex(text)), iv(&hex(iv_)), aad, tag]
    };
    demo.ok(Operation::Decrypt, parts(GCM_TEXT, GCM_IV, header(), GCM_TAG));
    for wrong in [
        parts(&GCM_TEXT.replacen('6', "7", 1), GCM_IV, header(), GCM_TAG),
        parts(GCM_TEXT, &GCM_IV.replacen('1', "2", 1), header(), GCM_TAG),
        parts(GCM_TEXT, GCM_IV, other, GCM_TAG),
        parts(GCM_TEXT, GCM_IV, header(), &GCM_TAG.replacen('2', "3", 1)),
        parts(&GCM_TEXT[..62], GCM_IV, header(), GCM_TAG),
    ] {
        assert_eq!(demo.fails(Operation::Decrypt, wrong), Reason::CryptographicFailure);
    }
}

#[test]
fn gcm_takes_ivs_of_other_lengths() {
    let world = World::new();
    let demo = world.demo();
    let key = aes_key(&demo);
    for length in [1, 8, 12, 16, 60] {
        let fields = vec![gcm(16), data(b"text"), iv(&vec![5; length])];
        let made = demo.encrypt(&key, fields);
        let tag = made.child(Tag::AuthenticatedEncryptionTag).cloned().unwrap();
        let back = vec![gcm(16), data(&made.bytes(Tag::Data)), iv(&vec![5; length]), tag];
        assert_eq!(demo.decrypt(&key, back), b"text");
    }
}

/// The key's own first parameters serve where the request has none; the request's win.
#[test]
fn parameters_come_from_the_request_or_else_from_the_key() {
    let world = World::new();
    let demo = world.demo();
    let own = |m| of_kind(Kind::CryptographicParameters, plain_mode(m).value);
    let attributes = [usable(), vec![own(Mode::ECB), own(Mode::CTR)]].concat();
    let key = demo.register(ObjectType::SymmetricKey, attributes, keys::aes_key());
    let by_key = demo.encrypt(&key, vec![data(&hex(TEXT))]);
    assert!(hex::encode(by_key.bytes(Tag::Data)).starts_with("f3eed1bdb5d2a03c"));
    let asked = vec![plain_mode(Mode::CBC), data(&hex(TEXT)), iv(&hex(IV))];
    let by_request = demo.encrypt(&key, asked);
    assert!(hex::encode(by_request.bytes(Tag::Data)).starts_with("f58c4c04d6e5f1ba"));
    // Without either there is no guessing.
    let bare = aes_key(&demo);
    let nothing = vec![uid(&bare), data(&hex(TEXT))];
    assert_eq!(demo.fails(Operation::Encrypt, nothing), Reason::InvalidMessage);
}

#[test]
fn generated_keys_of_every_length_work() {
    use crate::support::ask::{CRYPT, algorithm, create_of, length, mask, on};
    let world = World::new();
    let demo = world.demo();
    for bits in [128, 192, 256] {
        let attributes = vec![
            algorithm(kmip_core::types::CryptographicAlgorithm::AES),
            length(bits),
            mask(CRYPT),
            on(Kind::ActivationDate, 0),
        ];
        let made = demo.ok(Operation::Create, create_of(attributes));
        let key = made.text(Tag::UniqueIdentifier);
        let text = demo.encrypt(&key, vec![plain_mode(Mode::ECB), data(&[4; 16])]);
        let back = vec![plain_mode(Mode::ECB), data(&text.bytes(Tag::Data))];
        assert_eq!(demo.decrypt(&key, back), [4; 16]);
        // The value that Get gives is the value that encrypts.
        let got = demo.ok(Operation::Get, vec![uid(&key)]);
        let value = got.at(&[Tag::SymmetricKey, Tag::KeyBlock, Tag::KeyValue, Tag::KeyMaterial]);
        let value = value.as_bytes();
        assert_eq!(i32::try_from(value.len() * 8), Ok(bits));
        let aes = kmip_core::types::CryptographicAlgorithm::AES;
        let copy = demo.register(ObjectType::SymmetricKey, usable(), keys::raw(aes, &value));
        let again = demo.encrypt(&copy, vec![plain_mode(Mode::ECB), data(&[4; 16])]);
        assert_eq!(again.bytes(Tag::Data), text.bytes(Tag::Data));
    }
}
