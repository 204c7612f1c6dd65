//! Scopes, roles and credentials, as the store keeps them. What they mean is the directory's.

use kmip_core::ttlv::DateTime;

use super::{Serial, StoreError};
use crate::authz::{Housekeeping, RoleName};
use crate::object::Scope;

/// A certificate that was issued to a client of a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// SHA-256 of the certificate, by which its bearer is known.
    pub certificate_sha256: [u8; 32],
    /// Its serial number.
    pub serial: Serial,
    /// The scope it opens.
    pub scope: Scope,
    /// The role in that scope.
    pub role: RoleName,
    /// The certificate, in DER.
    pub certificate: Vec<u8>,
    /// When it was issued.
    pub made_at: DateTime,
    /// Until when it is valid.
    pub not_after: DateTime,
    /// When it was revoked, if it was.
    pub revoked_at: Option<DateTime>,
}

/// A scope that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredScope {
    /// Its name.
    pub scope: Scope,
    /// Whether no two of its objects may have the same Name.
    pub unique_names: bool,
}

/// A role as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRole {
    /// Its scope.
    pub scope: Scope,
    /// Its name.
    pub name: RoleName,
    /// What it is, in JSON.
    pub document: String,
}

/// Everything of the directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredDirectory {
    /// The scopes that were made, and not only declared.
    pub scopes: Vec<StoredScope>,
    /// All roles.
    pub roles: Vec<StoredRole>,
    /// All credentials.
    pub credentials: Vec<Credential>,
}

/// Keeps scopes, roles and credentials. Every method is one transaction; what it wrote is on disk
/// when it returns.
///
/// # Errors
///
/// Every method fails with [`StoreError`].
#[allow(clippy::missing_errors_doc)]
pub trait DirectoryStore: Send + Sync {
    /// Reads everything.
    fn directory(&self, housekeeping: Housekeeping) -> Result<StoredDirectory, StoreError>;

    /// Adds a scope; false if it is there. Objects that an earlier one of the name left stay retired.
    fn add_scope(
        &self,
        housekeeping: Housekeeping,
        scope: &StoredScope,
        now: DateTime,
    ) -> Result<bool, StoreError>;

    /// Changes what a scope says; false if it is not there.
    fn change_scope(
        &self,
        housekeeping: Housekeeping,
        scope: &StoredScope,
    ) -> Result<bool, StoreError>;

    /// Number of its objects that are not destroyed, those still being made included.
    fn count_objects(&self, housekeeping: Housekeeping, scope: &Scope) -> Result<u64, StoreError>;

    /// Removes a scope with its roles, and revokes their credentials; false if it was not there. Its
    /// objects pass to a retired scope, whose name no client can bear.
    fn remove_scope(
        &self,
        housekeeping: Housekeeping,
        scope: &Scope,
        now: DateTime,
    ) -> Result<bool, StoreError>;

    /// The retired scopes that have objects which are not destroyed.
    fn retired_scopes(&self, housekeeping: Housekeeping) -> Result<Vec<Scope>, StoreError>;

    /// Adds a role, or replaces it.
    fn put_role(&self, housekeeping: Housekeeping, role: &StoredRole) -> Result<(), StoreError>;

    /// Removes a role and revokes its credentials; false if it was not there.
    fn remove_role(
        &self,
        housekeeping: Housekeeping,
        scope: &Scope,
        role: &RoleName,
        now: DateTime,
    ) -> Result<bool, StoreError>;

    /// Adds a credential; `IdentifierTaken` if there is one of its serial number.
    fn add_credential(
        &self,
        housekeeping: Housekeeping,
        credential: &Credential,
    ) -> Result<(), StoreError>;

    /// Finds a credential by its serial number.
    fn credential(
        &self,
        housekeeping: Housekeeping,
        serial: &Serial,
    ) -> Result<Option<Credential>, StoreError>;

    /// The credentials of a role, expired and revoked ones too, the oldest first.
    fn credentials_of(
        &self,
        housekeeping: Housekeeping,
        scope: &Scope,
        role: &RoleName,
    ) -> Result<Vec<Credential>, StoreError>;

    /// Every credential that is revoked and was not expired before `now`, the oldest first.
    fn revoked_credentials(
        &self,
        housekeeping: Housekeeping,
        now: DateTime,
    ) -> Result<Vec<Credential>, StoreError>;

    /// Revokes a credential; false if it is none, or revoked already.
    fn revoke_credential(
        &self,
        housekeeping: Housekeeping,
        serial: &Serial,
        now: DateTime,
    ) -> Result<bool, StoreError>;

    /// Forgets credentials that expired before `date`; returns how many.
    fn forget_credentials(
        &self,
        housekeeping: Housekeeping,
        date: DateTime,
    ) -> Result<usize, StoreError>;
}
