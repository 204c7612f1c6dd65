//! What a child says, line by line.

use std::io::{BufRead, BufReader};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// Longest wait for one line: first starts make keys and certificates on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A child's standard output, line by line; its end is the end of the process.
#[derive(Debug)]
pub(crate) struct Output {
    lines: Receiver<String>,
}

impl Output {
    /// Follows this pipe.
    pub(crate) fn follow(pipe: std::process::ChildStdout) -> Self {
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(pipe).lines() {
                let Ok(line) = line else { return };
                // Nobody may be listening any more; the pipe is read on so that it never fills.
                let _ = sender.send(line);
            }
        });
        Self { lines }
    }

    /// Waits for a line with these words: whether it came.
    pub(crate) fn wait_for(&self, words: &str) -> bool {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(words) => return true,
                Ok(_) => {}
                Err(_) => return false,
            }
        }
    }

    /// Waits for the end: whether it came.
    pub(crate) fn wait_for_end(&self) -> bool {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => return true,
                Err(RecvTimeoutError::Timeout) => return false,
            }
        }
    }
}
