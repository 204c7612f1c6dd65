//! Rules 2 to 9, 13, 14 and 19: headers, items, payload fields.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::message::{RequestMessage, ResponseMessage};
use kmip_core::ttlv::{Item, Limits, Value};
use kmip_core::types::{
    CredentialType, CryptographicAlgorithm, KeyFormatType, ObjectType, Operation, ProtocolVersion,
    QueryFunction, ResultReason, Tag,
};

use crate::support::ask::{
    MAC, algorithm, create, custom, length, mask, register, uid, version_item,
};
use crate::support::tree::{Read, boolean, bytes, date, enumeration, integer, structure, text};
use crate::support::{START, World, keys, vectors};

const ALL: [ProtocolVersion; 5] = ProtocolVersion::SUPPORTED;

fn query(functions: &[QueryFunction]) -> Vec<Item> {
    functions.iter().map(|function| enumeration(Tag::QueryFunction, function.0)).collect()
}

/// Rule 2.
#[test]
fn answer_has_the_version_of_its_own_request_message_by_message() {
    let world = World::new();
    for version in [ALL, [ALL[4], ALL[0], ALL[3], ALL[1], ALL[2]]].concat() {
        let client = world.demo().at(version);
        let request =
            client.request().item(Operation::Query, query(&[QueryFunction::QueryObjects]));
        let reply = client.send(&request);
        let tags = [Tag::ProtocolVersion, Tag::TimeStamp, Tag::BatchCount];
        assert_eq!(reply.header.tags(), tags, "{version}");
    }
}

/// Rule 2.
#[test]
fn answer_echoes_the_client_correlation_value_in_1_4_alone() {
    let world = World::new();
    let field = text(Tag::ClientCorrelationValue, "c-1");
    let functions = query(&[QueryFunction::QueryObjects]);
    let new = world.demo();
    let request = new.request().with(field.clone()).item(Operation::Query, functions.clone());
    let header = new.send(&request).header;
    assert_eq!(header.text(Tag::ClientCorrelationValue), "c-1");
    assert!(!header.text(Tag::ServerCorrelationValue).is_empty());
    let second = new.send(&request).header;
    let server = Tag::ServerCorrelationValue;
    assert_ne!(second.text(server), header.text(server), "server correlation values are unique");
    let no_option = enumeration(Tag::BatchErrorContinuationOption, 9);
    let refused = new.send(&request.with(no_option));
    assert_eq!(refused.item(0).reason(), ResultReason::InvalidField);
    assert!(!refused.header.text(server).is_empty(), "the name it has on record");
    for version in &ALL[1..] {
        let old = world.demo().at(*version);
        let request = old.request().with(field.clone()).item(Operation::Query, functions.clone());
        let reply = old.send(&request);
        assert_eq!(reply.message_failure(), ResultReason::InvalidMessage, "{version}");
        assert!(!reply.header.has(Tag::ClientCorrelationValue));
    }
}

/// Rule 3.
#[test]
fn get_attributes_hides_what_the_version_lacks() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.create(vec![custom("x-tag", "1")]);
    let names = |version| demo.at(version).attributes(&key);
    let has = |answer: &Item, kind: Kind| {
        let mut named = answer.all(Tag::Attribute).into_iter();
        named.any(|attribute| attribute.text(Tag::AttributeName) == kind.name())
    };
    for (kind, since) in [
        (Kind::State, 0),
        (Kind::Fresh, 1),
        (Kind::OriginalCreationDate, 2),
        (Kind::RandomNumberGenerator, 3),
        (Kind::Sensitive, 4),
        (Kind::NeverExtractable, 4),
    ] {
        for version in ALL {
            assert_eq!(has(&names(version), kind), version.minor >= since, "{kind:?} {version}");
        }
    }
    for (version, there) in [(ProtocolVersion::V1_0, false), (ProtocolVersion::V1_1, true)] {
        let asked = vec![uid(&key), text(Tag::AttributeName, "Digest")];
        let answer = demo.at(version).ok(Operation::GetAttributes, asked);
        let digest = answer.at(&[Tag::Attribute, Tag::AttributeValue]);
        assert_eq!(digest.has(Tag::KeyFormatType), there, "{version}");
    }
}

