//! The way of a message: bytes, request, batch, answer, bytes.

mod batch;
mod later;
mod reason;
mod reply;

use std::sync::Arc;

pub use reason::{Failure, failure};

use kmip_core::message::{
    MessageFault, RequestMessage, peek_asynchronous, peek_operations, peek_version,
};
use kmip_core::ttlv::Limits;
use kmip_core::types::{ProtocolVersion, ResultReason};

use crate::authz::Subject;
use crate::directory::NotAdmitted;
use crate::identity::Principal;
use crate::operation;
use crate::services::Services;
use crate::worker::{FrameFault, Lane, MessageHandler, Refusal, Served};

/// Serves KMIP messages.
pub struct Pipeline {
    services: Arc<Services>,
    limits: Limits,
}

impl Pipeline {
    /// A pipeline over `services` for messages within `limits`.
    #[must_use]
    pub const fn new(services: Arc<Services>, limits: Limits) -> Self {
        Self { services, limits }
    }

    /// Answers one message of `subject`.
    #[must_use]
    pub fn answer(&self, subject: &Arc<Subject>, message: &[u8]) -> Vec<u8> {
        match RequestMessage::decode(message, &self.limits) {
            Ok(request) => batch::run(&self.services, subject, request),
            Err(fault) => self.answer_fault(message, fault),
        }
    }

    /// Answers one message of `subject` on a thread that must not do slow work: what the client lets
    /// come later is left to be done.
    #[must_use]
    pub fn begin(&self, subject: &Arc<Subject>, message: &[u8]) -> Served {
        let request = match RequestMessage::decode(message, &self.limits) {
            Ok(request) => request,
            Err(fault) => return Served::Answer(self.answer_fault(message, fault)),
        };
        if request.header.asynchronous_indicator != Some(true) || !may_be_later(message) {
            return Served::Answer(batch::run(&self.services, subject, request));
        }
        later::defer(&self.services, subject, request).unwrap_or(Served::Elsewhere(Lane::Slow))
    }

    /// What the client may do now: it was let in, but things may have changed since.
    fn admit(&self, principal: &Principal) -> Result<Arc<Subject>, Failure> {
        let subject = self.subject(principal).map_err(|why| {
            tracing::warn!(peer = %principal.peer, subject = ?principal.subject, %why,
                "client not admitted");
            let message = "the client is not admitted";
            Failure { reason: ResultReason::AuthenticationNotSuccessful, message }
        })?;
        if subject.is_within_rate() {
            return Ok(subject);
        }
        let message = "too many requests for the role";
        Err(Failure { reason: ResultReason::GeneralFailure, message })
    }

    fn subject(&self, principal: &Principal) -> Result<Arc<Subject>, NotAdmitted> {
        if self.services.trust.gate().revoked.names(&principal.issuer, &principal.serial) {
            return Err(NotAdmitted::Revoked);
        }
        self.services.directory.subject(principal, self.services.clock.now())
    }

    /// Refuses all that `message` asks for.
    fn refusal(&self, message: &[u8], failure: Failure) -> Vec<u8> {
        match RequestMessage::decode(message, &self.limits) {
            Ok(request) => reply::refuse_all(self.services.clock.now(), &request, failure),
            Err(fault) => self.answer_fault(message, fault),
        }
    }

    /// A message that cannot be processed as a whole gets one item without Operation.
    fn answer_fault(&self, message: &[u8], fault: MessageFault) -> Vec<u8> {
        tracing::info!(%fault, "message refused");
        let text = match fault {
            MessageFault::Version(_) => "protocol version not supported",
            MessageFault::Frame(_) => "unreadable message",
            MessageFault::Header(_) => "malformed request header",
            MessageFault::BatchCount => "batch count differs from the number of items",
        };
        let version = peek_version(message).unwrap_or(ProtocolVersion::V1_0);
        let failure = Failure { reason: ResultReason::InvalidMessage, message: text };
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
        let subject = match self.admit(principal) {
            Ok(subject) => subject,
            Err(refusal) => return Served::Answer(self.refusal(message, refusal)),
        };
        match lane {
            Lane::None => self.begin(&subject, message),
            Lane::Token | Lane::Slow => Served::Answer(self.answer(&subject, message)),
        }
    }

    fn refuse(&self, message: &[u8], why: Refusal) -> Vec<u8> {
        let text = match why {
            Refusal::Overloaded => "the server is overloaded",
            Refusal::InternalError => "internal failure",
            Refusal::ShuttingDown => "the server is stopping",
        };
        self.refusal(message, Failure { reason: ResultReason::GeneralFailure, message: text })
    }

    fn is_welcome(&self, principal: &Principal) -> bool {
        self.subject(principal).is_ok()
    }

    fn unreadable_frame(&self, why: FrameFault) -> Option<Vec<u8>> {
        let message = match why {
            // Whoever sends this does not speak KMIP, and would not understand the answer.
            FrameFault::NotKmip => return None,
            FrameFault::Garbled => "unreadable message",
            FrameFault::TooLarge { .. } => "the message is too large",
        };
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
