//! Couchbase Server 8: KMIP 1.4, read by a decoder that takes the specification's fields and no others.

use kmip_core::ttlv::Item;
use kmip_core::types::{
    CryptographicAlgorithm, KeyFormatType, ObjectType, Operation, ProtocolVersion, ResultReason,
    Tag,
};

use crate::client::{Client, Version};
use crate::ground::Ground;
use crate::replay::items::{item, kind, symmetric_key, uid};
use crate::replay::{Line, Manner, Payload, Refusal, Way, gcm};

/// Its row.
pub(crate) const CLIENT: Client = Client {
    id: "couchbase",
    name: "Couchbase Server",
    version: || Version::Replayed("8"),
    use_case: "encryption at rest",
    needs: "nothing; `export=true` for its approach `use_get`",
    tests: &[("guide", guide)],
};

/// It connects anew for each request.
struct Node(Way);

impl Node {
    fn line(&self) -> Line {
        Line::open(&self.0, &Manner::plain(ProtocolVersion::V1_4))
    }

    fn ask(&self, operation: Operation, payload: Vec<Item>) -> Payload {
        self.line().ask(operation, payload)
    }

    fn refused(&self, operation: Operation, payload: Vec<Item>) -> Refusal {
        self.line().refused(operation, payload)
    }
}

fn guide() {
    let ground = Ground::new(CLIENT.id, &[]);
    ground.follow_guide();
    let way = |folder| Way::of(&ground, folder).naming("localhost");
    let id_in = |file| std::fs::read_to_string(ground.folder().join(file)).unwrap();
    let (key, other) = (id_in("key-id"), id_in("key-id-get"));
    let key = key.trim();
    // `use_encrypt_decrypt`
    let node = Node(way("couchbase"));
    gcm::seals_and_opens(&|| node.line(), key);

    stays_in_the_token(&ground, &node, key);
    takes_the_key(&Node(way("couchbase-get")), other.trim());
}

/// The nodes may not ask for the value, and if they might, they would not get it.
fn stays_in_the_token(ground: &Ground, node: &Node, key: &str) {
    let raw = || vec![uid(key), item(Tag::KeyFormatType, &KeyFormatType::Raw)];
    let refusal = node.refused(Operation::Get, raw());
    assert_eq!(refusal.reason, ResultReason::PermissionDenied);
    let grant = "claviger role set couchbase node operation_get=true";
    ground.succeed(&format!(
        "{grant} --socket claviger-data/admin.sock --token-file claviger-data/admin-token"
    ));
    let refusal = node.refused(Operation::Get, raw());
    assert_eq!(refusal.reason, ResultReason::NotExtractable);
}

/// `use_get`: 32 bytes, raw, and nothing else; each time the same.
fn takes_the_key(node: &Node, id: &str) {
    let raw = || vec![uid(id), item(Tag::KeyFormatType, &KeyFormatType::Raw)];
    let got = node.ask(Operation::Get, raw());
    let material = got.material();
    assert_eq!(material.len(), 32);
    let key = symmetric_key(CryptographicAlgorithm::AES, &material, &[]);
    assert_eq!(got.0, [kind(ObjectType::SymmetricKey), uid(id), key]);
    assert!(node.ask(Operation::Get, raw()) == got, "another key the second time");
}
