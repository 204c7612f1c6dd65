//! PKCS#12: a private key and its certificates come in, and go out, shut with a password.

use hsm_backend::SecretValue;
use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    CryptographicUsageMask as Mask, KeyFormatType as Format, LinkType, ObjectType, Operation,
    ProtocolVersion, ResultReason as Reason, State, Tag,
};

use rcgen::{Issuer, KeyPair};
use server::bridge::pkcs12;

use crate::support::ask::{flag, mask, of_kind, on, register, uid};
use crate::support::certificates;
use crate::support::keys::{self, hex};
use crate::support::tree::{Read, bytes, enumeration, structure, text};
use crate::support::{Client, World};

/// Made by OpenSSL with the password `password`: a key on P-256 named `alias`, and its certificate.
const CONTAINER: &str = include_str!("../../../src/bridge/pkcs12/modern.hex");
const LEGACY: &str = include_str!("../../../src/bridge/pkcs12/legacy.hex");
const KEY: &str = include_str!("../../../src/bridge/pkcs12/key.hex");

fn link(of: LinkType, to: &str) -> Item {
    let fields = vec![enumeration(Tag::LinkType, of.0), text(Tag::LinkedObjectIdentifier, to)];
    of_kind(Kind::Link, Value::Structure(fields))
}

fn password_with(client: &Client<'_>, value: &[u8], usage: Mask) -> String {
    let attributes = vec![mask(usage), on(Kind::ActivationDate, 0)];
    client.register(ObjectType::SecretData, attributes, keys::secret(value))
}

fn password(client: &Client<'_>) -> String {
    password_with(client, b"password", Mask::DeriveKey)
}

fn shut(container: &[u8]) -> Item {
    let block =
        vec![enumeration(Tag::KeyFormatType, Format::PKCS_12.0), bytes(Tag::KeyValue, container)];
    structure(Tag::PrivateKey, vec![structure(Tag::KeyBlock, block)])
}

fn wish(password: &str, mut attributes: Vec<Item>) -> Vec<Item> {
    attributes.extend([mask(Mask::Sign), link(LinkType::PKCS_12PasswordLink, password)]);
    register(ObjectType::PrivateKey, attributes, shut(&hex(CONTAINER.trim())))
}

#[track_caller]
fn taken_in(client: &Client<'_>, password: &str) -> String {
    client.ok(Operation::Register, wish(password, Vec::new())).text(Tag::UniqueIdentifier)
}

fn links(client: &Client<'_>, of: &str, kind: LinkType) -> Vec<String> {
    let values = client.values(of, Kind::Link.name()).into_iter();
    let all = values.map(|value| Item { tag: Tag::Link, value });
    let of_kind = all.filter(|link| link.get(Tag::LinkType).as_number() == kind.0);
    of_kind.map(|link| link.text(Tag::LinkedObjectIdentifier)).collect()
}

fn block(answer: &Item) -> Item {
    answer.at(&[Tag::PrivateKey, Tag::KeyBlock]).clone()
}

#[test]
fn private_key_and_certificate_come_out_of_the_container() {
    let world = World::new();
    let demo = world.demo();
    let word = password(&demo);
    let key = taken_in(&demo, &word);
    let name = Value::TextString("alias".to_owned());
    assert_eq!(demo.value(&key, Kind::Pkcs12FriendlyName), name, "recorded");
    let plain = block(&demo.ok(Operation::Get, vec![uid(&key)]));
    assert_eq!(plain.get(Tag::KeyFormatType).as_number(), Format::PKCS_8.0);
    assert_eq!(plain.get(Tag::KeyValue).bytes(Tag::KeyMaterial), hex(KEY.trim()));
    assert_eq!(plain.get(Tag::CryptographicLength).as_integer(), 256);
    let own = links(&demo, &key, LinkType::PKCS_12CertificateLink);
    assert_eq!(own.len(), 1);
    assert_eq!(demo.value(&own[0], Kind::Pkcs12FriendlyName), name);
    assert_eq!(demo.state(&own[0]), State::PreActive);
    let certificate = demo.ok(Operation::Get, vec![uid(&own[0])]);
    assert!(certificate.has(Tag::Certificate));
    // Out again, and in again.
    let asked = vec![uid(&key), enumeration(Tag::KeyFormatType, Format::PKCS_12.0)];
    let made = block(&demo.ok(Operation::Get, asked));
    assert!(!made.has(Tag::CryptographicAlgorithm));
    let attributes = vec![mask(Mask::Sign), link(LinkType::PKCS_12PasswordLink, &word)];
    let object = shut(&made.bytes(Tag::KeyValue));
    let again = demo.register(ObjectType::PrivateKey, attributes, object);
    let same = block(&demo.ok(Operation::Get, vec![uid(&again)]));
    assert_eq!(same.get(Tag::KeyValue).bytes(Tag::KeyMaterial), hex(KEY.trim()));
    let second = links(&demo, &again, LinkType::PKCS_12CertificateLink);
    let second = demo.ok(Operation::Get, vec![uid(&second[0])]);
    assert_eq!(second.get(Tag::Certificate), certificate.get(Tag::Certificate));
}

