//! OpenStack Swift: its own keymaster, and its own encryption above a folder.

use crate::client::{self, ADMINISTRATION, Client};
use crate::ground::Ground;

/// Its row.
pub(crate) const CLIENT: Client = Client {
    id: "swift",
    name: "OpenStack Swift",
    version: || client::python_release(CLIENT.id, &["swift", "PyKMIP"]),
    use_case: "the root secret of at-rest encryption",
    needs: "`export=true`",
    tests: &[("guide", guide), ("rotation", rotation), ("refusals", refusals)],
};

const KEYMAKER: &str =
    "export CLAVIGER_KMIP_ENDPOINT=127.0.0.1:5696 CLAVIGER_CREDENTIAL=operator\n";

fn ground() -> Ground {
    Ground::new(CLIENT.id, &[("python3", client::venv(CLIENT.id))])
}

/// A step of the script, with the file that the guide has written.
fn step(step: &str, object: &str) -> String {
    let script = client::folder(CLIENT.id).join("check.py");
    format!("python3 -B {} {step} kmip_keymaster.conf {object}\n", script.display())
}

fn guide() {
    let steps = format!("{}{}", step("write", "first"), step("read", "first"));
    let said = ground().follow_guide_and(&steps);
    for words in ["the root secret is there\n", "ok write first\n", "ok read first\n"] {
        assert!(said.contains(words), "{words:?} is not in\n{said}");
    }
}

/// What the guide tells of another root secret; the server is started again before the end.
fn rotation() {
    let mut ground = ground();
    let second = "new=$(claviger key create --name swift-root-2 --activate)
                  echo \"key_id_2 = $new\" >> kmip_keymaster.conf\n";
    let switch = "echo 'active_root_secret_id = 2' >> kmip_keymaster.conf\n";
    let lines = [
        &step("write", "old"),
        second,
        &step("read", "old"),
        switch,
        &step("write", "new"),
        &step("read", "old"),
    ];
    ground.follow_guide_and(&lines.concat());
    ground.restart();
    let port = "sed -i 's/^port = .*/port = 5696/' kmip_keymaster.conf\n";
    ground.succeed(&format!("{port}{}{}", step("read", "old"), step("read", "new")));
    // What was written with the second is not opened by the first.
    let first = "sed -i '/^key_id_2/d; /^active/d' kmip_keymaster.conf\n";
    ground.succeed(&format!("{first}{}", step("read", "old")));
    ground.fail(&step("read", "new"));
}

/// A proxy does not start with a key of another length, without one, or without export.
fn refusals() {
    let ground = ground();
    ground.follow_guide();
    let start = |lines: &str, key: &str| {
        let set = format!("sed -i \"s/^key_id = .*/key_id = {key}/\" kmip_keymaster.conf");
        ground.fail(&format!("{ADMINISTRATION}{KEYMAKER}{lines}\n{set}\n{}", step("write", "x")))
    };
    let said = start("short=$(claviger key create --name short --length 128)", "$short");
    assert!(said.contains("AES-128"), "{said}");
    let said = start("", "none-of-these");
    assert!(said.contains("ITEM_NOT_FOUND"), "{said}");
    let locked = "claviger role set swift proxy operation_get=true export=false
                  new=$(claviger key create --name another --activate)";
    let said = start(locked, "$new");
    assert!(said.contains("PERMISSION_DENIED"), "{said}");
}
