//! The files of one log, and their order.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::record::Record;

/// Longest line that is read: a record is a few hundred bytes, and lists of objects make it longer.
pub const MAX_LINE_BYTES: usize = 4 * 1_048_576;

/// Where the file goes whose first record is `first`.
pub(super) fn rotated(path: &Path, first: u64) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{first:012}"));
    PathBuf::from(name)
}

/// The files that were moved aside, oldest first, each with its first record.
pub(super) fn rotated_files(path: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder.unwrap_or(Path::new(".")))? {
        let entry = entry?;
        let file = entry.file_name();
        let rest = file.to_str().and_then(|file| file.strip_prefix(name)?.strip_prefix('.'));
        let digits = rest.filter(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
        if let Some(first) = digits.and_then(|digits| digits.parse().ok()) {
            found.push((first, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}

/// The files of the log at `path`, oldest first, the one in use last.
///
/// # Errors
///
/// What the system says.
pub fn of_log(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = rotated_files(path)?.into_iter().map(|(_, path)| path).collect();
    if path.exists() || files.is_empty() {
        files.push(path.to_owned());
    }
    Ok(files)
}

/// The number of the first record in the file; `None` where there is no whole one.
pub(super) fn first_record(path: &Path) -> io::Result<Option<u64>> {
    let mut lines = Lines::open(path)?;
    let first = lines.next().transpose()?;
    Ok(first.and_then(|line| Record::read(line.text()).ok()).map(|record| record.sequence))
}

/// The files in the order of their first records; one without stands where it was given.
///
/// # Errors
///
/// What the system says.
pub fn in_order(files: &[PathBuf]) -> io::Result<Vec<PathBuf>> {
    let mut firsts = Vec::with_capacity(files.len());
    for file in files {
        firsts.push((first_record(file)?.unwrap_or(u64::MAX), file.clone()));
    }
    firsts.sort_by_key(|(first, _)| *first);
    Ok(firsts.into_iter().map(|(_, file)| file).collect())
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileLine {
    /// Its bytes, with the newline if it has one.
    bytes: Vec<u8>,
}

impl FileLine {
    /// The line without its newline.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        self.bytes.strip_suffix(b"\n").unwrap_or(&self.bytes)
    }

    /// How long it is, with its newline.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        u64::try_from(self.bytes.len()).unwrap_or(u64::MAX)
    }

    /// Whether it ends with a newline.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.bytes.ends_with(b"\n")
    }
}

/// The lines of a file. One that is longer than any record comes in pieces, none of them a record.
pub struct Lines(BufReader<File>);

impl Lines {
    /// Opens the file.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::of(File::open(path)?, 0)
    }

    /// Those of `file` behind its first `from` bytes.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn of(mut file: File, from: u64) -> io::Result<Self> {
        file.seek(SeekFrom::Start(from))?;
        Ok(Self(BufReader::with_capacity(1 << 16, file)))
    }
}

impl Iterator for Lines {
    type Item = io::Result<FileLine>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut bytes = Vec::new();
        let most = u64::try_from(MAX_LINE_BYTES).unwrap_or(u64::MAX);
        match io::Read::take(&mut self.0, most).read_until(b'\n', &mut bytes) {
            Ok(0) => None,
            Ok(_) => Some(Ok(FileLine { bytes })),
            Err(error) => Some(Err(error)),
        }
    }
}
