//! The audit record: what is about to be done, before; what became of it, after.
//!
//! Records are a chain ([`Record`]) that goes to one or more sinks; a key in the token signs it every so
//! often. An intent is taken by the sinks before its work begins, and an outcome before its answer
//! leaves: what cannot be recorded is not done.

mod chain;
pub mod command;
pub mod files;
mod follow;
mod item;
pub mod notes;
mod observed;
mod record;
pub mod show;
mod signer;
mod sink;
mod spool;
mod strangers;
mod tail;
mod target;
pub mod verify;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub use item::{Caller, ItemRecord};
pub use observed::Observed;
pub use record::{Actor, Facts, GENESIS, Kind, LineError, Outcome, Place, Record};
pub use signer::{HEAD_SETTING, Signer, head_message};
pub use strangers::Strangers;
pub use tail::TailError;
pub use target::named_object;

use chain::Chain;
use sink::{FileSink, HttpsSink, Sink, SyslogSink};
use spool::{Port, Spool};
use tail::Tail;

use crate::config::{AuditConfig, SinkConfig, SinkKind};
use crate::metrics::Metrics;

/// How long the sinks may take for what is left when the server stops.
const LAST_WRITES: Duration = Duration::from_secs(2);

/// No sink takes the record, so what it tells of is not to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the audit log cannot be written")]
pub struct Refused;

/// Why there can be no audit log.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// A log cannot be continued.
    #[error(transparent)]
    Tail(#[from] TailError),
    /// A sink cannot be set up, or the system gives no thread.
    #[error(transparent)]
    System(#[from] io::Error),
}

/// How a sink does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkState {
    /// Its kind and where it is.
    pub name: String,
    /// Whether its last attempt succeeded.
    pub up: bool,
    /// Records that wait for it.
    pub waiting: usize,
    /// Records that it lost while another sink took them.
    pub lost: u64,
}

/// The audit log; without a sink, nothing is recorded.
pub struct Audit {
    spool: Option<Arc<Spool>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// An intent that was recorded. Dropped without an outcome, it is recorded as of unknown outcome.
#[must_use = "an intent is to be finished"]
pub struct Pending {
    spool: Option<Arc<Spool>>,
    sequence: Option<u64>,
    facts: Option<Facts>,
}

impl Audit {
    /// No audit log.
    #[must_use]
    pub const fn off() -> Self {
        Self { spool: None, threads: Mutex::new(Vec::new()) }
    }

    /// Opens the log behind its last record, or behind `signed`, the last one that a head was made
    /// for, where the files do not reach it.
    ///
    /// # Errors
    ///
    /// [`AuditError`].
    pub fn open(
        config: &AuditConfig,
        signed: Option<Place>,
        metrics: Arc<Metrics>,
    ) -> Result<Self, AuditError> {
        if config.sinks.is_empty() {
            return Ok(Self::off());
        }
        let mut tails = Vec::new();
        for sink in &config.sinks {
            if let SinkKind::File(file) = &sink.kind {
                tails.push(tail::find(&file.path)?);
            }
        }
        let found = tails.iter().filter_map(|tail| tail.last.clone());
        let last = found.chain(signed.clone()).max_by_key(|place| place.sequence);
        let ports = config.sinks.iter().map(|sink| port(sink, &config.node));
        let ports = ports.collect::<io::Result<Vec<_>>>()?;
        let chain = Chain::new(&config.node, last);
        let (spool, threads) = Spool::start(chain, ports, config.head_records, metrics)?;
        let start = Facts {
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            signed,
            ..Facts::default()
        };
        spool.append_always(Kind::Start, &start.encoded());
        for Tail { torn, .. } in tails {
            let Some((bytes, digest)) = torn else { continue };
            tracing::warn!(bytes, "the last line of the audit log was cut off, and is set aside");
            let facts = Facts { count: Some(bytes), digest: Some(digest), ..Facts::default() };
            spool.append_always(Kind::Torn, &facts.encoded());
        }
        Ok(Self { spool: Some(spool), threads: Mutex::new(threads) })
    }

    /// Whether anything is recorded.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.spool.is_some()
    }

    /// Whether what is to be done would be recorded, as far as is known.
    ///
    /// # Errors
    ///
    /// [`Refused`].
    pub fn check(&self) -> Result<(), Refused> {
        match &self.spool {
            Some(spool) if !spool.carries() => Err(Refused),
            Some(_) | None => Ok(()),
        }
    }

    /// How the sinks do.
    #[must_use]
    pub fn sinks(&self) -> Vec<SinkState> {
        self.spool.as_ref().map(|spool| spool.sinks()).unwrap_or_default()
    }

    const fn spool(&self) -> Option<&Arc<Spool>> {
        self.spool.as_ref()
    }

