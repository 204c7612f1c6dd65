//! A running trial, and the shell of a person who follows a guide beside it.

use std::ffi::OsString;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use server::client::ClientConfig;

use crate::program;
use crate::server::{Server, Trial};

/// The port of KMIP, as it stands in guides.
const KMIP_PORT: &str = "5696";

/// Longest that the commands of one shell may take together.
const PATIENCE_SECONDS: &str = "900";

/// A running trial, a folder to work in, and programs to work with.
#[derive(Debug)]
pub struct World {
    trial: Trial,
    /// None between [`World::kill`] and [`World::revive`].
    server: Option<Server>,
    /// A program of each name, which becomes the one that is meant.
    programs: tempfile::TempDir,
}

impl World {
    /// Starts a trial. Its shell finds `claviger` and these programs by their names.
    ///
    /// # Panics
    ///
    /// If it does not start.
    #[must_use]
    pub fn new(programs: &[(&str, PathBuf)]) -> Self {
        Self::of(Trial::new(), programs)
    }

    /// The same; `edit` may change the configuration, which an earlier start has then written.
    ///
    /// # Panics
    ///
    /// If it does not start.
    #[must_use]
    pub fn configured(programs: &[(&str, PathBuf)], edit: impl FnOnce(&Trial)) -> Self {
        let trial = Trial::new();
        trial.start().stop();
        edit(&trial);
        Self::of(trial, programs)
    }

    /// The same, in this trial.
    ///
    /// # Panics
    ///
    /// If it does not start.
    #[must_use]
    pub fn of(trial: Trial, programs: &[(&str, PathBuf)]) -> Self {
        let server = Some(trial.start());
        let folder = tempfile::tempdir().unwrap();
        let claviger = ("claviger", program::claviger());
        for (name, path) in programs.iter().chain([&claviger]) {
            call_by_name(&folder.path().join(name), path);
        }
        Self { trial, server, programs: folder }
    }

    /// The trial.
    #[must_use]
    pub const fn trial(&self) -> &Trial {
        &self.trial
    }

    /// The server that runs in it.
    ///
    /// # Panics
    ///
    /// If it was killed.
    #[must_use]
    pub fn server(&self) -> &Server {
        self.server.as_ref().expect("the server was killed")
    }

    /// Ends the server without a word (SIGKILL), until [`Self::revive`].
    ///
    /// # Panics
    ///
    /// If it cannot be killed.
    pub fn kill(&mut self) {
        self.server.take().expect("the server was killed already").kill();
    }

