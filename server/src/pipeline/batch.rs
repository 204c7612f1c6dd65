//! One batch: its items in order, and what a failure means for the rest.
//!
//! Spec: KMIP 1.4 §6.13 to §6.15 and §4 (ID Placeholder).

use std::sync::Arc;

use kmip_core::message::{RequestHeader, RequestItem, RequestMessage, ResponseItem};
use kmip_core::payload::{RequestPayload, ResponsePayload};
use kmip_core::ttlv::DateTime;
use kmip_core::types::{
    BatchErrorContinuationOption as Continuation, Operation, ResultReason, ResultStatus,
};

use super::failure_log;
use super::reason::{Failure, UNRECORDED_FAILURE, failure};
use super::record::{self, Asker};
use super::reply::{self, ItemName};
use crate::authz::Subject;
use crate::metrics::{Metrics, Outcome, Refused, ScopeMeter, Timed};
use crate::operation::{self, OpContext, OpError, Undo};
use crate::services::Services;
use crate::store::AsynchronousCorrelationValue;

/// Carries out a batch and returns the encoded answer.
pub(super) fn run(services: &Services, asker: Asker<'_>, request: RequestMessage) -> Vec<u8> {
    let now = services.clock.now();
    if let Err((name, refusal)) = admit(services, asker, &request) {
        return reply::refuse_all(now, &request, Some(name), refusal);
    }
    let RequestMessage { header, items } = request;
    let mut ctx = OpContext::new(services, Arc::clone(asker.subject), header.protocol_version);
    let correlation = correlation(services, ctx.request_id());
    ctx.record_as(asker.facts(services, &correlation, Some(header.protocol_version)));
    let mut batch = Batch::new(services, asker.subject, &header, items.len());
    if batch.option == Continuation::Undo {
        ctx.postpone_endings();
    }
    for item in items {
        if !batch.carry_out(&mut ctx, item) {
            break;
        }
    }
    batch.end_postponed(&mut ctx);
    batch.end_record(&mut ctx);
    reply::message(now, &header, Some(correlation), batch.done)
}

/// Carries out the item that the request with this header was answered as pending for, and returns
/// the encoded answer, which is the one it would have got at once.
pub(super) fn run_later(
    services: &Services,
    asker: Asker<'_>,
    header: &RequestHeader,
    item: RequestItem,
    value: AsynchronousCorrelationValue,
    correlation: String,
) -> Vec<u8> {
    let mut ctx = OpContext::new(services, Arc::clone(asker.subject), header.protocol_version);
    ctx.carry_out_later(value);
    ctx.record_as(asker.facts(services, &correlation, Some(header.protocol_version)));
    let mut batch = Batch::new(services, asker.subject, header, 1);
    batch.carry_out(&mut ctx, item);
    batch.end_record(&mut ctx);
    reply::message(services.clock.now(), header, Some(correlation), batch.done)
}

/// Whether the client that sent this header takes an answer of this one item.
pub(super) fn fits(header: &RequestHeader, item: &ResponseItem) -> bool {
    Room::of(header, 1).take(item)
}

/// The server's name for a message.
pub(super) fn correlation(services: &Services, request: u64) -> String {
    format!("{}-{request}", services.instance)
}

/// Refuses what is not to be processed at all, and has that on record under the name it returns.
pub(super) fn admit(
    services: &Services,
    asker: Asker<'_>,
    request: &RequestMessage,
) -> Result<(), (String, Failure)> {
    let admitted =
        examine(services, request).and_then(|()| authenticate(services, asker.subject, request));
    admitted.map_err(|refusal| {
        let why = match refusal.reason {
            ResultReason::AuthenticationNotSuccessful => Refused::Authentication,
            _ => Refused::Inadmissible,
        };
        services.metrics.requests.refused(why);
        let name = correlation(services, services.next_request());
        let version = Some(request.header.protocol_version);
        let facts = asker.facts(services, &name, version);
        let refusal = record::refused(services, facts, Some(request), refusal);
        (name, refusal)
    })
}

/// Refuses what cannot be processed as a whole.
fn examine(services: &Services, request: &RequestMessage) -> Result<(), Failure> {
    let refusal = |reason, message| Err(Failure { reason, message });
    if request.items.is_empty() {
        return refusal(ResultReason::InvalidMessage, "the batch is empty");
    }
    if request.items.len() > services.bounds.max_batch_items {
        return refusal(ResultReason::InvalidMessage, "too many batch items");
    }
    let critical = request
        .items
        .iter()
        .filter_map(|item| item.message_extension.as_ref())
        .any(|extension| extension.criticality_indicator);
    if critical {
        let text = "a critical message extension is not understood";
        return refusal(ResultReason::FeatureNotSupported, text);
    }
    if !is_timely(services, request.header.time_stamp) {
        let text = "the time stamp is too far from the server's clock";
        return refusal(ResultReason::InvalidField, text);
    }
    match request.header.batch_error_continuation_option {
        None | Some(Continuation::Stop | Continuation::Continue) => Ok(()),
        Some(Continuation::Undo) if request.items.iter().all(can_be_undone) => Ok(()),
        Some(Continuation::Undo) => {
            refusal(ResultReason::FeatureNotSupported, "an item of the batch cannot be undone")
        }
        Some(_) => refusal(ResultReason::InvalidField, "no such batch error continuation option"),
    }
}