/// Rule 3: an attribute asked for by name is absent where the version does not have it.
#[test]
fn get_attributes_by_name_and_list_hide_newer_attributes() {
    let world = World::new();
    let key = world.demo().create(Vec::new());
    let old = world.demo().at(ProtocolVersion::V1_2);
    assert_eq!(old.values(&key, "Sensitive"), []);
    assert_eq!(old.values(&key, "x-Product_Version"), []);
    let list = old.ok(Operation::GetAttributeList, vec![uid(&key)]);
    let names = list.texts(Tag::AttributeName);
    assert!(names.contains(&"Fresh".to_owned()));
    assert!(!names.contains(&"Extractable".to_owned()));
}

/// Rule 3, for values: every registered form is read in every version; the harness looks at each
/// number in the answers.
#[test]
fn every_version_reads_every_object_in_numbers_it_knows() {
    let world = World::new();
    let hmac = keys::raw(CryptographicAlgorithm::HMAC_SHA3_256, &[7; 32]);
    let p256 = keys::hex(vectors::P256_PKCS8);
    let ec = keys::key(ObjectType::PrivateKey, KeyFormatType::PKCS_8, &p256);
    let sign = mask(kmip_core::types::CryptographicUsageMask::Sign);
    let demo = world.demo();
    let made = [
        demo.register(ObjectType::SymmetricKey, vec![mask(MAC)], hmac),
        demo.register(ObjectType::PrivateKey, vec![sign], ec),
        demo.register(ObjectType::Certificate, Vec::new(), keys::certificate()),
    ];
    for version in ALL {
        for key in &made {
            let old = demo.at(version);
            old.attributes(key);
            old.ask(Operation::Get, vec![uid(key)]);
        }
    }
}

/// Rule 3.
#[test]
fn query_names_only_what_the_version_has() {
    let world = World::new();
    for version in ALL {
        let asked = [QueryFunction::QueryOperations, QueryFunction::QueryObjects];
        let answer = world.demo().at(version).ok(Operation::Query, query(&asked));
        let operations = answer.all(Tag::Operation);
        let encrypts = operations.iter().any(|o| o.as_number() == Operation::Encrypt.0);
        assert_eq!(encrypts, version >= ProtocolVersion::V1_2, "{version}");
        assert!(!answer.all(Tag::ObjectType).is_empty());
    }
}

/// Clients ask in any version for all that they know; what came later is passed over.
#[test]
fn query_answers_what_the_version_has_of_what_is_asked() {
    let world = World::new();
    let all: Vec<_> = (1..=0xC).map(QueryFunction).collect();
    for version in ALL {
        let client = world.demo().at(version);
        let answer = client.ok(Operation::Query, query(&all));
        assert!(!answer.all(Tag::Operation).is_empty(), "{version}");
        let tells_profiles = !answer.all(Tag::ProfileInformation).is_empty();
        assert_eq!(tells_profiles, version >= ProtocolVersion::V1_3, "{version}");
        let nothing = query(&[QueryFunction(0x63)]);
        assert_eq!(client.fails(Operation::Query, nothing), ResultReason::InvalidField);
    }
    let later = query(&[QueryFunction::QueryProfiles]);
    let client = world.demo().at(ProtocolVersion::V1_2);
    assert_eq!(client.fails(Operation::Query, later), ResultReason::InvalidField);
}

/// Rule 4: the fields of the specification, in its order. (The harness decodes every answer of
/// every test with the tables and compares what they encode; these are spelt out.)
#[test]
fn payloads_hold_the_fields_of_the_specification_in_order() {
    let world = World::new();
    let demo = world.demo().at(ProtocolVersion::V1_2);
    let made = demo.ok(Operation::Create, create(Vec::new()));
    assert_eq!(made.tags(), [Tag::ObjectType, Tag::UniqueIdentifier]);
    let payload = register(ObjectType::OpaqueObject, Vec::new(), keys::opaque(b"x"));
    let registered = demo.ok(Operation::Register, payload);
    assert_eq!(registered.tags(), [Tag::UniqueIdentifier]);
    let key = made.text(Tag::UniqueIdentifier);
    let got = demo.ok(Operation::Get, vec![uid(&key)]);
    assert_eq!(got.tags(), [Tag::ObjectType, Tag::UniqueIdentifier, Tag::SymmetricKey]);
    let found = demo.ok(Operation::Locate, Vec::new());
    assert_eq!(found.tags(), [Tag::UniqueIdentifier, Tag::UniqueIdentifier]);
    let newer = world.demo().ok(Operation::Locate, vec![integer(Tag::MaximumItems, 1)]);
    assert_eq!(newer.tags(), [Tag::LocatedItems, Tag::UniqueIdentifier]);
}

