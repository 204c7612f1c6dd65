//! One OpenBao: its server process, and its command line.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use softhsm_tests::{port, program};

use super::seal::Seal;
use crate::steps::wait_until;

/// What `/v1/sys/health` answers with where OpenBao is unsealed and active.
const ACTIVE: u16 = 200;

/// Longest wait for that answer.
const HEALTH_PATIENCE: Duration = Duration::from_secs(5);

/// How many lines of the log are told when a test fails.
const TOLD_LINES: usize = 30;

/// An OpenBao with raft storage and a folder and ports of its own. Its server ends with the value.
pub(super) struct Bao {
    folder: PathBuf,
    port: u16,
    /// Of raft, which keeps it with its data.
    cluster_port: u16,
    child: Option<Child>,
    token: String,
    /// Where the log begins that is of interest.
    log_mark: usize,
}

/// Keys of an OpenBao: of its seal by Shamir, or for recovery.
pub(super) type Shares = Vec<String>;

impl Bao {
    /// One that was never started, in a folder below this one.
    pub(super) fn new(below: &Path) -> Self {
        let (port, cluster_port) = (port::fresh(), port::fresh());
        let folder = below.join(format!("openbao-{port}"));
        std::fs::create_dir_all(folder.join("raft")).unwrap();
        Self { folder, port, cluster_port, child: None, token: String::new(), log_mark: 0 }
    }

    /// Writes its configuration with these seals; none is Shamir's.
    pub(super) fn configure(&self, seals: &[&Seal]) {
        let Self { folder, port, cluster_port: cluster, .. } = self;
        let mut text = format!(
            "storage \"raft\" {{\n  path = \"{}\"\n  node_id = \"one\"\n  \
               performance_multiplier = 1\n}}\n\
             listener \"tcp\" {{\n  address = \"127.0.0.1:{port}\"\n  \
               cluster_address = \"127.0.0.1:{cluster}\"\n  tls_disable = true\n  \
               disable_unauthed_rekey_endpoints = false\n}}\n\
             api_addr = \"http://127.0.0.1:{port}\"\n\
             cluster_addr = \"http://127.0.0.1:{cluster}\"\n",
            folder.join("raft").display()
        );
        for seal in seals {
            text.push_str(&seal.stanza());
        }
        std::fs::write(self.config(), text).unwrap();
    }

    fn config(&self) -> PathBuf {
        self.folder.join("bao.hcl")
    }

    fn log_file(&self) -> PathBuf {
        self.folder.join("bao.log")
    }

    /// Starts the server and waits until it answers, sealed or not.
    pub(super) fn start(&mut self) {
        self.spawn();
        wait_until("OpenBao to listen", || {
            if self.ended() {
                panic!("OpenBao does not start:\n{}", self.log_tail());
            }
            self.health().is_some()
        });
    }

    /// Starts the server and waits until it has ended, as it must; returns what it said.
    pub(super) fn start_in_vain(&mut self) -> String {
        self.spawn();
        wait_until("OpenBao to give up", || self.ended());
        let status = self.child.take().unwrap().wait().unwrap();
        assert!(!status.success(), "OpenBao ended well:\n{}", self.log_tail());
        self.log()
    }

    fn spawn(&mut self) {
        assert!(self.child.is_none(), "OpenBao runs");
        let log = OpenOptions::new().create(true).append(true).open(self.log_file()).unwrap();
        self.forget_log();
        let mut command = self.program();
        command.arg("server").arg("-config").arg(self.config());
        command.stdout(log.try_clone().unwrap()).stderr(log);
        self.child = Some(command.spawn().unwrap());
    }

    fn ended(&mut self) -> bool {
        self.child.as_mut().unwrap().try_wait().unwrap().is_some()
    }

    /// Ends the server without a word (SIGKILL).
    pub(super) fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Asks the server to stop (SIGTERM) and waits until it has.
    pub(super) fn stop(&mut self) {
        let pid = self.child.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        wait_until("OpenBao to stop", || self.ended());
        self.child = None;
    }

    /// Stops it and starts it with these seals.
    pub(super) fn restart(&mut self, seals: &[&Seal]) {
        self.stop();
        self.configure(seals);
        self.start();
    }

    /// What its health says: 200 active, 429 standby, 501 not initialised, 503 sealed; nothing while
    /// it does not listen.
    fn health(&self) -> Option<u16> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()?;
        stream.set_read_timeout(Some(HEALTH_PATIENCE)).ok()?;
        stream.write_all(b"GET /v1/sys/health HTTP/1.0\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        answer.split_whitespace().nth(1)?.parse().ok()
    }

    /// Waits until it is unsealed and serves.
    pub(super) fn wait_until_active(&self) {
        wait_until("OpenBao to be unsealed", || self.health() == Some(ACTIVE));
    }

    /// Has [`Self::log`] begin with what is logged from here on, until the next start.
    pub(super) fn forget_log(&mut self) {
        let bytes = std::fs::metadata(self.log_file()).unwrap().len();
        self.log_mark = usize::try_from(bytes).unwrap();
    }

