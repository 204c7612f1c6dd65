//! Tokens: made at random, told once, and known by their hash alone.

use std::sync::Arc;
use std::time::Duration;

use kmip_core::ttlv::DateTime;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::access::Policy;
use super::gate::AdminClient;
use crate::authz::Housekeeping;
use crate::clock::Clock;
use crate::config::AdminClientConfig;
use crate::store::{Revocation, StoreError, StoredToken, TokenStore};

/// By what a token is recognised in a text that should not hold one.
const PREFIX: &str = "clv.";
/// Random bytes of a token.
const TOKEN_BYTES: usize = 32;
/// Random bytes of an accessor.
const ACCESSOR_BYTES: usize = 12;
/// For how long a token is made, and to how long it can be renewed, unless it says less.
pub(super) const MAX_TTL: Duration = Duration::from_secs(768 * 3_600);

/// A token in plain text; wiped when dropped, and shown by nothing but [`expose`](Self::expose).
pub struct Secret(Zeroizing<String>);

impl Secret {
    fn random() -> Result<Self, TokenError> {
        let mut bytes = Zeroizing::new([0; TOKEN_BYTES]);
        getrandom::fill(&mut *bytes).map_err(|_| TokenError::Random)?;
        Ok(Self(Zeroizing::new(format!("{PREFIX}{}", *Zeroizing::new(hex::encode(*bytes))))))
    }

    /// A token that another server told.
    #[must_use]
    pub(crate) fn told(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The token itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system gives no randomness.
    #[error("the system gives no random bytes")]
    Random,
}

/// What a new token is to be.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    pub(super) policies: Vec<Policy>,
    /// None for the longest.
    pub(super) ttl: Option<Duration>,
    /// How far it can be renewed; none for the longest.
    pub(super) max_ttl: Option<Duration>,
    pub(super) renewable: bool,
    pub(super) display_name: String,
    pub(super) origin: String,
}

/// Makes tokens, finds them and ends them.
pub(super) struct Tokens {
    store: Arc<dyn TokenStore>,
    clock: Arc<dyn Clock>,
}

