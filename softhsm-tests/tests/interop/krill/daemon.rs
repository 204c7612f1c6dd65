//! Krill beside a shell: started, asked and stopped by the test.

use std::fs::File;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use softhsm_tests::server::{TokenKind, Trial};
use softhsm_tests::{docs, port};

use super::{CLIENT, PORT, programs};
use crate::client;
use crate::ground::Ground;

/// Longest that something may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(300);

/// What starts Krill in the guide; what follows in the same block talks to it.
const START: &str = "krill --config krill.conf > krill.out 2>&1 &\n";

/// A trial with a Krill, which ends with it.
pub(super) struct Krill {
    pub(super) ground: Ground,
    port: String,
    child: Option<Child>,
}

impl Krill {
    /// Follows the guide to where Krill is configured, with the settings changed as `edit`, a command
    /// of `sed`, says, and starts it. Claviger keeps its port.
    pub(super) fn configured(edit: &str) -> Self {
        let trial = Trial::on(TokenKind::SoftHsm).with_kmip_port(port::fresh());
        let ground = Ground::of(CLIENT.id, trial, &programs());
        let mut krill = Self { ground, port: port::fresh().to_string(), child: None };
        let (configuration, _) = krill.block(1);
        let server = krill.block(0).0;
        let lines = format!("{server}\n{configuration}\nsed -i '{edit}' krill.conf");
        krill.ground.succeed(&lines);
        krill.start();
        krill
    }

    /// A block of the guide: what stands before the start of Krill, and what after it.
    fn block(&self, number: usize) -> (String, String) {
        let guide = client::guide(CLIENT.id);
        let block = docs::blocks(&guide)[number].to_owned();
        let block = block.replace("krillc add\n", "krillc add > added\n");
        let (before, after) = block.split_once(START).unwrap_or((&block, ""));
        (before.replace(PORT, &self.port), after.replace(PORT, &self.port))
    }

    /// Makes the guide's CA, with its first ROA.
    pub(super) fn make_ca(&self) {
        self.ask(&self.block(2).0);
    }

    /// Starts Krill and waits until it answers.
    pub(super) fn start(&mut self) {
        let log = self.ground.folder().join("krill.out");
        let log = File::options().create(true).append(true).open(log).unwrap();
        let mut command = self.ground.bash("exec krill --config krill.conf");
        command.stdout(log.try_clone().unwrap()).stderr(log);
        self.child = Some(command.spawn().unwrap());
        self.until("krillc health");
    }

    /// Asks Krill to stop and waits until it has.
    pub(super) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let pid = child.id().to_string();
            // `timeout`, which was started, passes it on.
            let _ = Command::new("kill").args(["-TERM", &pid]).status();
            let _ = child.wait();
        }
    }

    fn lines(&self, lines: &str) -> String {
        let (_, exports) = self.block(1);
        let exports = exports.lines().filter(|line| line.starts_with("export "));
        let exports = exports.collect::<Vec<_>>().join("\n");
        format!("{exports}\nexport KRILL_CLI_MY_CA=isp\n{lines}")
    }

    /// Runs commands of `krillc`, which must succeed.
    pub(super) fn ask(&self, lines: &str) -> String {
        self.ground.succeed(&self.lines(lines))
    }

    /// Runs commands of `krillc`, of which one must fail, and returns what it said of it.
    pub(super) fn ask_in_vain(&self, lines: &str) -> String {
        self.ground.fail(&self.lines(lines))
    }

    /// Runs commands of `krillc` again and again until they succeed.
    pub(super) fn until(&self, lines: &str) -> String {
        let begin = Instant::now();
        loop {
            let output = self.ground.shell(&self.lines(lines));
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
