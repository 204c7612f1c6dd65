//! Worker threads: async ends at the socket, and what a request asks for is done here.
//!
//! Each lane has its own threads and its own bounded queue, so that slow work never delays quick
//! work. In a lane scopes take turns, and in a scope its clients, so that one with many connections
//! takes the time of no other. What waited longer than the queue deadline is refused, not served: its
//! client has most likely given up. A panic while serving costs that one request.
//!
//! The queue is a mutex and a condition variable instead of a channel that spins: on few cores
//! spinning takes the time of the very threads it waits for. A hand-off wakes a thread only if
//! one sleeps.

mod queue;
mod turns;

use std::io;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tracing::{error, warn};
use wiping::Wiping;

use self::queue::{LaneQueue, Owner, Work};
use crate::config::{LaneConfig, WorkersConfig};
use crate::identity::Principal;
use crate::metrics::{Metrics, Refused};

/// A message or an answer: it may hold secrets, so it is wiped when dropped.
pub type MessageBytes = Wiping;

/// Work that goes on after its message was answered. One that is dropped is never done.
pub type Task = Box<dyn FnOnce() + Send>;

/// What a message has led to.
pub enum Served {
    /// Its answer; an empty one closes the connection.
    Answer(Vec<u8>),
    /// Its answer, and work that goes on in the slow lane.
    Pending(Vec<u8>, Task),
    /// Nothing yet: another lane is to serve it.
    Elsewhere(Lane),
}

/// A kind of work, with threads and a queue of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Needs no token.
    None,
    /// Uses the token.
    Token,
    /// Keeps the token busy for long.
    Slow,
}

/// Why a request is answered without being served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Its lane's queue is full, or it waited there too long.
    Overloaded,
    /// Serving it panicked.
    InternalError,
    /// The server is stopping.
    ShuttingDown,
}

impl From<Refusal> for Refused {
    fn from(why: Refusal) -> Self {
        match why {
            Refusal::Overloaded => Self::Overloaded,
            Refusal::InternalError => Self::InternalError,
            Refusal::ShuttingDown => Self::ShuttingDown,
        }
    }
}

/// Why a message cannot be read. Where it is framed by itself, the connection ends after the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameFault {
    /// The first bytes are no KMIP request message.
    NotKmip,
    /// A whole text has come that is no KMIP message in its encoding.
    Garbled,
    /// The message is longer than the server takes.
    TooLarge {
        /// Length of the whole message, in bytes.
        announced_bytes: u64,
        /// Longest message taken, in bytes.
        limit_bytes: usize,
    },
}

/// What serves messages: the pipeline, or a test's stand-in.
pub trait MessageHandler: Send + Sync + 'static {
    /// Names the lane of `message`; called on a network thread, so it must be quick.
    fn lane(&self, message: &[u8]) -> Lane;

    /// Serves `message` for `principal`; called on a thread of `lane`, may block as that lane may.
    fn serve(&self, principal: &Arc<Principal>, message: &[u8], lane: Lane) -> Served;

    /// Answers `message` without serving it; must be quick. An empty answer closes the connection.
    fn refuse(&self, message: &[u8], why: Refusal) -> Vec<u8>;

    /// Whether the client may do anything at all now; called on a network thread, so it must be quick.
    fn is_welcome(&self, principal: &Principal) -> bool;

    /// Takes note of a peer that was not let in for the certificate that it showed, or did not show; must
    /// be quick.
    fn turned_away(&self, peer: SocketAddr, why: &'static str);

    /// Answers a frame that cannot be read; `None` closes the connection without a word.
    fn unreadable_frame(&self, why: FrameFault) -> Option<Vec<u8>>;
}

