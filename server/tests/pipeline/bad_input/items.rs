//! Items that ask for what cannot be: each with the reason that the specification has for it.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    BlockCipherMode, CryptographicAlgorithm, CryptographicUsageMask as Mask, ObjectType, Operation,
    PaddingMethod, ResultReason as Reason, RevocationReasonCode, Tag,
};

use crate::support::ask::{
    algorithm, attribute, create, create_of, custom, data, iv, length, mask, mode, of_kind, on,
    padding, parameters, plain_mode, register, revoke, template, uid,
};
use crate::support::tree::{boolean, bytes, date, enumeration, integer, structure, text};
use crate::support::{START, World, keys};

#[test]
fn operation_that_is_not_served_is_refused() {
    let world = World::new();
    let demo = world.demo();
    for operation in [Operation::Put, Operation::Notify, Operation(0x99), Operation(0)] {
        let refused = demo.fails(operation, vec![uid("x")]);
        assert_eq!(refused, Reason::OperationNotSupported, "{operation:?}");
    }
}

#[test]
fn unknown_and_mistyped_attributes_are_refused() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.create(Vec::new());
    for wrong in [
        attribute("Colour", Value::Integer(1)),
        attribute("", Value::Integer(1)),
        attribute("name", Value::TextString("n".to_owned())),
        of_kind(Kind::Name, Value::TextString("n".to_owned())),
        of_kind(Kind::CryptographicLength, Value::LongInteger(256)),
        of_kind(Kind::Description, Value::Boolean(true)),
        of_kind(Kind::Name, Value::Structure(vec![text(Tag::NameValue, "n")])),
        of_kind(
            Kind::Name,
            Value::Structure(vec![
                text(Tag::NameValue, "n"),
                enumeration(Tag::NameType, 1),
                text(Tag::Comment, "more"),
            ]),
        ),
        attribute("y-server", Value::Integer(1)),
    ] {
        let refused = demo.fails(Operation::Create, create(vec![wrong.clone()]));
        assert_eq!(refused, Reason::InvalidField, "{wrong:?}");
        let added = demo.fails(Operation::AddAttribute, vec![uid(&key), wrong.clone()]);
        assert!(matches!(added, Reason::InvalidField | Reason::PermissionDenied), "{wrong:?}");
    }
}

#[test]
fn create_refuses_what_no_key_can_be() {
    let world = World::new();
    let demo = world.demo();
    let aes = || algorithm(CryptographicAlgorithm::AES);
    let crypt = || mask(Mask::Encrypt);
    for (attributes, reason) in [
        (vec![length(256), crypt()], Reason::InvalidMessage),
        (vec![aes(), crypt()], Reason::InvalidMessage),
        (vec![aes(), length(0), crypt()], Reason::InvalidField),
        (vec![aes(), length(255), crypt()], Reason::InvalidField),
        (vec![aes(), length(-256), crypt()], Reason::InvalidField),
        (vec![aes(), length(i32::MIN), crypt()], Reason::InvalidField),
        (vec![aes(), length(i32::MAX), crypt()], Reason::InvalidField),
        (vec![algorithm(CryptographicAlgorithm::RSA), length(2048)], Reason::InvalidField),
        (vec![algorithm(CryptographicAlgorithm(0x777)), length(256)], Reason::InvalidField),
        (vec![algorithm(CryptographicAlgorithm::HMAC_SHA256), length(7)], Reason::InvalidField),
        (vec![aes(), aes(), length(256), crypt()], Reason::InvalidField),
        (
            vec![aes(), length(256), of_kind(Kind::State, Value::Enumeration(2))],
            Reason::InvalidField,
        ),
    ] {
        let refused = demo.fails(Operation::Create, create_of(attributes.clone()));
        assert_eq!(refused, reason, "{attributes:?}");
    }
    for kind in [ObjectType::PublicKey, ObjectType::Certificate, ObjectType(0), ObjectType(77)] {
        let payload = vec![enumeration(Tag::ObjectType, kind.0), template(Vec::new())];
        assert_eq!(demo.fails(Operation::Create, payload), Reason::InvalidField, "{kind:?}");
    }
    assert_eq!(demo.locate(Vec::new()), [] as [String; 0]);
}