    /// Starts the server again.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn revive(&mut self) {
        self.server = Some(self.trial.start());
    }

    /// Stops the server in good order and starts it again; its ports are others then.
    ///
    /// # Panics
    ///
    /// If it does not stop, or not start.
    pub fn restart(&mut self) {
        self.server.take().expect("the server was killed").stop();
        self.revive();
    }

    /// Stops the server in good order.
    ///
    /// # Panics
    ///
    /// If it does not stop.
    pub fn stop(self) {
        let (_trial, server) = self.into_parts();
        server.stop();
    }

    /// The trial and its server, without the shell.
    ///
    /// # Panics
    ///
    /// If the server was killed.
    #[must_use]
    pub fn into_parts(self) -> (Trial, Server) {
        (self.trial, self.server.expect("the server was killed"))
    }

    /// The folder that the shell works in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.trial.folder()
    }

    /// A shell that is about to run `lines` as they stand in a guide, but for the data folder and the
    /// ports of the trial.
    ///
    /// # Panics
    ///
    /// If the trial serves no administration.
    #[must_use]
    pub fn bash(&self, lines: &str) -> Command {
        let ready = self.server().ready();
        let lines = lines
            .replace("claviger-data", &self.trial.data().to_string_lossy())
            .replace("127.0.0.1:8200", &ready.admin_addr.unwrap().to_string())
            .replace("127.0.0.1:9696", &ready.monitoring_addr.unwrap().to_string())
            .replace("0.0.0.0:5696", "0.0.0.0:0");
        let lines = with_port(&lines, ready.kmip_addr.port());
        let mut path = OsString::from(self.programs.path());
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let mut command = Command::new("timeout");
        command.args([PATIENCE_SECONDS, "bash", "-e", "-u", "-o", "pipefail", "-c", &lines]);
        command.current_dir(self.folder()).env("PATH", path);
        // Where clients keep tokens and configurations of their own.
        command.env("HOME", self.folder()).stdin(Stdio::null());
        // What was installed for the tests stays where it is.
        command.env("CLAVIGER_CACHE", program::cache());
        // What the program takes when nobody says another, with the port of the trial.
        command.env("CLAVIGER_KMIP_ENDPOINT", format!("localhost:{}", ready.kmip_addr.port()));
        for name in ["VAULT_ADDR", "VAULT_TOKEN", "BAO_ADDR", "BAO_TOKEN", "CLAVIGER_ADDR"] {
            command.env_remove(name);
        }
        command
    }

    /// Runs `lines`.
    ///
    /// # Panics
    ///
    /// If no shell can be started.
    #[must_use]
    pub fn shell(&self, lines: &str) -> Output {
        self.bash(lines).output().unwrap()
    }

    /// Runs `lines`, and returns what they said on standard output.
    ///
    /// # Panics
    ///
    /// If one of them fails.
    pub fn succeed(&self, lines: &str) -> String {
        let output = self.shell(lines);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{lines}\n{said}\n{errors}");
        said
    }

    /// Runs `lines`, and returns what they said on standard error.
    ///
    /// # Panics
    ///
    /// If none of them fails.
    pub fn fail(&self, lines: &str) -> String {
        let output = self.shell(lines);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(!output.status.success(), "{lines}\n{said}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// A client with these files, on this address.
    #[must_use]
    pub fn client(&self, addr: &str, certificate: &Path, key: &Path) -> ClientConfig {
        let mut config = ClientConfig::new(addr, &self.server().ready().ca, certificate, key);
        config.server_name = Some("localhost".to_owned());
        config
    }
}

/// `lines` with another port in the place of KMIP's, where that is a number by itself: identifiers,
/// serial numbers and other ports may have its digits.
fn with_port(lines: &str, port: u16) -> String {
    let belongs_to_more = |character: char| character.is_ascii_alphanumeric() || character == '-';
    let mut done = String::new();
    let mut rest = lines;
    while let Some((before, after)) = rest.split_once(KMIP_PORT) {
        done.push_str(before);
        if done.ends_with(belongs_to_more) || after.starts_with(belongs_to_more) {
            done.push_str(KMIP_PORT);
        } else {
            done.push_str(&port.to_string());
        }
        rest = after;
    }
    done + rest
}

/// A link would do for most, but Python takes its packages from where it believes to lie.
fn call_by_name(name: &Path, program: &Path) {
    let script = format!("#!/bin/sh\nexec '{}' \"$@\"\n", program.display());
    std::fs::write(name, script).unwrap();
    std::fs::set_permissions(name, Permissions::from_mode(0o755)).unwrap();
}

#[cfg(test)]
mod tests {
    use super::with_port;

    #[test]
    fn port_is_replaced_only_where_it_is_a_number_by_itself() {
        for (line, expected) in [
            ("localhost:5696", "localhost:40000"),
            ("port=5696, \"5696\"\n5696", "port=40000, \"40000\"\n40000"),
            (
                "show 2369f0a0-2c04-9059-5ec4-f9d5556964a8",
                "show 2369f0a0-2c04-9059-5ec4-f9d5556964a8",
            ),
            (
                "show 2369f0a0-5696-9059-5ec4-f9d555600000",
                "show 2369f0a0-5696-9059-5ec4-f9d555600000",
            ),
            ("revoke 2511585147510912545695696473", "revoke 2511585147510912545695696473"),
            ("127.0.0.1:45696 /tmp/.tmpa5696", "127.0.0.1:45696 /tmp/.tmpa5696"),
            ("56965696", "56965696"),
        ] {
            assert_eq!(with_port(line, 40000), expected);
        }
    }
}
