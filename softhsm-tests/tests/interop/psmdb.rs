//! Percona Server for MongoDB: KMIP 1.0, one master key; and the C++ library that is to follow.

use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    CryptographicAlgorithm, ObjectType, Operation, ProtocolVersion, ResultReason, State, Tag,
};

use crate::client::{Client, Version};
use crate::ground::Ground;
use crate::replay::items::{
    aes, boolean, date, integer, item, kind, names, structure, symmetric_key, template, uid, with,
    words,
};
use crate::replay::{Line, Manner, Way, message};

/// Its row.
pub(crate) const CLIENT: Client = Client {
    id: "psmdb",
    name: "Percona Server for MongoDB",
    version: || Version::Replayed("its own encoder, and kmipclient"),
    use_case: "encrypted storage engine",
    needs: "`export=true`",
    tests: &[("guide", guide), ("kmipclient", kmipclient)],
};

const KEY: [u8; 32] = [0x3C; 32];

fn way(ground: &Ground) -> Way {
    Way::of(ground, "mongod").naming("localhost")
}

fn guide() {
    let ground = Ground::new(CLIENT.id, &[]);
    ground.follow_guide();
    let way = way(&ground);
    let line = || Line::open(&way, &Manner::plain(ProtocolVersion::V1_0));

    // No name, so that a second server may do the same.
    let ids = [0, 1].map(|_| line().ask(Operation::Register, brought(Vec::new())).id());
    assert_ne!(ids[0], ids[1]);
    line().ask(Operation::Activate, vec![uid(&ids[0])]);
    for (id, state) in ids.iter().zip([State::Active, State::PreActive]) {
        let mut once = line();
        assert_eq!(once.ask(Operation::Get, vec![uid(id)]).material(), KEY);
        once.close();
        let answer =
            line().ask(Operation::GetAttributes, [vec![uid(id)], names(&["State"])].concat());
        // The first attribute is taken for the state.
        assert_eq!(answer.0, [uid(id), with("State", &state)]);
    }
    // Whether there is no such key, or the server has failed, decides what it does next.
    let unknown = line().refused(Operation::Get, vec![uid("no-such-key")]);
    assert_eq!(unknown.reason, ResultReason::ItemNotFound);
    let facts = [vec![uid("no-such-key")], names(&["State"])].concat();
    assert_eq!(line().refused(Operation::GetAttributes, facts).reason, ResultReason::ItemNotFound);
}

/// kmipclient: 1.4, two things at once, in order, with identifiers of four bytes.
fn manner() -> Manner {
    let header = vec![
        integer(Tag::MaximumResponseSize, 1_048_576),
        boolean(Tag::BatchOrderOption, true),
        date(Tag::TimeStamp, now()),
    ];
    Manner { version: ProtocolVersion::V1_4, header, id_bytes: 4 }
}

fn kmipclient() {
    let ground = Ground::new(CLIENT.id, &[]);
    ground.follow_guide();
    let mut line = Line::open(&way(&ground), &manner());
    speaks_two_when_it_is_not_spoken(&mut line);

    let group = words("Object Group", "mongod-1");
    let id = line.ask(Operation::Register, brought(vec![group.clone()])).id();
    line.ask(Operation::Activate, vec![uid(&id)]);
    let search = vec![
        integer(Tag::MaximumItems, 256),
        with("Object Type", &ObjectType::SymmetricKey),
        group,
    ];
    assert_eq!(line.ask(Operation::Locate, search).ids(), [id.as_str()]);
    let wanted = [
        "State",
        "Name",
        "Operation Policy Name",
        "Cryptographic Algorithm",
        "Cryptographic Length",
        "Cryptographic Usage Mask",
    ];
    let asked = |id: &str| {
        let facts = [vec![uid(id)], names(&wanted)].concat();
        vec![(Operation::Get, vec![uid(id)]), (Operation::GetAttributes, facts)]
    };
    let answers = line.all_of(asked(&id));
    assert_eq!(answers[0].material(), KEY);
    assert_eq!(answers[1].attribute("State"), Value::of(&State::Active));
    assert_eq!(answers[1].attribute("Cryptographic Length"), Value::Integer(256));
    assert_eq!(answers[1].attributes().len(), wanted.len() - 1, "all but the name it lacks");
    // Without a word about errors, the batch ends at the first.
    let mut refused = line.batch_until(asked("no-such-key"));
    let refusal = refused.pop().unwrap().unwrap_err();
    assert_eq!((refusal.reason, refused.len()), (ResultReason::ItemNotFound, 0));
}

/// A request of 2.0 with a field that 1.x does not have is refused on its own: what follows on the
/// same connection, in 1.4, is answered.
fn speaks_two_when_it_is_not_spoken(line: &mut Line) {
    let reference = structure(Tag(0x42_0005), Vec::new());
    let item = structure(
        Tag::BatchItem,
        vec![
            item(Tag::Operation, &Operation::GetAttributes),
            structure(Tag::RequestPayload, vec![uid("any"), reference]),
        ],
    );
    let probe = message(ProtocolVersion::V2_0, &[], vec![item]);
    let answer = Item::from_bytes(&line.raw(&probe)).unwrap();
    let header = answer.child(Tag::ResponseHeader).unwrap();
    let version = Value::of(&ProtocolVersion::NEWEST);
    assert_eq!(header.child(Tag::ProtocolVersion).unwrap().value, version);
    let failed = answer.child(Tag::BatchItem).unwrap();
    let reason = Value::of(&ResultReason::InvalidMessage);
    assert_eq!(failed.child(Tag::ResultReason).unwrap().value, reason);
    let words = &failed.child(Tag::ResultMessage).unwrap().value;
    assert_eq!(words, &Value::TextString("protocol version not supported".to_owned()));
    // What it would have been told, had it asked.
    let told = line.ask(Operation::DiscoverVersions, Vec::new());
    assert!(told.all(Tag::ProtocolVersion).all(|told| *told != Value::of(&ProtocolVersion::V2_0)));
}

fn brought(more: Vec<Item>) -> Vec<Item> {
    let attributes = [aes(256), more].concat();
    let key = symmetric_key(CryptographicAlgorithm::AES, &KEY, &[]);
    vec![kind(ObjectType::SymmetricKey), template(attributes), key]
}

fn now() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap()
}