#[test]
fn wrong_state_and_wrong_mask_are_permission_denied() {
    let world = World::new();
    let demo = world.demo();
    let ecb = || vec![plain_mode(BlockCipherMode::ECB), data(&[0; 16])];
    let fresh = demo.create(Vec::new());
    let active = demo.active(Vec::new());
    let with = |key: &str, fields: Vec<Item>| [vec![uid(key)], fields].concat();
    assert_eq!(demo.fails(Operation::Encrypt, with(&fresh, ecb())), Reason::PermissionDenied);
    assert_eq!(demo.fails(Operation::Decrypt, with(&fresh, ecb())), Reason::PermissionDenied);
    assert_eq!(demo.fails(Operation::Activate, vec![uid(&active)]), Reason::PermissionDenied);
    let cease = revoke(&fresh, RevocationReasonCode::CessationOfOperation);
    assert_eq!(demo.fails(Operation::Revoke, cease), Reason::PermissionDenied);
    let cmac = vec![plain_mode(BlockCipherMode::CMAC), data(b"m")];
    assert_eq!(demo.fails(Operation::MAC, with(&active, cmac)), Reason::PermissionDenied);
    let sign = demo.fails(Operation::Sign, with(&active, vec![data(b"m")]));
    assert_eq!(sign, Reason::PermissionDenied);
}

#[test]
fn revoke_refuses_reasons_and_dates_that_cannot_be() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.active(Vec::new());
    for code in [0, 8, 0x8000_0001] {
        let unknown = revoke(&key, RevocationReasonCode(code));
        assert_eq!(demo.fails(Operation::Revoke, unknown), Reason::InvalidField);
    }
    let mut dated = revoke(&key, RevocationReasonCode::Superseded);
    dated.push(date(Tag::CompromiseOccurrenceDate, START));
    assert_eq!(demo.fails(Operation::Revoke, dated), Reason::InvalidField);
    assert_eq!(demo.fails(Operation::Revoke, vec![uid(&key)]), Reason::InvalidMessage);
}

#[test]
fn identifiers_of_any_shape_are_not_found() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.create(Vec::new());
    for id in [
        "",
        " ",
        "%",
        "*",
        "'; DROP TABLE objects; --",
        "\0",
        "\u{FEFF}",
        "\u{1F511}\u{202E}",
        "../../etc/passwd",
        &format!("{key} "),
        &key.to_uppercase(),
        &key[..key.len() - 1],
        &"x".repeat(200_000),
    ] {
        for operation in [Operation::Get, Operation::GetAttributes, Operation::Destroy] {
            assert_eq!(demo.fails(operation, vec![uid(id)]), Reason::ItemNotFound, "{id:.20}");
        }
    }
    demo.attributes(&key);
}

#[test]
fn wrong_iv_is_refused() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.active(Vec::new());
    for (aes_mode, right) in [(BlockCipherMode::CBC, 16), (BlockCipherMode::CTR, 16)] {
        for bytes in [1, 8, 12, 15, 17, 32, 1_000].into_iter().filter(|bytes| *bytes != right) {
            for operation in [Operation::Encrypt, Operation::Decrypt] {
                let wrong =
                    vec![uid(&key), plain_mode(aes_mode), data(&[0; 16]), iv(&vec![0; bytes])];
                let refused = demo.fails(operation, wrong);
                assert_eq!(refused, Reason::InvalidField, "{aes_mode:?} {bytes}");
            }
        }
    }
    for aes_mode in [BlockCipherMode::CBC, BlockCipherMode::CTR, BlockCipherMode::GCM] {
        let none = vec![uid(&key), plain_mode(aes_mode), data(&[0; 16])];
        assert_eq!(demo.fails(Operation::Decrypt, none), Reason::InvalidMessage, "{aes_mode:?}");
    }
    let ecb = vec![uid(&key), plain_mode(BlockCipherMode::ECB), data(&[0; 16]), iv(&[0; 16])];
    assert_eq!(demo.fails(Operation::Encrypt, ecb), Reason::InvalidField);
}

