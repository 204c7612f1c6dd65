//! Ctrl-C: the examination ends early, and its keys are still destroyed.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};

use tokio::signal::unix::{SignalKind, signal};

use crate::process;

/// Exit code of a shell for a program that SIGINT has ended.
const INTERRUPTED: u8 = 130;

/// Whether somebody wants an end.
#[derive(Clone, Debug, Default)]
pub(super) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asked for by SIGINT or SIGTERM; a second signal ends the process at once.
    ///
    /// # Errors
    ///
    /// The system's, where signals cannot be waited for.
    pub(super) fn on_signals() -> io::Result<Self> {
        let stop = Self::default();
        let (told, ready) = channel();
        let asked = stop.clone();
        let wait = move || match tokio::runtime::Builder::new_current_thread().enable_io().build() {
            Ok(runtime) => runtime.block_on(asked.wait(told)),
            Err(error) => drop(told.send(Err(error))),
        };
        std::thread::Builder::new().name("signals".to_owned()).spawn(wait)?;
        ready.recv().unwrap_or_else(|_| Err(io::Error::other("no signals")))?;
        Ok(stop)
    }

    async fn wait(self, told: Sender<io::Result<()>>) {
        let signals = signal(SignalKind::interrupt())
            .and_then(|interrupt| Ok((interrupt, signal(SignalKind::terminate())?)));
        let (mut interrupt, mut terminate) = match signals {
            Ok(signals) => signals,
            Err(error) => return drop(told.send(Err(error))),
        };
        drop(told.send(Ok(())));
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if self.ask() {
                process::leave(INTERRUPTED);
            }
        }
    }

    /// Asks for an end; gives whether one was asked for before.
    pub(super) fn ask(&self) -> bool {
        self.0.swap(true, Ordering::AcqRel)
    }

    /// Whether an end is wanted.
    pub(super) fn is_asked(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
