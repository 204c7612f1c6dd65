//! The bare token: `cryptoki` on the same token and keys, in a process of its own.
//!
//! The two ends talk in lines: `sign 8 1000` asks for 8 threads that sign for 1000 ms, and the
//! answer is the number of signatures and the microseconds they took.

mod child;

use std::path::Path;
use std::time::Duration;

use super::BenchError;
use super::helper::Helper;
pub(super) use child::find_slot;
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
pub(super) struct RawToken(Helper);

impl RawToken {
    /// Starts the process on the token of the server with this configuration.
    pub(super) fn start(config: &Path) -> Result<Self, BenchError> {
        Helper::start("bench-raw", config, &[]).map(Self)
    }

    /// Name and version of the PKCS#11 library.
    pub(super) fn library(&self) -> &str {
        self.0.greeting()
    }

    /// Operations per second with this number of threads over `time`.
    pub(super) fn round(
        &mut self,
        job: Job,
        threads: usize,
        time: Duration,
    ) -> Result<f64, BenchError> {
        let order = format!("{} {threads} {}", job.name(), time.as_millis());
        match self.0.order(&order)?[..] {
            [count, micros] => Ok(count / (micros / 1e6)),
            _ => Err(BenchError::Raw(order)),
        }
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
