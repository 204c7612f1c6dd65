//! A scope that asks for a password, and PyKMIP's client, which sends one in every request.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use server::client::Ready;
use softhsm_tests::server::Trial;
use softhsm_tests::{docs, program};

/// Runs the lines of the guide in the folder of the trial; what the first printed.
fn hash_by_the_guide(trial: &Trial) -> String {
    let guide = program::repository().join("docs/guides/credentials.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let lines = docs::commands(&guide);
    assert_eq!(lines.len(), 2, "{lines:?}");
    let run = |line: &str| {
        let program = program::claviger();
        let line = line.replacen("claviger", program.to_str().unwrap(), 1);
        let shell = Command::new("sh").args(["-c", &line]).current_dir(trial.data()).output();
        let output = shell.unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    lines.into_iter().map(run).collect::<Vec<_>>().swap_remove(0).trim().to_owned()
}

/// What PyKMIP's client says after it asked for a key as `username`.
fn pykmip(ready: &Ready, trial: &Trial, username: &str) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop/pykmip/credentials.py");
    let mut command = Command::new(program::python());
    command.arg("-B").arg(script).arg("--ready").arg(trial.data().join("ready.json"));
    command.args(["--username", username]);
    command.stdin(File::open(trial.data().join("password.txt")).unwrap()).stderr(Stdio::inherit());
    let output = command.output().unwrap();
    assert!(output.status.success(), "at {}", ready.kmip_addr);
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// What `claviger key` says as `username`, with the password of the file.
fn claviger(ready: &Ready, trial: &Trial, username: Option<&str>) -> String {
    let mut command = Command::new(program::claviger());
    command.args(["key", "list", "--endpoint", &ready.kmip_addr.to_string()]);
    command.args(["--cert", "pki/client1.pem", "--key", "pki/client1.key"]);
    command.args(["--ca-cert", "pki/ca.pem", "--type", "certificate"]);
    if let Some(username) = username {
        command.args(["--username", username, "--password-file", "password.txt"]);
    }
    let output = command.current_dir(trial.data()).output().unwrap();
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

#[test]
fn only_who_knows_the_password_is_served() {
    let trial = Trial::new();
    let server = trial.start();
    std::fs::write(trial.data().join("password.txt"), "open sesame\n").unwrap();
    assert_eq!(pykmip(server.ready(), &trial, "backup"), "served", "nobody looks at it yet");
    server.stop();
    let hash = hash_by_the_guide(&trial);
    let user = format!("[[scope.user]]\nusername = \"backup\"\npassword_hash = \"{hash}\"");
    // The user's table stands behind the scope's own keys.
    let demo = "name = \"demo\"\n";
    trial.edit_config(demo, &format!("{demo}credentials = \"required\"\n"));
    let next = "[[scope]]\nname = \"other\"";
    trial.edit_config(next, &format!("{user}\n{next}"));
    let server = trial.start();
    assert_eq!(pykmip(server.ready(), &trial, "backup"), "served");
    assert_eq!(pykmip(server.ready(), &trial, "nobody"), "AUTHENTICATION_NOT_SUCCESSFUL");
    assert_eq!(claviger(server.ready(), &trial, Some("backup")), "there is none\n");
    for username in [None, Some("nobody")] {
        let said = claviger(server.ready(), &trial, username);
        assert!(said.contains("Locate refused: Authentication Not Successful"), "{said}");
    }
    std::fs::write(trial.data().join("password.txt"), "open says me\n").unwrap();
    assert_eq!(pykmip(server.ready(), &trial, "backup"), "AUTHENTICATION_NOT_SUCCESSFUL");
    server.stop();
    let log = String::from_utf8(trial.log()).unwrap();
    assert!(log.contains("request not authenticated"), "{log}");
    for secret in ["open sesame", "open says me", &hash] {
        assert!(!log.contains(secret), "{log}");
    }
}
