//! The KMIP wrapper of OpenBao's go-kms-wrapping, which is its KMIP seal without OpenBao.

use std::process::Command;

use crate::client::{Client, Version};
use crate::golang;
use crate::ground::Ground;

/// Its row.
pub(crate) const CLIENT: Client = Client {
    id: "kms-wrapping",
    name: "OpenBao's KMIP wrapper",
    version: || Version::Released("2.2.0".to_owned()),
    use_case: "OpenBao's seal, programs in Go that keep secrets",
    needs: "nothing",
    tests: &[("guide", guide), ("acceptance", acceptance)],
};

/// The acceptance test of the release, unchanged: it encrypts and decrypts with each algorithm.
const ACCEPTANCE: &str = "TestAcckmipWrapper_Lifecycle";

fn guide() {
    let ground = Ground::new(CLIENT.id, &[golang::go()]);
    let said = ground.follow_guide();
    assert!(said.contains("AES_GCM: hello\n"), "{said}");
    assert!(said.contains("RSA_OAEP_SHA256: hello\n"), "{said}");
}

fn acceptance() {
    let ground = Ground::new(CLIENT.id, &[]);
    let program = golang::built(CLIENT.id).join("wrapper.test");
    let keys = ground.succeed(
        "export CLAVIGER_ADDR=https://127.0.0.1:8200 CLAVIGER_CACERT=claviger-data/pki/ca.pem
         export CLAVIGER_TOKEN_FILE=claviger-data/admin-token
         claviger scope create bao > said
         claviger role set bao operator operation_create=true operation_create_key_pair=true \\
           operation_activate=true >> said
         claviger role set bao seal operation_discover_versions=true \\
           operation_get_attributes=true operation_encrypt=true operation_decrypt=true >> said
         claviger credential generate bao operator --out operator >> said
         claviger credential generate bao seal --out seal >> said
         export CLAVIGER_CREDENTIAL=operator
         claviger key create --activate
         claviger key create --activate --algorithm RSA --length 2048 --usage encrypt,decrypt",
    );
    let mut keys = keys.lines().filter_map(|line| line.split(' ').next_back());
    let (aes, rsa) = (keys.next().unwrap().to_owned(), keys.next().unwrap().to_owned());
    let (passed, said) = run(&ground, &program, &aes, &rsa);
    assert!(passed, "{said}");
    for algorithm in ["AES_GCM", "RSA_OAEP_SHA256", "RSA_OAEP_SHA384", "RSA_OAEP_SHA512"] {
        assert!(said.contains(&format!("--- PASS: {ACCEPTANCE}/{algorithm} ")), "{said}");
    }
    // It can fail: the keys the other way round.
    let (passed, said) = run(&ground, &program, &rsa, &aes);
    assert!(!passed, "{said}");
}

fn run(ground: &Ground, program: &std::path::Path, aes: &str, rsa: &str) -> (bool, String) {
    let mut command = Command::new(program);
    command.args(["-test.v", "-test.timeout=120s", &format!("-test.run=^{ACCEPTANCE}$")]);
    let names = ["BAO_KMIP_ENDPOINT", "BAO_KMIP_CA_CERT", "BAO_KMIP_CLIENT_CERT"];
    let names = names.into_iter().chain(["BAO_KMIP_CLIENT_KEY"]);
    for (name, (_, value)) in names.zip(golang::environment(ground, "seal")) {
        command.env(name, value);
    }
    command.env("KMS_ACC_TESTS", "1");
    command.env("KMS_ACC_TESTS_AES_KEY_ID", aes).env("KMS_ACC_TESTS_RSA_KEY_ID", rsa);
    let output = command.output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
}
