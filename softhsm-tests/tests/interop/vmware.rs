//! VMware vCenter: KMIP 1.1, one key for each host and each encrypted machine.

use std::process::Command;

use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{ObjectType, Operation, ProtocolVersion, QueryFunction, State, Tag};
use softhsm_tests::docs;

use crate::client::{Client, Version, guide};
use crate::ground::Ground;
use crate::replay::items::{aes, item, kind, names, template, uid, words};
use crate::replay::{Line, Manner, Way};

/// Its row.
pub(crate) const CLIENT: Client = Client {
    id: "vmware",
    name: "VMware vCenter",
    version: || Version::Replayed("standard key provider"),
    use_case: "encrypted machines, vSAN",
    needs: "`export=true`",
    tests: &[("guide", with_a_signed_request), ("pinned_certificate", with_its_own_certificate)],
};

/// What vCenter writes on each key.
const ORIGIN: [(&str, &str); 3] = [
    ("x-Product_Version", "8.0.3 build-1"),
    ("x-Vendor", "VMware, Inc."),
    ("x-Product", "vCenter"),
];

fn manner() -> Manner {
    Manner { id_bytes: 8, ..Manner::plain(ProtocolVersion::V1_1) }
}

fn with_a_signed_request() {
    let ground = Ground::new(CLIENT.id, &[]);
    ground.follow_guide();
    let files = ["vcenter/client.pem", "vcenter.key"].map(|file| ground.folder().join(file));
    let ca = &ground.server().ready().ca;
    let way = Way::with(&ground, ca, &files, rustls::ALL_VERSIONS);
    encrypts_a_machine(&way);
}

/// A certificate that nobody has signed but itself, without Extended Key Usage, a CA by its own word.
fn with_its_own_certificate() {
    let pinned = docs::blocks_of(&guide(CLIENT.id), "toml").concat();
    let ground = Ground::configured(CLIENT.id, &[], |trial| {
        let folder = trial.folder();
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=vcenter"])
            .args(["-days", "30", "-keyout", "own.key", "-out", "own.pem"])
            .current_dir(folder)
            .output()
            .unwrap();
        assert!(made.status.success());
        let fingerprint = fingerprint(folder);
        let pinned = pinned.replace("64 hex digits", &fingerprint);
        trial.append_config(&pinned);
        trial.edit_config("[tls]\n", "[tls]\nclient_auth = \"chain-or-pinned\"\n");
    });
    let files = ["own.pem", "own.key"].map(|file| ground.folder().join(file));
    let ca = &ground.server().ready().ca;
    let way = Way::with(&ground, ca, &files, rustls::ALL_VERSIONS);
    encrypts_a_machine(&way);
}

/// By the command that the guide gives.
fn fingerprint(folder: &std::path::Path) -> String {
    let text = guide(CLIENT.id);
    let command = text.lines().find(|line| line.contains("openssl x509 -in own.pem")).unwrap();
    let output = Command::new("bash").args(["-c", command.trim()]).current_dir(folder).output();
    let said = String::from_utf8(output.unwrap().stdout).unwrap();
    said.rsplit('=').next().unwrap().trim().to_owned()
}

fn encrypts_a_machine(way: &Way) {
    let mut line = Line::open(way, &manner());
    let versions = line.ask(Operation::DiscoverVersions, Vec::new());
    let all = ProtocolVersion::SUPPORTED.map(|version| item(Tag::ProtocolVersion, &version));
    assert_eq!(versions.0, all, "all versions, the newest first");
    asks_what_is_served(&mut line);

    let mut wanted = vec![kind(ObjectType::SymmetricKey)];
    wanted.push(template(aes(256)));
    let key = line.ask(Operation::Create, wanted).id();
    let about = |attribute: &str| [vec![uid(&key)], names(&[attribute])].concat();
    // What is not there is no failure.
    let found = line.ask(Operation::GetAttributes, about("x-Product_Version"));
    assert_eq!(found.0, [uid(&key)]);
    let adds =
        ORIGIN.map(|(name, value)| (Operation::AddAttribute, vec![uid(&key), words(name, value)]));
    for (answer, (name, value)) in line.all_of(adds.to_vec()).iter().zip(ORIGIN) {
        assert_eq!(
            (answer.id(), answer.attribute(name)),
            (key.clone(), Value::TextString(value.to_owned()))
        );
    }
    let found = line.ask(Operation::GetAttributes, about("x-Product_Version"));
    assert_eq!(found.attribute("x-Product_Version"), Value::TextString(ORIGIN[0].1.to_owned()));
    let state = line.ask(Operation::GetAttributes, about("State"));
    assert_eq!(state.attribute("State"), Value::of(&State::PreActive));

    let material = line.ask(Operation::Get, vec![uid(&key)]).material();
    assert_eq!(material.len(), 32);
    // A host that starts asks on a connection of its own.
    let again = Line::open(way, &manner()).ask(Operation::Get, vec![uid(&key)]);
    assert_eq!(again.material(), material);
}

fn asks_what_is_served(line: &mut Line) {
    let functions = [QueryFunction::QueryServerInformation, QueryFunction::QueryObjects]
        .map(|function| item(Tag::QueryFunction, &function));
    let answer = line.ask(Operation::Query, functions.to_vec());
    let has =
        |kind: ObjectType| answer.all(Tag::ObjectType).any(|found| *found == Value::of(&kind));
    assert!(has(ObjectType::SymmetricKey));
    assert!(!has(ObjectType::PGPKey), "which 1.1 does not have");
    let vendor: Vec<&Item> =
        answer.0.iter().filter(|item| item.tag == Tag::VendorIdentification).collect();
    assert_eq!(vendor.len(), 1);
}
