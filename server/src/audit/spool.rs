//! Between those who record and the sinks: one chain, and a thread with a backlog for each sink.
//!
//! A caller appends and waits until enough sinks have taken the record. Once none can, the next callers
//! are refused at once; the sinks go on trying, and service resumes when one has caught up.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{JoinHandle, Thread};
use std::time::{Duration, Instant};

use super::chain::{Chain, Line};
use super::record::{Facts, Kind, Place};
use super::sink::Sink;
use super::{Refused, SinkState};
use crate::clock::{Clock, SystemClock};
use crate::metrics::Metrics;

/// How long a caller waits for its record to be taken: it is to be answered within two seconds.
const PATIENCE: Duration = Duration::from_millis(1_800);
/// How soon a sink that failed tries again, at first and at last.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Records that a sink takes at once.
const BATCH: usize = 512;
/// Records that wait for a sink while another takes them; beyond that it loses the oldest.
const MOST_WAITING: usize = 20_000;

/// A sink as it is put to work.
pub(super) struct Port {
    pub(super) sink: Box<dyn Sink>,
    /// Whether nothing is done that it has not taken.
    pub(super) required: bool,
}

pub(super) struct Spool {
    state: Mutex<State>,
    /// There is something to write, or the end has come.
    work: Condvar,
    /// A head is due, or the end has come.
    head_due: Condvar,
    head_records: u64,
    metrics: Arc<Metrics>,
}

struct State {
    chain: Chain,
    lanes: Vec<Lane>,
    /// Operations refused since the last record that told of such.
    refused: u64,
    /// The last record that any sink has taken.
    through: u64,
    /// Callers that wait, each for the record of this number.
    waiters: Vec<(u64, Thread)>,
    /// A caller gave up waiting, and nothing has been taken since.
    stalled: bool,
    /// Records since a head was signed, heads left aside.
    unsigned: u64,
    heads_end: bool,
    end: Option<Instant>,
}

struct Lane {
    name: String,
    required: bool,
    waiting: VecDeque<Arc<Line>>,
    through: u64,
    up: bool,
    lost: u64,
    /// Whether its thread waits for work.
    idle: bool,
}

impl State {
    /// Whether a new record would be taken, as far as is known.
    fn carries(&self) -> bool {
        !self.stalled
            && self.end.is_none()
            && self.lanes.iter().any(|lane| lane.up)
            && self.lanes.iter().all(|lane| lane.up || !lane.required)
    }

    fn has_taken(&self, sequence: u64) -> bool {
        let through = |lane: &Lane| lane.through >= sequence;
        self.lanes.iter().any(through)
            && self.lanes.iter().all(|lane| !lane.required || through(lane))
    }

    fn append(&mut self, kind: Kind, facts: &str) -> u64 {
        let line = Arc::new(self.chain.append(kind, facts));
        for lane in &mut self.lanes {
            if lane.waiting.len() >= MOST_WAITING {
                lane.waiting.pop_front();
                lane.lost += 1;
            }
            lane.waiting.push_back(Arc::clone(&line));
        }
        self.unsigned += u64::from(kind != Kind::Head);
        line.sequence
    }
}