#[test]
fn old_forms_are_read_and_keys_are_found_by_name() {
    let world = World::new();
    let demo = world.demo();
    let word = password(&demo);
    let named = |name: &str| {
        let attributes = vec![
            mask(Mask::Sign),
            link(LinkType::PKCS_12PasswordLink, &word),
            of_kind(Kind::Pkcs12FriendlyName, Value::TextString(name.to_owned())),
        ];
        let object = shut(&hex(LEGACY.trim()));
        demo.ask(Operation::Register, register(ObjectType::PrivateKey, attributes, object))
    };
    assert_eq!(named("ALIAS").reason, None);
    assert_eq!(named("another").reason, Some(Reason::InvalidField));
}

#[test]
fn password_must_be_one_and_usable() {
    let world = World::new();
    let demo = world.demo();
    let fails = |payload| demo.fails(Operation::Register, payload);
    let idle = demo.register(
        ObjectType::SecretData,
        vec![mask(Mask::DeriveKey)],
        keys::secret(b"password"),
    );
    assert_eq!(fails(wish(&idle, Vec::new())), Reason::PermissionDenied, "not active");
    let masked = password_with(&demo, b"password", Mask::Verify);
    assert_eq!(fails(wish(&masked, Vec::new())), Reason::PermissionDenied);
    let wrong = password_with(&demo, b"passwort", Mask::DeriveKey);
    assert_eq!(fails(wish(&wrong, Vec::new())), Reason::InvalidField);
    assert_eq!(fails(wish("nowhere", Vec::new())), Reason::InvalidField);
    let key = demo.create(Vec::new());
    assert_eq!(fails(wish(&key, Vec::new())), Reason::InvalidField, "no Secret Data");
    let word = password(&demo);
    let twice = vec![link(LinkType::PKCS_12PasswordLink, &word)];
    assert_eq!(fails(wish(&word, twice)), Reason::InvalidField);
    let none =
        register(ObjectType::PrivateKey, vec![mask(Mask::Sign)], shut(&hex(CONTAINER.trim())));
    assert_eq!(fails(none), Reason::InvalidField);
    let foreign = password(&world.other());
    assert_eq!(fails(wish(&foreign, Vec::new())), Reason::InvalidField);
    let certificates = vec![of_kind(Kind::ObjectType, Value::of(&ObjectType::Certificate))];
    assert_eq!(demo.locate(certificates), Vec::<String>::new(), "nothing is left behind");
}

#[test]
fn container_is_made_only_of_keys_that_may_leave_and_have_a_password() {
    let world = World::new();
    let demo = world.demo();
    let word = password(&demo);
    let as_container = || enumeration(Tag::KeyFormatType, Format::PKCS_12.0);
    let locked = wish(&word, vec![flag(Kind::Sensitive, true)]);
    let locked = demo.ok(Operation::Register, locked).text(Tag::UniqueIdentifier);
    let get = |client: &Client<'_>, key: &str| {
        client.fails(Operation::Get, vec![uid(key), as_container()])
    };
    assert_eq!(get(&demo, &locked), Reason::Sensitive);
    let other = world.other();
    let kept = taken_in(&other, &password(&other));
    assert_eq!(get(&other, &kept), Reason::NotExtractable);
    let plain = demo.register(ObjectType::PrivateKey, vec![mask(Mask::Sign)], keys::rsa_private());
    assert_eq!(get(&demo, &plain), Reason::InvalidField, "no password");
    let old = demo.at(ProtocolVersion::V1_3);
    assert_ne!(get(&old, &taken_in(&demo, &word)), Reason::GeneralFailure);
    let symmetric = demo.create(Vec::new());
    assert_eq!(get(&demo, &symmetric), Reason::KeyFormatTypeNotSupported);
}

/// A Register of the key of the known answers, with these certificates.
fn with_certificates(password: &str, certificates: &[Vec<u8>]) -> Vec<Item> {
    let key = SecretValue::new(hex(KEY.trim()));
    let shut_with = SecretValue::new(b"password".to_vec());
    let random = [[1; 16], [2; 16], [3; 16], [4; 16], [5; 16]];
    let made = pkcs12::write("alias", &key, certificates, &shut_with, random).unwrap();
    let link = link(LinkType::PKCS_12PasswordLink, password);
    register(ObjectType::PrivateKey, vec![mask(Mask::Sign), link], shut(&made))
}

/// A certificate of `subject` that `issuer` has signed.
fn issued(subject: &str, issuer: &str) -> Vec<u8> {
    let key = KeyPair::generate().unwrap();
    let above = certificates::params(issuer);
    let above = Issuer::from_params(&above, &key);
    certificates::params(subject).signed_by(&key, &above).unwrap().der().to_vec()
}

/// One request makes so many objects, whatever its sender has put into the container.
#[test]
fn certificates_that_come_along_are_a_chain_with_an_end() {
    let world = World::new();
    let demo = world.demo();
    let password = password(&demo);
    let one = issued("itself", "itself");
    let key = demo.ok(Operation::Register, with_certificates(&password, &vec![one; 200]));
    let key = key.text(Tag::UniqueIdentifier);
    let chain = links(&demo, &key, LinkType::PKCS_12CertificateLink);
    assert_eq!(links(&demo, &chain[0], LinkType::CertificateLink), [] as [String; 0]);
    assert_eq!(demo.locate(Vec::new()).len(), 3, "the password, the key, its certificate");
    let circle = [issued("one", "other"), issued("other", "one")];
    let circle: Vec<_> = circle.into_iter().cycle().take(200).collect();
    let refused = demo.fails(Operation::Register, with_certificates(&password, &circle));
    assert_eq!(refused, Reason::InvalidField);
    assert_eq!(demo.locate(Vec::new()).len(), 3, "nothing is left of it");
}
