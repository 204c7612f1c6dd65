//! ceph-csi and Rook, by what they do with their KMIP library, which is the real one.

use std::process::Command;

use crate::client::{Client, Version};
use crate::golang;
use crate::ground::Ground;

/// Its row.
pub(crate) const CLIENT: Client = Client {
    id: "ceph-csi",
    name: "ceph-csi, Rook",
    version: || Version::Replayed("gemalto/kmip-go 0.1.0"),
    use_case: "encrypted volumes and disks in Kubernetes",
    needs: "`export=true` for Rook, and for `USE_CRYPTO_RPC` false",
    tests: &[("guide", guide), ("calls", calls), ("get_without_export", get_without_export)],
};

const LOGIN: &str =
    "export CLAVIGER_ADDR=https://127.0.0.1:8200 CLAVIGER_CACERT=claviger-data/pki/ca.pem
export CLAVIGER_TOKEN_FILE=claviger-data/admin-token
claviger scope create ceph
";

/// The roles of those who make keys and of those who use them, with one field more for either.
fn ground(more: &str) -> Ground {
    let ground = Ground::new(CLIENT.id, &[]);
    ground.succeed(&format!(
        "{LOGIN}claviger role set ceph operator operation_create=true operation_activate=true \
           operation_revoke=true {more}
         claviger role set ceph csi operation_discover_versions=true operation_encrypt=true \
           operation_decrypt=true operation_get=true operation_register=true \
           operation_destroy=true {more}
         claviger credential generate ceph operator --out operator
         claviger credential generate ceph csi --out csi"
    ));
    ground
}

fn tests(ground: &Ground) -> Command {
    let mut command = Command::new(golang::built(CLIENT.id).join("ceph-csi.test"));
    command.envs(golang::environment(ground, "csi"));
    for (name, file) in [("KMIP_OPERATOR_CERT", "client.pem"), ("KMIP_OPERATOR_KEY", "client.key")]
    {
        command.env(name, ground.folder().join("operator").join(file));
    }
    command
}

/// The guide ends where Kubernetes begins: what it leads to is the key, and the files that the Secret
/// is made of.
fn guide() {
    let ground = Ground::new(CLIENT.id, &[]);
    let said = ground.follow_guide();
    assert!(said.contains("UNIQUE_IDENTIFIER: "), "{said}");
    let mut command = tests(&ground);
    command.arg("-test.run=^TestCsiWithAnUnknownKey$");
    assert!(golang::run_tests(command, &[]).has_passed("TestCsiWithAnUnknownKey"));
}

fn calls() {
    let ground = ground("export=true");
    let mut command = tests(&ground);
    command.arg("-test.skip=WithoutExport");
    let outcome = golang::run_tests(command, &[]);
    for name in ["TestCsiByEncryptAndDecrypt", "TestCsiByGet", "TestRookKeepsKeys"] {
        assert!(outcome.has_passed(name), "{name} is not in {outcome:?}");
    }
}

fn get_without_export() {
    let ground = ground("");
    let mut command = tests(&ground);
    command.arg("-test.run=WithoutExport");
    let outcome = golang::run_tests(command, &[]);
    assert!(outcome.has_passed("TestCsiByGetWithoutExportIsRefused"), "{outcome:?}");
}
