//! The way of a message: bytes, request, batch, answer, bytes.

mod batch;
mod failure_log;
mod later;
mod reason;
mod record;
mod reply;

use std::net::SocketAddr;
use std::sync::Arc;

pub use reason::{Failure, failure};

use kmip_core::message::{
    MessageFault, RequestMessage, peek_asynchronous, peek_operations, peek_version,
};
use kmip_core::ttlv::Limits;
use kmip_core::types::{ProtocolVersion, ResultReason};

use crate::audit::{Caller, Strangers};
use crate::authz::Subject;
use crate::directory::NotAdmitted;
use crate::identity::Principal;
use crate::metrics::Refused;
use crate::operation;
use crate::services::Services;
use crate::worker::{FrameFault, Lane, MessageHandler, Refusal, Served};
use record::Asker;

/// Serves KMIP messages.
pub struct Pipeline {
    services: Arc<Services>,
    limits: Limits,
    /// How often peers that are not let in are put on record.
    strangers: Strangers,
}

impl Pipeline {
    /// A pipeline over `services` for messages within `limits`.
    #[must_use]
    pub fn new(services: Arc<Services>, limits: Limits) -> Self {
        Self { services, limits, strangers: Strangers::default() }
    }

    /// Answers one message of `subject`.
    #[must_use]
    pub fn answer(&self, subject: &Arc<Subject>, caller: &Caller, message: &[u8]) -> Vec<u8> {
        let asker = Asker { subject, caller };
        match RequestMessage::decode(message, &self.limits) {
            Ok(request) => batch::run(&self.services, asker, request),
            Err(fault) => self.answer_fault(asker, message, fault),
        }
    }

    /// Answers one message of `subject` on a thread that must not do slow work: what the client lets
    /// come later is left to be done.
    #[must_use]
    pub fn begin(&self, subject: &Arc<Subject>, caller: &Caller, message: &[u8]) -> Served {
        let asker = Asker { subject, caller };
        let request = match RequestMessage::decode(message, &self.limits) {
            Ok(request) => request,
            Err(fault) => return Served::Answer(self.answer_fault(asker, message, fault)),
        };
        if request.header.asynchronous_indicator != Some(true) || !may_be_later(message) {
            return Served::Answer(batch::run(&self.services, asker, request));
        }
        later::defer(&self.services, asker, request).unwrap_or(Served::Elsewhere(Lane::Slow))
    }

    /// What the client may do now: it was let in, but things may have changed since.
    fn admit(&self, principal: &Principal) -> Result<Arc<Subject>, Failure> {
        let subject = self.subject(principal).map_err(|why| {
            tracing::warn!(peer = %principal.peer, subject = ?principal.subject, %why,
                "client not admitted");
            self.services.metrics.requests.refused(Refused::NotAdmitted);
            let message = "the client is not admitted";
            Failure { reason: ResultReason::AuthenticationNotSuccessful, message }
        })?;
        if subject.is_within_rate() {
            return Ok(subject);
        }
        self.services.metrics.requests.refused(Refused::RateLimited);
        let message = "too many requests for the role";
        Err(Failure { reason: ResultReason::GeneralFailure, message })
    }

    /// Refuses all that `message` asks for; `record` sees the refusal first, and may change it.
    fn refusal(
        &self,
        message: &[u8],
        failure: Failure,
        record: impl FnOnce(Option<&RequestMessage>, Failure) -> Failure,
    ) -> Vec<u8> {
        match RequestMessage::decode(message, &self.limits) {
            Ok(request) => {
                let failure = record(Some(&request), failure);
                reply::refuse_all(self.services.clock.now(), &request, None, failure)
            }
            Err(fault) => self.fault(message, fault, |failure| record(None, failure)),
        }
    }

    fn subject(&self, principal: &Principal) -> Result<Arc<Subject>, NotAdmitted> {
        if self.services.trust.gate().revoked.names(&principal.issuer, &principal.serial) {
            return Err(NotAdmitted::Revoked);
        }
        self.services.directory.subject(principal, self.services.clock.now())
    }

