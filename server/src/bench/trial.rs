//! A server of our own to measure: `claviger dev` in a temporary folder, in a process of its own.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use tempfile::TempDir;

use super::BenchError;
use crate::client::{ClientConfig, Connector, Ready, ready};

/// How the text begins that `dev` prints once it is listening.
const LISTENING: &str = "Claviger serves KMIP on";

/// The running server; it ends, and its folder goes, when this is dropped.
pub(super) struct Trial {
    child: Child,
    ready: Ready,
    /// Kept open: the server must not meet a closed pipe.
    _stdout: BufReader<ChildStdout>,
    _folder: TempDir,
}

impl Trial {
    pub(super) fn start(module: Option<&Path>) -> Result<Self, BenchError> {
        let folder = tempfile::Builder::new()
            .prefix("claviger-bench-")
            .tempdir()
            .map_err(BenchError::system("temporary folder"))?;
        let log = folder.path().join("server.log");
        let (child, stdout) = spawn(folder.path(), &log, module)?;
        // From here on the process is ended whatever happens.
        let mut child = Guard(Some(child));
        let mut stdout = BufReader::new(stdout);
        wait_until_listening(&mut stdout, &log)?;
        let ready = Ready::read(&folder.path().join(ready::FILE_NAME))?;
        let child = child.0.take().ok_or(BenchError::Measure("the server is gone"))?;
        Ok(Self { child, ready, _stdout: stdout, _folder: folder })
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The configuration, which also says where the token is.
    pub(super) const fn config(&self) -> &PathBuf {
        &self.ready.config
    }

    pub(super) fn connector(&self, resumption: bool) -> Result<Connector, BenchError> {
        let config = ClientConfig { resumption, ..self.ready.client() };
        Ok(Connector::new(&config)?)
    }

    /// The client of another scope.
    pub(super) fn other_connector(&self) -> Result<Connector, BenchError> {
        Ok(Connector::new(&self.ready.other_client())?)
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

struct Guard(Option<Child>);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            end(child);
        }
    }
}

/// Everything the process has made goes with its folder, so there is nothing to end gracefully.
fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

fn spawn(
    folder: &Path,
    log: &Path,
    module: Option<&Path>,
) -> Result<(Child, ChildStdout), BenchError> {
    let mut command = myself()?;
    command.args(["dev", "--kmip-addr", "127.0.0.1:0", "--symmetric-keys-in-token"]);
    command.arg("--data-dir").arg(folder);
    if let Some(module) = module {
        command.arg("--pkcs11-module").arg(module);
    }
    let log = File::create(log).map_err(BenchError::system("log of the server"))?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .map_err(BenchError::system("start of the server"))?;
    match child.stdout.take() {
        Some(stdout) => Ok((child, stdout)),
        None => Err(BenchError::Measure("the server has no output")),
    }
}

/// This program, to be run again.
pub(super) fn myself() -> Result<Command, BenchError> {
    std::env::current_exe().map(Command::new).map_err(BenchError::system("path of this program"))
}

fn wait_until_listening(stdout: &mut impl BufRead, log: &Path) -> Result<(), BenchError> {
    for line in stdout.lines() {
        let line = line.map_err(BenchError::system("output of the server"))?;
        if line.starts_with(LISTENING) {
            return Ok(());
        }
    }
    Err(BenchError::Server(std::fs::read_to_string(log).unwrap_or_default()))
}