/// What is wrong with a ciphertext is nobody's business: an answer that told would be an oracle.
#[test]
fn failures_to_decrypt_are_all_alike() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.active(Vec::new());
    let how = |aes_mode, padding_| parameters(vec![mode(aes_mode), padding(padding_)]);
    let outcome = |how: Item, text: &[u8], iv_: &[u8], tag: Option<&[u8]>| {
        let mut fields = vec![uid(&key), how, data(text)];
        fields.extend((!iv_.is_empty()).then(|| iv(iv_)));
        fields.extend(tag.map(|tag| bytes(Tag::AuthenticatedEncryptionTag, tag)));
        let outcome = demo.ask(Operation::Decrypt, fields);
        (outcome.reason(), outcome.message.clone())
    };
    let gcm = || how(BlockCipherMode::GCM, PaddingMethod::None);
    let tag = [9; 16];
    let mut failures = vec![
        outcome(gcm(), &[1; 20], &[2; 12], Some(&tag)),
        outcome(gcm(), &[], &[2; 12], Some(&tag)),
        outcome(gcm(), &[1; 20], &[2; 12], Some(&tag[..5])),
        outcome(gcm(), &[1; 20], &[2; 12], Some(&[])),
        outcome(gcm(), &[1; 20], &[2; 12], None),
        outcome(gcm(), &[1; 3], &[2; 12], None),
    ];
    for padded in [BlockCipherMode::CBC, BlockCipherMode::ECB] {
        let iv_: &[u8] = if padded == BlockCipherMode::CBC { &[0; 16] } else { &[] };
        // Almost all of these end in no padding at all, some in a long one that is wrong.
        let alike = (0_u8..40).filter_map(|n| {
            let fields = [
                vec![uid(&key), how(padded, PaddingMethod::PKCS5), data(&[n; 32])],
                if iv_.is_empty() { Vec::new() } else { vec![iv(iv_)] },
            ];
            let outcome = demo.ask(Operation::Decrypt, fields.concat());
            outcome.reason.map(|reason| (reason, outcome.message))
        });
        failures.extend(alike);
    }
    assert!(failures.len() > 70);
    assert!(failures.iter().all(|failure| *failure == failures[0]), "{failures:?}");
    assert_eq!(failures[0].0, Reason::CryptographicFailure);
}

#[test]
fn empty_and_oversized_data_are_handled() {
    let bounds = server::services::Bounds { max_data_bytes: 1_000, ..Default::default() };
    let world = World::bounded(bounds);
    let demo = world.demo();
    let key = demo.active(Vec::new());
    let padded = || parameters(vec![mode(BlockCipherMode::ECB), padding(PaddingMethod::PKCS5)]);
    let empty = demo.encrypt(&key, vec![padded(), data(&[])]);
    let text = crate::support::tree::Read::bytes(&empty, Tag::Data);
    assert_eq!(text.len(), 16);
    assert!(demo.decrypt(&key, vec![padded(), data(&text)]).is_empty());
    let ecb = plain_mode(BlockCipherMode::ECB);
    for partial in [1, 15, 17] {
        let fields = vec![uid(&key), ecb.clone(), data(&vec![0; partial])];
        let refused = demo.fails(Operation::Encrypt, fields);
        assert_eq!(refused, Reason::CryptographicFailure, "{partial}");
    }
    let large = vec![uid(&key), padded(), data(&[0; 1_001])];
    assert_eq!(demo.fails(Operation::Encrypt, large), Reason::InvalidField);
    let missing = vec![uid(&key), padded()];
    assert_eq!(demo.fails(Operation::Encrypt, missing), Reason::InvalidMessage);
    for length in [-1, i32::MIN, 1_001, i32::MAX] {
        let random = vec![integer(Tag::DataLength, length)];
        assert_eq!(demo.fails(Operation::RNGRetrieve, random), Reason::InvalidField, "{length}");
    }
}

