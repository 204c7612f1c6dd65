//! ScyllaDB: system and table keys, found by what they are.

use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    CryptographicAlgorithm, CryptographicUsageMask, KeyFormatType, ObjectType, Operation,
    ProtocolVersion, QueryFunction, ResultReason, State, Tag,
};

use crate::client::{Client, Version};
use crate::ground::Ground;
use crate::replay::items::{aes, boolean, integer, item, kind, template, uid, user, with, words};
use crate::replay::{Line, Manner, Way};

/// Its row.
pub(crate) const CLIENT: Client = Client {
    id: "scylla",
    name: "ScyllaDB",
    version: || Version::Replayed("Enterprise, in each version of KMIP"),
    use_case: "encryption at rest",
    needs: "`export=true`; a user's name and password may be sent",
    tests: &[("guide", guide)],
};

/// Connections that it keeps.
const POOL: usize = 8;

fn manner(version: ProtocolVersion) -> Manner {
    let header = vec![user("scylla", "a password"), boolean(Tag::BatchOrderOption, true)];
    Manner { version, header, id_bytes: 4 }
}

/// Which version its library speaks is not known, so it is asked in all of them.
fn guide() {
    let ground = Ground::new(CLIENT.id, &[]);
    ground.follow_guide();
    let way = Way::of(&ground, "scylla");
    for version in ProtocolVersion::SUPPORTED {
        let mut pool = (0..POOL).map(|_| Line::open(&way, &manner(version))).collect::<Vec<_>>();
        pool.iter_mut().for_each(asks_what_is_served);
        finds_or_makes_its_key(&mut pool, &format!("keyspace-{version}"));
    }
}

fn asks_what_is_served(line: &mut Line) {
    let functions = [QueryFunction::QueryOperations, QueryFunction::QueryObjects]
        .map(|function| item(Tag::QueryFunction, &function));
    let answer = line.ask(Operation::Query, functions.to_vec());
    for needed in [Operation::Locate, Operation::Create, Operation::Activate, Operation::Get] {
        assert!(answer.all(Tag::Operation).any(|found| *found == Value::of(&needed)), "{needed:?}");
    }
}

fn finds_or_makes_its_key(pool: &mut [Line], namespace: &str) {
    let [first, second, ..] = pool else { panic!("no pool") };
    assert!(find(first, namespace).is_empty());
    let mut attributes = aes(128);
    attributes.push(words("x-key-namespace", namespace));
    let wanted = vec![kind(ObjectType::SymmetricKey), template(attributes)];
    let id = first.ask(Operation::Create, wanted).id();
    // It is looked for among the Active ones, and there it is after this.
    assert!(find(second, namespace).is_empty());
    first.ask(Operation::Activate, vec![uid(&id)]);
    assert_eq!(find(second, namespace), [id.as_str()]);
    assert!(find(second, &namespace[1..]).is_empty());
    misspelt_attributes_are_refused(second, namespace);

    let raw = vec![uid(&id), item(Tag::KeyFormatType, &KeyFormatType::Raw)];
    let asked = vec![(Operation::Get, raw), (Operation::GetAttributes, vec![uid(&id)])];
    let answers = second.all_of(asked.clone());
    assert_eq!(answers[0].material().len(), 16);
    // It takes the algorithm from the key itself.
    let block = answers[0].0[2].child(Tag::KeyBlock).unwrap();
    let algorithm = item(Tag::CryptographicAlgorithm, &CryptographicAlgorithm::AES);
    assert_eq!(block.child(Tag::CryptographicAlgorithm), Some(&algorithm));
    assert_eq!(answers[1].attribute("State"), Value::of(&State::Active));
    assert_eq!(answers[1].attribute("x-key-namespace"), Value::TextString(namespace.to_owned()));
    // The same from every connection of the pool.
    for line in pool {
        assert_eq!(line.all_of(asked.clone())[0], answers[0]);
    }
}

fn find(line: &mut Line, namespace: &str) -> Vec<String> {
    line.ask(Operation::Locate, criteria("State", namespace)).ids()
}

/// An attribute that is not known is not passed over: any key at all would be found.
fn misspelt_attributes_are_refused(line: &mut Line, namespace: &str) {
    let refusal = line.refused(Operation::Locate, criteria("Sate", namespace));
    assert_eq!(refusal.reason, ResultReason::InvalidField);
}

fn criteria(state: &str, namespace: &str) -> Vec<Item> {
    let usage = CryptographicUsageMask::Encrypt.union(CryptographicUsageMask::Decrypt);
    vec![
        integer(Tag::MaximumItems, 1),
        words("x-key-namespace", namespace),
        with("Object Type", &ObjectType::SymmetricKey),
        with("Cryptographic Algorithm", &CryptographicAlgorithm::AES),
        with("Cryptographic Length", &128),
        with(state, &State::Active),
        with("Cryptographic Usage Mask", &usage),
    ]
}
