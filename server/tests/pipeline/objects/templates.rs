//! Templates: registered, named by new objects, and none of what a key is.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    BatchErrorContinuationOption, CryptographicAlgorithm as Algorithm, NameType, ObjectType,
    Operation, ProtocolVersion, ResultReason as Reason, RevocationReasonCode, State,
    StorageStatusMask, Tag,
};

use crate::support::ask::{
    CRYPT, algorithm, create_of, create_pair, custom, length, mask, name, of_kind, on, register,
    revoke, uid,
};
use crate::support::tree::{Read, enumeration, integer, structure, text};
use crate::support::{Client, World};

/// A Template's name, as a Template-Attribute refers to it.
fn by_name(value: &str) -> Item {
    let kind = enumeration(Tag::NameType, NameType::UninterpretedTextString.0);
    structure(Tag::Name, vec![text(Tag::NameValue, value), kind])
}

fn content(attributes: Vec<Item>) -> Item {
    structure(Tag::Template, attributes)
}

fn group(value: &str) -> Item {
    of_kind(Kind::ObjectGroup, Value::TextString(value.to_owned()))
}

/// Registers a Template whose name stands beside its content.
fn of(client: &Client<'_>, called: &str, attributes: Vec<Item>) -> String {
    client.register(ObjectType::Template, vec![name(called)], content(attributes))
}

fn words(client: &Client<'_>, key: &str, attribute: &str) -> Vec<String> {
    let word = |value| match value {
        Value::TextString(word) => word,
        other => panic!("{other:?} is no text"),
    };
    client.values(key, attribute).into_iter().map(word).collect()
}

fn aes(bits: i32) -> Vec<Item> {
    vec![algorithm(Algorithm::AES), length(bits), mask(CRYPT)]
}

#[test]
fn object_has_the_attributes_of_the_templates_it_names() {
    let world = World::new();
    for version in ProtocolVersion::SUPPORTED {
        let demo = world.demo().at(version);
        let called = format!("template of {version}");
        of(&demo, &called, [aes(192), vec![group("grouped"), custom("x-tag", "one")]].concat());
        let key = demo.ok(Operation::Create, create_of(vec![by_name(&called)]));
        let key = key.text(Tag::UniqueIdentifier);
        assert_eq!(demo.value(&key, Kind::CryptographicLength), Value::Integer(192));
        assert_eq!(words(&demo, &key, "Object Group"), ["grouped"]);
        assert_eq!(words(&demo, &key, "x-tag"), ["one"]);
        assert_eq!(demo.values(&key, "Name"), [], "the template's name is its own");
    }
}

#[test]
fn single_attributes_of_the_request_win_and_then_those_of_the_last_template() {
    let world = World::new();
    let demo = world.demo();
    let contact = |value: &str| of_kind(Kind::ContactInformation, Value::TextString(value.into()));
    of(&demo, "first", [aes(128), vec![contact("first"), group("a"), group("b")]].concat());
    of(&demo, "last", vec![length(256), contact("last"), group("b"), group("c")]);
    let both = vec![by_name("first"), by_name("last"), contact("own"), group("c"), group("d")];
    let key = demo.ok(Operation::Create, create_of(both)).text(Tag::UniqueIdentifier);
    assert_eq!(demo.value(&key, Kind::CryptographicLength), Value::Integer(256));
    assert_eq!(words(&demo, &key, "Contact Information"), ["own"]);
    assert_eq!(words(&demo, &key, "Object Group"), ["a", "b", "c", "d"], "a union");
    let turned = create_of(vec![by_name("last"), by_name("first")]);
    let key = demo.ok(Operation::Create, turned).text(Tag::UniqueIdentifier);
    assert_eq!(demo.value(&key, Kind::CryptographicLength), Value::Integer(128));
    assert_eq!(words(&demo, &key, "Contact Information"), ["first"]);
}

#[test]
fn halves_of_a_pair_take_their_own_templates_before_the_common_ones() {
    let world = World::new();
    let demo = world.demo();
    let sign = kmip_core::types::CryptographicUsageMask::Sign;
    let verify = kmip_core::types::CryptographicUsageMask::Verify;
    of(&demo, "common", vec![algorithm(Algorithm::ECDSA), length(256), custom("x-of", "common")]);
    of(&demo, "private", vec![mask(sign), group("private")]);
    of(&demo, "public", vec![mask(verify), group("public")]);
    let pair = create_pair(
        vec![by_name("common"), group("explicitly common")],
        vec![by_name("private")],
        vec![by_name("public")],
    );
    let pair = demo.ok(Operation::CreateKeyPair, pair);
    for (tag, own) in
        [(Tag::PrivateKeyUniqueIdentifier, "private"), (Tag::PublicKeyUniqueIdentifier, "public")]
    {
        let half = pair.text(tag);
        assert_eq!(words(&demo, &half, "Object Group"), ["explicitly common", own]);
        assert_eq!(words(&demo, &half, "x-of"), ["common"]);
    }
}