#[test]
fn object_of_another_type_than_said_is_refused() {
    let world = World::new();
    let demo = world.demo();
    let payload = register(ObjectType::SecretData, vec![mask(Mask(0))], keys::opaque(b"x"));
    assert_eq!(demo.fails(Operation::Register, payload), Reason::InvalidField);
    for object_type in [ObjectType::Template, ObjectType::SplitKey, ObjectType::PGPKey] {
        let payload = register(object_type, Vec::new(), keys::opaque(b"x"));
        assert_eq!(demo.fails(Operation::Register, payload), Reason::InvalidField);
    }
}

#[test]
fn more_attributes_than_an_object_may_have_are_refused() {
    let bounds = server::services::Bounds { max_attributes_per_object: 30, ..Default::default() };
    let world = World::bounded(bounds);
    let demo = world.demo();
    let many = (0..40).map(|n| custom("x-many", &n.to_string())).collect();
    assert_eq!(demo.fails(Operation::Create, create(many)), Reason::IndexOutOfBounds);
    let key = demo.create(Vec::new());
    let mut refused = None;
    for n in 0..40 {
        let added =
            demo.ask(Operation::AddAttribute, vec![uid(&key), custom("x-many", &n.to_string())]);
        refused = refused.or(added.reason);
    }
    assert_eq!(refused, Some(Reason::IndexOutOfBounds));
}

#[test]
fn parts_that_belong_to_no_stream_are_refused() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.active(Vec::new());
    let ecb = || vec![uid(&key), plain_mode(BlockCipherMode::ECB), data(&[0; 16])];
    let unknown = || bytes(Tag::CorrelationValue, b"c");
    for (fields, reason) in [
        (vec![boolean(Tag::FinalIndicator, true)], Reason::InvalidMessage),
        (vec![unknown()], Reason::ItemNotFound),
        (vec![unknown(), boolean(Tag::InitIndicator, true)], Reason::InvalidMessage),
        (vec![unknown(), boolean(Tag::FinalIndicator, true)], Reason::ItemNotFound),
    ] {
        let part = [ecb(), fields].concat();
        assert_eq!(demo.fails(Operation::Encrypt, part), reason);
    }
    let whole =
        [ecb(), vec![boolean(Tag::InitIndicator, true), boolean(Tag::FinalIndicator, true)]];
    demo.ok(Operation::Encrypt, whole.concat());
}

#[test]
fn attribute_named_twice_is_refused() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.create(Vec::new());
    let asked = |names: &[&str]| {
        let names = names.iter().map(|name| text(Tag::AttributeName, name));
        [uid(&key)].into_iter().chain(names).collect::<Vec<Item>>()
    };
    let twice = demo.fails(Operation::GetAttributes, asked(&["State", "State"]));
    assert_eq!(twice, Reason::InvalidMessage);
    let unknown = demo.ok(Operation::GetAttributes, asked(&["State", "Colour", "x-none"]));
    assert_eq!(crate::support::tree::Read::all(&unknown, Tag::Attribute).len(), 1);
    let dates =
        create(vec![on(Kind::ActivationDate, START + 10), on(Kind::DeactivationDate, START + 5)]);
    assert_eq!(demo.fails(Operation::Create, dates), Reason::InvalidField);
    let nothing = structure(Tag::TemplateAttribute, Vec::new());
    let payload = vec![enumeration(Tag::ObjectType, 2), nothing];
    assert_eq!(demo.fails(Operation::Create, payload), Reason::InvalidMessage);
}
