//! NLnet Labs' Krill, a certification authority of the RPKI, with its keys in Claviger.

mod daemon;
mod many;
mod outage;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value;
use softhsm_tests::world::World;
use softhsm_tests::{port, program};

use crate::client::{Client, Version};
use crate::ground::Ground;

/// Its row.
pub(crate) const CLIENT: Client = Client {
    id: "krill",
    name: "Krill",
    version: || Version::Released("0.16.1".to_owned()),
    use_case: "keys of RPKI certification authorities",
    needs: "`unique_names=false` for its scope",
    tests: &[
        ("guide", guide),
        ("goes_on_after_an_outage_and_after_restarts", outage::goes_on),
        ("makes_one_off_keys_there_too", many::one_off_keys),
        ("makes_keys_for_several_cas_at_a_time", many::several_cas),
    ],
};

/// The port of Krill in the guide.
const PORT: &str = "3000";

/// Where its programs are.
fn folder() -> PathBuf {
    let folder = program::cache().join("krill/bin");
    assert!(folder.is_dir(), "{}: run ./test interop, which installs Krill", folder.display());
    folder
}

fn programs() -> [(&'static str, PathBuf); 2] {
    ["krill", "krillc"].map(|name| (name, folder().join(name)))
}

/// Checks with OpenSSL what Krill has published for the CA of the guide, and names its key. What is
/// published comes a moment after what is asked for.
const PUBLISHED: &str = r#"
published() {
    cd "$folder/krill-data/repo/rsync/current" || return 1
    set -- testbed/0/*.cer
    [ $# = 1 ] || return 1
    key=$(basename "$1" .cer)
    [ "$(find isp/0 -name '*.roa' | wc -l)" = ROAS ] || return 1
    openssl x509 -inform DER -in "$1" -out "$folder/isp.pem" || return 1
    openssl crl -inform DER -in "isp/0/$key.crl" -CAfile "$folder/isp.pem" -noout 2>&1 | grep 'verify OK' || return 1
    for object in "isp/0/$key.mft" isp/0/*.roa; do
        openssl cms -verify -inform DER -in "$object" -noverify -signer "$folder/ee.pem" -out "$folder/content" || return 1
        openssl verify -partial_chain -ignore_critical -CAfile "$folder/isp.pem" "$folder/ee.pem" || return 1
        echo "published $object"
    done
    echo "CA key $key"
}
folder=$PWD
for attempt in $(seq 60); do
    found=$(published) && break
    sleep 1
done
echo "$found"
"#;

/// The same, once there are so many ROAs.
fn published(roas: usize) -> String {
    PUBLISHED.replace("ROAS", &roas.to_string())
}

fn guide() {
    let port = port::fresh().to_string();
    let ground = Ground::new(CLIENT.id, &programs()).with_stand_in(PORT, &port);
    let said = ground.follow_guide_and(&published(1));
    assert!(said.contains("State: roll phase 2: new and active key\n"), "{said}");
    assert!(said.contains("192.0.2.0/24-24 => 64496\n"), "{said}");
    let (before, after) = two_lists(&said);
    let gone = before.difference(&after).collect::<Vec<_>>();
    let new = after.difference(&before).collect::<Vec<_>>();
    assert_eq!((gone.len(), new.len()), (1, 1), "the old key went, the new one came: {said}");
    let key = said.split_once("CA key ").unwrap().1.trim().to_lowercase();
    assert_eq!(*new, [&format!("krill-private-key-{key}")], "the CA has another key");
    // The ROA and the manifest.
    assert_eq!(said.matches("\npublished isp/0/").count(), 2, "{said}");
    let seen = operations(&ground);
    assert_eq!(seen["CreateKeyPair"], after.len() + gone.len(), "{seen:?}");
    assert_eq!(seen["Activate"], seen["CreateKeyPair"], "{seen:?}");
    assert!(!seen.contains_key("Destroy"), "its old key is left to the operator: {seen:?}");
    assert!(seen["Sign"] > 10, "{seen:?}");
}

/// The names of the private keys before the roll of the key, and after it.
fn two_lists(said: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let lists = said.split("\nid ").skip(1).map(|list| {
        let words = list.split_whitespace();
        words.filter(|word| word.starts_with("krill-private-key-")).map(str::to_owned).collect()
    });
    let lists = lists.collect::<Vec<BTreeSet<String>>>();
    let [before, after] = &lists[..] else { panic!("{} lists in {said}", lists.len()) };
    (before.clone(), after.clone())
}

/// How often Krill was granted each operation; nothing else may have become of one.
fn operations(world: &World) -> BTreeMap<String, usize> {
    let log = std::fs::read_to_string(world.trial().data().join("audit.log")).unwrap();
    let mut seen = BTreeMap::new();
    for record in log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        if record["role"] == "krill"
            && record["kind"] == "outcome"
            && record["protocol"].is_string()
        {
            assert_eq!(record["result"], "success", "{record}");
            *seen.entry(record["operation"].as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
    seen
}
