//! Certificates: what they say, who signs them, and whether they hold.
//!
//! Knows X.509 and the token, and no operation: Certify, Re-certify and Validate are built on it.

pub mod algorithm;
mod authority;
mod contents;
mod issue;
mod read;
mod request;
mod validate;
mod wishes;
pub mod x509;

pub use authority::{Authority, AuthorityRules, BACKDATE_SECONDS, Root, days, serial};
pub use contents::Contents;
pub(crate) use contents::extension;
pub use issue::{
    Draft, Issuer, Signer, TokenSigner, Unsigned, default_algorithm, key_identifier, prepare, time,
};
pub use read::{ReadCertificate, is_signed_by};
pub use request::{Request, RequestForm, proven_key};
pub use validate::{Verdict, validate};
pub use wishes::{Wishes, common_name, is_wish, name_of, of_mask, parameters_of};

use hsm_backend::HsmError;

use crate::bridge::BridgeError;
use crate::keyring::KeyringError;
use crate::store::StoreError;

/// Why there is no certificate. The texts may reach the client.
#[derive(Debug, thiserror::Error)]
pub enum CaError {
    /// What is asked for, or what was given, cannot be.
    #[error("{0}")]
    Invalid(&'static str),
    /// Legal, but nothing we do.
    #[error("{0}")]
    Unsupported(&'static str),
    /// KMIP's words have no counterpart.
    #[error(transparent)]
    Bridge(#[from] BridgeError),
    /// The token or the store failed.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
}

impl From<HsmError> for CaError {
    fn from(error: HsmError) -> Self {
        Self::Keyring(error.into())
    }
}

impl From<StoreError> for CaError {
    fn from(error: StoreError) -> Self {
        Self::Keyring(error.into())
    }
}

impl From<der::Error> for CaError {
    fn from(_: der::Error) -> Self {
        Self::Invalid("the certificate would hold what DER cannot say")
    }
}