    /// Answers a message that cannot be read.
    fn answer_fault(&self, asker: Asker<'_>, message: &[u8], fault: MessageFault) -> Vec<u8> {
        let services = &*self.services;
        let request = batch::correlation(services, services.next_request());
        let facts = asker.facts(services, &request, peek_version(message));
        self.fault(message, fault, |failure| record::refused(services, facts, None, failure))
    }

    /// A message that cannot be processed as a whole gets one item without Operation.
    fn fault(
        &self,
        message: &[u8],
        fault: MessageFault,
        record: impl FnOnce(Failure) -> Failure,
    ) -> Vec<u8> {
        tracing::info!(%fault, "message refused");
        let (why, text) = match fault {
            MessageFault::Version(_) => (Refused::Version, "protocol version not supported"),
            MessageFault::Frame(_) => (Refused::Unreadable, "unreadable message"),
            MessageFault::Header(_) => (Refused::Unreadable, "malformed request header"),
            MessageFault::BatchCount => {
                (Refused::Unreadable, "batch count differs from the number of items")
            }
        };
        self.services.metrics.requests.refused(why);
        let version = peek_version(message).unwrap_or(ProtocolVersion::V1_0);
        let failure = record(Failure { reason: ResultReason::InvalidMessage, message: text });
        reply::message_failure(self.services.clock.now(), version, failure)
    }
}

impl MessageHandler for Pipeline {
    fn lane(&self, message: &[u8]) -> Lane {
        if may_be_later(message) {
            return Lane::None;
        }
        let mut widest = Lane::None;
        for operation in peek_operations(message) {
            match operation::entry(operation).map(|entry| entry.lane) {
                Some(Lane::Slow) => return Lane::Slow,
                Some(Lane::Token) => widest = Lane::Token,
                Some(Lane::None) | None => {}
            }
        }
        widest
    }

    fn serve(&self, principal: &Arc<Principal>, message: &[u8], lane: Lane) -> Served {
        let caller = match self.services.audit.is_on() {
            true => Caller::client(principal),
            false => Caller::default(),
        };
        let subject = match self.admit(principal) {
            Ok(subject) => subject,
            Err(failure) => {
                let answer = self.refusal(message, failure, |request, failure| {
                    record::refused(&self.services, record::of_caller(&caller), request, failure)
                });
                return Served::Answer(answer);
            }
        };
        match lane {
            Lane::None => self.begin(&subject, &caller, message),
            Lane::Token | Lane::Slow => Served::Answer(self.answer(&subject, &caller, message)),
        }
    }

    fn refuse(&self, message: &[u8], why: Refusal) -> Vec<u8> {
        let text = match why {
            Refusal::Overloaded => "the server is overloaded",
            Refusal::InternalError => "internal failure",
            Refusal::ShuttingDown => "the server is stopping",
        };
        let failure = Failure { reason: ResultReason::GeneralFailure, message: text };
        self.refusal(message, failure, |request, failure| {
            record::mention_refused(&self.services, request, failure);
            failure
        })
    }

    fn is_welcome(&self, principal: &Principal) -> bool {
        self.subject(principal).is_ok()
    }

    fn turned_away(&self, peer: SocketAddr, why: &'static str) {
        if self.strangers.is_recorded() {
            record::turned_away(&self.services, peer, why);
        }
    }

    fn unreadable_frame(&self, why: FrameFault) -> Option<Vec<u8>> {
        let (counted, message) = match why {
            // Whoever sends this does not speak KMIP, and would not understand the answer.
            FrameFault::NotKmip => (Refused::NotKmip, None),
            FrameFault::Garbled => (Refused::Unreadable, Some("unreadable message")),
            FrameFault::TooLarge { .. } => (Refused::TooLarge, Some("the message is too large")),
        };
        self.services.metrics.requests.refused(counted);
        let message = message?;
        let failure = Failure { reason: ResultReason::InvalidMessage, message };
        Some(reply::message_failure(self.services.clock.now(), ProtocolVersion::V1_0, failure))
    }
}

/// Whether the work of `message` may go on after its answer, as far as a glance tells.
fn may_be_later(message: &[u8]) -> bool {
    message.len() <= later::MAX_MESSAGE_BYTES
        && matches!(*peek_operations(message), [only] if operation::may_be_later(only))
        && peek_asynchronous(message)
}
