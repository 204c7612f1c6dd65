//! TrueNAS: the keys of its pools, with PyKMIP as it keeps them.

use softhsm_tests::program;

use crate::client::{self, ADMINISTRATION, Client, Version};
use crate::ground::Ground;

/// Its row.
pub(crate) const CLIENT: Client = Client {
    id: "truenas",
    name: "TrueNAS",
    version: || Version::Replayed("by way of PyKMIP 0.11.0"),
    use_case: "keys of pools and disks",
    needs: "`export=true`",
    tests: &[("guide", guide), ("without_export", without_export)],
};

fn ground() -> Ground {
    Ground::new(CLIENT.id, &[("python3", program::python())])
}

fn keys(what: &str) -> String {
    let script = client::folder(CLIENT.id).join("keys.py");
    let door = "--port 5696 --credential truenas --ca claviger-data/pki/ca.pem";
    format!("python3 -B {} {what} {door}", script.display())
}

/// Follows the guide; keeps a key that is there after a restart, too, until it is dropped.
fn guide() {
    let mut ground = ground();
    let fetch = keys("fetch");
    let said = ground.follow_guide_and(&format!("{} > uid; {fetch} < uid", keys("keep")));
    assert!(said.contains("the key of the pool\n"), "{said}");
    ground.restart();
    let newest = "--ssl-version PROTOCOL_TLS";
    let said = ground.succeed(&format!("{fetch} {newest} < uid; {} < uid", keys("drop")));
    assert_eq!(said, "the key of the pool\ngone: ITEM_NOT_FOUND\n");
}

/// What is stored while the role may not export stays in, whatever it may do later.
fn without_export() {
    let ground = ground();
    let export = |export: bool| {
        let grants = ["register", "activate", "get", "revoke", "destroy"];
        let grants = grants.map(|grant| format!("operation_{grant}=true ")).concat();
        format!("{ADMINISTRATION}claviger role set storage truenas {grants}export={export}\n")
    };
    let keep = keys("keep");
    ground.follow_guide_and(&format!("{keep} > before; {}{keep} > uid", export(false)));
    for key in ["uid", "before"] {
        let said = ground.fail(&format!("{} < {key}", keys("fetch")));
        assert!(said.contains("PERMISSION_DENIED - the object is not extractable"), "{said}");
    }
    ground.succeed(&export(true));
    ground.succeed(&format!("{} < before", keys("fetch")));
    let said = ground.fail(&format!("{} < uid", keys("fetch")));
    assert!(said.contains("PERMISSION_DENIED"), "{said}");
    assert_eq!(ground.succeed(&format!("{} < uid", keys("drop"))), "gone: ITEM_NOT_FOUND\n");
}
