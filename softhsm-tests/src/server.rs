//! The real server, as a child process on a free port with a token of its own.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use server::client::{Client, ClientConfig, Ready};

use crate::output::Output;
use crate::trace::Trace;
use crate::{kryoptic, program};

/// Environment variable that names the kind of token for the tests that work on any.
pub const TOKEN_VARIABLE: &str = "CLAVIGER_TEST_TOKEN";

/// Which token a trial uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// SoftHSM2, by `claviger dev`.
    SoftHsm,
    /// Kryoptic, by `claviger serve` with a configuration made here.
    Kryoptic,
}

/// Where a trial lives; it outlives the server that runs in it.
#[derive(Debug)]
pub struct Trial {
    kind: TokenKind,
    module: PathBuf,
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
    launcher: Vec<String>,
    https: bool,
    kmip_port: u16,
}

impl Trial {
    /// An empty folder, for a token of the kind that [`TOKEN_VARIABLE`] names, else of SoftHSM2.
    ///
    /// # Panics
    ///
    /// If it cannot be made.
    #[must_use]
    pub fn new() -> Self {
        Self::on(match std::env::var(TOKEN_VARIABLE).as_deref() {
            Err(_) | Ok("softhsm") => TokenKind::SoftHsm,
            Ok("kryoptic") => TokenKind::Kryoptic,
            Ok(other) => panic!("{TOKEN_VARIABLE} is {other:?}: softhsm or kryoptic"),
        })
    }

    /// An empty folder, for a token of this kind.
    ///
    /// # Panics
    ///
    /// If it cannot be made.
    #[must_use]
    pub fn on(kind: TokenKind) -> Self {
        let module = match kind {
            TokenKind::SoftHsm => program::softhsm(),
            TokenKind::Kryoptic => program::kryoptic(),
        };
        let folder = tempfile::tempdir().unwrap();
        Self {
            kind,
            module,
            folder,
            environment: Vec::new(),
            launcher: Vec::new(),
            https: false,
            kmip_port: 0,
        }
    }

    /// Has every call to the token written down; to be asked for before the first start.
    #[must_use]
    pub fn recorded(mut self) -> Self {
        let real = std::mem::replace(&mut self.module, program::recorder());
        let output = self.trace().file().to_owned();
        for (name, path) in [
            ("PKCS11_RECORDER_MODULE", real),
            ("PKCS11_RECORDER_OUTPUT", output),
            ("PKCS11_RECORDER_FAULTS", self.fault_file()),
        ] {
            self = self.with_variable(name, path.to_str().unwrap());
        }
        self
    }

    /// Has calls to the token fail from now on, where they are recorded: each a function's name, and
    /// the number it returns in hexadecimal, or `hang`. With none, all is well again.
    ///
    /// # Panics
    ///
    /// If the order cannot be written.
    pub fn fail(&self, orders: &[&str]) {
        // Renamed, for the library may read it at any time.
        let new = self.fault_file().with_extension("new");
        std::fs::write(&new, orders.join("\n")).unwrap();
        std::fs::rename(new, self.fault_file()).unwrap();
    }