impl Tokens {
    pub(super) fn new(store: Arc<dyn TokenStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// The time that decides whether a token has expired.
    pub(super) fn now(&self) -> DateTime {
        self.clock.now()
    }

    /// Finds the token that `text` is, unless it has expired.
    pub(super) fn find(&self, text: &str) -> Result<Option<StoredToken>, StoreError> {
        let hash = hash(text);
        let found = self.store.token_by_hash(Housekeeping::new(), &hash)?;
        let same = |token: &StoredToken| bool::from(token.hash.ct_eq(&hash));
        Ok(found.filter(|token| same(token) && self.is_alive(token)))
    }

    /// Finds a token by its accessor, unless it has expired.
    pub(super) fn by_accessor(&self, accessor: &str) -> Result<Option<StoredToken>, StoreError> {
        let found = self.store.token_by_accessor(Housekeeping::new(), accessor)?;
        Ok(found.filter(|token| self.is_alive(token)))
    }

    pub(super) fn accessors(&self) -> Result<Vec<String>, StoreError> {
        self.store.accessors(Housekeeping::new(), self.now())
    }

    /// Makes a token as a child of `parent`: it ends with it, or before. None if that has ended
    /// meanwhile.
    pub(super) fn make(
        &self,
        wish: &Wish,
        parent: Option<&StoredToken>,
    ) -> Result<Option<(Secret, StoredToken)>, TokenError> {
        let (secret, token) = draft(wish, parent, self.now())?;
        let added = self.store.add_token(Housekeeping::new(), &token)?;
        Ok(added.then_some((secret, token)))
    }

    /// Lets a token live for `increment` more, as far as it may; none for as long as it was made
    /// for. Where that is less than it had, what it made lives no longer either. Returns it as it is
    /// then, or none if it has ended meanwhile.
    pub(super) fn renew(
        &self,
        token: &StoredToken,
        increment: Option<Duration>,
    ) -> Result<Option<StoredToken>, StoreError> {
        let seconds = increment.map_or(i64::from(token.ttl_seconds), seconds);
        let wanted = DateTime(self.now().0.saturating_add(seconds));
        let end = self.store.renew_token(Housekeeping::new(), &token.accessor, wanted)?;
        Ok(end.map(|end| StoredToken { expires_at: Some(end), ..token.clone() }))
    }

    /// Ends a token and all that it made, at once.
    pub(super) fn revoke(&self, accessor: &str) -> Result<(), StoreError> {
        self.store.revoke_tokens(Housekeeping::new(), Revocation::Family(accessor)).map(|_| ())
    }

    /// Whether there ever was a first token.
    pub(super) fn is_initialised(&self) -> Result<bool, StoreError> {
        self.store.is_initialised(Housekeeping::new())
    }

    /// Replaces every token of `root` by a new one.
    pub(super) fn recover(&self, origin: &str) -> Result<Secret, TokenError> {
        recover(&*self.store, origin, self.now())
    }

    /// Forgets tokens that are long gone.
    pub(super) fn forget_expired(&self) -> Result<usize, StoreError> {
        self.store.forget_tokens(Housekeeping::new(), self.now())
    }

    fn is_alive(&self, token: &StoredToken) -> bool {
        token.expires_at.is_none_or(|end| end.0 > self.now().0)
    }
}

/// Makes the first token. `keep` is told it before it is good for anything.
///
/// # Errors
///
/// As `keep`; [`TokenError`]; `Ok(None)` if there was a first token before.
pub fn first<E: From<TokenError>>(
    store: &dyn TokenStore,
    now: DateTime,
    keep: impl FnOnce(&Secret) -> Result<(), E>,
) -> Result<Option<Secret>, E> {
    let failed = |error: StoreError| E::from(TokenError::Store(error));
    if store.is_initialised(Housekeeping::new()).map_err(failed)? {
        return Ok(None);
    }
    let (secret, token) = draft(&root("init"), None, now)?;
    keep(&secret)?;
    let first = store.initialise(Housekeeping::new(), &token).map_err(failed)?;
    Ok(first.then_some(secret))
}

/// Replaces every token of `root`, and all that those made, by a new one.
///
/// # Errors
///
/// [`TokenError`].
pub fn recover(store: &dyn TokenStore, origin: &str, now: DateTime) -> Result<Secret, TokenError> {
    let (secret, token) = draft(&root(origin), None, now)?;
    store.replace_bearers(Housekeeping::new(), &token)?;
    Ok(secret)
}

/// How the origin of a token begins that was made by the bearer of a certificate.
const BY_CERTIFICATE: &str = "auth/token/create by certificate ";
/// What stands in it between the certificate's name and its digest.
const DIGEST: &str = ", sha256 ";

/// The origin of a token that `client` makes.
pub(super) fn origin_of_certificate(client: &AdminClient) -> String {
    format!("{BY_CERTIFICATE}{}{DIGEST}{}", client.name, hex::encode(client.digest))
}

/// Ends the tokens of certificates that are no longer among `clients`, or may no longer do as much
/// there, and all that those tokens made; returns how many such tokens there were.
///
/// # Errors
///
/// [`StoreError`].
pub fn end_those_of_others(
    store: &dyn TokenStore,
    now: DateTime,
    clients: &[AdminClientConfig],
) -> Result<usize, StoreError> {
    let may = |digest: &str, policies: &[String]| {
        let mut known = clients.iter().filter(|it| hex::encode(it.pin.digest()) == digest);
        known.any(|client| {
            let mut policies = policies.iter().filter_map(|name| Policy::named(name));
            policies.all(|policy| client.policy.covers(policy))
        })
    };
    let mut ended = 0;
    for accessor in store.accessors(Housekeeping::new(), now)? {
        let token = store.token_by_accessor(Housekeeping::new(), &accessor)?;
        let Some(token) = token.filter(|it| it.origin.starts_with(BY_CERTIFICATE)) else {
            continue;
        };
        let digest = token.origin.rsplit_once(DIGEST).map_or("", |(_, digest)| digest);
        if !may(digest, &token.policies) {
            store.revoke_tokens(Housekeeping::new(), Revocation::Family(&accessor))?;
            ended += 1;
        }
    }
    Ok(ended)
}

fn root(origin: &str) -> Wish {
    Wish {
        policies: vec![Policy::Root],
        ttl: None,
        max_ttl: None,
        renewable: false,
        display_name: "root".to_owned(),
        origin: origin.to_owned(),
    }
}

fn draft(
    wish: &Wish,
    parent: Option<&StoredToken>,
    now: DateTime,
) -> Result<(Secret, StoredToken), TokenError> {
    let secret = Secret::random()?;
    let mut accessor = [0; ACCESSOR_BYTES];
    getrandom::fill(&mut accessor).map_err(|_| TokenError::Random)?;
    let later = |length: Duration| now.0.saturating_add(seconds(length));
    let limit = parent.and_then(|parent| parent.expires_at).map_or(i64::MAX, |end| end.0);
    // A token of root lives until it is revoked, unless it is told otherwise.
    let endless = wish.policies.contains(&Policy::Root) && wish.ttl.is_none() && limit == i64::MAX;
    let (expires_at, ends_at) = if endless && wish.max_ttl.is_none() {
        (None, None)
    } else {
        let max = wish.max_ttl.unwrap_or(MAX_TTL).min(MAX_TTL);
        let end = later(max).min(limit);
        (Some(later(wish.ttl.unwrap_or(MAX_TTL)).min(end)), Some(end))
    };
    let ttl = expires_at.map_or(0, |end| end.saturating_sub(now.0));
    let token = StoredToken {
        hash: hash(secret.expose()),
        accessor: hex::encode(accessor),
        parent: parent.map(|parent| parent.accessor.clone()),
        policies: wish.policies.iter().map(|policy| policy.name().to_owned()).collect(),
        display_name: wish.display_name.clone(),
        origin: wish.origin.clone(),
        made_at: now,
        ttl_seconds: u32::try_from(ttl).unwrap_or(u32::MAX),
        expires_at: expires_at.map(DateTime),
        ends_at: ends_at.map(DateTime),
        renewable: wish.renewable && expires_at.is_some(),
    };
    Ok((secret, token))
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

fn seconds(length: Duration) -> i64 {
    i64::try_from(length.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
