//! Where records go: a file, syslog, an HTTPS endpoint.

mod file;
mod https;
mod syslog;

use std::io;
use std::sync::Arc;

pub(super) use file::FileSink;
pub(super) use https::HttpsSink;
pub(super) use syslog::SyslogSink;

use super::chain::Line;

/// Takes records, on a thread of its own.
pub(super) trait Sink: Send {
    /// Its name for the log and the metrics.
    fn name(&self) -> String;

    /// Takes all of `lines`, or fails and is given the same lines again. What it returns is the last
    /// record of a file that goes at the next call.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn take(&mut self, lines: &[Arc<Line>]) -> io::Result<Option<u64>>;

    /// Comes to an end.
    fn close(&mut self) {}
}
