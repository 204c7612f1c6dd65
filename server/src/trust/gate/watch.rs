//! Notices that a file of `[tls]` has changed, and has it read again.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use super::Gate;
use crate::bell::Bell;
use crate::config::TlsConfig;
use crate::net::tls::TlsError;

/// How often the files are looked at.
const ROUND: Duration = Duration::from_secs(2);

/// What tells one content of a file from another without reading it: device and inode, length, and when
/// content or inode changed, in seconds and nanoseconds. None for a file that is not there.
type Stamp = Option<[i64; 5]>;

/// Files that are read together, and how.
#[derive(Clone)]
pub(super) struct Group {
    what: &'static str,
    files: Vec<PathBuf>,
    read: fn(&Gate) -> Result<(), TlsError>,
    seen: Vec<Stamp>,
    /// Whether what was seen last could be used.
    is_in_force: bool,
}

/// The thread that looks at the files; it ends with this value.
pub struct FileWatch {
    bell: Arc<Bell>,
    thread: Option<JoinHandle<()>>,
}

impl FileWatch {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// Where the system gives no thread.
    pub fn start(gate: &Arc<Gate>) -> std::io::Result<Self> {
        let bell = Arc::new(Bell::default());
        let (gate, rung) = (Arc::clone(gate), Arc::clone(&bell));
        let mut groups = gate.files.clone();
        let thread = std::thread::Builder::new().name("tls-files".to_owned()).spawn(move || {
            while rung.wait(ROUND) {
                groups.iter_mut().for_each(|group| group.look(&gate));
            }
        })?;
        Ok(Self { bell, thread: Some(thread) })
    }

    /// Has the files looked at now.
    pub fn look(&self) {
        self.bell.ring();
    }
}

impl Drop for FileWatch {
    fn drop(&mut self) {
        self.bell.stop();
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that watches files of [tls] died");
        }
    }
}

/// The files of `tls` as they are before they are read for the first time: what changes from then on,
/// while the server starts, say, is noticed.
pub(super) fn groups(tls: &TlsConfig) -> Vec<Group> {
    let pair = tls.identity.iter();
    let pair = pair.flat_map(|pair| [pair.certificate.clone(), pair.private_key.clone()]).collect();
    let group = |what, files: Vec<PathBuf>, read| {
        let seen = files.iter().map(stamp).collect();
        Group { what, files, read, seen, is_in_force: true }
    };
    vec![
        group("server certificate", pair, Gate::read_server_certificate),
        group("client CAs", tls.client_ca.clone(), Gate::read_client_cas),
        group("lists of revoked certificates", tls.client_crl.clone(), Gate::read_revoked),
    ]
}

impl Group {
    /// Reads the files if one has changed, and until they can be used: certificate and key are two
    /// files, and one is written first; a list may come before the CA that has signed it.
    fn look(&mut self, gate: &Gate) {
        let now: Vec<Stamp> = self.files.iter().map(stamp).collect();
        let is_news = now != self.seen;
        if !is_news && self.is_in_force {
            return;
        }
        self.seen = now;
        let read = (self.read)(gate);
        self.is_in_force = read.is_ok();
        match read {
            Ok(()) => tracing::info!(what = self.what, "read again, and in force"),
            Err(error) if is_news => {
                tracing::error!(what = self.what, %error, "cannot be used; what was there stays");
            }
            Err(error) => tracing::debug!(what = self.what, %error, "cannot be used yet"),
        }
    }
}

fn stamp(file: &PathBuf) -> Stamp {
    let found = std::fs::metadata(file).ok()?;
    let number = |value: u64| value.cast_signed();
    Some([
        number(found.ino()),
        number(found.len()),
        found.mtime(),
        found.ctime(),
        found.ctime_nsec(),
    ])
}
