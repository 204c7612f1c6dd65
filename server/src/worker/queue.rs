//! What waits for the threads of one lane: messages, and work that goes on after its message was
//! answered.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};

use super::{Job, Refusal, Task, locked};
use crate::config::LaneConfig;

/// What a thread does next.
pub(super) enum Work {
    /// Serves a message.
    Message(Job),
    /// Goes on with work whose message was answered.
    Task(Task),
}

pub(super) struct LaneQueue {
    pub(super) state: Mutex<QueueState>,
    wake: Condvar,
    capacity: usize,
}

#[derive(Default)]
pub(super) struct QueueState {
    pub(super) jobs: VecDeque<Job>,
    /// Bounded by whoever makes them.
    tasks: VecDeque<Task>,
    /// Whether a task goes before a message: they take turns, so that neither delays the other for
    /// long, however many there are.
    task_has_turn: bool,
    idle_threads: usize,
    closed: bool,
}

impl QueueState {
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

impl LaneQueue {
    pub(super) fn new(config: LaneConfig) -> Self {
        Self { state: Mutex::default(), wake: Condvar::new(), capacity: config.queue }
    }

    /// Adds a message, if there is room for it.
    pub(super) fn push(&self, job: Job) -> Result<(), (Job, Refusal)> {
        let mut state = locked(&self.state);
        if state.closed {
            return Err((job, Refusal::ShuttingDown));
        }
        if state.jobs.len() >= self.capacity {
            return Err((job, Refusal::Overloaded));
        }
        state.jobs.push_back(job);
        let someone_sleeps = state.idle_threads > 0;
        drop(state);
        if someone_sleeps {
            self.wake.notify_one();
        }
        Ok(())
    }

    /// Adds a task; gives it back once the queue is closed.
    pub(super) fn push_task(&self, task: Task) -> Option<Task> {
        let mut state = locked(&self.state);
        if state.closed {
            return Some(task);
        }
        state.tasks.push_back(task);
        drop(state);
        self.wake.notify_one();
        None
    }

    /// Takes what is next, waiting for it; `None` once the queue is closed and empty.
    pub(super) fn pop(&self) -> Option<Work> {
        let mut state = locked(&self.state);
        loop {
            if let Some(work) = state.next() {
                return Some(work);
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
    pub(super) fn close(&self) -> VecDeque<Task> {
        let mut state = locked(&self.state);
        state.closed = true;
        let tasks = std::mem::take(&mut state.tasks);
        drop(state);
        self.wake.notify_all();
        tasks
    }
}