#[test]
fn template_is_called_as_its_content_says_too_and_given_back_as_it_came() {
    let world = World::new();
    let demo = world.demo();
    let inside = vec![length(128), name("inside"), custom("x-tag", "one")];
    let of_1_0 = demo.register(ObjectType::Template, Vec::new(), content(inside.clone()));
    let criterion = of_kind(Kind::ObjectType, Value::Enumeration(ObjectType::Template.0));
    assert_eq!(demo.locate(vec![name("inside"), criterion]), [of_1_0.clone()]);
    let answer = demo.ok(Operation::Get, vec![uid(&of_1_0)]);
    assert_eq!(answer.get(Tag::Template).value.children(), inside);
    let key = create_of([vec![by_name("inside")], aes(128)].concat());
    demo.ok(Operation::Create, key);
    // Both ways at once are two names.
    let twice = vec![name("outside")];
    let two = demo.register(ObjectType::Template, twice, content(vec![name("within")]));
    assert_eq!(demo.values(&two, "Name").len(), 2);
}

#[test]
fn change_of_a_template_changes_no_object_made_with_it() {
    let world = World::new();
    let demo = world.demo();
    let made = of(&demo, "short-lived", aes(128));
    let key = demo.ok(Operation::Create, create_of(vec![by_name("short-lived")]));
    demo.destroy(&made);
    assert_eq!(demo.fails(Operation::Get, vec![uid(&made)]), Reason::ItemNotFound);
    let again = create_of(vec![by_name("short-lived")]);
    assert_eq!(demo.fails(Operation::Create, again), Reason::ItemNotFound);
    assert_eq!(demo.state(&key.text(Tag::UniqueIdentifier)), State::PreActive);
    of(&demo, "short-lived", aes(256));
}

#[test]
fn template_that_is_not_there_for_the_client_is_not_found() {
    let world = World::new();
    let demo = world.demo();
    let made = of(&demo, "of demo", aes(128));
    let ask = |called: &str| create_of([vec![by_name(called)], aes(128)].concat());
    assert_eq!(demo.fails(Operation::Create, ask("another")), Reason::ItemNotFound);
    assert_eq!(world.other().fails(Operation::Create, ask("of demo")), Reason::ItemNotFound);
    // A key of that name is no template.
    demo.create(vec![name("a key")]);
    assert_eq!(demo.fails(Operation::Create, ask("a key")), Reason::ItemNotFound);
    demo.ok(Operation::Archive, vec![uid(&made)]);
    assert_eq!(demo.fails(Operation::Create, ask("of demo")), Reason::ObjectArchived);
    assert_eq!(world.other().fails(Operation::Create, ask("of demo")), Reason::ItemNotFound);
    demo.ok(Operation::Recover, vec![uid(&made)]);
    demo.ok(Operation::Create, ask("of demo"));
    let storage = integer(Tag::StorageStatusMask, StorageStatusMask::OnLineStorage.0.cast_signed());
    assert_eq!(demo.locate(vec![storage, name("of demo")]), [made]);
}

#[test]
fn template_holds_only_what_a_client_may_set() {
    let world = World::new();
    let demo = world.demo();
    let refused = |attributes: Vec<Item>| {
        let payload = register(ObjectType::Template, vec![name("t")], content(attributes));
        demo.fails(Operation::Register, payload)
    };
    let state = of_kind(Kind::State, Value::Enumeration(State::Active.0));
    assert_eq!(refused(vec![state]), Reason::InvalidField);
    assert_eq!(refused(vec![custom("y-tag", "the server's")]), Reason::InvalidField);
    assert_eq!(refused(vec![length(128), length(256)]), Reason::InvalidField);
    assert_eq!(refused(vec![custom("No Such Attribute", "")]), Reason::InvalidField);
    let nameless = register(ObjectType::Template, Vec::new(), content(vec![length(128)]));
    assert_eq!(demo.fails(Operation::Register, nameless), Reason::InvalidField);
    of(&demo, "t", vec![length(128)]);
    let again = register(ObjectType::Template, vec![name("t")], content(vec![length(128)]));
    assert_eq!(demo.fails(Operation::Register, again), Reason::InvalidField, "the name is taken");
}

