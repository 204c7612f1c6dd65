//! The only mapping from an internal failure to what a client reads.

use hsm_backend::HsmErrorKind;
use kmip_core::ttlv::DecodeError;
use kmip_core::types::{Operation, ProtocolVersion, ResultReason};

use crate::lifecycle::Forbidden;
use crate::operation::OpError;
use crate::store::StoreError;

/// What a client reads where nothing can be recorded.
const UNRECORDED: &str = "the audit log cannot be written";

/// What is answered where an answer may not be given, since it cannot be recorded.
pub(super) const UNRECORDED_FAILURE: Failure =
    Failure { reason: ResultReason::GeneralFailure, message: UNRECORDED };

/// The failure half of a response batch item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The reason.
    pub reason: ResultReason,
    /// Safe for the client: no handle, path, SQL or CKR text.
    pub message: &'static str,
}

/// Answers `error` in the vocabulary of `version`; the caller logs `error` itself.
///
/// No wildcard arm: a new variant stops the build here.
#[must_use]
pub fn failure(error: &OpError, operation: Option<Operation>, version: ProtocolVersion) -> Failure {
    let (reason, message) = match error {
        OpError::Denied(_) => (ResultReason::PermissionDenied, "permission denied"),
        OpError::NotFound => (ResultReason::ItemNotFound, "no such object"),
        OpError::NoSuchPending => (ResultReason::ItemNotFound, "no such pending operation"),
        OpError::Canceled => {
            (ResultReason::OperationCanceledByRequester, "the operation was canceled")
        }
        OpError::Interrupted => {
            (ResultReason::GeneralFailure, "the server stopped before the operation was over")
        }
        OpError::Archived => (ResultReason::ObjectArchived, "the object is archived"),
        OpError::AttributeNotFound => (ResultReason::ItemNotFound, "no such attribute"),
        OpError::Forbidden(cause) => of_forbidden(*cause),
        OpError::UsageExhausted => (ResultReason::PermissionDenied, "usage limits are exhausted"),
        OpError::CheckDenied(_) => {
            (ResultReason::PermissionDenied, "the object may not be used so")
        }
        OpError::Decode(cause) => of_decode(*cause),
        OpError::Unsupported(_) => (ResultReason::OperationNotSupported, "operation not supported"),
        OpError::InvalidMessage(text) => (ResultReason::InvalidMessage, *text),
        OpError::InvalidField(text) => (ResultReason::InvalidField, *text),
        OpError::IllegalOperation(text) => (ResultReason::IllegalOperation, *text),
        OpError::FeatureNotSupported(text) => (ResultReason::FeatureNotSupported, *text),
        OpError::ParametersNotSupported(text) => (ResultReason::OperationNotSupported, *text),
        OpError::CryptographicFailure(text) => (ResultReason::CryptographicFailure, *text),
        OpError::GeneralFailure(text) => (ResultReason::GeneralFailure, *text),
        OpError::PermissionDenied(text) => (ResultReason::PermissionDenied, *text),
        OpError::KeyFormat => (ResultReason::KeyFormatTypeNotSupported, "key format not supported"),
        OpError::KeyCompression => {
            (ResultReason::KeyCompressionTypeNotSupported, "key compression not supported")
        }
        OpError::EncodingOption(text) => (ResultReason::EncodingOptionError, *text),
        OpError::NamespaceNotSupported => {
            (ResultReason::ApplicationNamespaceNotSupported, "application namespace not supported")
        }
        OpError::Sensitive => (ResultReason::Sensitive, "the object is sensitive"),
        OpError::NotExtractable => (ResultReason::NotExtractable, "the object is not extractable"),
        OpError::KeyValueNotPresent => {
            (ResultReason::KeyValueNotPresent, "the server does not hold the key value")
        }
        OpError::IndexOutOfBounds => (ResultReason::IndexOutOfBounds, "too many instances"),
        OpError::ObjectAlreadyExists => {
            (ResultReason::ObjectAlreadyExists, "an object of this identifier exists")
        }
        OpError::NameTaken if is_change(operation) => {
            (ResultReason::IllegalOperation, "the name is in use")
        }
        OpError::NameTaken => (ResultReason::InvalidField, "the name is in use"),
        OpError::ResponseTooLarge => (ResultReason::ResponseTooLarge, "the response is too large"),
        OpError::Unrecorded(_) => (ResultReason::GeneralFailure, UNRECORDED),
        OpError::Hsm(cause) => of_hsm(cause.kind),
        OpError::Store(cause) => of_store(cause),
    };
    Failure { reason: known_to(version, reason), message }
}

/// Names are refused differently when an object is made and when it is changed.
fn is_change(operation: Option<Operation>) -> bool {
    matches!(operation, Some(Operation::AddAttribute | Operation::ModifyAttribute))
}

