//! What messages leave in the audit log.

use std::net::SocketAddr;
use std::sync::Arc;

use kmip_core::message::{RequestItem, RequestMessage, ResponseItem};
use kmip_core::types::{EnumTable, Operation, ProtocolVersion, ResultReason, ResultStatus};

use super::reason::{Failure, UNRECORDED_FAILURE};
use crate::audit::{Actor, Caller, Facts, ItemRecord, Outcome, named_object};
use crate::authz::Subject;
use crate::services::Services;

/// Who has sent a message, and what that may do.
#[derive(Clone, Copy)]
pub(super) struct Asker<'a> {
    pub(super) subject: &'a Arc<Subject>,
    pub(super) caller: &'a Caller,
}

impl Asker<'_> {
    /// What all records of a message have in common, which goes by the name of `request` and came
    /// in `version`, where that could be read.
    pub(super) fn facts(
        &self,
        services: &Services,
        request: &str,
        version: Option<ProtocolVersion>,
    ) -> Facts {
        if !services.audit.is_on() {
            return Facts::default();
        }
        Facts {
            scope: Some(self.subject.scope().as_str().to_owned()),
            role: self.subject.role().map(|role| role.as_str().to_owned()),
            request: Some(request.to_owned()),
            protocol: version.map(|version| version.to_string()),
            ..of_caller(self.caller)
        }
    }
}

/// What is known of a client that no role was found for.
pub(super) fn of_caller(caller: &Caller) -> Facts {
    Facts { principal: Some(caller.actor.clone()), peer: caller.peer.clone(), ..Facts::default() }
}

/// Begins the record of an item.
pub(super) fn begin(record: &mut ItemRecord<'_>, item: &RequestItem, placeholder: Option<&str>) {
    if !record.is_on() {
        return;
    }
    let payload = item.payload.as_ref().ok().and_then(Option::as_ref);
    let named = payload.and_then(named_object).map(|uid| uid.as_str());
    record.begin(item.operation.map(operation_word), named.or(placeholder));
}

/// Ends it with the item's answer.
pub(super) fn end(record: &mut ItemRecord<'_>, answer: &ResponseItem) {
    if !record.is_on() {
        return;
    }
    let outcome = match answer.result_status {
        ResultStatus::Success => Outcome::Success,
        ResultStatus::OperationPending => Outcome::Pending,
        ResultStatus::OperationUndone => Outcome::Undone,
        _ => Outcome::Failed,
    };
    record.end(outcome, answer.result_reason.map(reason_word));
}

/// Ends the record of what was taken back.
pub(super) fn end_undone(record: &mut ItemRecord<'_>, complete: bool) {
    record.end(if complete { Outcome::Undone } else { Outcome::Failed }, None);
}

/// Records that a message is answered by `failure` as a whole, and returns what it is answered by
/// then: another failure where that could not be recorded.
pub(super) fn refused(
    services: &Services,
    facts: Facts,
    request: Option<&RequestMessage>,
    failure: Failure,
) -> Failure {
    match services.audit.tell(&refusal(facts, request, failure)) {
        Ok(()) => failure,
        Err(_) => UNRECORDED_FAILURE,
    }
}

/// As [`refused`], on a thread that must not wait: what cannot be recorded is refused all the same.
pub(super) fn mention_refused(
    services: &Services,
    request: Option<&RequestMessage>,
    failure: Failure,
) {
    services.audit.mention(&refusal(Facts::default(), request, failure));
}

/// Records that a peer was not let in.
pub(super) fn turned_away(services: &Services, peer: SocketAddr, why: &'static str) {
    services.audit.mention(&Facts {
        principal: Some(Actor::Nobody),
        peer: Some(peer.to_string()),
        operation: Some("Connect".to_owned()),
        result: Some(Outcome::Failed),
        reason: Some(why.to_owned()),
        ..Facts::default()
    });
}

fn refusal(facts: Facts, request: Option<&RequestMessage>, failure: Failure) -> Facts {
    let only = request.and_then(|request| match request.items.as_slice() {
        [only] => only.operation,
        _ => None,
    });
    Facts {
        operation: only.map(operation_word),
        result: Some(Outcome::Failed),
        reason: Some(reason_word(failure.reason)),
        ..facts
    }
}

pub(super) fn operation_word(operation: Operation) -> String {
    word(Operation::TABLE, operation.0)
}

fn reason_word(reason: ResultReason) -> String {
    word(ResultReason::TABLE, reason.0)
}

fn word(table: EnumTable, number: u32) -> String {
    table.entry(number).map_or_else(|| format!("0x{number:08X}"), |entry| entry.name.to_owned())
}
