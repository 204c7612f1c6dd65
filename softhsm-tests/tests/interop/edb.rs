//! EDB Postgres: what its script for data keys asks, with PyKMIP as the script does.

use softhsm_tests::program;

use crate::client::{self, ADMINISTRATION, Client, Version};
use crate::ground::Ground;

/// Its row.
pub(crate) const CLIENT: Client = Client {
    id: "edb",
    name: "EDB Postgres TDE",
    version: || Version::Replayed("by way of PyKMIP 0.11.0"),
    use_case: "the key of a cluster's data key",
    needs: "nothing",
    tests: &[("guide", guide), ("refusals", refusals)],
};

fn ground() -> Ground {
    Ground::new(CLIENT.id, &[("python3", program::python())])
}

/// Wraps or unwraps, with the file and the key of the guide.
fn tde(what: &str, variant: &str) -> String {
    let script = client::folder(CLIENT.id).join("tde.py");
    let common = format!("--variant {variant} --config-file pykmip.conf --key-uid $key");
    format!("python3 -B {} {what} {common}", script.display())
}

/// Makes a data key, wraps it twice and unwraps both.
fn guide() {
    let (wrap, unwrap) = (tde("encrypt", "pykmip"), tde("decrypt", "pykmip"));
    ground().follow_guide_and(&format!(
        "head -c 32 /dev/urandom > data.key
         {wrap} < data.key > one; {wrap} < data.key > two
         if cmp -s one two; then echo the same IV twice >&2; exit 1; fi
         test $(stat -c %s one) = 64
         {unwrap} < one | cmp - data.key; {unwrap} < two | cmp - data.key"
    ));
}

fn refusals() {
    let ground = ground();
    let (wrap, unwrap) = (tde("encrypt", "pykmip"), tde("decrypt", "pykmip"));
    let kept = format!("echo $key > key; echo a data key | {wrap} > wrapped");
    ground.follow_guide_and(&kept);
    let fails = |lines: &str| ground.fail(&format!("key=$(cat key)\n{lines}"));
    let said = fails(&format!("{} < wrapped", tde("decrypt", "thales")));
    assert!(said.contains("INVALID_MESSAGE - no IV"), "{said}");
    let said = fails(&format!("key=none-of-these\n{unwrap} < wrapped"));
    assert!(said.contains("ITEM_NOT_FOUND"), "{said}");
    // Deactivated, the key unwraps and wraps no more.
    let revoke = "claviger role set postgres operator operation_revoke=true operation_locate=true \
                  operation_get_attributes=true
                  export CLAVIGER_KMIP_ENDPOINT=127.0.0.1:5696 CLAVIGER_CREDENTIAL=operator
                  claviger key revoke postgres-tde";
    ground.succeed(&format!("{ADMINISTRATION}{revoke}"));
    let opened = ground.succeed(&format!("key=$(cat key)\n{unwrap} < wrapped"));
    assert_eq!(opened, "a data key\n");
    let said = fails(&format!("echo another | {wrap}"));
    assert!(said.contains("PERMISSION_DENIED"), "{said}");
}
