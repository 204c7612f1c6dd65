//! A SoftHSM2 token of a test's own, beside the one that `claviger dev` makes for itself.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program;

/// A folder with one initialised token. `SOFTHSM2_CONF` is set on children only.
#[derive(Debug)]
pub struct TestToken {
    folder: tempfile::TempDir,
}

impl TestToken {
    /// Label of the token.
    pub const LABEL: &str = "claviger-test";
    /// Its user's PIN.
    pub const PIN: &str = "1234";

    /// Makes one, with the tool that comes with SoftHSM2.
    ///
    /// # Panics
    ///
    /// If that fails.
    #[must_use]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let token = Self { folder };
        std::fs::create_dir(token.folder.path().join("tokens")).unwrap();
        let text = format!(
            "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
            token.folder.path().join("tokens").display()
        );
        std::fs::write(token.conf(), text).unwrap();
        let mut tool = Command::new("softhsm2-util");
        tool.args(["--init-token", "--free", "--label", Self::LABEL, "--pin", Self::PIN]);
        tool.args(["--so-pin", "5678"]).arg("--module").arg(program::softhsm());
        let output = tool.env("SOFTHSM2_CONF", token.conf()).output();
        let output = output.expect("softhsm2-util is missing: run `apt-get install softhsm2`");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        token
    }

    /// Its SoftHSM2 configuration file.
    #[must_use]
    pub fn conf(&self) -> PathBuf {
        self.folder.path().join("softhsm2.conf")
    }

    /// The folder everything lies in; a test may put more there.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Default for TestToken {
    fn default() -> Self {
        Self::new()
    }
}