fn is_timely(services: &Services, stamp: Option<DateTime>) -> bool {
    let (Some(stamp), Some(limit)) = (stamp, services.bounds.max_clock_skew) else { return true };
    services.clock.now().0.abs_diff(stamp.0) <= u64::from(limit.0)
}

/// Checks the credentials of the request as the scope of the client wants them.
fn authenticate(
    services: &Services,
    subject: &Subject,
    request: &RequestMessage,
) -> Result<(), Failure> {
    let Some(credentials) = services.credentials.get(subject.scope()) else { return Ok(()) };
    let given = request.header.authentication.as_ref().map(|it| it.credentials.as_slice());
    let open = request.items.iter().all(is_open);
    credentials.check(given.unwrap_or_default(), open).map_err(|error| {
        tracing::warn!(scope = subject.scope().as_str(), %error, "request not authenticated");
        let message = "the credential is missing or wrong";
        Failure { reason: ResultReason::AuthenticationNotSuccessful, message }
    })
}

/// What a client may ask before it has shown a credential: what the server speaks.
const fn is_open(item: &RequestItem) -> bool {
    matches!(item.operation, Some(Operation::Query | Operation::DiscoverVersions))
}

fn can_be_undone(item: &RequestItem) -> bool {
    // What is not served has no effect.
    let entry = item.operation.and_then(operation::entry);
    entry.is_none_or(|entry| entry.undo == Undo::Possible)
}

/// Longest answer to several items, in bytes, where the client does not limit it: each may be as long as
/// a message, and all of them are in memory at once.
const MAX_ANSWER_BYTES: i32 = 16 << 20;

/// Room in the answer, where it is limited.
struct Room {
    left: Option<usize>,
    version: kmip_core::types::ProtocolVersion,
}

impl Room {
    fn of(header: &RequestHeader, items: usize) -> Self {
        let own = (items > 1).then_some(MAX_ANSWER_BYTES);
        let limit = [header.maximum_response_size, own].into_iter().flatten().min();
        let limit = limit.map(|size| usize::try_from(size).unwrap_or(0));
        Self {
            left: limit.map(|limit| limit.saturating_sub(reply::overhead_bytes(header))),
            version: reply::answer_version(header.protocol_version),
        }
    }

    /// Whether `item` fits.
    fn has(&self, item: &ResponseItem) -> bool {
        self.left.is_none_or(|left| reply::item_bytes(item, self.version) <= left)
    }

    /// Whether `item` fits; if so, its room is taken.
    fn take(&mut self, item: &ResponseItem) -> bool {
        let Some(left) = self.left else { return true };
        let rest = left.checked_sub(reply::item_bytes(item, self.version));
        self.left = rest.or(self.left);
        rest.is_some()
    }
}

struct Batch<'a> {
    metrics: &'a Metrics,
    scope: &'a ScopeMeter,
    option: Continuation,
    room: Room,
    several: bool,
    done: Vec<ResponseItem>,
}

impl<'a> Batch<'a> {
    fn new(
        services: &'a Services,
        subject: &Subject,
        header: &RequestHeader,
        items: usize,
    ) -> Self {
        Self {
            metrics: &services.metrics,
            scope: services.metrics.scopes.of(subject.scope().as_str()),
            option: header.batch_error_continuation_option.unwrap_or(Continuation::Stop),
            room: Room::of(header, items),
            several: items > 1,
            done: Vec::with_capacity(items),
        }
    }

    /// Carries out one item; false if the batch ends with it.
    fn carry_out(&mut self, ctx: &mut OpContext<'_>, item: RequestItem) -> bool {
        let mut name = ItemName::of(&item);
        let timed = self.metrics.operations.begin(name.operation);
        let mark = ctx.undo_mark();
        let placeholder = ctx.placeholder().cloned();
        record::begin(ctx.record(), &item, placeholder.as_ref().map(|uid| uid.as_str()));
        let outcome = self.answer(ctx, item, &mut name).and_then(|answer| {
            if self.room.take(&answer) { Ok(answer) } else { Err(OpError::ResponseTooLarge) }
        });
        let answer = match outcome {
            Ok(answer) if answer.result_status != ResultStatus::OperationFailed => {
                record::end(ctx.record(), &answer);
                self.count(timed, &answer);
                self.done.push(answer);
                return true;
            }
            // A Poll found that its operation had failed.
            Ok(answer) => answer,
            Err(error) => self.failure(ctx, &name, error, mark),
        };
        record::end(ctx.record(), &answer);
        self.count(timed, &answer);
        if self.option == Continuation::Undo && self.take_back_all(ctx) {
            for done in &mut self.done {
                self.metrics.operations.undone(done.operation);
                reply::undone(done);
            }
        }
        self.done.push(answer);
        self.option == Continuation::Continue
    }

