//! Brings what was written to the disk every so often, beside the writing.

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// The thread that syncs one file; it ends with the value.
pub(super) struct Syncer(Arc<Shared>);

struct Shared {
    wishes: Mutex<Wishes>,
    changed: Condvar,
    failed: AtomicBool,
}

#[derive(Default)]
struct Wishes {
    dirty: bool,
    end: bool,
}

impl Syncer {
    /// Syncs `file` at most `every` so often.
    pub(super) fn start(file: Arc<File>, every: Duration) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            wishes: Mutex::default(),
            changed: Condvar::new(),
            failed: AtomicBool::new(false),
        });
        let own = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("audit-sync".to_owned())
            .spawn(move || own.run(&file, every))?;
        Ok(Self(shared))
    }

    /// Notes that something was written.
    ///
    /// # Errors
    ///
    /// Where an earlier write could not be brought to the disk.
    pub(super) fn dirty(&self) -> io::Result<()> {
        let mut wishes = self.0.wishes.lock().unwrap_or_else(PoisonError::into_inner);
        let was = std::mem::replace(&mut wishes.dirty, true);
        drop(wishes);
        if !was {
            self.0.changed.notify_all();
        }
        if self.0.failed.swap(false, Ordering::Relaxed) {
            return Err(io::Error::other("the file could not be synced"));
        }
        Ok(())
    }
}

impl Shared {
    fn run(&self, file: &File, every: Duration) {
        let mut wishes = self.wishes.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let idle = |wishes: &mut Wishes| !wishes.dirty && !wishes.end;
            let waited = self.changed.wait_while(wishes, idle);
            wishes = waited.unwrap_or_else(PoisonError::into_inner);
            if wishes.end {
                return;
            }
            // More comes meanwhile, and is synced with the first.
            let ended = self.changed.wait_timeout_while(wishes, every, |wishes| !wishes.end);
            wishes = ended.unwrap_or_else(PoisonError::into_inner).0;
            wishes.dirty = false;
            drop(wishes);
            if let Err(error) = file.sync_data() {
                tracing::error!(%error, "the audit file could not be synced");
                self.failed.store(true, Ordering::Relaxed);
            }
            wishes = self.wishes.lock().unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        self.0.wishes.lock().unwrap_or_else(PoisonError::into_inner).end = true;
        self.0.changed.notify_all();
    }
}
