//! Where the token's PIN comes from. It is never in the configuration file itself.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use hsm_backend::SecretValue;
use zeroize::{Zeroize, Zeroizing};

use super::private_file;

/// Longest secret that is read, in bytes (PKCS#11 tokens take at most 255).
pub const MAX_SECRET_BYTES: usize = 255;

/// Place from which a secret is read, once, at start-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// A file that holds the secret, with or without a line end.
    File(PathBuf),
    /// A systemd credential: `$CREDENTIALS_DIRECTORY/<name>`.
    Credential(String),
    /// An inherited file descriptor, read to its end.
    Fd(u32),
    /// An environment variable. Weak: child processes inherit it.
    Env(String),
}

/// Why a secret could not be read. Never holds the secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file, credential or descriptor cannot be read.
    #[error("cannot read the PIN from {from}: {source}")]
    Unreadable {
        /// The place, as text.
        from: String,
        /// What the system said.
        source: io::Error,
    },
    /// The environment variable is not set, or is no text.
    #[error("cannot read the PIN: the environment variable {0} is not set")]
    NotSet(String),
    /// This process is none that systemd has given credentials to.
    #[error(
        "cannot read the PIN: the systemd credential {0} is there for processes that systemd starts \
         with LoadCredential= or LoadCredentialEncrypted=, and this is none"
    )]
    NoCredentials(String),
    /// There is nothing in it.
    #[error("the PIN from {0} is empty")]
    Empty(String),
    /// It is longer than [`MAX_SECRET_BYTES`].
    #[error("the PIN from {0} is longer than {MAX_SECRET_BYTES} bytes")]
    TooLong(String),
}

impl SecretSource {
    /// Reads the secret; one line end after it is dropped.
    ///
    /// A descriptor gives its secret only once. Call after the environment has been set.
    ///
    /// # Errors
    ///
    /// [`SecretError`]: unreadable, not set, empty or too long.
    pub fn read(&self) -> Result<SecretValue, SecretError> {
        let bytes = match self {
            Self::File(path) => read_file(private_file::open(path), &self.describe())?,
            Self::Credential(name) => {
                read_file(File::open(credential_path(name)?), &self.describe())?
            }
            Self::Fd(fd) => read_file(File::open(format!("/dev/fd/{fd}")), &self.describe())?,
            Self::Env(name) => {
                let text = std::env::var(name).map_err(|_| SecretError::NotSet(name.clone()))?;
                Zeroizing::new(text.into_bytes())
            }
        };
        checked(bytes, &self.describe())
    }

    /// Looks whether the secret can be had, without reading it, as far as that can be told now. Warns of a
    /// file that everybody can read.
    ///
    /// # Errors
    ///
    /// [`SecretError`]: a file that is not there.
    pub fn look(&self) -> Result<(), SecretError> {
        match self {
            Self::File(path) => private_file::look(path)
                .map_err(|source| SecretError::Unreadable { from: self.describe(), source }),
            // These are there when the server is started, and not before.
            Self::Credential(_) | Self::Fd(_) | Self::Env(_) => Ok(()),
        }
    }

    fn describe(&self) -> String {
        match self {
            Self::File(path) => format!("the file {}", path.display()),
            Self::Credential(name) => format!("the systemd credential {name}"),
            Self::Fd(fd) => format!("the file descriptor {fd}"),
            Self::Env(name) => format!("the environment variable {name}"),
        }
    }
}

fn credential_path(name: &str) -> Result<PathBuf, SecretError> {
    let folder = std::env::var_os("CREDENTIALS_DIRECTORY");
    let folder = folder.ok_or_else(|| SecretError::NoCredentials(name.to_owned()))?;
    Ok(Path::new(&folder).join(name))
}

fn read_file(file: io::Result<File>, from: &str) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    let unreadable = |source| SecretError::Unreadable { from: from.to_owned(), source };
    let file = file.map_err(unreadable)?;
    // The room is taken at once: a growing vector would leave copies of the secret behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(2 * MAX_SECRET_BYTES));
    let limit = u64::try_from(MAX_SECRET_BYTES + 3).unwrap_or(u64::MAX);
    file.take(limit).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

fn checked(mut bytes: Zeroizing<Vec<u8>>, from: &str) -> Result<SecretValue, SecretError> {
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
    }
    if bytes.is_empty() {
        return Err(SecretError::Empty(from.to_owned()));
    }
    if bytes.len() > MAX_SECRET_BYTES {
        bytes.zeroize();
        return Err(SecretError::TooLong(from.to_owned()));
    }
    Ok(SecretValue::new(std::mem::take(&mut *bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file_with(content: &[u8]) -> (tempfile::TempDir, SecretSource) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pin");
        std::fs::write(&path, content).unwrap();
        (dir, SecretSource::File(path))
    }

    #[test]
    fn file_source_drops_one_line_end() {
        for content in [&b"1234"[..], b"1234\n", b"1234\r\n"] {
            let (_dir, source) = file_with(content);
            assert_eq!(source.read().unwrap().expose(), b"1234");
        }
    }

    #[test]
    fn file_source_refuses_empty_and_oversized_content() {
        let (_dir, source) = file_with(b"\n");
        assert!(matches!(source.read(), Err(SecretError::Empty(_))));
        let (_dir, source) = file_with(&[b'7'; MAX_SECRET_BYTES + 1]);
        assert!(matches!(source.read(), Err(SecretError::TooLong(_))));
    }

    #[test]
    fn missing_file_is_named_in_the_error() {
        let err = SecretSource::File(PathBuf::from("/nowhere/pin")).read().unwrap_err();
        assert!(err.to_string().contains("/nowhere/pin"), "{err}");
    }

    #[test]
    fn unset_variable_is_named_in_the_error() {
        let err = SecretSource::Env("CLAVIGER_NO_SUCH_PIN".to_owned()).read().unwrap_err();
        assert!(err.to_string().contains("CLAVIGER_NO_SUCH_PIN"), "{err}");
    }

    #[test]
    fn credential_without_systemd_is_said_to_be_one() {
        let err = SecretSource::Credential("pin".to_owned()).read().unwrap_err();
        assert!(err.to_string().contains("the systemd credential pin is there for"), "{err}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn descriptor_source_reads_to_the_end() {
        use std::os::fd::AsRawFd;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pin");
        std::fs::write(&path, b"4711\n").unwrap();
        let file = File::open(&path).unwrap();
        let fd = u32::try_from(file.as_raw_fd()).unwrap();
        assert_eq!(SecretSource::Fd(fd).read().unwrap().expose(), b"4711");
    }
}