impl Spool {
    /// Starts the threads of `ports`, behind `last`. A head is due after `head_records` records.
    ///
    /// # Errors
    ///
    /// Where the system gives no thread.
    pub(super) fn start(
        chain: Chain,
        ports: Vec<Port>,
        head_records: u64,
        metrics: Arc<Metrics>,
    ) -> io::Result<(Arc<Self>, Vec<JoinHandle<()>>)> {
        let lane = |port: &Port| Lane {
            name: port.sink.name(),
            required: port.required,
            waiting: VecDeque::new(),
            through: 0,
            up: true,
            lost: 0,
            idle: false,
        };
        let state = State {
            chain,
            lanes: ports.iter().map(lane).collect(),
            refused: 0,
            through: 0,
            waiters: Vec::new(),
            stalled: false,
            unsigned: 0,
            heads_end: false,
            end: None,
        };
        let spool = Arc::new(Self {
            state: Mutex::new(state),
            work: Condvar::new(),
            head_due: Condvar::new(),
            head_records,
            metrics,
        });
        let mut threads = Vec::with_capacity(ports.len());
        for (index, port) in ports.into_iter().enumerate() {
            let spool = Arc::clone(&spool);
            let thread = std::thread::Builder::new().name(format!("audit-{index}"));
            threads.push(thread.spawn(move || spool.serve(index, port.sink))?);
        }
        Ok((spool, threads))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends a record, and returns its number.
    ///
    /// # Errors
    ///
    /// [`Refused`] where no sink would take it; nothing is appended then.
    pub(super) fn append(&self, kind: Kind, facts: &str) -> Result<u64, Refused> {
        let mut state = self.state();
        if !state.carries() {
            state.refused += 1;
            return Err(Refused);
        }
        let refused = std::mem::take(&mut state.refused);
        if refused > 0 {
            let facts = Facts { count: Some(refused), ..Facts::default() };
            state.append(Kind::Refused, &facts.encoded());
        }
        Ok(self.append_now(state, kind, facts))
    }

    /// Appends a record that belongs to another one, or to the log itself, whatever the sinks do.
    pub(super) fn append_always(&self, kind: Kind, facts: &str) -> u64 {
        self.append_now(self.state(), kind, facts)
    }

    fn append_now(&self, mut state: MutexGuard<'_, State>, kind: Kind, facts: &str) -> u64 {
        let sequence = state.append(kind, facts);
        let head_due = state.unsigned == self.head_records;
        // To wake nobody costs a call to the system, too.
        let idle = state.lanes.iter().any(|lane| lane.idle);
        drop(state);
        if idle {
            self.work.notify_all();
        }
        if head_due {
            self.head_due.notify_all();
        }
        sequence
    }

    /// Waits until enough sinks have taken the record of this number.
    ///
    /// # Errors
    ///
    /// [`Refused`] once it is known that they will not, or after 1.8 s.
    pub(super) fn settle(&self, sequence: u64) -> Result<(), Refused> {
        self.wait(sequence).inspect_err(|_| self.state().refused += 1)
    }

    /// As [`settle`](Self::settle), for what is no operation and counts as none.
    pub(super) fn wait(&self, sequence: u64) -> Result<(), Refused> {
        let deadline = Instant::now() + PATIENCE;
        let own = std::thread::current();
        loop {
            let mut state = self.state();
            state.waiters.retain(|(_, thread)| thread.id() != own.id());
            if state.has_taken(sequence) {
                return Ok(());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                state.stalled = true;
            }
            if !state.carries() {
                return Err(Refused);
            }
            state.waiters.push((sequence, own.clone()));
            drop(state);
            std::thread::park_timeout(left);
        }
    }

    /// Waits until a head is due, `longest` at most; the record it is to sign, if there is any news.
    /// `None` in place of the whole once heads are at an end.
    pub(super) fn wait_for_head(&self, longest: Duration) -> Option<Option<Place>> {
        let idle = |state: &mut State| state.unsigned < self.head_records && !state.heads_end;
        let waited = self.head_due.wait_timeout_while(self.state(), longest, idle);
        let state = waited.unwrap_or_else(PoisonError::into_inner).0;
        if state.heads_end {
            return None;
        }
        Some((state.unsigned > 0).then(|| state.chain.last().clone()))
    }

    /// Waits until heads are at an end, `longest` at most; false once they are.
    pub(super) fn wait_for_end(&self, longest: Duration) -> bool {
        let goes_on = |state: &mut State| !state.heads_end;
        let waited = self.head_due.wait_timeout_while(self.state(), longest, goes_on);
        !waited.unwrap_or_else(PoisonError::into_inner).0.heads_end
    }

    pub(super) fn node(&self) -> String {
        self.state().chain.name().to_owned()
    }

    /// The record that a last head signs.
    pub(super) fn last(&self) -> Place {
        self.state().chain.last().clone()
    }

    pub(super) fn carries(&self) -> bool {
        self.state().carries()
    }

    /// Counts the records after `sequence` as those that no head has signed.
    pub(super) fn signed(&self, sequence: u64) {
        let mut state = self.state();
        // The head itself is one of them.
        let since = state.chain.last().sequence.saturating_sub(sequence);
        state.unsigned = since.saturating_sub(1);
        drop(state);
        self.metrics.audit.head_signed(SystemClock.now());
    }

    /// Has no more heads made.
    pub(super) fn end_heads(&self) {
        self.state().heads_end = true;
        self.head_due.notify_all();
    }

    /// Takes no more records; what waits is written until `deadline`.
    pub(super) fn end(&self, deadline: Instant) {
        let mut state = self.state();
        state.end = Some(deadline);
        let waiters = std::mem::take(&mut state.waiters);
        drop(state);
        self.work.notify_all();
        waiters.iter().for_each(|(_, thread)| thread.unpark());
    }

    /// How the sinks do.
    pub(super) fn sinks(&self) -> Vec<SinkState> {
        let state = self.state();
        let of = |lane: &Lane| SinkState {
            name: lane.name.clone(),
            up: lane.up,
            waiting: lane.waiting.len(),
            lost: lane.lost,
        };
        state.lanes.iter().map(of).collect()
    }

    fn serve(&self, index: usize, mut sink: Box<dyn Sink>) {
        self.metrics.audit.sink(&sink.name(), true);
        while let Some(batch) = self.next(index) {
            let mut pause = FIRST_PAUSE;
            loop {
                match sink.take(&batch) {
                    Ok(dropped) => {
                        self.delivered(index, &batch);
                        if let Some(upto) = dropped {
                            let facts = Facts { upto: Some(upto), ..Facts::default() };
                            self.append_always(Kind::Dropped, &facts.encoded());
                        }
                        break;
                    }
                    Err(error) => {
                        if !self.failed(index, &error, pause) {
                            return;
                        }
                        pause = LONGEST_PAUSE.min(pause * 2);
                    }
                }
            }
        }
        sink.close();
    }

    /// What the sink is to take next; `None` at the end.
    fn next(&self, index: usize) -> Option<Vec<Arc<Line>>> {
        let mut state = self.state();
        loop {
            let ended = state.end.is_some();
            let lane = state.lanes.get_mut(index)?;
            if !lane.waiting.is_empty() {
                let most = lane.waiting.len().min(BATCH);
                return Some(lane.waiting.drain(..most).collect());
            }
            if ended {
                return None;
            }
            lane.idle = true;
            state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
            if let Some(lane) = state.lanes.get_mut(index) {
                lane.idle = false;
            }
        }
    }

    fn delivered(&self, index: usize, batch: &[Arc<Line>]) {
        let mut state = self.state();
        state.stalled = false;
        let (Some(lane), Some(last)) = (state.lanes.get_mut(index), batch.last()) else { return };
        lane.through = last.sequence;
        let name = (!lane.up).then(|| lane.name.clone());
        let lost = lane.lost;
        lane.up = true;
        let before = std::mem::replace(&mut state.through, last.sequence);
        state.through = state.through.max(before);
        let waiters = std::mem::take(&mut state.waiters);
        let (served, waiting): (Vec<_>, Vec<_>) =
            waiters.into_iter().partition(|(sequence, _)| state.has_taken(*sequence));
        state.waiters = waiting;
        drop(state);
        served.iter().for_each(|(_, thread)| thread.unpark());
        if let Some(sink) = name {
            tracing::info!(sink, lost, "the audit sink works again");
            self.metrics.audit.sink(&sink, true);
        }
        // A record is taken with the first sink that has it.
        for line in batch.iter().filter(|line| line.sequence > before) {
            self.metrics.audit.written(line.made.elapsed());
        }
    }

    /// Notes a failure and waits before the next attempt; false if there will be none.
    fn failed(&self, index: usize, error: &io::Error, pause: Duration) -> bool {
        let mut state = self.state();
        if let Some(lane) = state.lanes.get_mut(index) {
            if lane.up {
                tracing::error!(sink = lane.name, %error, "the audit sink takes no records");
            }
            lane.up = false;
            self.metrics.audit.sink(&lane.name, false);
        }
        let waiters = std::mem::take(&mut state.waiters);
        waiters.iter().for_each(|(_, thread)| thread.unpark());
        let until = Instant::now() + pause;
        loop {
            let now = Instant::now();
            match state.end {
                Some(end) if now >= end => {
                    tracing::error!(%error, "records are left that an audit sink never took");
                    return false;
                }
                Some(_) | None if now >= until => return true,
                Some(_) | None => {}
            }
            let waited = self.work.wait_timeout(state, until - now);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

#[cfg(test)]
mod tests;
