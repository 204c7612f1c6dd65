//! MySQL Enterprise Edition, `keyring_okv`: KMIP 1.1, the life of a key.

use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    ObjectType, Operation, ProtocolVersion, ResultReason, RevocationReasonCode, State,
};

use crate::client::{Client, Version};
use crate::ground::Ground;
use crate::replay::items::{aes, kind, names, reason, template, uid};
use crate::replay::{Line, Manner, Way};

/// Its row.
pub(crate) const CLIENT: Client = Client {
    id: "mysql-enterprise",
    name: "MySQL Enterprise Edition",
    version: || Version::Replayed("`keyring_okv`"),
    use_case: "encrypted tables",
    needs: "`export=true`",
    tests: &[("guide", guide)],
};

fn guide() {
    let ground = Ground::new(CLIENT.id, &[]);
    ground.follow_guide();
    // With the files as the plugin has them.
    let folder = ground.folder().join("keyring-okv/ssl");
    let files = ["cert.pem", "key.pem"].map(|file| folder.join(file));
    let way = Way::with(&ground, &folder.join("CA.pem"), &files, rustls::ALL_VERSIONS);
    let mut line = Line::open(&way, &Manner::plain(ProtocolVersion::V1_1));

    let wanted = vec![kind(ObjectType::SymmetricKey), template(aes(256))];
    let id = line.ask(Operation::Create, wanted).id();
    assert_eq!(state(&mut line, &id), Value::of(&State::PreActive));
    line.ask(Operation::Activate, vec![uid(&id)]);
    assert_eq!(state(&mut line, &id), Value::of(&State::Active));
    let value = line.ask(Operation::Get, vec![uid(&id)]).material();
    assert_eq!(value.len(), 32);
    let early = line.refused(Operation::Destroy, vec![uid(&id)]);
    assert_eq!(early.reason, ResultReason::PermissionDenied);
    let why = reason(RevocationReasonCode::CessationOfOperation, "key removed");
    line.ask(Operation::Revoke, vec![uid(&id), why]);
    // What was encrypted with it can still be read.
    assert_eq!(line.ask(Operation::Get, vec![uid(&id)]).material(), value);
    line.ask(Operation::Destroy, vec![uid(&id)]);
    let gone = line.refused(Operation::Get, vec![uid(&id)]);
    assert_eq!(gone.reason, ResultReason::ItemNotFound);
}

fn state(line: &mut Line, id: &str) -> Value {
    let asked: Vec<Item> = [vec![uid(id)], names(&["State"])].concat();
    line.ask(Operation::GetAttributes, asked).attribute("State")
}