    /// Records an intent, and returns once it is taken. What is finished with the value says the same
    /// facts again, with the outcome's.
    ///
    /// # Errors
    ///
    /// [`Refused`]: nothing may be done.
    pub fn begin(&self, facts: Facts) -> Result<Pending, Refused> {
        let Some(spool) = &self.spool else {
            return Ok(Pending { spool: None, sequence: None, facts: None });
        };
        let sequence = spool.append(Kind::Intent, &facts.encoded())?;
        let mut pending = Pending {
            spool: Some(Arc::clone(spool)),
            sequence: Some(sequence),
            facts: Some(facts),
        };
        if let Err(refused) = spool.settle(sequence) {
            // The record may be taken yet, so it is told what became of it.
            pending.note(|facts| facts.reason = Some(refused.to_string()));
            pending.record(Outcome::Failed);
            return Err(refused);
        }
        Ok(pending)
    }

    /// Records the outcome of what needs no intent, and returns once it is taken.
    ///
    /// # Errors
    ///
    /// [`Refused`]: nothing may be answered.
    pub fn tell(&self, facts: &Facts) -> Result<(), Refused> {
        match &self.spool {
            Some(spool) => spool.settle(spool.append(Kind::Outcome, &facts.encoded())?),
            None => Ok(()),
        }
    }

    /// Carries out `work` on this thread between its records: an intent before, where it `changes`
    /// anything, and its outcome after, as `verdict` reads it. What the token is asked meanwhile, and
    /// which objects are touched, stands in the outcome.
    ///
    /// # Errors
    ///
    /// [`Refused`]: before the work was begun, or where its outcome must not be told.
    pub fn attend<T>(
        &self,
        facts: Facts,
        changes: bool,
        work: impl FnOnce() -> T,
        verdict: impl FnOnce(&T) -> (Outcome, Option<String>),
    ) -> Result<T, Refused> {
        if !self.is_on() {
            return Ok(work());
        }
        let begun = changes.then(|| self.begin(facts.clone())).transpose()?;
        notes::begin();
        let done = work();
        let (outcome, reason) = verdict(&done);
        match begun {
            Some(mut begun) => {
                begun.note(notes::end);
                begun.finish(outcome, reason)?;
            }
            None => {
                let mut facts = Facts { result: Some(outcome), reason, ..facts };
                notes::end(&mut facts);
                self.tell(&facts)?;
            }
        }
        Ok(done)
    }

    /// Does something of the server's own accord to `objects` of `scope`, as [`attend`](Self::attend).
    ///
    /// # Errors
    ///
    /// [`Refused`]; it is left for later then.
    pub fn housekeeping<T, E>(
        &self,
        operation: &str,
        scope: Option<&str>,
        objects: Vec<String>,
        work: impl FnOnce() -> Result<T, E>,
    ) -> Result<Result<T, E>, Refused> {
        let facts = Facts {
            principal: Some(Actor::Server),
            operation: Some(operation.to_owned()),
            scope: scope.map(str::to_owned),
            objects,
            ..Facts::default()
        };
        self.attend(facts, true, work, |done| match done {
            Ok(_) => (Outcome::Success, None),
            // The log of events has the error's text; here stands what the token said.
            Err(_) => (Outcome::Failed, None),
        })
    }

    /// Records an outcome without waiting until it is taken.
    pub fn mention(&self, facts: &Facts) {
        if let Some(spool) = &self.spool {
            // What nobody waits for is counted as refused where it cannot be recorded.
            let _ = spool.append(Kind::Outcome, &facts.encoded());
        }
    }

    /// Writes what is left, and ends. The stop itself is recorded by the [`Signer`].
    pub fn stop(&self) {
        let Some(spool) = &self.spool else { return };
        spool.end(Instant::now() + LAST_WRITES);
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        for thread in std::mem::take(&mut *threads) {
            if thread.join().is_err() {
                tracing::error!("an audit thread died");
            }
        }
    }
}

impl Pending {
    /// Adds what becomes known while the work goes on; it stands in the outcome.
    pub fn note(&mut self, note: impl FnOnce(&mut Facts)) {
        if let Some(facts) = &mut self.facts {
            note(facts);
        }
    }

    /// Records the outcome, and returns once it is taken.
    ///
    /// # Errors
    ///
    /// [`Refused`]: what was done is known by its intent alone, and nothing may be answered.
    pub fn finish(mut self, outcome: Outcome, reason: Option<String>) -> Result<(), Refused> {
        self.note(|facts| facts.reason = reason);
        match (self.record(outcome), &self.spool) {
            (Some(sequence), Some(spool)) => spool.settle(sequence),
            (Some(_) | None, Some(_) | None) => Ok(()),
        }
    }

    fn record(&mut self, outcome: Outcome) -> Option<u64> {
        let (spool, mut facts) = (self.spool.as_ref()?, self.facts.take()?);
        facts.intent = self.sequence;
        facts.result = Some(outcome);
        Some(spool.append_always(Kind::Outcome, &facts.encoded()))
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.record(Outcome::Unknown);
    }
}

fn port(config: &SinkConfig, node: &str) -> io::Result<Port> {
    let sink: Box<dyn Sink> = match &config.kind {
        SinkKind::File(file) => Box::new(FileSink::new(file.clone())),
        SinkKind::Syslog(syslog) => Box::new(SyslogSink::new(syslog.clone(), node)),
        SinkKind::Https(https) => Box::new(HttpsSink::new(https.clone())?),
    };
    Ok(Port { sink, required: config.required })
}

#[cfg(test)]
mod tests;
