//! Poll: what became of an operation that went on after its request was answered.
//!
//! Spec: KMIP 1.4 §4.28.

use std::sync::Arc;

use kmip_core::payload::{PollRequest, PollResponse, ResponsePayload};
use kmip_core::types::Operation;

use super::{OpContext, OpError, later};
use crate::object::ManagedObject;
use crate::store::{AsynchronousCorrelationValue, Ending, Stage};

/// What a Poll found: the item is answered with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Polled {
    /// The operation polled, under whose name the answer goes.
    pub operation: Operation,
    /// How far it has come.
    pub found: Found,
}

/// How far an operation that was polled has come.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// It is not over.
    Pending(AsynchronousCorrelationValue),
    /// It was answered by this: a Response Message of one item.
    Answer(Vec<u8>),
    /// It succeeded with this payload.
    Payload(Box<ResponsePayload>),
    /// The client canceled it.
    Canceled,
    /// The server stopped before it was carried out.
    Interrupted,
}

/// Finds the operation. What became of it may be asked for again until its time is over: the first
/// answer may have been lost with its connection.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: PollRequest,
) -> Result<PollResponse, OpError> {
    let value = AsynchronousCorrelationValue::parse(&request.asynchronous_correlation_value)
        .ok_or(OpError::NoSuchPending)?;
    let store = &ctx.services().store;
    let pending = store.pending(ctx.grant()?, value, ctx.now())?.ok_or(OpError::NoSuchPending)?;
    let operation = pending.operation;
    let found = match pending.stage {
        Stage::Unfinished(_) => Found::Pending(value),
        Stage::Over(ending) => {
            store.note_polled(ctx.grant()?, value)?;
            found(ctx, operation, ending)?
        }
    };
    ctx.answer_with(Polled { operation, found });
    Ok(PollResponse {})
}

fn found(ctx: &OpContext<'_>, operation: Operation, ending: Ending) -> Result<Found, OpError> {
    Ok(match ending {
        Ending::Answered(message) => Found::Answer(message),
        Ending::Canceled => Found::Canceled,
        Ending::Interrupted => Found::Interrupted,
        Ending::Made(identifiers) => {
            let mut made = Vec::<Arc<ManagedObject>>::with_capacity(identifiers.len());
            for uid in &identifiers {
                made.extend(ctx.services().store.load(ctx.grant()?, uid)?);
            }
            match later::answer(operation, &made) {
                Some(payload) => Found::Payload(Box::new(payload)),
                None => Found::Interrupted,
            }
        }
    })
}
