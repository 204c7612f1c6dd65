//! The guide for production: its commands are run as they stand there, and what it promises of backup and
//! restore holds.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use softhsm_tests::world::World;
use softhsm_tests::{docs, program};

/// Says that it was called, in place of the program that starts and stops services.
const SYSTEMCTL: &str = "#!/bin/sh\necho \"systemctl $*\"\n";

/// A date long before anything that the test does, as the guide has one.
const LONG_AGO: &str = "2026-01-31T12:00:00Z";

fn systemctl(folder: &Path) -> PathBuf {
    let script = folder.join("systemctl");
    std::fs::write(&script, SYSTEMCTL).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    script
}

/// A guide's blocks, with the files of the trial in the place of the service's.
fn blocks(world: &World, guide: &str) -> Vec<String> {
    let guide = program::repository().join("docs/guides").join(guide);
    let guide = std::fs::read_to_string(guide).unwrap();
    let data = world.trial().data();
    let here = |block: &str| {
        block
            .replace("/etc/claviger/claviger.toml", &data.join("claviger.toml").to_string_lossy())
            .replace("/var/lib/claviger/", &format!("{}/", data.display()))
            .replace("/var/backups/claviger", &world.folder().join("backups").to_string_lossy())
            .replace(LONG_AGO, "2000-01-01T00:00:00Z")
    };
    docs::blocks(&guide).into_iter().map(here).collect()
}

const ADMIN: &str = "export CLAVIGER_ADDR=https://127.0.0.1:8200
export CLAVIGER_CACERT=claviger-data/pki/ca.pem CLAVIGER_TOKEN_FILE=claviger-data/admin-token
";

#[test]
fn backup_of_a_running_server_is_restored_as_the_guide_says() {
    let programs = tempfile::tempdir().unwrap();
    let mut world = World::new(&[("systemctl", systemctl(programs.path()))]);
    let blocks = blocks(&world, "production.md");
    let [check, backup, restore, verify, since] = blocks.as_slice() else { panic!("{blocks:?}") };
    assert!(world.succeed(check).ends_with("in order\n"));

    let admin = |world: &World, command: &str| world.succeed(&format!("{ADMIN}claviger {command}"));
    admin(&world, "scope create s");
    admin(&world, "role set s r operation_all=true");
    admin(&world, "credential generate s r --out c");
    let stolen = admin(&world, "credential generate s r --out stolen");
    let serial = stolen.split(' ').find(|word| word.len() > 20).unwrap();
    let key = |world: &World, words: &str| {
        admin(world, &format!("key {words} --credential c")).trim().to_owned()
    };
    let doomed = key(&world, "create --name doomed");
    key(&world, "create --name pair --algorithm EC --activate");
    let said = world.succeed(backup);
    assert_eq!(said, "ok\n");

    let later = key(&world, "create --name later");
    key(&world, &format!("destroy {doomed}"));
    admin(&world, &format!("credential revoke s r {serial}"));
    world.fail(&format!("{ADMIN}claviger key list --credential stolen"));
    let before = key(&world, "list");
    assert!(before.contains(&later) && !before.contains(&doomed), "{before}");

    // The hardest stop: what is not in the file yet stays beside it.
    world.kill();
    let data = world.trial().data();
    assert!(data.join("claviger.db-wal").is_file());
    let said = bare(&world, restore, programs.path());
    assert_eq!(said, "systemctl stop claviger\nsystemctl start claviger\n");
    world.revive();

    assert!(world.succeed(verify).contains("the log holds"), "it goes on where it was");
    let after = key(&world, "list");
    assert!(!after.contains(&later) && after.contains(&doomed), "{after}");
    assert!(after.contains("pair"), "{after}");
    // The audit log knows what is to be done again.
    let again = world.succeed(since);
    assert!(again.contains(&doomed) && again.contains("/credential/revoke"), "{again}");
    admin(&world, "key list --credential stolen");
    admin(&world, &format!("credential revoke s r {serial}"));
    world.fail(&format!("{ADMIN}claviger key list --credential stolen"));
    world.stop();
}

/// Runs `lines` while no server runs.
fn bare(world: &World, lines: &str, programs: &Path) -> String {
    let mut path = programs.as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap());
    let mut shell = std::process::Command::new("bash");
    shell.args(["-euo", "pipefail", "-c", lines]).current_dir(world.folder()).env("PATH", path);
    let output = shell.output().unwrap();
    assert!(output.status.success(), "{lines}\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn three_looks_of_the_runbooks_show_what_is_wrong() {
    let world = World::new(&[]);
    let blocks = blocks(&world, "runbooks.md");
    let [looks] = blocks.as_slice() else { panic!("{blocks:?}") };
    let admin = |command: &str| world.succeed(&format!("{ADMIN}claviger {command}"));
    admin("scope create s");
    admin(
        "role set s r operation_create_key_pair=true operation_activate=true operation_sign=true",
    );
    admin("credential generate s r --out c");
    let refused = world.fail(&format!("{ADMIN}claviger key create --credential c"));
    assert!(refused.contains("Create refused: Permission Denied"), "{refused}");
    let said = world.succeed(looks);
    for words in ["\"ready\":true", "token label", "failed: PermissionDenied"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    world.stop();
}
