//! Where a log ends: the chain goes on there. A half line that a crash left is set aside.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::files;
use super::record::{LineError, Place, Record};

/// Bytes that are read at once, from the end.
const STEP: u64 = 1 << 16;

/// The end of a log's file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tail {
    /// The last record.
    pub(super) last: Option<Place>,
    /// Bytes of the half line behind it, and their SHA-256.
    pub(super) torn: Option<(u64, String)>,
}

/// A log cannot be continued.
#[derive(Debug, thiserror::Error)]
pub enum TailError {
    /// The file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Its path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Its last line is no record.
    #[error(
        "{}: the last line: {source}; keep the file, but under another name, and start again",
        path.display()
    )]
    Damaged {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: LineError,
    },
}

/// Finds the end of the log at `path`, and sets a half line aside.
pub(super) fn find(path: &Path) -> Result<Tail, TailError> {
    let failed = |source| TailError::File { path: path.to_owned(), source };
    let mut tail = Tail::default();
    match path.metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
        // A pipe or a device has no end to go on from.
        Ok(found) if !found.is_file() => return Ok(tail),
        Ok(_) => tail.torn = set_aside(path).map_err(failed)?,
    }
    for file in files::of_log(path).map_err(failed)?.iter().rev() {
        let Some(line) = last_line(file).map_err(failed)? else { continue };
        let record = Record::read(&line)
            .map_err(|source| TailError::Damaged { path: file.clone(), source })?;
        tail.last = Some(record.place());
        break;
    }
    Ok(tail)
}

/// Moves what stands behind the last newline into a file of its own.
fn set_aside(path: &Path) -> io::Result<Option<(u64, String)>> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let size = file.metadata()?.len();
    let end = last_newline(&mut file, size)?.map_or(0, |place| place + 1);
    if end == size {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(end))?;
    let mut half = Vec::new();
    file.read_to_end(&mut half)?;
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".torn-at-{end}"));
    let mut aside = OpenOptions::new().create(true).append(true).mode(0o600).open(name)?;
    aside.write_all(&half)?;
    aside.sync_all()?;
    file.set_len(end)?;
    file.sync_all()?;
    Ok(Some((size - end, hex::encode(Sha256::digest(&half)))))
}

/// The last line of a file that ends with a newline.
fn last_line(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let Some(end) = file.metadata()?.len().checked_sub(1) else { return Ok(None) };
    let start = last_newline(&mut file, end)?.map_or(0, |place| place + 1);
    file.seek(SeekFrom::Start(start))?;
    let mut line = Vec::new();
    file.take(end - start).read_to_end(&mut line)?;
    Ok(Some(line))
}

/// Where the last newline before `end` stands.
fn last_newline(file: &mut File, end: u64) -> io::Result<Option<u64>> {
    let mut end = end;
    while end > 0 {
        let start = end.saturating_sub(STEP);
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        (&mut *file).take(end - start).read_to_end(&mut bytes)?;
        if let Some(place) = bytes.iter().rposition(|byte| *byte == b'\n') {
            return Ok(Some(start + u64::try_from(place).unwrap_or_default()));
        }
        end = start;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::chain::Chain;
    use crate::audit::record::Kind;

    fn log(text: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.log");
        std::fs::write(&path, text).unwrap();
        (folder, path)
    }

    #[test]
    fn half_line_is_set_aside_wherever_it_was_cut() {
        let mut chain = Chain::new("n", None);
        let [first, second] = [chain.append(Kind::Start, ""), chain.append(Kind::Stop, "")];
        for cut in 0..second.text.len() {
            let text = [first.text.as_slice(), &second.text[..cut]].concat();
            let (folder, path) = log(&text);
            let tail = find(&path).unwrap();
            assert_eq!(tail.last.unwrap().sequence, 1);
            assert_eq!(tail.torn.map(|(bytes, _)| bytes), (cut > 0).then_some(cut as u64));
            assert_eq!(std::fs::read(&path).unwrap(), first.text);
            let kept = std::fs::read_dir(folder.path()).unwrap().count();
            assert_eq!(kept, 1 + usize::from(cut > 0), "the half line is kept");
        }
    }

    #[test]
    fn log_of_old_files_only_goes_on_behind_the_newest() {
        let mut chain = Chain::new("n", None);
        let (_folder, path) = log(b"");
        for first in [1, 2] {
            let line = chain.append(Kind::Start, "");
            std::fs::write(files::rotated(&path, first), line.text).unwrap();
        }
        assert_eq!(find(&path).unwrap().last.unwrap().sequence, 2);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(find(&path).unwrap().last.unwrap().sequence, 2);
    }

    #[test]
    fn damaged_last_record_is_not_built_upon() {
        let (_folder, path) = log(b"{\"sequence\":1}\n");
        assert!(matches!(find(&path), Err(TailError::Damaged { .. })));
    }
}
