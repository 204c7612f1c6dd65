//! The bare token: `cryptoki` on the same token and keys, in a process of its own.
//!
//! The two ends talk in lines: `sign 8 1000` asks for 8 threads that sign for 1000 ms, and the
//! answer is the number of signatures and the microseconds they took.

mod child;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::Duration;

use super::BenchError;
use super::trial::myself;
pub use child::serve;

/// What the bare token is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Job {
    /// RSA-2048, PKCS #1 v1.5, SHA-256.
    Sign,
    /// AES-256-GCM of 1 KiB, always with the same key.
    Encrypt,
    /// The same with every key of the token in turn.
    EncryptAll,
}

impl Job {
    const ALL: [(Self, &'static str); 3] =
        [(Self::Sign, "sign"), (Self::Encrypt, "encrypt"), (Self::EncryptAll, "encrypt-all")];

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(job, _)| *job == self).map_or("", |(_, name)| name)
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(job, _)| *job)
    }
}

/// The process, as seen by the bench; it ends when this is dropped.
pub(super) struct RawToken {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    library: String,
}

impl RawToken {
    /// Starts the process on the token of the server with this configuration.
    pub(super) fn start(config: &Path) -> Result<Self, BenchError> {
        let mut child = myself()?
            .arg("bench-raw")
            .arg("--config")
            .arg(config)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(BenchError::system("start of the bare token's process"))?;
        let (Some(orders), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(BenchError::Measure("the bare token's process has no pipes"));
        };
        let mut raw =
            Self { child, orders, answers: BufReader::new(answers), library: String::new() };
        raw.library = raw.answer()?;
        Ok(raw)
    }

    /// Name and version of the PKCS#11 library.
    pub(super) fn library(&self) -> &str {
        &self.library
    }

    /// Operations per second with this number of threads over `time`.
    pub(super) fn round(
        &mut self,
        job: Job,
        threads: usize,
        time: Duration,
    ) -> Result<f64, BenchError> {
        writeln!(self.orders, "{} {threads} {}", job.name(), time.as_millis())
            .map_err(BenchError::system("order to the bare token's process"))?;
        let answer = self.answer()?;
        let rate = answer.split_once(' ').and_then(|(count, micros)| {
            let (count, micros) = (count.parse::<f64>().ok()?, micros.parse::<f64>().ok()?);
            Some(count / (micros / 1e6))
        });
        rate.ok_or(BenchError::Raw(answer))
    }

    fn answer(&mut self) -> Result<String, BenchError> {
        let mut line = String::new();
        self.answers
            .read_line(&mut line)
            .map_err(BenchError::system("answer of the bare token's process"))?;
        match line.trim_end() {
            "" => Err(BenchError::Raw("its process ended".to_owned())),
            line => Ok(line.to_owned()),
        }
    }
}

impl Drop for RawToken {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_are_found_by_their_names() {
        for (job, name) in Job::ALL {
            assert_eq!(job.name(), name);
            assert_eq!(Job::named(name), Some(job));
        }
        assert_eq!(Job::named("wrap"), None);
    }
}
