//! What an object has though nobody gave it: as the table of attributes says.

use std::collections::BTreeSet;

use kmip_core::attribute::{AttributeKind as Kind, Born};
use kmip_core::types::{
    CryptographicAlgorithm, CryptographicUsageMask as Mask, ObjectType, Operation, Tag,
};

use crate::support::ask::{algorithm, create_pair, length, mask};
use crate::support::tree::Read;
use crate::support::{Client, World, keys};

/// Names of the attributes that `key` has, without the server's custom ones.
fn names(client: &Client<'_>, key: &str) -> BTreeSet<String> {
    let all = client.attributes(key);
    let name = |attribute: &kmip_core::ttlv::Item| attribute.text(Tag::AttributeName).to_owned();
    all.all(Tag::Attribute).into_iter().map(name).filter(|name| !name.contains("-")).collect()
}

fn born(classes: &[Born], given: &[Kind]) -> BTreeSet<String> {
    let kinds = Kind::ALL.iter().filter(|kind| classes.contains(&kind.rule().born));
    kinds.chain(given).map(|kind| kind.name().to_owned()).collect()
}

#[test]
fn objects_are_born_with_what_the_table_says() {
    use Born::{Certificates, Every, Keys, Living, Made, Names, Values};
    let world = World::new();
    let demo = world.demo();
    let usage = || vec![mask(Mask::Verify)];
    let register = |kind, object| demo.register(kind, usage(), object);
    let pair = demo.ok(
        Operation::CreateKeyPair,
        create_pair(
            vec![algorithm(CryptographicAlgorithm::RSA), length(2_048)],
            vec![mask(Mask::Sign)],
            vec![mask(Mask::Verify)],
        ),
    );
    let half = |tag| pair.text(tag).to_owned();
    let asked = [Kind::CryptographicUsageMask];
    let linked = [Kind::CryptographicUsageMask, Kind::Link];
    for (what, key, classes, given) in [
        ("AES", demo.create(vec![]), vec![Every, Living, Keys, Made, Values], &asked[..]),
        (
            "private",
            half(Tag::PrivateKeyUniqueIdentifier),
            vec![Every, Living, Keys, Made, Values],
            &linked,
        ),
        (
            "public",
            half(Tag::PublicKeyUniqueIdentifier),
            vec![Every, Living, Keys, Made, Values],
            &linked,
        ),
        (
            "registered AES",
            register(ObjectType::SymmetricKey, keys::aes_key()),
            vec![Every, Living, Keys, Values],
            &asked,
        ),
        (
            "Secret Data",
            register(ObjectType::SecretData, keys::secret(b"word")),
            vec![Every, Living, Values],
            &asked,
        ),
        (
            "Opaque Object",
            demo.register(ObjectType::OpaqueObject, vec![], keys::opaque(b"blob")),
            vec![Every, Living, Values],
            &[],
        ),
        (
            "Certificate",
            register(ObjectType::Certificate, keys::certificate()),
            vec![Every, Living, Keys, Certificates, Values],
            &asked,
        ),
    ] {
        let mut have = names(&demo, &key);
        if what == "Certificate" {
            have.retain(|name| Kind::named(name).is_none_or(|kind| kind.rule().born != Names));
        }
        assert_eq!(have, born(&classes, given), "{what}");
    }
}