/// The worker threads of all lanes.
pub struct Workers {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

struct Shared {
    handler: Arc<dyn MessageHandler>,
    metrics: Arc<Metrics>,
    none: LaneQueue,
    token: LaneQueue,
    slow: LaneQueue,
    queue_deadline: Duration,
    /// Threads that have not ended.
    alive: Mutex<usize>,
    one_ended: Condvar,
    panics: AtomicU64,
    overloads: AtomicU64,
}

struct Job {
    principal: Arc<Principal>,
    message: MessageBytes,
    queued_at: Instant,
    answer: oneshot::Sender<MessageBytes>,
}

impl Workers {
    /// Starts the threads of all lanes; what they do is counted in `metrics`.
    ///
    /// # Errors
    ///
    /// What the system says if a thread cannot be started.
    pub fn start(
        config: &WorkersConfig,
        handler: Arc<dyn MessageHandler>,
        metrics: Arc<Metrics>,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            handler,
            metrics,
            none: LaneQueue::new(config.none),
            token: LaneQueue::new(config.token),
            slow: LaneQueue::new(config.slow),
            queue_deadline: config.queue_deadline,
            alive: Mutex::default(),
            one_ended: Condvar::new(),
            panics: AtomicU64::new(0),
            overloads: AtomicU64::new(0),
        });
        let workers = Self { shared, threads: Mutex::default() };
        workers.start_lane(Lane::None, config.none, "none")?;
        workers.start_lane(Lane::Token, config.token, "token")?;
        workers.start_lane(Lane::Slow, config.slow, "slow")?;
        Ok(workers)
    }

    fn start_lane(&self, lane: Lane, config: LaneConfig, name: &str) -> io::Result<()> {
        for number in 0..config.threads {
            let shared = Arc::clone(&self.shared);
            let alive = Alive::one_more(&self.shared);
            let thread =
                std::thread::Builder::new().name(format!("{name}-{number}")).spawn(move || {
                    shared.work(lane);
                    drop(alive);
                })?;
            locked(&self.threads).push(thread);
        }
        Ok(())
    }

    /// Has `message` served in its lane and waits for the answer; empty means: close.
    pub async fn submit(&self, principal: &Arc<Principal>, message: MessageBytes) -> MessageBytes {
        let shared = &*self.shared;
        // The lane is found by code that reads the client's bytes, so a fault there is caught too.
        let lane = catch_unwind(AssertUnwindSafe(|| shared.handler.lane(&message)));
        let Ok(lane) = lane else {
            shared.count_panic();
            return shared.refuse(&message, Refusal::InternalError);
        };
        let (answer, answered) = oneshot::channel();
        let job =
            Job { principal: Arc::clone(principal), message, queued_at: Instant::now(), answer };
        shared.enqueue(lane, job);
        answered.await.unwrap_or_default()
    }

    /// Where requests and connections are counted.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.shared.metrics
    }

    /// The handler behind the threads.
    #[must_use]
    pub fn handler(&self) -> &dyn MessageHandler {
        &*self.shared.handler
    }

    /// Number of panics caught since the start.
    #[must_use]
    pub fn panics(&self) -> u64 {
        self.shared.panics.load(Ordering::Relaxed)
    }

    /// Number of requests refused since the start because of a full queue or a long wait.
    #[must_use]
    pub fn overloads(&self) -> u64 {
        self.shared.overloads.load(Ordering::Relaxed)
    }

    /// Takes no more requests, finishes those in the queues and the tasks that have begun, and waits
    /// for the threads to end, for as long as `patience` allows. Tasks that have not begun are
    /// dropped. False if some threads are still at work.
    pub fn stop_within(&self, patience: Duration) -> bool {
        self.shared.close();
        let alive = locked(&self.shared.alive);
        let ended = self.shared.one_ended.wait_timeout_while(alive, patience, |alive| *alive > 0);
        let all_ended = *ended.unwrap_or_else(PoisonError::into_inner).0 == 0;
        if all_ended {
            self.stop();
        }
        all_ended
    }

    /// As [`stop_within`](Self::stop_within), however long it takes.
    pub fn stop(&self) {
        self.shared.close();
        for thread in std::mem::take(&mut *locked(&self.threads)) {
            if thread.join().is_err() {
                error!("a worker thread died");
            }
        }
    }
}

