//! Percona Server for MySQL, `component_keyring_kmip`: two versions of KMIP on each connection.

use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    CryptographicAlgorithm, CryptographicUsageMask, KeyCompressionType, ObjectType, Operation,
    ProtocolVersion, ResultReason, RevocationReasonCode, Tag,
};

use crate::client::{Client, Version};
use crate::ground::Ground;
use crate::replay::items::{
    aes, date, integer, item, kind, name, names, password, reason, symmetric_key, template, uid,
    with, words,
};
use crate::replay::{Line, Manner, Way};

/// Its row.
pub(crate) const CLIENT: Client = Client {
    id: "percona-mysql",
    name: "Percona Server for MySQL",
    version: || Version::Replayed("`component_keyring_kmip`"),
    use_case: "encrypted tables",
    needs: "`export=true`",
    tests: &[("guide", guide)],
};

const GROUP: &str = "mysql-1";
/// Objects that it asks for at once.
const PAGE: i32 = 16;
/// More keys than fit into two pages.
const KEYS: u8 = 33;
/// Room that it has for an identifier.
const ID_BYTES: usize = 128;

/// It connects anew for all that it does.
struct Keyring(Way);

impl Keyring {
    /// Registers and reads names in 1.4, all else in 1.0.
    fn line(&self) -> Line {
        Line::open(&self.0, &Manner::plain(ProtocolVersion::V1_0))
    }

    /// Brings an object and activates it.
    fn store(&self, payload: Vec<Item>) -> String {
        let mut line = self.line();
        let id = line.ask_in(ProtocolVersion::V1_4, Operation::Register, payload).id();
        assert!(id.len() < ID_BYTES);
        line.ask(Operation::Activate, vec![uid(&id)]);
        id
    }

    /// Fetches every object of a type: identifier, name and value of each.
    fn load(&self, object_type: ObjectType) -> Vec<(String, String, Vec<u8>)> {
        let mut line = self.line();
        let ids = every_page(&mut line, object_type);
        let fetch = |id: String| {
            let value = line.ask(Operation::Get, vec![uid(&id)]).material();
            let asked = [vec![uid(&id)], names(&["Name"])].concat();
            let facts = line.ask_in(ProtocolVersion::V1_4, Operation::GetAttributes, asked);
            let Value::Structure(parts) = facts.attribute("Name") else { panic!("{facts:?}") };
            let called = crate::replay::answer::text(&parts[0].value).to_owned();
            (id, called, value)
        };
        ids.into_iter().map(fetch).collect()
    }

    /// Ends an object: the date is sent, and is none.
    fn erase(&self, id: &str) {
        let mut line = self.line();
        let why = reason(RevocationReasonCode::Unspecified, "Deleting the key");
        let ends = vec![uid(id), why, date(Tag::CompromiseOccurrenceDate, 0)];
        line.ask(Operation::Revoke, ends);
        line.ask(Operation::Destroy, vec![uid(id)]);
    }
}

/// Pages by an offset that 1.0 does not have, until one is empty.
fn every_page(line: &mut Line, object_type: ObjectType) -> Vec<String> {
    let mut ids = Vec::new();
    loop {
        let found = line.ask(
            Operation::Locate,
            vec![
                integer(Tag::MaximumItems, PAGE),
                integer(Tag::OffsetItems, i32::try_from(ids.len()).unwrap()),
                with("Object Type", &object_type),
                words("Object Group", GROUP),
            ],
        );
        let page = found.ids();
        assert!(page.len() <= usize::try_from(PAGE).unwrap());
        if page.is_empty() {
            return ids;
        }
        ids.extend(page);
    }
}

fn guide() {
    let ground = Ground::new(CLIENT.id, &[]);
    ground.follow_guide();
    let keyring = Keyring(configured(&ground));
    assert!(keyring.load(ObjectType::SymmetricKey).is_empty());

    let mut stored = (0..KEYS)
        .map(|number| {
            let called = format!("INNODBKey-{number}");
            (keyring.store(key(&called, number)), called, vec![number; 32])
        })
        .collect::<Vec<_>>();
    let secret = keyring.store(secret("a password"));
    another_group_is_another_keyring(&keyring);

    // Every key once, whatever the page it was on, and each with its name and its value.
    let mut loaded = keyring.load(ObjectType::SymmetricKey);
    loaded.sort();
    stored.sort();
    assert!(loaded == stored, "not the keys that were stored");
    let secrets = keyring.load(ObjectType::SecretData);
    assert_eq!(secrets, [(secret.clone(), "a password".to_owned(), b"open sesame".to_vec())]);

    for id in [&stored[0].0, &secret] {
        keyring.erase(id);
        let gone = keyring.line().refused(Operation::Get, vec![uid(id)]);
        assert_eq!(gone.reason, ResultReason::ItemNotFound);
    }
    assert_eq!(keyring.load(ObjectType::SymmetricKey).len(), usize::from(KEYS) - 1);
    // The name is free again.
    keyring.store(key(&stored[0].1, 0));
    assert_eq!(keyring.load(ObjectType::SymmetricKey).len(), usize::from(KEYS));
    assert!(keyring.load(ObjectType::SecretData).is_empty());
}

/// As the file says that the guide has written.
fn configured(ground: &Ground) -> Way {
    let file = ground.folder().join("component_keyring_kmip.cnf");
    let file: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let text = |name: &str| file[name].as_str().unwrap();
    assert_eq!(text("server_port"), ground.server().ready().kmip_addr.port().to_string());
    assert_eq!(text("object_group"), GROUP);
    let path = |name: &str| ground.folder().join(text(name));
    let files = ["client_ca", "client_key"].map(path);
    Way::with(ground, &path("server_ca"), &files, rustls::ALL_VERSIONS)
}

fn another_group_is_another_keyring(keyring: &Keyring) {
    let mut attributes = aes(256);
    attributes.push(words("Object Group", "mysql-10"));
    let wanted = vec![kind(ObjectType::SymmetricKey), template(attributes)];
    keyring.line().ask(Operation::Create, wanted);
}

fn key(called: &str, filled_with: u8) -> Vec<Item> {
    let mut attributes = aes(256);
    attributes.extend([name(called), words("Object Group", GROUP)]);
    let compression =
        item(Tag::KeyCompressionType, &KeyCompressionType::ECPublicKeyTypeUncompressed);
    let key = symmetric_key(CryptographicAlgorithm::AES, &[filled_with; 32], &[compression]);
    vec![kind(ObjectType::SymmetricKey), template(attributes), key]
}

fn secret(called: &str) -> Vec<Item> {
    let usage = CryptographicUsageMask::Encrypt
        .union(CryptographicUsageMask::Decrypt)
        .union(CryptographicUsageMask::Export);
    let attributes =
        vec![with("Cryptographic Usage Mask", &usage), name(called), words("Object Group", GROUP)];
    vec![kind(ObjectType::SecretData), template(attributes), password(b"open sesame")]
}
