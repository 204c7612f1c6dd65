//! What goes wrong, as HTTP says it.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use hsm_backend::{HsmError, HsmErrorKind};

use super::wire::ErrorBody;
use crate::keyring::KeyringError;
use crate::operation::OpError;
use crate::store::StoreError;

/// A refusal: a status, and words for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    status: StatusCode,
    text: String,
}

impl Failure {
    pub(super) fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }

    pub(super) fn not_found(text: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, text)
    }

    pub(super) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal failure; see the server's log")
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.status, Json(ErrorBody { errors: vec![self.text] })).into_response()
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
            HsmErrorKind::BadData
            | HsmErrorKind::BadLength
            | HsmErrorKind::BadParameter
            | HsmErrorKind::BadKey
            | HsmErrorKind::NotPermitted
            | HsmErrorKind::NotExtractable
            | HsmErrorKind::Unsupported => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self::new(status, format!("the token says: {error}"))
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => {
                Self::new(StatusCode::CONFLICT, "the object was changed meanwhile; try again")
            }
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
            OpError::NotExtractable => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "the token never lets this key out: it can stay where it is, or be replaced",
            ),
            OpError::Unrecorded(refused) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, refused.to_string())
            }
            OpError::Hsm(error) => error.into(),
            OpError::Store(error) => error.into(),
            other => Self::new(StatusCode::UNPROCESSABLE_ENTITY, other.to_string()),
        }
    }
}
