//! A file, rotated by size. A record is in the system's hands before its operation goes on, so that
//! the end of the process loses nothing; how soon it is on the disk is for `fsync` to say.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::fs::OFlags;

use super::super::chain::Line;
use super::super::files;
use super::super::record::Kind;
use super::Sink;
use crate::config::{FileSinkConfig, Fsync};

mod syncer;

use syncer::Syncer;

/// How often it is looked whether somebody has moved the file away.
const LOOK_EVERY: Duration = Duration::from_secs(1);

pub(in crate::audit) struct FileSink {
    config: FileSinkConfig,
    open: Option<Open>,
    /// What of the lines in hand is written already.
    offset: usize,
    /// Old files to be deleted once the log says so.
    doomed: Vec<PathBuf>,
}

struct Open {
    file: Arc<File>,
    identity: (u64, u64),
    size: u64,
    looked: Instant,
    /// Pipes and devices are neither rotated nor synced.
    regular: bool,
    syncer: Option<Syncer>,
}

impl FileSink {
    /// The file of `config`, which is made when the first records come.
    pub(in crate::audit) const fn new(config: FileSinkConfig) -> Self {
        Self { config, open: None, offset: 0, doomed: Vec::new() }
    }

    fn open(&mut self) -> io::Result<&mut Open> {
        let path = &self.config.path;
        // In the midst of a line nothing else can be done than to end it where it began.
        if self.offset == 0
            && self.open.as_mut().is_some_and(|open| open.is_elsewhere(path).unwrap_or(true))
        {
            self.open = None;
        }
        if self.open.is_none() {
            self.open = Some(Open::new(path, self.config.fsync)?);
        }
        self.open.as_mut().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Moves the full file aside, under a name that tells its first record.
    fn rotate(&mut self) -> io::Result<Option<u64>> {
        let path = &self.config.path;
        if let Some(open) = self.open.take() {
            open.file.sync_data()?;
        }
        match files::first_record(path) {
            Ok(Some(first)) => fs::rename(path, files::rotated(path, first))?,
            Ok(None) => {}
            // Somebody has moved it away already.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let Some(keep) = self.config.keep else { return Ok(None) };
        let old = files::rotated_files(path)?;
        let surplus = old.len().saturating_sub(keep);
        let (doomed, kept) = old.split_at(surplus.min(old.len()));
        self.doomed = doomed.iter().map(|(_, path)| path.clone()).collect();
        let next = kept.first().filter(|_| !doomed.is_empty());
        Ok(next.map(|(first, _)| first.saturating_sub(1)))
    }
}

impl Sink for FileSink {
    fn name(&self) -> String {
        format!("file {}", self.config.path.display())
    }

    fn take(&mut self, lines: &[Arc<Line>]) -> io::Result<Option<u64>> {
        let bytes: Vec<u8> = lines.iter().flat_map(|line| line.text.iter().copied()).collect();
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let most = self.config.max_bytes;
        let open = self.open()?;
        let mut dropped = None;
        if open.regular && open.size > 0 && open.size.saturating_add(length) > most {
            // A line that was begun is ended in the file where it began.
            if self.offset == 0 {
                dropped = self.rotate()?;
            }
        }
        let mut offset = self.offset;
        let open = self.open()?;
        let written = write_from(&open.file, &bytes, &mut offset);
        self.offset = offset;
        written?;
        let open = self.open.as_mut().ok_or(io::ErrorKind::NotFound)?;
        if open.regular {
            // What is signed is to outlast the machine: the database is told of it.
            let signed = lines.iter().any(|line| line.kind == Kind::Head);
            match &open.syncer {
                Some(syncer) if !signed => syncer.dirty()?,
                Some(_) | None => open.file.sync_data()?,
            }
        }
        open.size = open.size.saturating_add(length);
        self.offset = 0;
        if dropped.is_none() {
            for old in std::mem::take(&mut self.doomed) {
                fs::remove_file(&old)?;
            }
        }
        Ok(dropped)
    }

    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        if open.regular
            && let Err(error) = open.file.sync_data()
        {
            tracing::error!(%error, "the audit file may not be on the disk");
        }
    }
}

/// Writes what is left of `bytes`, and moves `offset` along.
fn write_from(mut file: &File, bytes: &[u8], offset: &mut usize) -> io::Result<()> {
    while let Some(rest) = bytes.get(*offset..).filter(|rest| !rest.is_empty()) {
        match file.write(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => *offset += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

impl Open {
    fn new(path: &Path, fsync: Fsync) -> io::Result<Self> {
        // A pipe that nobody reads must say so, not wait.
        let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .custom_flags(flags)
            .open(path)?;
        let metadata = file.metadata()?;
        let (file, regular) = (Arc::new(file), metadata.is_file());
        let syncer = match fsync {
            Fsync::Interval(every) if regular => Some(Syncer::start(Arc::clone(&file), every)?),
            Fsync::Interval(_) | Fsync::Always => None,
        };
        Ok(Self {
            identity: (metadata.dev(), metadata.ino()),
            size: metadata.len(),
            looked: Instant::now(),
            regular,
            file,
            syncer,
        })
    }

    /// Whether the path now means another file, or none.
    fn is_elsewhere(&mut self, path: &Path) -> io::Result<bool> {
        if self.looked.elapsed() < LOOK_EVERY {
            return Ok(false);
        }
        self.looked = Instant::now();
        let found = fs::metadata(path)?;
        Ok((found.dev(), found.ino()) != self.identity)
    }
}