const fn of_forbidden(cause: Forbidden) -> (ResultReason, &'static str) {
    match cause {
        Forbidden::State(_) => (ResultReason::PermissionDenied, "the object's state forbids this"),
        Forbidden::Stateless => {
            (ResultReason::IllegalOperation, "this kind of object has no such state")
        }
        Forbidden::Usage(_) => (ResultReason::PermissionDenied, "the usage mask forbids this"),
        Forbidden::BeforeProcessStart => {
            (ResultReason::PermissionDenied, "the process start date is not reached")
        }
        Forbidden::AfterProtectStop => {
            (ResultReason::PermissionDenied, "the protect stop date is over")
        }
        Forbidden::OccurrenceDate => {
            (ResultReason::InvalidField, "an occurrence date needs a compromise")
        }
        Forbidden::Used => (ResultReason::PermissionDenied, "the key has been used already"),
    }
}

const fn of_decode(cause: DecodeError) -> (ResultReason, &'static str) {
    match cause {
        DecodeError::Unknown(_) => (ResultReason::InvalidField, "unknown field"),
        DecodeError::Misplaced(_) => (ResultReason::InvalidMessage, "repeated or misplaced field"),
        DecodeError::Missing(_) => (ResultReason::InvalidMessage, "a required field is missing"),
        DecodeError::WrongType(..) => (ResultReason::InvalidMessage, "a field has a wrong type"),
        DecodeError::BadValue(_) => (ResultReason::InvalidMessage, "a field has a wrong value"),
        DecodeError::Truncated(_)
        | DecodeError::BadLength(_)
        | DecodeError::Limit(_)
        | DecodeError::TrailingBytes => (ResultReason::InvalidMessage, "unreadable item"),
    }
}

const fn of_hsm(kind: HsmErrorKind) -> (ResultReason, &'static str) {
    match kind {
        HsmErrorKind::BadData => (ResultReason::CryptographicFailure, "the data are not authentic"),
        HsmErrorKind::Damaged => (ResultReason::GeneralFailure, "what is stored is damaged"),
        HsmErrorKind::BadLength => {
            (ResultReason::CryptographicFailure, "the length of the data does not fit")
        }
        HsmErrorKind::BadParameter => (ResultReason::InvalidField, "parameter out of range"),
        HsmErrorKind::StreamNotFound => (ResultReason::ItemNotFound, "no such stream"),
        HsmErrorKind::BadKey => (ResultReason::InvalidField, "the key material is malformed"),
        HsmErrorKind::NotPermitted => (ResultReason::PermissionDenied, "the key forbids this"),
        HsmErrorKind::NotExtractable => {
            (ResultReason::NotExtractable, "the object is not extractable")
        }
        HsmErrorKind::Unsupported => {
            (ResultReason::OperationNotSupported, "the HSM lacks the mechanism")
        }
        HsmErrorKind::Busy | HsmErrorKind::Deadline => {
            (ResultReason::GeneralFailure, "the HSM is busy")
        }
        HsmErrorKind::Unavailable | HsmErrorKind::PinRejected => {
            (ResultReason::GeneralFailure, "the HSM is not available")
        }
        HsmErrorKind::Device(_) | HsmErrorKind::KeyNotFound => {
            (ResultReason::GeneralFailure, "the HSM could not serve the request")
        }
    }
}

const fn of_store(cause: &StoreError) -> (ResultReason, &'static str) {
    match cause {
        StoreError::Conflict => (ResultReason::GeneralFailure, "the object is being changed"),
        StoreError::NameTaken => (ResultReason::InvalidField, "the name is in use"),
        StoreError::IdentifierTaken
        | StoreError::Engine(_)
        | StoreError::Corrupt(_)
        | StoreError::InUse => (ResultReason::GeneralFailure, "internal failure"),
    }
}

/// The nearest reason that a client of `version` knows.
fn known_to(version: ProtocolVersion, reason: ResultReason) -> ResultReason {
    if reason.is_in(version) {
        return reason;
    }
    match reason {
        ResultReason::Sensitive | ResultReason::NotExtractable => ResultReason::PermissionDenied,
        ResultReason::KeyValueNotPresent => ResultReason::IllegalOperation,
        ResultReason::EncodingOptionError => ResultReason::FeatureNotSupported,
        _ => ResultReason::GeneralFailure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failure_uses_reasons_of_the_request_version_only() {
        let old = failure(&OpError::Sensitive, None, ProtocolVersion::V1_2);
        assert_eq!(old.reason, ResultReason::PermissionDenied);
        let new = failure(&OpError::Sensitive, None, ProtocolVersion::V1_4);
        assert_eq!(new.reason, ResultReason::Sensitive);
    }

    #[test]
    fn failure_tells_a_taken_name_on_creation_from_one_on_change() {
        let v = ProtocolVersion::V1_4;
        let on_create = failure(&OpError::NameTaken, Some(Operation::Create), v);
        assert_eq!(on_create.reason, ResultReason::InvalidField);
        let on_add = failure(&OpError::NameTaken, Some(Operation::AddAttribute), v);
        assert_eq!(on_add.reason, ResultReason::IllegalOperation);
    }

    #[test]
    fn failure_hides_engine_text() {
        let error = OpError::Store(StoreError::Engine("disk /var/x is full".to_owned()));
        let shown = failure(&error, None, ProtocolVersion::V1_4);
        assert_eq!(shown.message, "internal failure");
    }
}