#[test]
fn template_has_no_life_and_no_key() {
    let world = World::new();
    let demo = world.demo();
    let made = of(&demo, "t", [aes(128), vec![on(Kind::ActivationDate, 0)]].concat());
    for absent in ["State", "Lease Time", "Digest", "Activation Date", "Fresh"] {
        assert_eq!(demo.values(&made, absent), [], "{absent}");
    }
    let about = |operation| demo.fails(operation, vec![uid(&made)]);
    for operation in [Operation::Activate, Operation::ObtainLease] {
        assert_eq!(about(operation), Reason::IllegalOperation, "{operation:?}");
    }
    let unspecified = revoke(&made, RevocationReasonCode::Unspecified);
    assert_eq!(demo.fails(Operation::Revoke, unspecified), Reason::IllegalOperation);
    assert_ne!(about(Operation::Encrypt), Reason::GeneralFailure);
    assert_ne!(about(Operation::ReKey), Reason::GeneralFailure);
    let check = vec![uid(&made), integer(Tag::CryptographicUsageMask, 4)];
    assert_eq!(demo.fails(Operation::Check, check), Reason::IllegalOperation);
    let wrapped = structure(
        Tag::KeyWrappingSpecification,
        vec![enumeration(Tag::WrappingMethod, kmip_core::types::WrappingMethod::Encrypt.0)],
    );
    let get = vec![uid(&made), wrapped];
    assert_ne!(demo.fails(Operation::Get, get), Reason::GeneralFailure);
    // What may be said of any object may be said of it.
    demo.ok(Operation::AddAttribute, vec![uid(&made), custom("x-note", "kept")]);
    assert_eq!(words(&demo, &made, "x-note"), ["kept"]);
    let key = demo.ok(Operation::Create, create_of([vec![by_name("t")], aes(128)].concat()));
    assert_eq!(demo.values(&key.text(Tag::UniqueIdentifier), "x-note"), []);
}

#[test]
fn query_names_templates() {
    let world = World::new();
    let function = enumeration(Tag::QueryFunction, 2);
    let answer = world.demo().ok(Operation::Query, vec![function]);
    let types: Vec<Value> =
        answer.all(Tag::ObjectType).into_iter().map(|item| item.value.clone()).collect();
    assert!(types.contains(&Value::Enumeration(ObjectType::Template.0)));
}

/// "The object itself, including all meta-data, shall be destroyed."
#[test]
fn destroyed_template_leaves_nothing() {
    let world = World::new();
    let demo = world.demo();
    let made = of(&demo, "t", aes(128));
    demo.destroy(&made);
    for operation in [
        Operation::Get,
        Operation::GetAttributes,
        Operation::GetAttributeList,
        Operation::Export,
        Operation::Destroy,
        Operation::Recover,
    ] {
        assert_eq!(demo.fails(operation, vec![uid(&made)]), Reason::ItemNotFound, "{operation:?}");
    }
    // Where it is undone, it is whole again.
    let made = of(&demo, "t", aes(128));
    let before = demo.attributes(&made);
    let undo = BatchErrorContinuationOption::Undo;
    let request = demo
        .request()
        .with(enumeration(Tag::BatchErrorContinuationOption, undo.0))
        .next(Operation::Destroy, vec![uid(&made)])
        .next(Operation::GetAttributes, vec![uid(&made)]);
    let reply = demo.send(&request);
    assert_eq!(reply.item(1).reason(), Reason::ItemNotFound);
    assert_eq!(demo.attributes(&made), before);
}

/// What a request makes the server look up is bounded.
#[test]
fn request_names_so_many_templates_and_attributes_and_no_more() {
    let world = World::new();
    let demo = world.demo();
    of(&demo, "t", aes(128));
    demo.ok(Operation::Create, create_of(vec![by_name("t"); 32]));
    let payload = create_of(vec![by_name("t"); 33]);
    assert_eq!(demo.fails(Operation::Create, payload), Reason::InvalidField);
    let many: Vec<Item> = (0..10_000).map(|number| custom("x-n", &number.to_string())).collect();
    let payload = create_of([aes(128), many.clone()].concat());
    assert_eq!(demo.fails(Operation::Create, payload), Reason::IndexOutOfBounds);
    let payload = register(ObjectType::Template, vec![name("many")], content(many));
    assert_eq!(demo.fails(Operation::Register, payload), Reason::IndexOutOfBounds);
}