    /// Waits until a call of this function hangs.
    ///
    /// # Panics
    ///
    /// If none does.
    pub fn until_hanging(&self, function: &str) {
        let mark = self.fault_file().with_file_name(function);
        let deadline = Instant::now() + Duration::from_secs(60);
        while !mark.exists() {
            assert!(Instant::now() < deadline, "no call of {function} hangs");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn fault_file(&self) -> PathBuf {
        self.folder.path().join("faults")
    }

    /// What was written down.
    #[must_use]
    pub fn trace(&self) -> Trace {
        Trace::at(self.folder.path().join("trace.log"))
    }

    /// The kind of its token.
    #[must_use]
    pub const fn kind(&self) -> TokenKind {
        self.kind
    }

    /// Sets a variable for every server started here.
    #[must_use]
    pub fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Has every server started here listen for HTTPS as well.
    #[must_use]
    pub const fn with_https(mut self) -> Self {
        self.https = true;
        self
    }

    /// Has every server started here listen for KMIP on this port, so that clients find the next one
    /// where they knew the one before; else each takes a free one.
    #[must_use]
    pub const fn with_kmip_port(mut self, port: u16) -> Self {
        self.kmip_port = port;
        self
    }

    /// Has every server started here executed by this program with these arguments before its own.
    #[must_use]
    pub fn launched_by(mut self, launcher: &[&str]) -> Self {
        self.launcher = launcher.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    /// The folder of everything: the data, the log, the trace.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The data folder of `claviger dev`.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Where the token's files lie.
    #[must_use]
    pub fn tokens(&self) -> PathBuf {
        self.data().join("tokens")
    }

    /// How many objects lie in the token, whatever the server knows of them; on Kryoptic with some
    /// of the token's own.
    ///
    /// # Panics
    ///
    /// If the token's files cannot be read.
    #[must_use]
    pub fn token_objects(&self) -> usize {
        if self.kind == TokenKind::Kryoptic {
            return kryoptic::objects(&self.data());
        }
        let folders = std::fs::read_dir(self.tokens()).unwrap();
        let entries = folders.flat_map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap());
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(".object") && name != "token.object").count()
    }

    /// What the servers wrote to standard error, all runs after one another.
    ///
    /// # Panics
    ///
    /// If it cannot be read.
    #[must_use]
    pub fn log(&self) -> Vec<u8> {
        std::fs::read(self.log_file()).unwrap()
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("stderr.log")
    }

    /// Starts the server and waits until it listens.
    ///
    /// # Panics
    ///
    /// If it does not come up.
    #[must_use]
    pub fn start(&self) -> Server {
        let mut server = self.spawn();
        if !server.output.wait_for("serves KMIP on") {
            drop(server);
            panic!("the server did not start:\n{}", String::from_utf8_lossy(&self.log()));
        }
        server.ready = Some(Ready::read(&self.data().join("ready.json")).unwrap());
        server
    }

    /// Starts a server that is to end by itself, and waits until it has.
    ///
    /// # Panics
    ///
    /// If it does not end.
    #[must_use]
    pub fn start_in_vain(&self) -> ExitStatus {
        self.spawn().wait()
    }

    fn spawn(&self) -> Server {
        let log = OpenOptions::new().create(true).append(true).open(self.log_file()).unwrap();
        let mut command = self.command();
        for variable in ["CLAVIGER_LOG", "SOFTHSM2_CONF", "KRYOPTIC_CONF"] {
            command.env_remove(variable);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().unwrap();
        let output = Output::follow(child.stdout.take().unwrap());
        // From here on the child ends with the value, whatever happens.
        Server { child, output, ready: None }
    }

    fn command(&self) -> Command {
        let data = self.data();
        let mut command = match self.launcher.split_first() {
            Some((launcher, arguments)) => {
                let mut command = Command::new(launcher);
                command.args(arguments).arg(program::claviger());
                command
            }
            None => Command::new(program::claviger()),
        };
        match self.kind {
            TokenKind::SoftHsm => {
                command.arg("dev").arg("--data-dir").arg(data);
                command.arg("--pkcs11-module").arg(&self.module);
            }
            TokenKind::Kryoptic => {
                kryoptic::prepare(&data, &self.module);
                command.arg("serve").arg("--config").arg(data.join("claviger.toml"));
                command.arg("--dev-data-dir").arg(data);
            }
        }
        command.args(["--kmip-addr", &format!("127.0.0.1:{}", self.kmip_port)]);
        if self.kmip_port != 0 {
            // Where KMIP has a port of its own, so has the administration: the usual one.
            command.args(["--admin-addr", "127.0.0.1:0"]);
        }
        if self.https {
            command.args(["--https-addr", "127.0.0.1:0"]);
        }
        command
    }
}

impl Default for Trial {
    fn default() -> Self {
        Self::new()
    }
}

/// A running server; it is killed with the value.
#[derive(Debug)]
pub struct Server {
    child: Child,
    output: Output,
    ready: Option<Ready>,
}

impl Server {
    /// What it wrote to `ready.json`.
    ///
    /// # Panics
    ///
    /// Never: a server that is handed out is ready.
    #[must_use]
    pub fn ready(&self) -> &Ready {
        self.ready.as_ref().unwrap()
    }

    /// A connection as `client1`, of the scope `demo`, which may export.
    ///
    /// # Panics
    ///
    /// If there is none to be had.
    #[must_use]
    pub fn client(&self) -> Client {
        Self::connect(&self.ready().client())
    }

    /// A connection as `other`, of the scope `other`, which may not export.
    ///
    /// # Panics
    ///
    /// If there is none to be had.
    #[must_use]
    pub fn other_client(&self) -> Client {
        Self::connect(&self.ready().other_client())
    }

    fn connect(config: &ClientConfig) -> Client {
        Client::connect(config).unwrap()
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to stop (SIGTERM), without waiting.
    ///
    /// # Panics
    ///
    /// If the signal cannot be sent.
    pub fn terminate(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }

    /// Waits until the process has ended.
    ///
    /// # Panics
    ///
    /// If it does not end.
    pub fn wait(&mut self) -> ExitStatus {
        assert!(self.output.wait_for_end(), "the server does not stop");
        self.child.wait().unwrap()
    }

    /// Asks it to stop (SIGTERM) and waits until it has.
    ///
    /// # Panics
    ///
    /// If it does not stop, or not with success.
    pub fn stop(mut self) {
        self.terminate();
        let status = self.wait();
        assert!(status.success(), "the server stopped with {status}");
    }

    /// Ends it without a word (SIGKILL).
    ///
    /// # Panics
    ///
    /// If it cannot be killed.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only if the process has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