    /// What it has logged since it was last started, or since [`Self::forget_log`].
    pub(super) fn log(&self) -> String {
        let bytes = std::fs::read(self.log_file()).unwrap();
        String::from_utf8_lossy(bytes.get(self.log_mark..).unwrap_or_default()).into_owned()
    }

    /// The end of the log, for a test that fails.
    fn log_tail(&self) -> String {
        let log = self.log();
        let lines = log.lines().collect::<Vec<_>>();
        lines[lines.len().saturating_sub(TOLD_LINES)..].join("\n")
    }

    /// Waits until it has logged these words.
    pub(super) fn wait_for_log(&self, words: &str) {
        wait_until(&format!("{words:?} in OpenBao's log"), || self.log().contains(words));
    }

    fn program(&self) -> Command {
        let mut command = Command::new(program::bao());
        for (name, _) in std::env::vars() {
            if name.starts_with("BAO_") || name.starts_with("VAULT_") {
                command.env_remove(name);
            }
        }
        command.env("HOME", &self.folder).stdin(Stdio::null());
        command.env("BAO_ADDR", format!("http://127.0.0.1:{}", self.port));
        command.env("BAO_TOKEN", &self.token);
        command
    }

    fn run(&self, words: &str) -> Output {
        self.program().args(words.split_whitespace()).output().unwrap()
    }

    /// Runs `bao` with these words, and returns what it said.
    pub(super) fn tell(&self, words: &str) -> String {
        let output = self.run(words);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "bao {words}\n{said}{errors}\n{}", self.log_tail());
        said
    }

    /// Runs `bao` with this command and what follows it, and returns its JSON.
    pub(super) fn ask(&self, command: &str, rest: &str) -> Value {
        let said = self.tell(&format!("{command} -format=json {rest}"));
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("bao {command}: {error}: {said}"))
    }

    /// Runs `bao` with these words, which it must refuse, and returns what it said.
    pub(super) fn refused(&self, words: &str) -> String {
        let output = self.run(words);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(!output.status.success(), "bao {words}\n{said}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// Initialises it and goes on with its root token. Returns the keys.
    pub(super) fn init(&mut self, options: &str) -> Shares {
        let answer = self.ask("operator init", options);
        answer["root_token"].as_str().unwrap().clone_into(&mut self.token);
        let shares = |name: &str| strings(&answer[name]);
        [shares("unseal_keys_b64"), shares("recovery_keys_b64")].concat()
    }

    /// What `bao status` says, which ends with 2 where OpenBao is sealed.
    pub(super) fn status(&self) -> Value {
        let output = self.run("status -format=json");
        let status: Value = serde_json::from_slice(&output.stdout).unwrap();
        let code = if status["sealed"] == true { 2 } else { 0 };
        assert_eq!(output.status.code(), Some(code), "{status}");
        status
    }

    /// Unseals it with these keys, and waits until it serves.
    pub(super) fn unseal(&self, option: &str, shares: &[String]) {
        for (index, share) in shares.iter().enumerate() {
            assert_eq!(self.status()["sealed"], true, "unsealed by {index} keys");
            let words = format!("operator unseal {option} {share}");
            let output = self.run(&words);
            let errors = String::from_utf8_lossy(&output.stderr);
            // With the last key of a migration, OpenBao's own standby may look at the seal before the
            // node that becomes active has taken it over, and says so; the migration goes on.
            let hurried = index + 1 == shares.len()
                && option == "-migrate"
                && errors.contains("does not match expected type");
            assert!(
                output.status.success() || hurried,
                "bao {words}\n{errors}\n{}",
                self.log_tail()
            );
        }
        self.wait_until_active();
    }

    /// Puts a secret that [`Self::assert_secrets`] will ask for.
    pub(super) fn keep(&self, secret: &str) {
        self.tell(&format!("kv put kv/{secret} value=of-{secret}"));
    }

    /// Reads these secrets.
    pub(super) fn assert_secrets(&self, secrets: &[&str]) {
        for secret in secrets {
            let value = self.tell(&format!("kv get -field=value kv/{secret}"));
            assert_eq!(value, format!("of-{secret}"));
        }
    }

    /// Begins `command`, which makes other recovery keys, and gives it those that it asks for until it
    /// has the new ones, which it returns.
    pub(super) fn rotate_recovery_keys(
        &self,
        command: &str,
        options: &str,
        old: &[String],
    ) -> Shares {
        let target = "-target=recovery";
        let begun = self.ask(command, &format!("-init {target} {options}"));
        let nonce = begun["nonce"].as_str().unwrap();
        let mut answer = Value::Null;
        for share in old {
            assert!(answer["keys_base64"].is_null(), "done before the threshold: {answer}");
            answer = self.ask(command, &format!("{target} -nonce={nonce} {share}"));
        }
        assert_eq!(answer["complete"], true, "{answer}");
        strings(&answer["keys_base64"])
    }
}

fn strings(list: &Value) -> Vec<String> {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().map(|entry| entry.as_str().unwrap().to_owned()).collect()
}

impl Drop for Bao {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // Both fail only if the process has ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
