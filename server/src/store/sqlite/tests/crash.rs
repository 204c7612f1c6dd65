//! kill -9 at any moment: what was acknowledged is there.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::*;

const PATH_VARIABLE: &str = "CLAVIGER_TEST_STORE";
const ROUNDS: usize = 5;

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("objects.db");
    let mut acknowledged = Vec::new();
    for round in 0..ROUNDS {
        acknowledged.extend(insert_until_killed(&path, 20 + 13 * round));
        let store = SqliteStore::open(&path).unwrap();
        for id in &acknowledged {
            assert_eq!(load(&store, id), Some(at(1, &named(id, id))), "{id} is lost");
        }
        // At most one insert per round was done and not yet acknowledged.
        let located = locate(&store, &everything()).located;
        assert!(located <= acknowledged.len() + round + 1, "{located}");
    }
}

/// Runs the child, kills it once it has acknowledged `lines` inserts, and returns all that it
/// acknowledged.
fn insert_until_killed(path: &Path, lines: usize) -> Vec<String> {
    let mut child = start(path);
    let output = BufReader::new(child.stdout.take().unwrap());
    let mut acknowledged = Vec::new();
    for line in output.lines() {
        // What was in the pipe when the child died counts too; only its last line may be cut.
        if let Some(id) = line.unwrap().strip_prefix("stored ").and_then(|l| l.strip_suffix('.')) {
            acknowledged.push(id.to_owned());
        }
        if acknowledged.len() == lines {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(acknowledged.len() >= lines, "the child ended by itself");
    acknowledged
}

fn start(path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::sqlite::tests::crash::child", "--ignored", "--nocapture"])
        .env(PATH_VARIABLE, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
#[ignore = "the child of what_was_acknowledged_survives_kill_9; never ends by itself"]
fn child() {
    let path = std::env::var_os(PATH_VARIABLE).expect("started by the other test");
    let store = SqliteStore::open(Path::new(&path)).unwrap();
    let first = locate(&store, &everything()).located;
    let mut output = std::io::stdout();
    // First of all, so that it stands on a line of its own.
    writeln!(output).unwrap();
    for number in first.. {
        let id = format!("{}-{number}", std::process::id());
        store.insert(&grant(), &[&named(&id, &id)], true).unwrap();
        writeln!(output, "stored {id}.").unwrap();
        output.flush().unwrap();
    }
}
