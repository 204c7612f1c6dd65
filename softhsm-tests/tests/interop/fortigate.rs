//! FortiGate: KMIP 1.0, the keys of IPsec tunnels, by name.

use kmip_core::ttlv::Item;
use kmip_core::types::{
    BatchErrorContinuationOption, CryptographicAlgorithm, CryptographicUsageMask, ObjectType,
    Operation, ProtocolVersion, ResultReason, Tag,
};

use crate::client::{Client, Version};
use crate::ground::Ground;
use crate::replay::items::{boolean, integer, item, key, kind, name, template, uid, user};
use crate::replay::{Line, Manner, Payload, Way};

/// Its row.
pub(crate) const CLIENT: Client = Client {
    id: "fortigate",
    name: "FortiGate",
    version: || Version::Replayed("FortiOS 7.6"),
    use_case: "keys of IPsec tunnels",
    needs: "`export=true`; a user's name and password are sent",
    tests: &[("guide", guide)],
};

/// The keys of a tunnel. A search for the first must not find those whose names it begins.
const NAMES: [&str; 4] = ["tunnel-1", "tunnel-10", "tunnel-11", "tunnel-12"];

/// The header's options stand in an order that is not the specification's.
fn manner() -> Manner {
    let header = vec![
        integer(Tag::MaximumResponseSize, 65_536),
        user("fortigate", "a password"),
        boolean(Tag::BatchOrderOption, true),
        item(Tag::BatchErrorContinuationOption, &BatchErrorContinuationOption::Continue),
    ];
    Manner { version: ProtocolVersion::V1_0, header, id_bytes: 12 }
}

fn guide() {
    let ground = Ground::new(CLIENT.id, &[]);
    ground.follow_guide();
    let mut line = Line::open(&Way::of(&ground, "fortigate"), &manner());

    let none = line.all_of(NAMES.map(search).to_vec());
    assert!(none.iter().all(|answer| answer.ids().is_empty()));
    let made = NAMES.map(|name| line.ask(Operation::Create, wanted(name)).id());
    let refusal = line.refused(Operation::Create, wanted(NAMES[0]));
    assert_eq!(refusal.reason, ResultReason::InvalidField, "one name is one key's");

    // Four searches at once, each answered with the one key of exactly that name.
    let found = line.all_of(NAMES.map(search).to_vec());
    assert_eq!(found.iter().map(Payload::id).collect::<Vec<_>>(), made);
    let got = line.all_of(made[..2].iter().map(|id| get(id)).collect());
    assert!(got.iter().all(|answer| answer.material().len() == 20));
    assert_ne!(got[0].material(), got[1].material());
    // What fails does not keep the rest from being answered.
    let mut some = line.batch(vec![get("nobody"), get(&made[0])]);
    assert_eq!(some.pop().unwrap().unwrap(), got[0]);
    assert_eq!(some.pop().unwrap().unwrap_err().reason, ResultReason::ItemNotFound);
    a_search_by_nonsense_finds_nothing(&mut line);
}

/// Criteria that cannot be met are never passed over.
fn a_search_by_nonsense_finds_nothing(line: &mut Line) {
    let unknown = template(vec![crate::replay::items::words("Nmae", NAMES[0])]);
    let refusal = line.refused(Operation::Locate, vec![unknown]);
    assert_eq!(refusal.reason, ResultReason::InvalidField);
    let mut both = vec![name(NAMES[0])];
    both.push(name("no such key"));
    let none = line.ask(Operation::Locate, vec![template(both)]);
    assert!(none.ids().is_empty());
}

fn search(of: &str) -> (Operation, Vec<Item>) {
    (Operation::Locate, vec![integer(Tag::MaximumItems, 1), template(vec![name(of)])])
}

fn get(id: &str) -> (Operation, Vec<Item>) {
    (Operation::Get, vec![uid(id)])
}

fn wanted(of: &str) -> Vec<Item> {
    let usage = CryptographicUsageMask::MACGenerate.union(CryptographicUsageMask::MACVerify);
    let mut attributes = key(CryptographicAlgorithm::HMAC_SHA1, 160, usage);
    attributes.push(name(of));
    vec![kind(ObjectType::SymmetricKey), template(attributes)]
}
