//! SoftHSM2: where its library is, and its configuration file.

use std::path::{Path, PathBuf};

use super::DevError;
use super::layout::Layout;

/// File name of the library.
pub(super) const LIBRARY: &str = "libsofthsm2.so";
/// Environment variable that names SoftHSM2's configuration file.
pub(super) const CONF_VARIABLE: &str = "SOFTHSM2_CONF";

const FOLDERS: [&str; 6] = [
    "/usr/lib/softhsm",
    "/usr/lib/x86_64-linux-gnu/softhsm",
    "/usr/lib/aarch64-linux-gnu/softhsm",
    "/usr/lib64/pkcs11",
    "/usr/local/lib/softhsm",
    "/opt/homebrew/lib/softhsm",
];

/// Takes the library named on the command line, or searches the usual places.
pub(super) fn find_module(wanted: Option<&Path>) -> Result<PathBuf, DevError> {
    match wanted {
        Some(path) if path.is_file() => std::path::absolute(path).map_err(DevError::file(path)),
        Some(path) => Err(DevError::NoModule(path.to_owned())),
        None => FOLDERS
            .iter()
            .map(|folder| Path::new(folder).join(LIBRARY))
            .find(|path| path.is_file())
            .ok_or(DevError::NoSoftHsm),
    }
}

/// Writes SoftHSM2's configuration, unless it is there.
pub(super) fn write_conf(layout: &Layout) -> Result<(), DevError> {
    let file = layout.softhsm_conf();
    if file.exists() {
        return Ok(());
    }
    let text = format!(
        "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n",
        layout.tokens().display()
    );
    std::fs::write(&file, text).map_err(DevError::file(&file))
}
