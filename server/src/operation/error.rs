//! Why an operation failed, in the server's own words.

use hsm_backend::HsmError;
use kmip_core::payload::CheckResponse;
use kmip_core::ttlv::DecodeError;
use kmip_core::types::Operation;

use crate::audit::Refused;
use crate::authz::Denied;
use crate::bridge::BridgeError;
use crate::ca::CaError;
use crate::keyring::KeyringError;
use crate::lifecycle::Forbidden;
use crate::store::StoreError;

/// Why an operation failed. The texts inside are fixed: they may reach the client.
#[derive(Debug, thiserror::Error)]
pub enum OpError {
    /// The subject may not do this.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// No such object, here and for this subject; or the ID Placeholder is empty.
    #[error("no such object")]
    NotFound,
    /// No operation of the subject's goes, or went, under this Asynchronous Correlation Value.
    #[error("no such pending operation")]
    NoSuchPending,
    /// The client canceled the operation.
    #[error("the operation was canceled")]
    Canceled,
    /// The server stopped before the operation was over, and nothing was made.
    #[error("the server stopped before the operation was over")]
    Interrupted,
    /// The object is archived: it must be recovered first.
    #[error("the object is archived")]
    Archived,
    /// An attribute or instance that is not there.
    #[error("no such attribute or instance")]
    AttributeNotFound,
    /// The life cycle is against it.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The Usage Limits are used up.
    #[error("usage limits are exhausted")]
    UsageExhausted,
    /// A Check says no; the answer repeats what may not be.
    #[error("the object may not be used so")]
    CheckDenied(Box<CheckResponse>),
    /// The item is not what the specification says.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The operation is not served.
    #[error("{0:?} is not served here")]
    Unsupported(Operation),
    /// Required data are missing, or contradict each other.
    #[error("{0}")]
    InvalidMessage(&'static str),
    /// A field or attribute has a value that cannot be.
    #[error("{0}")]
    InvalidField(&'static str),
    /// Not possible for this object.
    #[error("{0}")]
    IllegalOperation(&'static str),
    /// An optional feature we do not offer.
    #[error("{0}")]
    FeatureNotSupported(&'static str),
    /// Cryptographic parameters that no plan of the token serves.
    #[error("{0}")]
    ParametersNotSupported(&'static str),
    /// The cryptographic outcome is a failure: tag, padding, point not on curve ...
    #[error("{0}")]
    CryptographicFailure(&'static str),
    /// A value the algorithm cannot take, where the specification's cases want General Failure.
    #[error("{0}")]
    GeneralFailure(&'static str),
    /// Policy or the attribute table forbids the change.
    #[error("{0}")]
    PermissionDenied(&'static str),
    /// The key cannot be given in this format.
    #[error("key format type not supported")]
    KeyFormat,
    /// The key cannot be given in this compression.
    #[error("key compression type not supported")]
    KeyCompression,
    /// The encoding option is impossible here.
    #[error("{0}")]
    EncodingOption(&'static str),
    /// Application Data are missing that only the client can make.
    #[error("application namespace not supported")]
    NamespaceNotSupported,
    /// The object's value leaves only wrapped.
    #[error("the object is sensitive")]
    Sensitive,
    /// The object's value never leaves.
    #[error("the object is not extractable")]
    NotExtractable,
    /// A metadata-only object.
    #[error("the server does not hold the key value")]
    KeyValueNotPresent,
    /// More instances than we keep.
    #[error("too many instances")]
    IndexOutOfBounds,
    /// The client's identifier for a new object is that of another.
    #[error("the object exists already")]
    ObjectAlreadyExists,
    /// A name is taken, on creating an object.
    #[error("the name is in use")]
    NameTaken,
    /// The answer is larger than the client takes.
    #[error("the response is too large")]
    ResponseTooLarge,
    /// What was to be done cannot be recorded.
    #[error(transparent)]
    Unrecorded(#[from] Refused),
    /// The token failed.
    #[error(transparent)]
    Hsm(#[from] HsmError),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for OpError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NameTaken => Self::NameTaken,
            StoreError::Conflict
            | StoreError::IdentifierTaken
            | StoreError::Engine(_)
            | StoreError::Corrupt(_)
            | StoreError::InUse => Self::Store(error),
        }
    }
}

impl From<BridgeError> for OpError {
    fn from(error: BridgeError) -> Self {
        match error {
            BridgeError::Unsupported(text) => Self::ParametersNotSupported(text),
            BridgeError::Invalid(text) => Self::InvalidField(text),
            BridgeError::Missing(text) => Self::InvalidMessage(text),
            BridgeError::OutOfRange(text) => Self::GeneralFailure(text),
            BridgeError::KeyFormat => Self::KeyFormat,
        }
    }
}

impl From<CaError> for OpError {
    fn from(error: CaError) -> Self {
        match error {
            CaError::Invalid(text) => Self::InvalidField(text),
            CaError::Unsupported(text) => Self::FeatureNotSupported(text),
            CaError::Bridge(error) => error.into(),
            CaError::Keyring(error) => error.into(),
        }
    }
}

impl From<KeyringError> for OpError {
    fn from(error: KeyringError) -> Self {
        match error {
            KeyringError::Hsm(error) => Self::Hsm(error),
            KeyringError::Store(error) => error.into(),
        }
    }
}
