//! `claviger demo` against a real `claviger dev` with a SoftHSM2 token.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use server::client::{Client, ClientError, Ready};

const PROGRAM: &str = env!("CARGO_BIN_EXE_claviger");

/// A trial in a temporary folder, killed when dropped.
struct Dev {
    child: Child,
    folder: tempfile::TempDir,
    /// Kept open: the server must not meet a closed pipe.
    _stdout: BufReader<ChildStdout>,
}

impl Dev {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(PROGRAM)
            .args(["dev", "--kmip-addr", "127.0.0.1:0", "--data-dir"])
            .arg(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.starts_with("Claviger serves KMIP on") {
            line.clear();
            if stdout.read_line(&mut line).unwrap() == 0 {
                let status = child.wait().unwrap();
                panic!("dev ended ({status}); is SoftHSM2 there? sudo apt-get install softhsm2");
            }
        }
        Self { child, folder, _stdout: stdout }
    }

    fn ready(&self) -> PathBuf {
        self.folder.path().join("ready.json")
    }

    /// SIGTERM, then the end of the process.
    fn stop(mut self) -> ExitStatus {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap()
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn demo(arguments: &[&str], path: &Path) -> (bool, String, String) {
    let output = Command::new(PROGRAM).arg("demo").args(arguments).arg(path).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.success(), text(output.stdout), text(output.stderr))
}

const STEPS: [&str; 20] = [
    "Connect",
    "Create",
    "Activate",
    "Encrypt",
    "Decrypt",
    "Create Key Pair",
    "Activate",
    "Sign",
    "Signature Verify",
    "Create",
    "Activate",
    "MAC",
    "MAC Verify",
    "RNG Retrieve",
    "Locate",
    "Create",
    "Get",
    "Revoke",
    "Destroy",
    "Locate",
];

#[test]
fn demo_shows_every_step_and_can_be_run_again() {
    let dev = Dev::start();
    for (arguments, path) in
        [(["--ready"], dev.ready()), (["--data-dir"], dev.folder.path().to_owned())]
    {
        let (good, stdout, stderr) = demo(&arguments, &path);
        assert!(good, "{stdout}\n{stderr}");
        assert!(!stdout.contains('\x1b'), "colours without a terminal: {stdout}");
        let done = stdout.lines().filter_map(|line| line.strip_prefix(" ok  "));
        let titles = done.clone().map(|line| line[..16].trim_end());
        assert_eq!(titles.collect::<Vec<_>>(), STEPS, "{stdout}");
        assert!(done.clone().all(|line| line.ends_with(" ms")), "{stdout}");
        assert!(stdout.contains("refused, as it must be: Not Extractable"), "{stdout}");
        assert!(stdout.contains("Every step did what it should"), "{stdout}");
    }
    assert!(dev.stop().success());
}

#[test]
fn demo_without_a_server_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let (good, stdout, stderr) = demo(&["--data-dir"], folder.path());
    assert!(!good && stdout.is_empty());
    assert!(stderr.contains("start the server first, with `claviger dev`"), "{stderr}");
}

#[test]
fn failed_step_ends_the_demo_with_a_clear_sentence() {
    let dev = Dev::start();
    // A certificate of another CA is not let in.
    let ready = Ready::read(&dev.ready()).unwrap();
    let foreign = tempfile::tempdir().unwrap();
    let authority = server::pki::PemPair::named(foreign.path(), "ca");
    let authority = server::pki::Authority::open_or_create(&authority).unwrap();
    let client = server::pki::PemPair::named(foreign.path(), "client1");
    authority.issue_client(&client, "client1", "demo").unwrap();

    let text = std::fs::read_to_string(dev.ready()).unwrap();
    let text = text
        .replace(ready.client_cert.to_str().unwrap(), client.certificate.to_str().unwrap())
        .replace(ready.client_key.to_str().unwrap(), client.private_key.to_str().unwrap());
    let file = foreign.path().join("ready.json");
    std::fs::write(&file, text).unwrap();

    let (good, stdout, stderr) = demo(&["--ready"], &file);
    assert!(!good, "{stdout}");
    assert!(stdout.contains("FAIL Connect"), "{stdout}");
    assert!(stderr.contains("the demo failed at the step \"Connect\": "), "{stderr}");
    let refused = Ready::read(&file).unwrap().client();
    let error = Client::connect(&refused).and_then(|mut client| client.receive()).unwrap_err();
    // The alert, unless the end of the connection overtook it.
    assert!(matches!(error, ClientError::Tls(_) | ClientError::Closed), "{error}");
    assert!(dev.stop().success());
}
