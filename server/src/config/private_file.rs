//! Files with secrets, which nobody but the server's own user has a reason to read.

use std::fs::File;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Of a file's mode: everybody may read it, or write to it.
const EVERYBODY: u32 = 0o006;

/// Looks whether a file with a secret can be opened, and warns as [`open`] does. What is no plain file, a pipe
/// for example, has to be there, and is left alone.
///
/// # Errors
///
/// What the system says.
pub(crate) fn look(path: &Path) -> io::Result<()> {
    if std::fs::metadata(path)?.is_file() { open(path).map(drop) } else { Ok(()) }
}

/// Opens a file with a secret. One that everybody can read or write is used all the same, with a warning:
/// there are systems that lay files out so, and keep everybody else out of the folder.
///
/// # Errors
///
/// What the system says.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let file = File::open(path)?;
    let mode = file.metadata()?.permissions().mode();
    if mode & EVERYBODY != 0 {
        let (file, mode) = (path.display(), format!("{:03o}", mode & 0o777));
        tracing::warn!(%file, mode, "every user of this machine can read or change this secret: chmod 600");
    }
    Ok(file)
}
