//! Re-key Key Pair: a new pair takes the place of an older one.

use hsm_backend::HsmErrorKind;
use hsm_backend::fault::{Moment, Verb};
use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{DateTime, Item, Value};
use kmip_core::types::{
    BatchErrorContinuationOption as Continuation, CryptographicAlgorithm as Algorithm,
    CryptographicUsageMask as Mask, HashingAlgorithm, LinkType, ObjectType, Operation,
    PaddingMethod, ResultReason as Reason, ResultStatus as Status, State, Tag, ValidityIndicator,
};

use crate::support::ask::{
    algorithm, create_pair, custom, data, length, mask, name, of_kind, on, padding, parameters, uid,
};
use crate::support::tree::{Read, bytes, enumeration, interval, structure, text};
use crate::support::{Client, IN_TOKEN, START, WRAPPED, World, keys};

/// Private half, public half.
type Pair = (String, String);

fn halves(answer: &Item) -> Pair {
    let half = |tag| answer.text(tag);
    (half(Tag::PrivateKeyUniqueIdentifier), half(Tag::PublicKeyUniqueIdentifier))
}

fn rsa() -> Vec<Item> {
    vec![algorithm(Algorithm::RSA), length(2_048), on(Kind::ActivationDate, START)]
}

fn ec() -> Vec<Item> {
    vec![algorithm(Algorithm::ECDSA), length(384), on(Kind::ActivationDate, START)]
}

fn make(client: &Client<'_>, common: Vec<Item>) -> Pair {
    let pair = create_pair(
        common,
        vec![name("private"), mask(Mask::Sign)],
        vec![name("public"), mask(Mask::Verify)],
    );
    halves(&client.ok(Operation::CreateKeyPair, pair))
}

fn of(private: &str, fields: Vec<Item>) -> Vec<Item> {
    [vec![text(Tag::PrivateKeyUniqueIdentifier, private)], fields].concat()
}

#[track_caller]
fn re_key(client: &Client<'_>, private: &str, fields: Vec<Item>) -> Pair {
    halves(&client.ok(Operation::ReKeyKeyPair, of(private, fields)))
}

#[track_caller]
fn refused(client: &Client<'_>, private: &str, fields: Vec<Item>) -> Reason {
    client.fails(Operation::ReKeyKeyPair, of(private, fields))
}

fn link(link_type: LinkType, to: &str) -> Value {
    Value::Structure(vec![
        enumeration(Tag::LinkType, link_type.0),
        text(Tag::LinkedObjectIdentifier, to),
    ])
}

fn called(client: &Client<'_>, value: &str) -> Vec<String> {
    client.locate(vec![name(value)])
}

/// Whether what `signer` signs is valid under `verifier`.
fn matches(client: &Client<'_>, signer: &str, verifier: &str, how: &Item) -> bool {
    let signed = client.ok(Operation::Sign, vec![uid(signer), how.clone(), data(b"m")]);
    let signature = bytes(Tag::SignatureData, &signed.bytes(Tag::SignatureData));
    let verify = vec![uid(verifier), how.clone(), data(b"m"), signature];
    let answer = client.ok(Operation::SignatureVerify, verify);
    answer.get(Tag::ValidityIndicator).as_number() == ValidityIndicator::Valid.0
}

fn sha256(padding_method: Option<PaddingMethod>) -> Item {
    let mut fields: Vec<Item> = padding_method.map(padding).into_iter().collect();
    fields.push(enumeration(Tag::HashingAlgorithm, HashingAlgorithm::SHA_256.0));
    parameters(fields)
}

#[test]
fn new_pair_has_the_names_and_the_links_and_belongs_together() {
    for (custody, common, how) in [
        (IN_TOKEN, rsa(), sha256(Some(PaddingMethod::PSS))),
        (WRAPPED, rsa(), sha256(Some(PaddingMethod::PSS))),
        (IN_TOKEN, ec(), sha256(None)),
        (WRAPPED, ec(), sha256(None)),
    ] {
        let world = World::keeping(custody);
        let demo = world.demo();
        let old = make(&demo, common);
        let new = re_key(&demo, &old.0, Vec::new());
        assert_eq!(called(&demo, "private"), [new.0.clone()]);
        assert_eq!(called(&demo, "public"), [new.1.clone()]);
        for (one, other, to) in
            [(&new.0, &new.1, LinkType::PublicKeyLink), (&new.1, &new.0, LinkType::PrivateKeyLink)]
        {
            let older = if one == &new.0 { &old.0 } else { &old.1 };
            let links = [link(to, other), link(LinkType::ReplacedObjectLink, older)];
            assert_eq!(demo.values(one, "Link"), links);
        }
        for (older, newer) in [(&old.0, &new.0), (&old.1, &new.1)] {
            assert_eq!(demo.values(older, "Name"), []);
            let links = demo.values(older, "Link");
            assert_eq!(links.last(), Some(&link(LinkType::ReplacementObjectLink, newer)));
            for kind in [
                Kind::CryptographicAlgorithm,
                Kind::CryptographicLength,
                Kind::CryptographicUsageMask,
                Kind::ActivationDate,
            ] {
                assert_eq!(demo.value(newer, kind), demo.value(older, kind), "{kind:?}");
            }
        }
        assert!(matches(&demo, &new.0, &new.1, &how));
        assert!(!matches(&demo, &new.0, &old.1, &how), "another pair");
        assert!(matches(&demo, &old.0, &old.1, &how), "the old one still works");
        let third = re_key(&demo, &new.0, Vec::new());
        assert_eq!(called(&demo, "private"), [third.0]);
    }
}

