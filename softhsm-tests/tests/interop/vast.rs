//! VAST Data: KMIP 1.4, the keys of encrypted paths, replaced by Re-key.

use kmip_core::ttlv::Value;
use kmip_core::types::{ObjectType, Operation, ProtocolVersion, ResultReason, State, Tag};

use crate::client::{Client, Version};
use crate::ground::Ground;
use crate::replay::items::{aes, kind, name, names, template, uid, words};
use crate::replay::{Line, Manner, Way};

/// Its row.
pub(crate) const CLIENT: Client = Client {
    id: "vast",
    name: "VAST Data",
    version: || Version::Replayed("recorded requests"),
    use_case: "keys of encrypted paths",
    needs: "`export=true`",
    tests: &[("guide", guide)],
};

const KEY: &str = "vast-encryption-group-1";
const GROUP: &str = "vast-cluster-1";

fn guide() {
    let ground = Ground::new(CLIENT.id, &[]);
    ground.follow_guide();
    let manner = Manner::plain(ProtocolVersion::V1_4);
    let mut line = Line::open(&Way::of(&ground, "vast"), &manner);

    let mut attributes = aes(256);
    attributes.push(words("Operation Policy Name", "default"));
    let wanted = vec![kind(ObjectType::SymmetricKey), template(attributes)];
    let key = line.ask(Operation::Create, wanted).id();
    // The last is there already, and saying so once more does no harm.
    let adds = [name(KEY), words("Object Group", GROUP), words("Operation Policy Name", "default")];
    for attribute in adds {
        let added = line.ask(Operation::AddAttribute, vec![uid(&key), attribute.clone()]);
        assert_eq!(added.attributes()[0].1, attribute.value.children()[1].value);
    }
    let other = words("Operation Policy Name", "public");
    let refusal = line.refused(Operation::AddAttribute, vec![uid(&key), other]);
    assert_eq!(refusal.reason, ResultReason::IllegalOperation);
    // Whoever asks for everything is told of it.
    let all = line.ask(Operation::GetAttributes, vec![uid(&key)]);
    assert_eq!(all.attribute("Operation Policy Name"), Value::TextString("default".to_owned()));
    assert_eq!(all.attribute("Object Group"), Value::TextString(GROUP.to_owned()));

    line.ask(Operation::Activate, vec![uid(&key)]);
    assert_eq!(find(&mut line), [key.as_str()]);
    let old = line.ask(Operation::Get, vec![uid(&key)]).material();
    is_replaced(&mut line, &key, &old);
}

/// A new key takes over the name, Active at once; the old one is still to be had.
fn is_replaced(line: &mut Line, key: &str, old: &[u8]) {
    let new = line.ask(Operation::ReKey, vec![uid(key)]).id();
    assert_ne!(new, key);
    assert_eq!(find(line), [new.as_str()]);
    let material = line.ask(Operation::Get, vec![uid(&new)]).material();
    assert_eq!(material.len(), 32);
    assert_ne!(material, old);
    assert_eq!(line.ask(Operation::Get, vec![uid(key)]).material(), old);
    for id in [key, &new] {
        let asked = [vec![uid(id)], names(&["State", "Name"])].concat();
        let facts = line.ask(Operation::GetAttributes, asked);
        assert_eq!(facts.attribute("State"), Value::of(&State::Active));
        let named = facts.attributes().iter().filter(|(name, _)| name == "Name").count();
        assert_eq!(named, usize::from(id != key));
    }
}

/// By a search whose criteria stand in a Template-Attribute.
fn find(line: &mut Line) -> Vec<String> {
    let criteria = template(vec![name(KEY), words("Object Group", GROUP)]);
    let found = line.ask(Operation::Locate, vec![criteria]);
    let ids: Vec<String> = found.ids();
    let counted: Vec<&Value> = found.all(Tag::LocatedItems).collect();
    let number = Value::Integer(i32::try_from(ids.len()).unwrap());
    assert!(counted.iter().all(|count| **count == number));
    ids
}
