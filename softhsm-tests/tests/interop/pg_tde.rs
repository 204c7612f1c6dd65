//! Percona's pg_tde for PostgreSQL: the same library as Percona Server for MySQL, other requests.

use kmip_core::ttlv::Item;
use kmip_core::types::{
    CryptographicAlgorithm, KeyCompressionType, ObjectType, Operation, ProtocolVersion, Tag,
};

use crate::client::{Client, Version};
use crate::ground::Ground;
use crate::replay::items::{aes, integer, item, kind, name, symmetric_key, template, uid, with};
use crate::replay::{Line, Manner, Way};

/// Its row.
pub(crate) const CLIENT: Client = Client {
    id: "pg-tde",
    name: "Percona pg_tde for PostgreSQL",
    version: || Version::Replayed("`pg_tde`"),
    use_case: "encrypted tables and WAL",
    needs: "`export=true`",
    tests: &[("guide", guide)],
};

fn guide() {
    let ground = Ground::new(CLIENT.id, &[]);
    ground.follow_guide();
    let way = Way::of(&ground, "pg-tde");
    let line = || Line::open(&way, &Manner::plain(ProtocolVersion::V1_0));
    assert!(find(&mut line(), "principal-1").is_empty());

    let ids = [("principal-1", 0x11), ("principal-10", 0x22)].map(|(called, filled_with)| {
        let payload = brought(called, filled_with);
        line().ask_in(ProtocolVersion::V1_4, Operation::Register, payload).id()
    });
    // Exactly one, of exactly this name; it is never activated.
    assert_eq!(find(&mut line(), "principal-1"), [ids[0].as_str()]);
    // Without a name, what it has brought itself, and nothing of the server's own.
    let symmetric = vec![with("Object Type", &ObjectType::SymmetricKey)];
    let mut all = line().ask(Operation::Locate, symmetric).ids();
    all.sort();
    let mut brought = ids.clone();
    brought.sort();
    assert_eq!(all, brought);
    assert_eq!(line().ask(Operation::Locate, Vec::new()).ids().len(), ids.len());
    let got = line().ask(Operation::Get, vec![uid(&ids[0])]);
    assert_eq!(got.material(), [0x11; 32]);
}

fn find(line: &mut Line, called: &str) -> Vec<String> {
    let wanted = vec![
        integer(Tag::MaximumItems, 16),
        integer(Tag::OffsetItems, 0),
        with("Object Type", &ObjectType::SymmetricKey),
        name(called),
    ];
    line.ask(Operation::Locate, wanted).ids()
}

/// A key whose block speaks of the compression of a public key's point.
fn brought(called: &str, filled_with: u8) -> Vec<Item> {
    let mut attributes = aes(256);
    attributes.push(name(called));
    let compression =
        item(Tag::KeyCompressionType, &KeyCompressionType::ECPublicKeyTypeUncompressed);
    let key = symmetric_key(CryptographicAlgorithm::AES, &[filled_with; 32], &[compression]);
    vec![kind(ObjectType::SymmetricKey), template(attributes), key]
}
