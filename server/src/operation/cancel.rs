//! Cancel: gives up an operation that waits for its turn.
//!
//! Spec: KMIP 1.4 §4.27. A call to the token cannot be broken off, so what has begun is not canceled.

use kmip_core::message::ResponseMessage;
use kmip_core::payload::{CancelRequest, CancelResponse};
use kmip_core::ttlv::Limits;
use kmip_core::types::{CancellationResult, ResultStatus};

use super::{OpContext, OpError};
use crate::asynchronous;
use crate::store::{AsynchronousCorrelationValue, Ending, Progress, Stage};

/// Cancels the operation, or says why not.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: CancelRequest,
) -> Result<CancelResponse, OpError> {
    let asynchronous_correlation_value = request.asynchronous_correlation_value;
    let value = AsynchronousCorrelationValue::parse(&asynchronous_correlation_value);
    let cancellation_result = match value {
        Some(value) => cancel(ctx, value)?,
        None => CancellationResult::Unavailable,
    };
    Ok(CancelResponse { asynchronous_correlation_value, cancellation_result })
}

fn cancel(
    ctx: &OpContext<'_>,
    value: AsynchronousCorrelationValue,
) -> Result<CancellationResult, OpError> {
    let (store, grant) = (&ctx.services().store, ctx.grant()?);
    let until = asynchronous::keep_until(ctx.services());
    if store.end_pending(grant, value, Progress::Waiting, &Ending::Canceled, until)? {
        return Ok(CancellationResult::Canceled);
    }
    let pending = store.pending(grant, value, ctx.now())?;
    Ok(match pending.map(|pending| pending.stage) {
        None => CancellationResult::Unavailable,
        Some(Stage::Unfinished(_)) => CancellationResult::UnableToCancel,
        Some(Stage::Over(Ending::Canceled)) => CancellationResult::Canceled,
        Some(Stage::Over(Ending::Made(_))) => CancellationResult::Completed,
        Some(Stage::Over(Ending::Interrupted)) => CancellationResult::Failed,
        Some(Stage::Over(Ending::Answered(message))) => of_answer(&message),
    })
}

fn of_answer(message: &[u8]) -> CancellationResult {
    let succeeded = ResponseMessage::decode(message, &Limits::default())
        .is_ok_and(|answer| answer.items.iter().all(|i| i.result_status == ResultStatus::Success));
    if succeeded { CancellationResult::Completed } else { CancellationResult::Failed }
}
