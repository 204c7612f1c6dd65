//! Claviger's own command line, as a KMIP client.

use serde_json::Value;
use softhsm_tests::{docs, program};

use crate::client::{Client, Version};
use crate::ground::Ground;

/// Its row.
pub(crate) const CLIENT: Client = Client {
    id: "claviger",
    name: "claviger key",
    version: || Version::Released(env!("CARGO_PKG_VERSION").to_owned()),
    use_case: "keys at the terminal",
    needs: "nothing",
    tests: &[("guide", guide), ("readme", readme), ("refusals", refusals)],
};

const LOGIN: &str =
    "export CLAVIGER_ADDR=https://127.0.0.1:8200 CLAVIGER_CACERT=claviger-data/pki/ca.pem
export CLAVIGER_TOKEN_FILE=claviger-data/admin-token
export CLAVIGER_KMIP_ENDPOINT=127.0.0.1:5696 CLAVIGER_CREDENTIAL=keeper
";

fn keys(ground: &Ground) -> Vec<Value> {
    let list = ground.succeed(&format!("{LOGIN}claviger key list --json"));
    let list: Value = serde_json::from_str(&list).unwrap();
    let ids = list["keys"].as_array().unwrap();
    ids.iter().map(|id| list["key_info"][id.as_str().unwrap()].clone()).collect()
}

fn guide() {
    let ground = Ground::new(CLIENT.id, &[]);
    let said = ground.follow_guide();
    for words in ["is deactivated\n", "is destroyed\n", "code-signing-public", "\"P_384\""] {
        assert!(said.contains(words), "{words:?} is not in\n{said}");
    }
    // What the guide leaves: the key that has replaced bao-seal, and the pair that signs.
    let mut left = keys(&ground);
    left.sort_by_key(|key| key["name"].to_string());
    let of = |key: &Value| {
        ["name", "algorithm", "length", "state"].map(|column| key[column].to_string()).join(" ")
    };
    let left: Vec<_> = left.iter().map(of).collect();
    let expected = [
        "\"bao-seal\" \"aes\" 256 \"active\"",
        "\"code-signing\" \"ec\" 384 \"active\"",
        "\"code-signing-public\" \"ec\" 384 \"active\"",
    ];
    assert_eq!(left, expected);
}

fn readme() {
    let readme = std::fs::read_to_string(program::repository().join("README.md")).unwrap();
    let blocks = docs::blocks(&readme);
    let block = blocks.iter().find(|block| block.contains("claviger scope create")).unwrap();
    // The program is the one that was built for the tests.
    let lines: Vec<_> = block.lines().filter(|line| !line.starts_with("export PATH=")).collect();
    assert_eq!(lines.len() + 1, block.lines().count());
    let said = Ground::new(CLIENT.id, &[]).succeed(&lines.join("\n"));
    assert!(said.contains("first-key"), "{said}");
}

fn refusals() {
    let ground = Ground::new(CLIENT.id, &[]);
    ground.succeed(&format!(
        "{LOGIN}claviger scope create vault
         claviger role set vault keeper operation_create=true operation_locate=true \
           operation_get_attributes=true operation_activate=true operation_destroy=true
         claviger credential generate vault keeper --out keeper
         claviger key create --name one --activate"
    ));
    for (command, words) in [
        ("claviger key create --name one", "Create refused:"),
        ("claviger key create --algorithm RSA", "CreateKeyPair refused: Permission Denied"),
        ("claviger key create --algorithm rot13", "it is none of des,"),
        ("claviger key create --algorithm EC --usage mac-generate", "not for mac-generate"),
        ("claviger key activate one", "Activate refused: Permission Denied"),
        ("claviger key activate two", "there is no key of the name \"two\""),
        ("claviger key destroy one", "Destroy refused: Permission Denied"),
        ("claviger key revoke one", "Revoke refused: Permission Denied"),
        ("claviger key show 00000000-0000-0000-0000-000000000000", "Item Not Found"),
        ("claviger key list --credential nowhere", "nowhere/client.pem: cannot read"),
        ("env -u CLAVIGER_CREDENTIAL claviger key list", "--credential DIR"),
        ("claviger key list --endpoint localhost:1", "cannot connect to localhost:1"),
        (
            "env -u CLAVIGER_CACERT claviger key list",
            "TLS: invalid peer certificate: UnknownIssuer",
        ),
    ] {
        let said = ground.fail(&format!("{LOGIN}{command}"));
        assert!(said.contains(words), "{command}: {said}");
    }
    assert_eq!(keys(&ground).len(), 1);
}
