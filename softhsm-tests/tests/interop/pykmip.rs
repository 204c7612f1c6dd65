//! PyKMIP: its client, the tools in its package, and its integration suite.

use softhsm_tests::{program, pykmip};

use crate::client::{Client, Version};
use crate::ground::Ground;

/// Its row.
pub(crate) const CLIENT: Client = Client {
    id: "pykmip",
    name: "PyKMIP",
    version: || Version::Released("0.11.0".to_owned()),
    use_case: "scripts, and what is built on it",
    needs: "`export=true` for what reads keys",
    tests: &[
        ("guide", guide),
        ("client_in_every_version", client_in_every_version),
        ("tools", tools),
        ("integration_suite", integration_suite),
    ],
};

fn ground() -> Ground {
    Ground::new(CLIENT.id, &[("python3", program::python())])
}

fn guide() {
    let ground = ground();
    let said = ground.follow_guide();
    assert!(said.contains("hello\n"), "{said}");
    // The tools on the command line end with 0 whatever happens.
    let log = std::fs::read_to_string(ground.trial().data().join("audit.log")).unwrap();
    let outcomes = || log.lines().filter(|line| line.contains("\"kind\":\"outcome\""));
    let failed = outcomes().find(|line| !line.contains("\"result\":\"success\""));
    assert_eq!(failed, None);
    let encrypted = outcomes().filter(|line| line.contains("\"operation\":\"Encrypt\""));
    assert_eq!(encrypted.count(), 2);
}

fn client_in_every_version() {
    pykmip::client_in_every_version(ground().trial());
}

/// With the configuration that the guide writes; these tools read keys as well.
fn tools() {
    let grants = "claviger role set python app operation_all=true export=true";
    let tools = pykmip::folder().join("tools.py");
    let run = format!("{grants}\npython3 -B {} --config-file pykmip.conf", tools.display());
    let said = ground().follow_guide_and(&run);
    assert!(said.contains("PyKMIP's tools: "), "{said}");
}

fn integration_suite() {
    let ground = Ground::configured(CLIENT.id, &[], pykmip::allow_common_names);
    pykmip::suite(ground.server().ready());
}
