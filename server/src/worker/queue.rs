//! What waits for the threads of one lane: messages, and work that goes on after its message was
//! answered. Scopes take turns, and in each scope its clients do.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::turns::{Backlog, Turns};
use super::{Job, Refusal, Task, locked};
use crate::config::{LaneConfig, ScopeName};
use crate::identity::Principal;

/// What a thread does next.
pub(super) enum Work {
    /// Serves a message.
    Message(Job),
    /// Goes on with work whose message was answered.
    Task(Task),
}

/// For whom a thread is at work.
#[derive(Clone, Debug)]
pub(super) struct Owner {
    scope: ScopeName,
    /// SHA-256 of the client's certificate.
    client: [u8; 32],
}

impl From<&Principal> for Owner {
    fn from(principal: &Principal) -> Self {
        Self { scope: principal.scope.clone(), client: principal.certificate_sha256 }
    }
}

pub(super) struct LaneQueue {
    pub(super) state: Mutex<QueueState>,
    wake: Condvar,
    capacity: usize,
}

#[derive(Default)]
pub(super) struct QueueState {
    turns: Turns<ScopeName, Turns<[u8; 32], Waiting>>,
    /// Messages that wait.
    pub(super) jobs: usize,
    idle_threads: usize,
    closed: bool,
}

/// What waits of one client.
#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    /// Bounded by whoever makes them.
    tasks: VecDeque<Task>,
    /// Whether a task goes before a message: they take turns, so that neither delays the other for
    /// long, however many there are.
    task_has_turn: bool,
}

impl Backlog for Waiting {
    fn is_empty(&self) -> bool {
        self.jobs.is_empty() && self.tasks.is_empty()
    }
}

impl Waiting {
    fn jobs(&self) -> usize {
        self.jobs.len()
    }

    fn next(&mut self) -> Option<Work> {
        let task =
            if self.task_has_turn || self.jobs.is_empty() { self.tasks.pop_front() } else { None };
        let work = match task {
            Some(task) => Some(Work::Task(task)),
            None => self.jobs.pop_front().map(Work::Message),
        };
        self.task_has_turn = matches!(work, Some(Work::Message(_)));
        work
    }
}

impl QueueState {
    fn of<R>(&mut self, owner: &Owner, change: impl FnOnce(&mut Waiting) -> R) -> R {
        self.turns.change(&owner.scope, |clients| clients.change(&owner.client, change))
    }

    fn next(&mut self) -> Option<(Owner, Work)> {
        let (scope, (client, work)) = self.turns.next(|clients| clients.next(Waiting::next))?;
        if matches!(work, Work::Message(_)) {
            self.jobs -= 1;
        }
        Some((Owner { scope, client }, work))
    }

    fn over(&mut self, owner: &Owner, took: Duration) {
        self.turns.over(&owner.scope, took, |clients| {
            clients.over(&owner.client, took, |_| ());
        });
    }

    fn take_tasks(&mut self) -> Vec<Task> {
        let mut tasks = Vec::new();
        for scope in self.turns.those_who_wait() {
            self.turns.change(&scope, |clients| {
                for client in clients.those_who_wait() {
                    clients.change(&client, |waiting| tasks.extend(waiting.tasks.drain(..)));
                }
            });
        }
        tasks
    }

    /// Whose latest message makes room for one of `newcomer`: of the scope with the most messages the
    /// client with the most. `None` where nobody would have more than the newcomer.
    fn gives_way(&self, newcomer: &Owner) -> Option<Owner> {
        let of_scope = |clients: &Turns<_, Waiting>| clients.sum(Waiting::jobs);
        let (scope, client) = match self.turns.with_more(&newcomer.scope, of_scope) {
            Some((scope, clients)) => (scope, clients.with_most(Waiting::jobs)?.0),
            None => {
                let clients = self.turns.get(&newcomer.scope)?;
                (&newcomer.scope, clients.with_more(&newcomer.client, Waiting::jobs)?.0)
            }
        };
        Some(Owner { scope: scope.clone(), client: *client })
    }
}

impl LaneQueue {
    pub(super) fn new(config: LaneConfig) -> Self {
        Self { state: Mutex::default(), wake: Condvar::new(), capacity: config.queue }
    }

    /// Adds a message. Where there is no room, one of whoever has most is given back in its place:
    /// that may be the new one.
    pub(super) fn push(&self, job: Job) -> Result<(), (Job, Refusal)> {
        let owner = Owner::from(&*job.principal);
        let mut state = locked(&self.state);
        if state.closed {
            return Err((job, Refusal::ShuttingDown));
        }
        let mut in_its_place = None;
        if state.jobs >= self.capacity {
            let last = |waiting: &mut Waiting| waiting.jobs.pop_back();
            let Some(given) = state.gives_way(&owner).and_then(|other| state.of(&other, last))
            else {
                return Err((job, Refusal::Overloaded));
            };
            state.jobs -= 1;
            in_its_place = Some((given, Refusal::Overloaded));
        }
        state.jobs += 1;
        state.of(&owner, |waiting| waiting.jobs.push_back(job));
        let someone_sleeps = state.idle_threads > 0;
        drop(state);
        if someone_sleeps {
            self.wake.notify_one();
        }
        in_its_place.map_or(Ok(()), Err)
    }

    /// Adds a task of `owner`; gives it back once the queue is closed.
    pub(super) fn push_task(&self, owner: &Owner, task: Task) -> Option<Task> {
        let mut state = locked(&self.state);
        if state.closed {
            return Some(task);
        }
        state.of(owner, |waiting| waiting.tasks.push_back(task));
        drop(state);
        self.wake.notify_one();
        None
    }

    /// Takes what is next, waiting for it; `None` once the queue is closed and empty. `done` tells for
    /// whom the thread was at work until now, and how long.
    pub(super) fn pop(&self, done: Option<(Owner, Duration)>) -> Option<(Owner, Work)> {
        let mut state = locked(&self.state);
        if let Some((owner, took)) = done {
            state.over(&owner, took);
        }
        loop {
            if let Some(next) = state.next() {
                return Some(next);
            }
            if state.closed {
                return None;
            }
            state.idle_threads += 1;
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.idle_threads -= 1;
        }
    }

    /// Takes nothing more. Messages that wait will be served; tasks that have not begun are given
    /// back.
    pub(super) fn close(&self) -> Vec<Task> {
        let mut state = locked(&self.state);
        state.closed = true;
        let tasks = state.take_tasks();
        drop(state);
        self.wake.notify_all();
        tasks
    }
}
