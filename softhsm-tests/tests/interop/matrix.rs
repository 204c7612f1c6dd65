//! The table of `docs/CLIENTS.md`, from what the server has recorded of the clients' requests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Mutex, MutexGuard};

use serde_json::Value;
use softhsm_tests::{docs, program};

use crate::client::{Client, Version};

/// What is known of a client from its tests.
#[derive(Default)]
struct Seen {
    passed: usize,
    failed: usize,
    /// Versions of KMIP in which something succeeded.
    versions: BTreeSet<String>,
    /// Operations that succeeded, for the client or for those who looked after its keys.
    operations: BTreeSet<String>,
}

static SEEN: Mutex<BTreeMap<&'static str, Seen>> = Mutex::new(BTreeMap::new());

fn seen() -> MutexGuard<'static, BTreeMap<&'static str, Seen>> {
    SEEN.lock().unwrap()
}

/// A test of the client `id` has ended.
pub(crate) fn ran(id: &'static str, passed: bool) {
    let mut seen = seen();
    let seen = seen.entry(id).or_default();
    if passed {
        seen.passed += 1;
    } else {
        seen.failed += 1;
    }
}

/// The role of those who make keys for a client that makes none: what they do is not the client's.
const OPERATOR: &str = "operator";

/// Takes from an audit log what has succeeded in a test of the client `id`.
pub(crate) fn saw(id: &'static str, log: &Path) {
    let log = std::fs::read_to_string(log).unwrap();
    let mut seen = seen();
    let seen = seen.entry(id).or_default();
    for line in log.lines() {
        // The last line may be cut where the server was killed.
        let Ok(record) = serde_json::from_str::<Value>(line) else { continue };
        if record["result"] != "success" || record["role"] == OPERATOR {
            continue;
        }
        if let (Some(version), Some(operation)) =
            (record["protocol"].as_str(), record["operation"].as_str())
        {
            seen.versions.insert(version.to_owned());
            seen.operations.insert(operation.to_owned());
        }
    }
}

/// Compares the table with what was seen, or writes it anew. A client that is absent here keeps the
/// line that was written where it was there.
///
/// # Panics
///
/// If they differ, or a client has no line.
pub(crate) fn check(clients: &[Client]) {
    let document = program::repository().join("docs/CLIENTS.md");
    let old = std::fs::read_to_string(&document).unwrap();
    let mut table = String::from(
        "| client | version | KMIP | used for | operations that succeeded in its tests | \
         besides a role with their grants | tests passed |\n|---|---|---|---|---|---|---|\n",
    );
    for client in clients {
        table.push_str(&line(client, &old));
        table.push('\n');
    }
    docs::check_part(&document, "clients", &table);
}

fn line(client: &Client, old: &str) -> String {
    let head = format!("| [{}](guides/clients/{}.md) |", client.name, client.id);
    let version = match (client.version)() {
        Version::Released(version) => version,
        Version::Replayed(which) => format!("{which}, replayed"),
        Version::Absent(_) => {
            let line = old.lines().find(|line| line.starts_with(&head));
            return line
                .unwrap_or_else(|| panic!("nothing is known of {}", client.name))
                .to_owned();
        }
    };
    let seen = seen();
    let Some(seen) = seen.get(client.id) else { panic!("{} was not tested", client.name) };
    assert!(!seen.operations.is_empty(), "{} has done nothing", client.name);
    let words = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(", ");
    let (versions, operations) = (words(&seen.versions), words(&seen.operations));
    let Client { use_case, needs, .. } = client;
    let of = seen.passed + seen.failed;
    format!(
        "{head} {version} | {versions} | {use_case} | {operations} | {needs} | {} of {of} |",
        seen.passed
    )
}
