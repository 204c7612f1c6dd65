//! Krill beside a shell: started, asked and stopped by the test.

use std::ffi::OsString;
use std::fs::File;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use softhsm_tests::server::Trial;
use softhsm_tests::{docs, port};

use super::{CLIENT, PORT, programs};
use crate::client;
use crate::ground::Ground;

/// Longest that something may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(240);
const PAUSE: Duration = Duration::from_millis(300);

/// What starts Krill in the guide.
const START: &str = "krill --config krill.conf > krill.out 2>&1 &\n";

/// A trial with a Krill, which ends with it.
pub(super) struct Krill {
    pub(super) ground: Ground,
    port: String,
    child: Option<Child>,
}

impl Krill {
    /// Follows the guide in `trial` to where Krill is configured, with the settings changed as `edit`,
    /// a command of `sed`, says, and starts it.
    pub(super) fn configured(trial: Trial, edit: &str) -> Self {
        let ground = Ground::of(CLIENT.id, trial, &programs());
        let mut krill = Self { ground, port: port::fresh().to_string(), child: None };
        let (server, configuration) = (krill.block(0), krill.block(1));
        krill.ground.succeed(&format!("{server}\n{configuration}\nsed -i '{edit}' krill.conf"));
        krill.start();
        krill
    }

    /// A block of the guide, to where it starts Krill, if it does.
    fn block(&self, number: usize) -> String {
        let guide = client::guide(CLIENT.id);
        let block = docs::blocks(&guide)[number];
        block.split(START).next().unwrap_or_default().replace(PORT, &self.port)
    }

    /// Makes the guide's CA, with its first ROA.
    pub(super) fn make_ca(&self) {
        self.ask(&self.block(2));
    }

    /// Starts Krill, whether Claviger is there or not, and waits until it answers.
    pub(super) fn start(&mut self) {
        let log = self.ground.folder().join("krill.out");
        let log = File::options().create(true).append(true).open(log).unwrap();
        let mut command = Command::new(super::folder().join("krill"));
        command.args(["--config", "krill.conf"]).current_dir(self.ground.folder());
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        self.child = Some(command.spawn().unwrap());
        self.until("krillc health");
    }

    /// Asks Krill to stop and waits until it has.
    pub(super) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let pid = child.id().to_string();
            let _ = Command::new("kill").args(["-TERM", &pid]).status();
            let _ = child.wait();
        }
    }

    /// A shell that talks to Krill, whether Claviger is there or not.
    fn shell(&self, lines: &str) -> Output {
        let mut path = OsString::from(super::folder());
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let server = format!("https://localhost:{}/", self.port);
        let mut command = Command::new("timeout");
        command.arg(PATIENCE.as_secs().to_string());
        command.args(["bash", "-e", "-u", "-o", "pipefail", "-c", lines]);
        command.current_dir(self.ground.folder()).stdin(Stdio::null());
        command.env("PATH", path).env("KRILL_CLI_SERVER", server);
        command.env("KRILL_CLI_TOKEN", "correct-horse-battery-staple");
        command.env("KRILL_CLI_MY_CA", "isp").output().unwrap()
    }

    /// Runs commands of `krillc`, which must succeed.
    pub(super) fn ask(&self, lines: &str) -> String {
        let output = self.shell(lines);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{lines}\n{said}\n{errors}\n{}", self.log());
        said
    }

    /// Runs commands of `krillc`, of which one must fail, and returns what it said of it.
    pub(super) fn ask_in_vain(&self, lines: &str) -> String {
        let output = self.shell(lines);
        assert!(!output.status.success(), "{lines}\n{}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// Runs commands of `krillc` again and again until they succeed.
    pub(super) fn until(&self, lines: &str) -> String {
        let begin = Instant::now();
        loop {
            let output = self.shell(lines);
            if output.status.success() {
                return String::from_utf8_lossy(&output.stdout).into_owned();
            }
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(begin.elapsed() < PATIENCE, "{lines}\n{errors}\n{}", self.log());
            std::thread::sleep(PAUSE);
        }
    }

    /// What Krill has written down.
    pub(super) fn log(&self) -> String {
        std::fs::read_to_string(self.ground.folder().join("krill.log")).unwrap_or_default()
    }
}

impl Drop for Krill {
    fn drop(&mut self) {
        self.stop();
    }
}