/// Rule 5.
#[test]
fn every_answer_has_the_time_of_the_server() {
    let world = World::new();
    let at = |message: &[u8]| {
        let answer = world.demo().raw(message);
        let header = ResponseMessage::decode(&answer, &Limits::default()).unwrap().header;
        header.time_stamp.0
    };
    let request = world.demo().request().item(Operation::Query, Vec::new());
    assert_eq!(at(&request.bytes()), START);
    world.clock.advance(5);
    assert_eq!(at(&request.bytes()), START + 5);
    assert_eq!(at(b"nonsense"), START + 5);
}

/// Rule 6. (The harness demands reason and message of every failure.)
#[test]
fn failed_items_echo_operation_and_identifier() {
    let world = World::new();
    for operation in [Operation::Get, Operation::Encrypt, Operation::ReKey, Operation(0x7777)] {
        for version in ALL {
            let client = world.demo().at(version);
            let request = client.request().named(b"item", operation, vec![uid("nobody")]);
            let outcome = client.send(&request).item(0);
            assert_eq!(outcome.operation, Some(operation));
            assert_eq!(outcome.id.as_deref(), Some(b"item".as_slice()));
            outcome.reason();
        }
    }
}

/// Rule 6: an item whose payload cannot be read is still told by its name.
#[test]
fn unreadable_payload_does_not_lose_operation_and_identifier() {
    let world = World::new();
    let demo = world.demo();
    let payload = vec![integer(Tag::UniqueIdentifier, 3)];
    let outcome = demo.send(&demo.request().named(b"1234", Operation::Get, payload)).item(0);
    assert_eq!(outcome.operation, Some(Operation::Get));
    assert_eq!(outcome.id.as_deref(), Some(b"1234".as_slice()));
    assert_eq!(outcome.reason(), ResultReason::InvalidMessage);
}

/// Rule 7.
#[test]
fn identifiers_of_any_length_are_echoed_byte_for_byte() {
    let world = World::new();
    let demo = world.demo();
    for length in [0, 1, 3, 4, 8, 12, 16, 17, 255] {
        let id: Vec<u8> = (0..length).map(|n| 0xFF - n).collect();
        for (operation, payload) in [
            (Operation::Query, query(&[QueryFunction::QueryObjects])),
            (Operation::Get, vec![uid("nobody")]),
        ] {
            let request = demo.request().named(&id, operation, payload);
            assert_eq!(demo.send(&request).item(0).id, Some(id.clone()));
        }
    }
}

fn versions(answer: &Item) -> Vec<i32> {
    let found = answer.all(Tag::ProtocolVersion).into_iter();
    found.map(|version| version.get(Tag::ProtocolVersionMinor).as_integer()).collect()
}

/// Rule 8.
#[test]
fn discover_versions_answers_in_the_clients_order_under_any_header() {
    let world = World::new();
    let list = |minors: &[i32]| -> Vec<Item> {
        minors
            .iter()
            .map(|minor| version_item(ProtocolVersion { major: 1, minor: *minor }))
            .collect()
    };
    for version in ALL {
        let client = world.demo().at(version);
        let ask = |asked: Vec<Item>| versions(&client.ok(Operation::DiscoverVersions, asked));
        assert_eq!(ask(Vec::new()), [4, 3, 2, 1, 0], "{version}");
        assert_eq!(ask(list(&[4])), [4]);
        assert_eq!(ask(list(&[2, 4, 9, 3])), [2, 4, 3]);
        assert!(ask(list(&[7])).is_empty());
        let two = version_item(ProtocolVersion { major: 2, minor: 0 });
        assert_eq!(ask(vec![two, list(&[0]).remove(0)]), [0]);
    }
}