    /// Takes back what the items before have done; true if all of it could be.
    fn take_back_all(&self, ctx: &mut OpContext<'_>) -> bool {
        if self.done.is_empty() {
            return true;
        }
        ctx.record().begin_again();
        let complete = take_back(ctx, 0);
        record::end_undone(ctx.record(), complete);
        complete
    }

    /// Returns once all that was done is on record; what cannot be is taken back as far as may be, and
    /// the client learns nothing of it.
    fn end_record(&mut self, ctx: &mut OpContext<'_>) {
        if ctx.record().settle().is_err() {
            self.take_back_all(ctx);
            self.done.iter_mut().for_each(|answer| reply::failed(answer, UNRECORDED_FAILURE));
        }
    }

    fn count(&self, timed: Timed<'_>, answer: &ResponseItem) {
        let outcome = Outcome::of(answer);
        timed.over(outcome);
        self.scope.count(outcome);
    }

    /// The answer to an item that failed.
    fn failure(
        &mut self,
        ctx: &mut OpContext<'_>,
        name: &ItemName,
        error: OpError,
        mark: usize,
    ) -> ResponseItem {
        failure_log::tell(ctx.request_id(), name.operation, &error);
        if matches!(error, OpError::ResponseTooLarge) {
            // The client will not learn of what was done, so it must not have been done.
            let _ = take_back(ctx, mark);
        }
        let mut answer = name.failure(failure(&error, name.operation, ctx.version()));
        if let OpError::CheckDenied(what) = error {
            answer.payload = Some(ResponsePayload::Check(*what));
        }
        self.room.take(&answer);
        answer
    }

    /// The answer to an item that did not fail. That to a Poll which found something is the answer
    /// of the operation polled, and so is its failure.
    fn answer(
        &self,
        ctx: &mut OpContext<'_>,
        item: RequestItem,
        name: &mut ItemName,
    ) -> Result<ResponseItem, OpError> {
        let payload = self.outcome(ctx, name, item)?;
        match ctx.take_polled() {
            None => Ok(name.success(payload)),
            Some(polled) => {
                name.operation = Some(polled.operation);
                name.polled(polled.found)
            }
        }
    }

    /// Carries out what the items of a batch with Undo left to its end.
    fn end_postponed(&mut self, ctx: &mut OpContext<'_>) {
        for (uid, error) in ctx.end_postponed() {
            tracing::error!(request = ctx.request_id(), %error, "a key is yet to be destroyed");
            let ended = |item: &&mut ResponseItem| {
                matches!(&item.payload, Some(ResponsePayload::Destroy(destroyed))
                    if destroyed.unique_identifier == uid)
            };
            let answers = self.done.iter_mut().filter(ended);
            let failure = failure(&error, Some(Operation::Destroy), ctx.version());
            let name = record::operation_word(Operation::Destroy);
            ctx.record().begin(Some(name), Some(uid.as_str()));
            for answer in answers {
                reply::failed(answer, failure);
                record::end(ctx.record(), answer);
            }
        }
    }

    /// What could not be taken back is not begun where its answer will not fit.
    fn expect_room(
        &self,
        ctx: &OpContext<'_>,
        name: &ItemName,
        request: &RequestPayload,
    ) -> Result<(), OpError> {
        if self.room.left.is_none() {
            return Ok(());
        }
        let Some(answer) = operation::foreseen(ctx, request) else { return Ok(()) };
        let fits = self.room.has(&name.success(answer));
        if fits { Ok(()) } else { Err(OpError::ResponseTooLarge) }
    }

    fn outcome(
        &self,
        ctx: &mut OpContext<'_>,
        name: &ItemName,
        item: RequestItem,
    ) -> Result<ResponsePayload, OpError> {
        let operation = item.operation;
        match item.payload? {
            Some(_) if self.several && item.unique_batch_item_id.is_none() => {
                Err(OpError::InvalidMessage("a batch item has no identifier"))
            }
            Some(request) => {
                self.expect_room(ctx, name, &request)?;
                operation::dispatch(ctx, request)
            }
            None => {
                Err(operation.map_or(OpError::InvalidMessage("no operation"), OpError::Unsupported))
            }
        }
    }
}

/// Undoes what was done since `mark`; true if all of it could be.
fn take_back(ctx: &mut OpContext<'_>, mark: usize) -> bool {
    let mut complete = true;
    for step in ctx.take_undo_since(mark) {
        if let Err(error) = ctx.undo(step) {
            tracing::error!(request = ctx.request_id(), %error, "an item could not be undone");
            complete = false;
        }
    }
    complete
}
