//! Ceph's object gateway: libkmip, KMIP 1.0, a key of exactly one name.

use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    KeyFormatType, ObjectType, Operation, ProtocolVersion, QueryFunction, ResultReason, Tag,
};

use crate::client::{Client, Version};
use crate::ground::Ground;
use crate::replay::items::{aes, date, integer, item, kind, name, template, uid, user};
use crate::replay::{Line, Manner, Payload, Way};

/// Its row.
pub(crate) const CLIENT: Client = Client {
    id: "ceph-rgw",
    name: "Ceph Object Gateway",
    version: || Version::Replayed("libkmip 0.2"),
    use_case: "server-side encryption (SSE-KMS)",
    needs: "`export=true`; a user's name and password may be sent",
    tests: &[("guide", guide), ("library", library)],
};

/// The longest answer that libkmip takes.
const ANSWER_BYTES: i32 = 8192;

/// With empty words for name and password, as libkmip's own example has them.
fn manner(username: &str, password: &str) -> Manner {
    let header = vec![
        integer(Tag::MaximumResponseSize, ANSWER_BYTES),
        user(username, password),
        date(Tag::TimeStamp, 1_700_000_000),
    ];
    Manner { version: ProtocolVersion::V1_0, header, id_bytes: 0 }
}

fn guide() {
    let ground = Ground::new(CLIENT.id, &[]);
    ground.follow_guide();
    let way = Way::of(&ground, "rgw");
    for (username, password) in [("", ""), ("rgw", "a password"), ("nobody", "")] {
        let mut line = Line::open(&way, &manner(username, password));
        let found = find(&mut line, "rgw-key-1");
        assert_eq!(found.ids().len(), 1, "one hit, neither none nor two");
        // The same connection, after a while.
        let got = line.ask(Operation::Get, vec![uid(&found.id())]);
        assert_eq!(got.material().len(), 32);
        let block = got.0[2].child(Tag::KeyBlock).unwrap();
        assert_eq!(
            block.child(Tag::KeyFormatType),
            Some(&item(Tag::KeyFormatType, &KeyFormatType::Raw))
        );
        for other in ["rgw-key", "rgw-key-11", "RGW-KEY-1", ""] {
            assert!(find(&mut line, other).ids().is_empty(), "{other:?}");
        }
        let unknown = line.refused(Operation::Get, vec![uid("no-such-key")]);
        assert_eq!(unknown.reason, ResultReason::ItemNotFound);
    }
}

fn find(line: &mut Line, called: &str) -> Payload {
    line.ask(Operation::Locate, vec![name(called)])
}

/// What else libkmip can ask: into fixed room.
fn library() {
    let ground = Ground::new(CLIENT.id, &[]);
    ground.follow_guide();
    ground.succeed(
        "claviger role set ceph rgw --socket claviger-data/admin.sock \
         --token-file claviger-data/admin-token export=true operation_query=true \
         operation_create=true operation_get=true operation_destroy=true",
    );
    let mut line = Line::open(&Way::of(&ground, "rgw"), &manner("", ""));
    let functions = (1..=4).map(|number| item(Tag::QueryFunction, &QueryFunction(number)));
    let answer = line.ask(Operation::Query, functions.collect());
    assert!(answer.all(Tag::Operation).count() <= 64);
    assert!(answer.all(Tag::ObjectType).count() <= 32);
    for words in answer.all(Tag::VendorIdentification).chain(answer.all(Tag::ApplicationNamespace))
    {
        assert!(matches!(words, Value::TextString(words) if words.len() <= 128));
    }
    let id = line.ask(Operation::Create, wanted()).id();
    assert_eq!(line.ask(Operation::Get, vec![uid(&id)]).material().len(), 16);
    // Nothing longer than it has room for is sent.
    let tight = Manner {
        header: vec![integer(Tag::MaximumResponseSize, 200)],
        ..Manner::plain(ProtocolVersion::V1_0)
    };
    let mut small = Line::open(&Way::of(&ground, "rgw"), &tight);
    let functions = vec![item(Tag::QueryFunction, &QueryFunction::QueryOperations)];
    let refusal = small.refused(Operation::Query, functions);
    assert_eq!(refusal.reason, ResultReason::ResponseTooLarge);
    line.ask(Operation::Destroy, vec![uid(&id)]);
}

fn wanted() -> Vec<Item> {
    vec![kind(ObjectType::SymmetricKey), template(aes(128))]
}