/// Rule 9: whatever came with the key, Get gives the material alone.
#[test]
fn get_gives_the_key_material_alone() {
    let world = World::new();
    let demo = world.demo();
    let with_attribute = |tag, head: Vec<Item>, format: KeyFormatType, value: &[u8]| {
        let value =
            structure(Tag::KeyValue, vec![bytes(Tag::KeyMaterial, value), custom("x-inside", "1")]);
        let format = enumeration(Tag::KeyFormatType, format.0);
        structure(tag, [head, vec![structure(Tag::KeyBlock, vec![format, value])]].concat())
    };
    let crypt = mask(crate::support::ask::CRYPT);
    let aes = vec![algorithm(CryptographicAlgorithm::AES), length(128), crypt.clone()];
    let kind = enumeration(Tag::SecretDataType, 1);
    let public = keys::hex(vectors::RSA_PUBLIC_PKCS1);
    let cases = [
        (
            ObjectType::SymmetricKey,
            aes,
            with_attribute(Tag::SymmetricKey, Vec::new(), KeyFormatType::Raw, &[1; 16]),
        ),
        (
            ObjectType::SecretData,
            vec![crypt.clone()],
            with_attribute(Tag::SecretData, vec![kind], KeyFormatType::Opaque, b"pass"),
        ),
        (
            ObjectType::PublicKey,
            vec![crypt],
            with_attribute(Tag::PublicKey, Vec::new(), KeyFormatType::PKCS_1, &public),
        ),
    ];
    for (object_type, attributes, object) in cases {
        let key = demo.register(object_type, attributes, object);
        let got = demo.ok(Operation::Get, vec![uid(&key)]);
        let value = got.at(&[keys::tag_of(object_type), Tag::KeyBlock, Tag::KeyValue]);
        assert_eq!(value.tags(), [Tag::KeyMaterial], "{object_type:?}");
    }
    let key = demo.create(Vec::new());
    let got = demo.ok(Operation::Get, vec![uid(&key)]);
    let value = got.at(&[Tag::SymmetricKey, Tag::KeyBlock, Tag::KeyValue]);
    assert_eq!(value.tags(), [Tag::KeyMaterial]);
}

/// Rule 13.
#[test]
fn header_fields_are_read_in_any_order() {
    let world = World::new();
    let demo = world.demo();
    let fields = [
        integer(Tag::MaximumResponseSize, 65_536),
        boolean(Tag::BatchOrderOption, true),
        enumeration(Tag::BatchErrorContinuationOption, 1),
        date(Tag::TimeStamp, 5),
    ];
    for turn in 0..fields.len() {
        let mut request =
            demo.request().item(Operation::Query, query(&[QueryFunction::QueryObjects]));
        request.header = fields.to_vec();
        request.header.rotate_left(turn);
        demo.send(&request).item(0).ok();
        request.header.reverse();
        demo.send(&request).item(0).ok();
    }
}

/// Rule 14: a message that fails as a whole is answered in its own version.
#[test]
fn refused_messages_are_answered_in_their_version() {
    let world = World::new();
    for version in ALL {
        let client = world.demo().at(version);
        let mut request = client.request().item(Operation::Query, Vec::new());
        request.batch_count = Some(7);
        assert_eq!(client.send(&request).message_failure(), ResultReason::InvalidMessage);
    }
}

/// Rule 19.
#[test]
fn username_and_password_are_accepted_whatever_they_say() {
    let world = World::new();
    for version in ALL {
        let client = world.demo().at(version);
        for (user, password) in [("fred", Some("secret")), ("", Some("")), ("", None)] {
            let mut value = vec![text(Tag::Username, user)];
            value.extend(password.map(|password| text(Tag::Password, password)));
            let credential = vec![
                enumeration(Tag::CredentialType, CredentialType::UsernameAndPassword.0),
                structure(Tag::CredentialValue, value),
            ];
            let field =
                structure(Tag::Authentication, vec![structure(Tag::Credential, credential)]);
            let request = client.request().with(field).item(Operation::Create, create(Vec::new()));
            client.send(&request).item(0).ok();
        }
    }
}

/// A request of our own survives the typed reader: the tests below speak KMIP.
#[test]
fn requests_of_the_harness_are_sound() {
    let request = World::new().demo().request().next(Operation::Create, create(Vec::new()));
    let typed = RequestMessage::decode(&request.bytes(), &Limits::default()).unwrap();
    assert_eq!(typed.encode(), request.bytes());
    assert!(matches!(request.tree().value, Value::Structure(_)));
}
