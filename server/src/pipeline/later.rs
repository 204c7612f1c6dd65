//! Messages whose work goes on after they were answered.
//!
//! Only the sole item of a message does: no other item can depend on it, by the ID Placeholder, by
//! Undo or by order. Spec: KMIP 1.4 §6.7, §6.8 and §7.2.

use std::sync::Arc;

use kmip_core::message::{RequestHeader, RequestItem, RequestMessage, ResponseItem};
use kmip_core::types::ResultStatus;

use super::batch;
use super::reason::UNRECORDED_FAILURE;
use super::record::{self, Asker};
use super::reply::{self, ItemName};
use crate::asynchronous;
use crate::audit::{Caller, ItemRecord};
use crate::authz::{self, Grant, Subject};
use crate::operation;
use crate::services::Services;
use crate::store::{AsynchronousCorrelationValue, Ending, PendingRoom, Progress, StoreError};
use crate::worker::Served;

/// Longest message whose work may go on later, in bytes: many of them wait in memory at once.
pub(super) const MAX_MESSAGE_BYTES: usize = 65_536;

/// Answers `request` as pending, and leaves its work to be done; `None` where it is to be carried
/// out before it is answered, which the specification always allows.
pub(super) fn defer(
    services: &Arc<Services>,
    asker: Asker<'_>,
    mut request: RequestMessage,
) -> Option<Served> {
    let now = services.clock.now();
    if let Err((name, refusal)) = batch::admit(services, asker, &request) {
        return Some(Served::Answer(reply::refuse_all(now, &request, Some(name), refusal)));
    }
    let item = request.items.pop().filter(|_| request.items.is_empty())?;
    let operation = item.operation.filter(|operation| operation::may_be_later(*operation))?;
    let entry = operation::entry(operation)?;
    // What cannot be read, or may not be done, is refused at once.
    item.payload.as_ref().ok()?.as_ref()?;
    let grant = authz::authorize(asker.subject, operation, entry.action).ok()?;
    let mut bits = [0; 16];
    getrandom::fill(&mut bits).ok()?;
    let value = AsynchronousCorrelationValue::new(bits);
    let name = ItemName::of(&item);
    let answer = name.pending(value);
    if !batch::fits(&request.header, &answer) {
        return None;
    }
    // It was checked, and may hold a password.
    let header = RequestHeader { authentication: None, ..request.header };
    let job = Job {
        services: Arc::clone(services),
        subject: Arc::clone(asker.subject),
        caller: asker.caller.clone(),
        correlation: batch::correlation(services, services.next_request()),
        grant,
        header,
        item: Some(item),
        value,
        progress: Progress::Waiting,
    };
    services.asynchronous.take(value);
    match job.enter() {
        Ok(true) => {}
        // The job goes, and takes back that it is in hand.
        Ok(false) => return None,
        Err(error) => {
            tracing::warn!(%error, "an operation could not be entered as pending");
            return None;
        }
    }
    let answer = if job.recorded(&answer) {
        answer
    } else {
        // The job goes, and its row says that it was interrupted.
        name.failure(UNRECORDED_FAILURE)
    };
    let goes_on = answer.result_status == ResultStatus::OperationPending;
    let answer = reply::message(now, &job.header, Some(job.correlation.clone()), vec![answer]);
    if !goes_on {
        return Some(Served::Answer(answer));
    }
    Some(Served::Pending(answer, Box::new(move || job.run())))
}

/// The work that is left. Whatever becomes of it, its row says so: dropped before it began, it is
/// interrupted; if it panics, the housekeeping finds out what it made.
struct Job {
    services: Arc<Services>,
    subject: Arc<Subject>,
    caller: Caller,
    /// Its name in the log and in both answers.
    correlation: String,
    grant: Grant,
    header: RequestHeader,
    item: Option<RequestItem>,
    value: AsynchronousCorrelationValue,
    progress: Progress,
}

impl Job {
    const fn asker(&self) -> Asker<'_> {
        Asker { subject: &self.subject, caller: &self.caller }
    }

    /// Records that the client is told to wait; false if that cannot be.
    fn recorded(&self, answer: &ResponseItem) -> bool {
        let facts = self.asker().facts(
            &self.services,
            &self.correlation,
            Some(self.header.protocol_version),
        );
        let mut record = ItemRecord::new(&self.services.audit, facts);
        if let Some(item) = &self.item {
            record::begin(&mut record, item, None);
        }
        record::end(&mut record, answer);
        record.settle().is_ok()
    }

    fn enter(&self) -> Result<bool, StoreError> {
        let bounds = &self.services.bounds;
        let room = PendingRoom { per_scope: bounds.max_async_per_scope, total: bounds.max_async };
        self.services.store.pend(&self.grant, self.value, self.services.clock.now(), room)
    }

    fn run(mut self) {
        match self.services.store.begin_pending(&self.grant, self.value) {
            Ok(true) => self.progress = Progress::Running,
            // The client canceled it.
            Ok(false) => return,
            Err(error) => {
                tracing::warn!(%error, "a pending operation could not begin");
                return;
            }
        }
        let Some(item) = self.item.take() else { return };
        let name = self.correlation.clone();
        let asker = self.asker();
        let answer = batch::run_later(&self.services, asker, &self.header, item, self.value, name);
        self.end(&Ending::Answered(answer));
    }

    fn end(&self, ending: &Ending) {
        let until = asynchronous::keep_until(&self.services);
        let (store, grant) = (&self.services.store, &self.grant);
        if let Err(error) = store.end_pending(grant, self.value, self.progress, ending, until) {
            tracing::error!(%error, "the answer of a pending operation could not be stored");
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if self.progress == Progress::Waiting {
            // No more than a look at the row if it was canceled, or never entered.
            self.end(&Ending::Interrupted);
        }
        self.services.asynchronous.let_go(self.value);
    }
}