#[test]
fn each_half_takes_what_the_request_names_for_it_and_the_offset() {
    let world = World::new();
    let demo = world.demo();
    let old = make(&demo, ec());
    world.clock.advance(100);
    let fields = vec![
        interval(Tag::Offset, 5),
        structure(Tag::CommonTemplateAttribute, vec![custom("x-both", "1")]),
        structure(Tag::PrivateKeyTemplateAttribute, vec![custom("x-own", "private")]),
        structure(Tag::PublicKeyTemplateAttribute, vec![custom("x-own", "public")]),
    ];
    let new = re_key(&demo, &old.0, fields);
    for (half, word) in [(&new.0, "private"), (&new.1, "public")] {
        assert_eq!(demo.values(half, "x-both"), [Value::TextString("1".to_owned())]);
        assert_eq!(demo.values(half, "x-own"), [Value::TextString(word.to_owned())]);
        let activation = Value::DateTime(DateTime(START + 105));
        assert_eq!(demo.value(half, Kind::ActivationDate), activation);
        assert_eq!(demo.state(half), State::PreActive);
    }
}

#[test]
fn what_cannot_be_re_keyed_is_refused() {
    let world = World::new();
    let demo = world.demo();
    let old = make(&demo, ec());
    assert_eq!(refused(&demo, &old.1, Vec::new()), Reason::PermissionDenied, "the public half");
    let aes = demo.create(Vec::new());
    assert_eq!(refused(&demo, &aes, Vec::new()), Reason::PermissionDenied);
    let single = vec![mask(Mask::Sign)];
    let single = demo.register(ObjectType::PrivateKey, single, keys::rsa_private());
    assert_eq!(refused(&demo, &single, Vec::new()), Reason::PermissionDenied, "no other half");
    let to_aes = of_kind(Kind::Link, link(LinkType::PublicKeyLink, &aes));
    demo.ok(Operation::AddAttribute, vec![uid(&single), to_aes]);
    assert_eq!(refused(&demo, &single, Vec::new()), Reason::PermissionDenied);
    assert_eq!(refused(&demo, "nobody", Vec::new()), Reason::ItemNotFound);
    assert_eq!(demo.fails(Operation::ReKeyKeyPair, Vec::new()), Reason::ItemNotFound);
    let dates = vec![on(Kind::DeactivationDate, START + 9)];
    let both = vec![interval(Tag::Offset, 1), structure(Tag::CommonTemplateAttribute, dates)];
    assert_eq!(refused(&demo, &old.0, both), Reason::InvalidMessage);
    let apart = structure(Tag::PublicKeyTemplateAttribute, vec![length(256)]);
    assert_eq!(refused(&demo, &old.0, vec![apart]), Reason::InvalidField);
    demo.ok(Operation::Archive, vec![uid(&old.1)]);
    assert_eq!(refused(&demo, &old.0, Vec::new()), Reason::ObjectArchived);
    demo.ok(Operation::Recover, vec![uid(&old.1)]);
    let pair = make_unnamed(&demo);
    demo.destroy(&pair.1);
    assert_eq!(refused(&demo, &pair.0, Vec::new()), Reason::ItemNotFound, "half of it is gone");
    assert_eq!(demo.values(&old.0, "Name").len(), 1);
}

fn make_unnamed(client: &Client<'_>) -> Pair {
    let ec = vec![algorithm(Algorithm::ECDSA), length(256)];
    halves(&client.ok(Operation::CreateKeyPair, create_pair(ec, Vec::new(), Vec::new())))
}

#[test]
fn placeholder_is_the_new_private_key_and_undo_gives_the_names_back() {
    for custody in [IN_TOKEN, WRAPPED] {
        let world = World::keeping(custody);
        let demo = world.demo();
        let old = make(&demo, ec());
        let before = [demo.attributes(&old.0), demo.attributes(&old.1)];
        let request = demo.request().next(Operation::ReKeyKeyPair, of(&old.0, Vec::new()));
        let reply = demo.send(&request.next(Operation::GetAttributes, Vec::new()));
        let new = halves(&reply.item(0).ok());
        assert_eq!(reply.item(1).ok().text(Tag::UniqueIdentifier), new.0);
        let newest = called(&demo, "private");
        let undo = enumeration(Tag::BatchErrorContinuationOption, Continuation::Undo.0);
        let request = demo.request().with(undo);
        let request = request.next(Operation::ReKeyKeyPair, of(&new.0, Vec::new()));
        let reply = demo.send(&request.next(Operation::GetAttributes, vec![uid("nobody")]));
        assert_eq!(reply.item(0).status, Status::OperationUndone);
        assert_eq!(called(&demo, "private"), newest);
        assert_eq!(called(&demo, "public"), [new.1]);
        assert_ne!([demo.attributes(&old.0), demo.attributes(&old.1)], before);
        assert_eq!(demo.locate(Vec::new()).len(), 4, "the third pair is gone");
    }
}

#[test]
fn token_that_fails_leaves_the_old_pair_in_its_place() {
    for (custody, verb) in [(IN_TOKEN, Verb::GenerateKeyPair), (WRAPPED, Verb::GeneratePairWrapped)]
    {
        for moment in [Moment::Before, Moment::After] {
            let world = World::keeping(custody);
            let demo = world.demo();
            let old = make(&demo, ec());
            let before = [demo.attributes(&old.0), demo.attributes(&old.1)];
            world.token.fail_nth(verb, 1, HsmErrorKind::Device(0x30), moment);
            assert_eq!(refused(&demo, &old.0, Vec::new()), Reason::GeneralFailure);
            assert_eq!([demo.attributes(&old.0), demo.attributes(&old.1)], before);
            assert_eq!(demo.locate(Vec::new()).len(), 2);
            let new = re_key(&demo, &old.0, Vec::new());
            assert_eq!(called(&demo, "public"), [new.1]);
        }
    }
}