impl Shared {
    const fn queue(&self, lane: Lane) -> &LaneQueue {
        match lane {
            Lane::None => &self.none,
            Lane::Token => &self.token,
            Lane::Slow => &self.slow,
        }
    }

    /// Has `job` served in `lane`. Where there is no room for it, this or another is refused.
    fn enqueue(&self, lane: Lane, job: Job) {
        let meter = self.metrics.requests.lane(lane);
        meter.queued();
        if let Err((job, why)) = self.queue(lane).push(job) {
            meter.turned_away();
            self.turn_away(lane, job, why);
        }
    }

    fn close(&self) {
        for lane in [Lane::None, Lane::Token, Lane::Slow] {
            // Outside the queue's lock: dropping a task may take a while.
            drop(self.queue(lane).close());
        }
    }

    fn work(&self, lane: Lane) {
        let mut done = None;
        while let Some((owner, work)) = self.queue(lane).pop(done) {
            let begun = Instant::now();
            match work {
                Work::Message(job) => {
                    let waited = begun.saturating_duration_since(job.queued_at);
                    self.metrics.requests.lane(lane).taken(waited);
                    if waited > self.queue_deadline {
                        self.turn_away(lane, job, Refusal::Overloaded);
                    } else {
                        self.serve_in(lane, job, &owner);
                    }
                }
                Work::Task(task) => self.carry_on(task),
            }
            done = Some((owner, begun.elapsed()));
        }
    }

    fn serve_in(&self, lane: Lane, job: Job, owner: &Owner) {
        let answer = match self.serve(lane, &job) {
            Served::Answer(answer) => answer,
            Served::Pending(answer, task) => {
                drop(self.slow.push_task(owner, task));
                answer
            }
            Served::Elsewhere(lane) => return self.enqueue(lane, job),
        };
        job.reply(Wiping::new(answer));
    }

    fn turn_away(&self, lane: Lane, job: Job, why: Refusal) {
        self.count_refusal(lane, why);
        let answer = self.refuse(&job.message, why);
        job.reply(answer);
    }

    fn serve(&self, lane: Lane, job: &Job) -> Served {
        let served = catch_unwind(AssertUnwindSafe(|| {
            self.handler.serve(&job.principal, &job.message, lane)
        }));
        served.unwrap_or_else(|_| {
            self.count_panic();
            Served::Answer(self.refuse(&job.message, Refusal::InternalError).release())
        })
    }

    fn carry_on(&self, task: Task) {
        if catch_unwind(AssertUnwindSafe(task)).is_err() {
            self.count_panic();
        }
    }

    fn refuse(&self, message: &[u8], why: Refusal) -> MessageBytes {
        self.metrics.requests.refused(why.into());
        let refused = catch_unwind(AssertUnwindSafe(|| self.handler.refuse(message, why)));
        Wiping::new(refused.unwrap_or_else(|_| {
            self.count_panic();
            Vec::new()
        }))
    }

    fn count_panic(&self) {
        self.panics.fetch_add(1, Ordering::Relaxed);
        self.metrics.requests.panics.inc();
        // The panic's own text may quote the request, so it is not repeated here.
        error!("serving a request panicked");
    }

    fn count_refusal(&self, lane: Lane, why: Refusal) {
        if why == Refusal::Overloaded {
            self.overloads.fetch_add(1, Ordering::Relaxed);
        }
        warn!(?lane, ?why, "request refused");
    }
}

impl Job {
    fn reply(self, answer: MessageBytes) {
        drop(self.message);
        // The connection may be gone: then nobody wants the answer.
        let _ = self.answer.send(answer);
    }
}

/// A thread that has not ended, however it will.
struct Alive(Arc<Shared>);

impl Alive {
    fn one_more(shared: &Arc<Shared>) -> Self {
        *locked(&shared.alive) += 1;
        Self(Arc::clone(shared))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        let mut alive = locked(&self.0.alive);
        *alive = alive.saturating_sub(1);
        drop(alive);
        self.0.one_ended.notify_all();
    }
}

/// Locks; a panic elsewhere leaves these structures whole, so poison is of no interest.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
