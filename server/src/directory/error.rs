//! What goes wrong with scopes, roles and credentials.

use crate::store::StoreError;

/// Why a client that was let in may do nothing now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAdmitted {
    /// Its certificate is none of those issued.
    #[error("the certificate was never issued")]
    Unknown,
    /// Its certificate is revoked.
    #[error("the certificate is revoked")]
    Revoked,
    /// Its certificate has expired.
    #[error("the certificate has expired")]
    Expired,
    /// Its scope is gone.
    #[error("the scope is gone")]
    NoScope,
    /// Its role is gone.
    #[error("the role is gone")]
    NoRole,
}

/// Why the directory is not changed.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// There is no such scope.
    #[error("there is no such scope")]
    NoScope,
    /// There is no such role in the scope.
    #[error("there is no such role")]
    NoRole,
    /// There is no such credential of the role.
    #[error("there is no such credential")]
    NoCredential,
    /// The scope is declared in the configuration.
    #[error("the scope is declared in the configuration, and can be changed only there")]
    Declared,
    /// It would be made over what an earlier one of this name left.
    #[error(
        "an earlier scope of this name left objects or roles: declare it in the configuration to \
         have them, or delete it with force=true to destroy them"
    )]
    Undeclared,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
