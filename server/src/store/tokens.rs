//! Tokens of the administration interface, as the store keeps them: never the token, only its hash.

use kmip_core::ttlv::DateTime;

use super::StoreError;
use crate::authz::Housekeeping;

/// A token of the administration interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredToken {
    /// SHA-256 of the token.
    pub hash: [u8; 32],
    /// By what it is named without being told.
    pub accessor: String,
    /// Accessor of the token that made it; none for one that stands alone.
    pub parent: Option<String>,
    /// Names of its policies.
    pub policies: Vec<String>,
    /// What its maker calls it.
    pub display_name: String,
    /// What made it: a path of the interface, or a command.
    pub origin: String,
    /// When it was made.
    pub made_at: DateTime,
    /// Seconds for which it was made; 0 for one without an end.
    pub ttl_seconds: u32,
    /// When it ends, if it does.
    pub expires_at: Option<DateTime>,
    /// The date beyond which nothing renews it, if there is one.
    pub ends_at: Option<DateTime>,
    /// Whether it can be renewed.
    pub renewable: bool,
}

/// Which tokens are revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation<'a> {
    /// The one with this accessor, and all that it made, however far down.
    Family(&'a str),
    /// Every one that bears this policy, and all that they made.
    Bearers(&'a str),
}

/// Keeps tokens. Every method is one transaction, on disk when it returns.
///
/// # Errors
///
/// Every method fails with [`StoreError`].
#[allow(clippy::missing_errors_doc)]
pub trait TokenStore: Send + Sync {
    /// Finds a token by its hash, expired or not.
    fn token_by_hash(
        &self,
        housekeeping: Housekeeping,
        hash: &[u8; 32],
    ) -> Result<Option<StoredToken>, StoreError>;

    /// Finds a token by its accessor, expired or not.
    fn token_by_accessor(
        &self,
        housekeeping: Housekeeping,
        accessor: &str,
    ) -> Result<Option<StoredToken>, StoreError>;

    /// The accessors of all tokens that have not expired at `now`.
    fn accessors(
        &self,
        housekeeping: Housekeeping,
        now: DateTime,
    ) -> Result<Vec<String>, StoreError>;

    /// Adds a token; false, and nothing is done, if it has a parent that is gone or may end first.
    fn add_token(
        &self,
        housekeeping: Housekeeping,
        token: &StoredToken,
    ) -> Result<bool, StoreError>;

    /// Moves the end of a token, as far as it may go, and lets nothing that it made live longer.
    /// Returns when it ends; none if there is none of that accessor.
    fn renew_token(
        &self,
        housekeeping: Housekeeping,
        accessor: &str,
        expires_at: DateTime,
    ) -> Result<Option<DateTime>, StoreError>;

    /// Revokes tokens; returns how many there were.
    fn revoke_tokens(
        &self,
        housekeeping: Housekeeping,
        which: Revocation<'_>,
    ) -> Result<usize, StoreError>;

    /// Adds the first token, and notes that there is one; false, and nothing is done, if that was
    /// noted before.
    fn initialise(
        &self,
        housekeeping: Housekeeping,
        root: &StoredToken,
    ) -> Result<bool, StoreError>;

    /// Whether [`initialise`](Self::initialise) has succeeded before.
    fn is_initialised(&self, housekeeping: Housekeeping) -> Result<bool, StoreError>;

    /// Replaces every token that bears one of its policies, and all that those made, by `root`.
    fn replace_bearers(
        &self,
        housekeeping: Housekeeping,
        root: &StoredToken,
    ) -> Result<(), StoreError>;

    /// Forgets tokens that expired before `date`; returns how many.
    fn forget_tokens(
        &self,
        housekeeping: Housekeeping,
        date: DateTime,
    ) -> Result<usize, StoreError>;
}
