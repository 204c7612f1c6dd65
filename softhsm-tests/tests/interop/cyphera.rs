//! Cyphera's client for Python, and what it sends amiss.

use serde_json::Value;

use crate::client::{self, Client};
use crate::ground::Ground;

/// Its row.
pub(crate) const CLIENT: Client = Client {
    id: "cyphera",
    name: "Cyphera's cyphera-kmip",
    version: || client::python_release("cyphera", &["cyphera-kmip"]),
    use_case: "fetching keys by name in Python",
    needs: "`export=true`",
    tests: &[("guide", guide), ("what_it_sends_amiss_is_refused", refusals)],
};

fn ground() -> Ground {
    Ground::new(CLIENT.id, &[("python3", client::venv(CLIENT.id))])
}

fn guide() {
    let said = ground().follow_guide();
    let expected = "versions ['1.4', '1.3', '1.2', '1.1', '1.0']\nfetched 32 bytes\nchecked True\n\
                    named True\nrenewed True True\nkept True\n";
    assert!(said.ends_with(expected), "{said}");
}

/// What the server takes each call for.
const REFUSED: &[(&str, &str)] = &[
    ("Query", "InvalidMessage"),
    ("Register", "InvalidMessage"),
    ("CreateKeyPair", "InvalidField"),
    ("DeriveKey", "InvalidMessage"),
    ("DeleteAttribute", "InvalidField"),
    ("Encrypt", "InvalidField"),
    ("Sign", "InvalidField"),
    ("MAC", "InvalidField"),
    ("Poll", "InvalidMessage"),
    ("Revoke", "InvalidField"),
    ("Destroy", "PermissionDenied"),
];

fn refusals() {
    let ground = ground();
    let script = client::folder(CLIENT.id).join("refused.py");
    let said = ground.follow_guide_and(&format!(
        "claviger role set cyphera app operation_all=true
         python3 -B {} 5696 claviger-data/pki/ca.pem app",
        script.display()
    ));
    assert_eq!(said.matches(" was refused\n").count(), REFUSED.len(), "{said}");
    assert!(!said.contains("was not refused"), "{said}");
    let log = std::fs::read_to_string(ground.trial().data().join("audit.log")).unwrap();
    let records = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let failed = records.filter(|record| record["role"] == "app" && record["result"] == "failed");
    let failed = failed.map(|record| {
        let word = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
        (word("operation"), word("reason"))
    });
    let expected =
        REFUSED.iter().map(|(operation, reason)| ((*operation).to_owned(), (*reason).to_owned()));
    assert_eq!(failed.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
}
