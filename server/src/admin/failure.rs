//! What goes wrong, as HTTP says it.

use axum::http::StatusCode;
use hsm_backend::{HsmError, HsmErrorKind};
use serde_json::{Value, json};

use crate::keyring::KeyringError;
use crate::operation::OpError;
use crate::store::StoreError;

/// A refusal: a status, and words for the operator. A list that is empty has no words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    status: StatusCode,
    texts: Vec<String>,
}

impl Failure {
    pub(super) fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, texts: vec![text.into()] }
    }

    /// What was asked for cannot be, as it stands.
    pub(super) fn bad(text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text)
    }

    /// Who asks may not. One text for every reason: nobody learns what is there.
    pub(super) fn denied() -> Self {
        Self::new(StatusCode::FORBIDDEN, "permission denied")
    }

    pub(super) fn not_found(text: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, text)
    }

    /// There is nothing to list, or nothing of this name.
    pub(super) const fn nothing() -> Self {
        Self { status: StatusCode::NOT_FOUND, texts: Vec::new() }
    }

    pub(super) fn unavailable(text: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, text)
    }

    pub(super) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal failure; see the server's log")
    }

    /// As HTTP has it.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The body of the answer.
    pub(super) fn body(&self) -> Value {
        json!({ "errors": self.texts })
    }
}

impl From<HsmError> for Failure {
    fn from(error: HsmError) -> Self {
        let status = match error.kind {
            HsmErrorKind::Unavailable
            | HsmErrorKind::PinRejected
            | HsmErrorKind::Busy
            | HsmErrorKind::Deadline
            | HsmErrorKind::Device(_) => StatusCode::SERVICE_UNAVAILABLE,
            HsmErrorKind::KeyNotFound | HsmErrorKind::StreamNotFound => StatusCode::NOT_FOUND,
            HsmErrorKind::Damaged => StatusCode::INTERNAL_SERVER_ERROR,
            HsmErrorKind::BadData
            | HsmErrorKind::BadLength
            | HsmErrorKind::BadParameter
            | HsmErrorKind::BadKey
            | HsmErrorKind::NotPermitted
            | HsmErrorKind::NotExtractable
            | HsmErrorKind::Unsupported => StatusCode::BAD_REQUEST,
        };
        Self::new(status, format!("the token says: {error}"))
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => Self::new(
                StatusCode::PRECONDITION_FAILED,
                "the object was changed meanwhile; try again",
            ),
            StoreError::IdentifierTaken
            | StoreError::NameTaken
            | StoreError::Engine(_)
            | StoreError::Corrupt(_)
            | StoreError::InUse => {
                tracing::error!(%error, "administration");
                Self::internal()
            }
        }
    }
}

impl From<KeyringError> for Failure {
    fn from(error: KeyringError) -> Self {
        match error {
            KeyringError::Hsm(error) => error.into(),
            KeyringError::Store(error) => error.into(),
        }
    }
}

impl From<OpError> for Failure {
    fn from(error: OpError) -> Self {
        match error {
            OpError::NotFound => Self::not_found("no such object"),
            OpError::NotExtractable => Self::bad(
                "the token never lets this key out: it can stay where it is, or be replaced",
            ),
            OpError::Unrecorded(refused) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, refused.to_string())
            }
            OpError::Hsm(error) => error.into(),
            OpError::Store(error) => error.into(),
            other => Self::bad(other.to_string()),
        }
    }
}
