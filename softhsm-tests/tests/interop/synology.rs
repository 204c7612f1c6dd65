//! Synology DSM: KMIP 1.2, the keys of encrypted volumes, as passwords.

use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    CryptographicUsageMask, ObjectType, Operation, ProtocolVersion, QueryFunction, ResultReason,
    RevocationReasonCode, State, Tag,
};

use crate::client::{Client, Version};
use crate::ground::Ground;
use crate::replay::items::{item, kind, name, names, password, reason, template, uid, with, words};
use crate::replay::{Line, Manner, Payload, Refusal, Way};

/// Its row.
pub(crate) const CLIENT: Client = Client {
    id: "synology",
    name: "Synology DSM",
    version: || Version::Replayed("DSM 7.2"),
    use_case: "keys of encrypted volumes",
    needs: "`export=true`",
    tests: &[("guide", guide)],
};

/// What a volume is called, and the password it is opened with.
const VOLUME: &str = "0c1eed2d-9c1a-47f3-9c4c-48230d14daf6";
const PASSWORD: [u8; 72] = [0x5A; 72];

/// DSM connects anew for every call.
struct Dsm(Way);

impl Dsm {
    fn ask(&self, operation: Operation, payload: Vec<Item>) -> Payload {
        self.line().ask(operation, payload)
    }

    fn refused(&self, operation: Operation, payload: Vec<Item>) -> Refusal {
        self.line().refused(operation, payload)
    }

    fn line(&self) -> Line {
        Line::open(&self.0, &Manner::plain(ProtocolVersion::V1_2))
    }

    fn find(&self, of: &str) -> Vec<String> {
        self.ask(Operation::Locate, vec![name(of)]).ids()
    }
}

fn guide() {
    let ground = Ground::new(CLIENT.id, &[]);
    ground.follow_guide();
    let dsm = Dsm(Way::of(&ground, "synology"));
    dsm.ask(Operation::DiscoverVersions, Vec::new());
    asks_for_everything(&dsm);
    assert!(dsm.find(VOLUME).is_empty());

    let key = dsm.ask(Operation::Register, brought()).id();
    // It is renamed while it waits, too.
    for other in ["another name", VOLUME] {
        let renamed = dsm.ask(Operation::ModifyAttribute, vec![uid(&key), name(other)]);
        assert_eq!(renamed.0, [uid(&key), name(other)]);
    }
    dsm.ask(Operation::Activate, vec![uid(&key)]);
    assert_eq!(dsm.find(VOLUME), [key.as_str()]);
    let listed = dsm.ask(Operation::GetAttributeList, vec![uid(&key)]);
    for wanted in ["Name", "State", "Object Type", "Operation Policy Name"] {
        let wanted = Value::TextString(wanted.to_owned());
        assert!(listed.all(Tag::AttributeName).any(|name| *name == wanted), "{wanted:?}");
    }
    let asked = [vec![uid(&key)], names(&["State", "Object Type"])].concat();
    let facts = dsm.ask(Operation::GetAttributes, asked);
    assert_eq!(facts.attribute("State"), Value::of(&State::Active));
    assert_eq!(facts.attribute("Object Type"), Value::of(&ObjectType::SecretData));
    assert_eq!(dsm.ask(Operation::Get, vec![uid(&key)]).material(), PASSWORD);

    // A key that is replaced is renamed; the answer repeats the attribute.
    let old = format!("{VOLUME}-deprecated-1");
    let renamed = dsm.ask(Operation::ModifyAttribute, vec![uid(&key), name(&old)]);
    assert_eq!(renamed.0, [uid(&key), name(&old)]);
    assert!(dsm.find(VOLUME).is_empty());
    assert_eq!(dsm.find(&old), [key.as_str()]);
    leaves(&dsm, &key);
}

/// The functions 1 to 6, all at once.
fn asks_for_everything(dsm: &Dsm) {
    let all = (1..=6).map(|number| item(Tag::QueryFunction, &QueryFunction(number))).collect();
    let answer = dsm.ask(Operation::Query, all);
    for needed in [Operation::Register, Operation::Locate, Operation::ModifyAttribute] {
        assert!(answer.all(Tag::Operation).any(|found| *found == Value::of(&needed)), "{needed:?}");
    }
}

fn leaves(dsm: &Dsm, key: &str) {
    let refusal = dsm.refused(Operation::Destroy, vec![uid(key)]);
    assert_eq!(refusal.reason, ResultReason::PermissionDenied, "an Active key is revoked first");
    let why = reason(RevocationReasonCode::CessationOfOperation, "volume removed");
    dsm.ask(Operation::Revoke, vec![uid(key), why]);
    dsm.ask(Operation::Destroy, vec![uid(key)]);
    let gone = dsm.refused(Operation::Get, vec![uid(key)]);
    assert_eq!(gone.reason, ResultReason::ItemNotFound);
}

fn brought() -> Vec<Item> {
    let attributes = vec![
        with("Cryptographic Usage Mask", &CryptographicUsageMask::Verify),
        words("Operation Policy Name", "default"),
        name(VOLUME),
    ];
    vec![kind(ObjectType::SecretData), template(attributes), password(&PASSWORD)]
}
