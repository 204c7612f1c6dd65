//! OpenBao's KMIP seal, with the real server.

mod bao;
mod life;
mod migration;
mod outage;
mod rotation;
mod seal;

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;
use softhsm_tests::{port, program};

use crate::client::{Client, Version};
use crate::ground::Ground;

/// Its row.
pub(crate) const CLIENT: Client = Client {
    id: "openbao",
    name: "OpenBao",
    version: || Version::Released(version()),
    use_case: "auto-unseal: the key that opens its storage is in the HSM",
    needs: "nothing",
    tests: &[
        ("guide", guide),
        ("aes_gcm", life::aes_gcm),
        ("rsa_oaep_sha256", life::rsa_oaep_sha256),
        ("rsa_oaep_sha384", life::rsa_oaep_sha384),
        ("rsa_oaep_sha512", life::rsa_oaep_sha512),
        ("seal_key_rotation", rotation::seal_key),
        ("seal_migration", migration::every_way),
        ("outages", outage::of_server_and_token),
    ],
};

/// As `bao version` says it: `OpenBao v2.7.2 (...), ...`.
fn version() -> String {
    let output = Command::new(program::bao()).arg("version").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    said.split_whitespace().nth(1).unwrap().trim_start_matches('v').to_owned()
}

fn guide() {
    let programs = [("bao", program::bao())];
    let ground = Ground::new(CLIENT.id, &programs)
        .with_stand_in("8210", &port::fresh().to_string())
        .with_stand_in("8211", &port::fresh().to_string());
    let said = ground.follow_guide();
    // Read after the restart, the rotation, and either migration.
    assert_eq!(said.matches("correct-horse").count(), 4, "{said}");
    let log = std::fs::read_to_string(ground.folder().join("bao.log")).unwrap();
    for words in [
        "upgrading recovery key",
        "upgrading stored keys",
        "migrating from one auto-unseal to shamir",
        "migrating from shamir to auto-unseal",
    ] {
        assert!(log.contains(words), "{words:?} is not in\n{log}");
    }
    assert_eq!(log.matches("seal migration complete").count(), 2, "{log}");
}

/// What the role of an OpenBao is granted. It asks for no more.
const GRANTS: [&str; 4] = ["discover_versions", "get_attributes", "encrypt", "decrypt"];

/// What OpenBao asked for, as the audit log has it: that all of it succeeded, and that every grant is
/// needed.
fn assert_granted_is_needed(ground: &Ground) {
    let log = std::fs::read_to_string(ground.trial().data().join("audit.log")).unwrap();
    let records = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let of_openbao =
        records.filter(|record| record["role"] == "seal" && record["protocol"] != Value::Null);
    let outcomes = of_openbao.filter(|record| record["kind"] == "outcome").collect::<Vec<_>>();
    for record in &outcomes {
        assert_eq!(record["result"], "success", "{record}");
    }
    let words = |record: &Value| record["operation"].as_str().unwrap().to_owned();
    let asked = outcomes.iter().map(words).collect::<BTreeSet<_>>();
    let granted = ["Decrypt", "DiscoverVersions", "Encrypt", "GetAttributes"];
    assert!(asked.iter().map(String::as_str).eq(granted), "{asked:?}");
}
