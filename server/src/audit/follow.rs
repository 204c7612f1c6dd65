//! A log that is read on while it grows, from each of its files to the next.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::files::{FileLine, Lines};

/// Where in the log its reader is. The file is held open, so that it is read to its end wherever it
/// was moved.
pub(super) struct Follower {
    path: PathBuf,
    file: File,
    from: u64,
    /// Whether no other file came behind it when it was opened.
    is_last: bool,
}

impl Follower {
    /// Behind what the file at `path`, the last one of its log, holds now.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub(super) fn at_the_end_of(path: &Path) -> io::Result<Self> {
        let mut own = Self::open(path, true)?;
        own.from = own.file.metadata()?.len();
        Ok(own)
    }

    fn open(path: &Path, is_last: bool) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), file: File::open(path)?, from: 0, is_last })
    }

    /// Hands on every whole line that has come; `files` tells those of the log, oldest first.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub(super) fn read_on(
        &mut self,
        files: &dyn Fn() -> io::Result<Vec<PathBuf>>,
        each: &mut dyn FnMut(&FileLine),
    ) -> io::Result<()> {
        loop {
            // Found first: what was written before the file was left is read then.
            let next = self.next(files)?;
            self.read(each)?;
            match next {
                Some(next) => *self = next,
                None => return Ok(()),
            }
        }
    }

    fn read(&mut self, each: &mut dyn FnMut(&FileLine)) -> io::Result<()> {
        for line in Lines::of(self.file.try_clone()?, self.from)? {
            let line = line?;
            if !line.is_whole() {
                break;
            }
            self.from += line.bytes();
            each(&line);
        }
        Ok(())
    }

    /// The file behind this one, if it was left.
    fn next(&self, files: &dyn Fn() -> io::Result<Vec<PathBuf>>) -> io::Result<Option<Self>> {
        let own = identity(&self.file.metadata()?);
        let is_own = |path: &PathBuf| std::fs::metadata(path).is_ok_and(|it| identity(&it) == own);
        if self.is_last && is_own(&self.path) {
            return Ok(None);
        }
        let files = match files() {
            // It was moved away, and the one in use is yet to come.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            files => files?,
        };
        // Where it was deleted: of those moved aside the oldest go first, and the one in use comes anew.
        let path = match files.iter().position(is_own) {
            Some(own) => files.get(own + 1),
            None if self.is_last => Some(&self.path),
            None => files.first(),
        };
        match path.map(|path| Self::open(path, files.last() == Some(path))) {
            Some(Err(error)) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            next => next.transpose(),
        }
    }
}

fn identity(file: &std::fs::Metadata) -> (u64, u64) {
    (file.dev(), file.ino())
}

#[cfg(test)]
mod tests {
    use super::super::files::{of_log, rotated};
    use super::*;
    use std::io::Write;

    fn write(path: &Path, lines: &str) {
        let file = File::options().create(true).append(true).open(path);
        file.unwrap().write_all(lines.as_bytes()).unwrap();
    }

    #[test]
    fn lines_are_read_once_and_in_order_however_often_the_log_is_rotated_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.log");
        write(&path, "old\n");
        let mut follower = Follower::at_the_end_of(&path).unwrap();
        let mut seen = String::new();
        let mut read = || {
            let mut each = |line: &FileLine| seen += &String::from_utf8_lossy(line.text());
            follower.read_on(&|| of_log(&path), &mut each).unwrap();
            std::mem::take(&mut seen)
        };
        assert_eq!(read(), "");
        write(&path, "1\n2\nha");
        assert_eq!(read(), "12");
        write(&path, "lf\n");
        for first in 3..6 {
            std::fs::rename(&path, rotated(&path, first)).unwrap();
            write(&path, &format!("{first} is longer than what the files before it hold\n"));
        }
        let long = |first| format!("{first} is longer than what the files before it hold");
        assert_eq!(read(), ["half".to_owned(), long(3), long(4), long(5)].concat());
        std::fs::remove_file(&path).unwrap();
        assert_eq!(read(), "");
        write(&path, "on\n");
        assert_eq!(read(), "on");
        write(&path, "and on\n");
        assert_eq!(read(), "and on");
    }
}
