//! Scopes, roles and credentials: who a client is, and what that allows at this moment.
//!
//! Kept by the store and answered from memory: every request asks anew, so that what is revoked or
//! removed has no effect from then on, whatever connections are open.

mod change;
mod error;
mod role;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use kmip_core::ttlv::DateTime;
use kmip_core::types::Operation;

pub use error::{DirectoryError, NotAdmitted};
pub use role::{ClientKey, Role};

use crate::authz::{Housekeeping, RoleName, Rules, Subject};
use crate::identity::{Origin, Principal};
use crate::object::Scope;
use crate::store::{Credential, DirectoryStore, Serial, StoreError, StoredScope};

/// A scope that the configuration declares, with what clients may do whose certificate names it and
/// no role.
#[derive(Clone, Debug)]
pub struct DeclaredScope {
    /// Its name.
    pub scope: Scope,
    /// What they may do.
    pub rules: Rules,
}

/// Where a scope comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeOrigin {
    /// The configuration declares it: only there can it be changed.
    Declared,
    /// The administration interface made it.
    Made,
}

/// Scopes, roles and credentials.
pub struct Directory {
    store: Arc<dyn DirectoryStore>,
    scopes: RwLock<BTreeMap<Scope, ScopeEntry>>,
    issued: RwLock<HashMap<[u8; 32], Issued>>,
    /// Held while store and memory are changed together.
    changing: Mutex<Departed>,
    /// How often objects have been taken from the name of a scope.
    removals: AtomicU64,
}

/// Scopes that are not there any more, and of which the store may still have something.
#[derive(Debug, Default)]
struct Departed {
    /// Removed in this run: a request that was under way then may have left objects, which nobody
    /// is to come by.
    removed: HashSet<Scope>,
    /// With roles, from a time when the configuration declared them.
    undeclared: HashSet<Scope>,
}

struct ScopeEntry {
    origin: ScopeOrigin,
    /// Clients whose certificate names the scope and no role.
    own: Arc<Subject>,
    roles: BTreeMap<RoleName, RoleEntry>,
}

struct RoleEntry {
    role: Arc<Role>,
    subject: Arc<Subject>,
}

/// What is known of an issued certificate without asking the store.
#[derive(Clone, Debug)]
struct Issued {
    scope: Scope,
    role: RoleName,
    not_after: DateTime,
    is_revoked: bool,
}

impl ScopeEntry {
    fn new(scope: Scope, origin: ScopeOrigin, rules: Rules) -> Self {
        Self { origin, own: Arc::new(Subject::new(scope, None, rules)), roles: BTreeMap::new() }
    }

    fn made(scope: StoredScope) -> Self {
        let rules = Rules { unique_names: scope.unique_names, ..Rules::default() };
        Self::new(scope.scope, ScopeOrigin::Made, rules)
    }

    /// Has the scope say this from now on, and with it the roles it has.
    fn change(&mut self, to: StoredScope) {
        let roles = std::mem::take(&mut self.roles);
        *self = Self::made(to);
        for entry in roles.into_values() {
            self.put(Arc::unwrap_or_clone(entry.role));
        }
    }

    fn put(&mut self, role: Role) {
        let unique_names = self.own.rules().unique_names;
        let rules = Rules { unique_names, ..role.rules.clone() };
        let subject = Subject::new(role.scope.clone(), Some(role.name.clone()), rules);
        let name = role.name.clone();
        self.roles.insert(name, RoleEntry { role: Arc::new(role), subject: Arc::new(subject) });
    }
}

impl Directory {
    /// The directory of these scopes and of what `store` keeps. A scope that is declared and was
    /// made, too, is a declared one, with the roles that were made in it.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; `Corrupt` for a role that cannot be read.
    pub fn open(
        declared: impl IntoIterator<Item = DeclaredScope>,
        store: Arc<dyn DirectoryStore>,
    ) -> Result<Self, StoreError> {
        let kept = store.directory(Housekeeping::new())?;
        let made = |kept: StoredScope| (kept.scope.clone(), ScopeEntry::made(kept));
        let mut scopes: BTreeMap<_, _> = kept.scopes.into_iter().map(made).collect();
        for DeclaredScope { scope, rules } in declared {
            let entry = ScopeEntry::new(scope.clone(), ScopeOrigin::Declared, rules);
            scopes.insert(scope, entry);
        }
        let mut departed = Departed::default();
        for stored in &kept.roles {
            let unreadable = || StoreError::Corrupt(format!("role {}", stored.name));
            let role = Role::from_stored(stored).ok_or_else(unreadable)?;
            // Those of a scope that is declared no more wait until it is again.
            match scopes.get_mut(&stored.scope) {
                Some(entry) => entry.put(role),
                None => {
                    departed.undeclared.insert(stored.scope.clone());
                }
            }
        }
        let issued = kept.credentials.into_iter().map(|one| (one.certificate_sha256, issued(&one)));
        Ok(Self {
            scopes: RwLock::new(scopes),
            issued: RwLock::new(issued.collect()),
            store,
            changing: Mutex::new(departed),
            removals: AtomicU64::new(0),
        })
    }

    /// What the client may do now; `now` is the server's time.
    ///
    /// # Errors
    ///
    /// [`NotAdmitted`].
    pub fn subject(
        &self,
        principal: &Principal,
        now: DateTime,
    ) -> Result<Arc<Subject>, NotAdmitted> {
        if principal.not_after < now {
            return Err(NotAdmitted::Expired);
        }
        match principal.origin {
            Origin::Mapped => {
                let scope = Scope::new(principal.scope.as_str());
                self.subject_of(&scope, principal.role.as_ref())
            }
            Origin::Issued => {
                let (scope, role) = self.bearer(&principal.certificate_sha256)?;
                self.subject_of(&scope, Some(&role))
            }
        }
    }

    /// The scope and role of an issued certificate that is not revoked.
    ///
    /// # Errors
    ///
    /// `Unknown`, `Revoked`.
    pub fn bearer(&self, certificate_sha256: &[u8; 32]) -> Result<(Scope, RoleName), NotAdmitted> {
        let known = self.known();
        let found = known.get(certificate_sha256).ok_or(NotAdmitted::Unknown)?;
        if found.is_revoked {
            return Err(NotAdmitted::Revoked);
        }
        Ok((found.scope.clone(), found.role.clone()))
    }

    fn subject_of(
        &self,
        scope: &Scope,
        role: Option<&RoleName>,
    ) -> Result<Arc<Subject>, NotAdmitted> {
        let scopes = self.entries();
        let entry = scopes.get(scope).ok_or(NotAdmitted::NoScope)?;
        let subject = match role {
            None => &entry.own,
            Some(role) => &entry.roles.get(role).ok_or(NotAdmitted::NoRole)?.subject,
        };
        Ok(Arc::clone(subject))
    }

    /// Clients whose certificate names the scope and no role; none for a scope that is not there.
    #[must_use]
    pub fn own_subject(&self, scope: &Scope) -> Option<Arc<Subject>> {
        self.subject_of(scope, None).ok()
    }

    /// The server itself, reading an object of the scope for those who are told of it.
    #[must_use]
    pub fn messenger(&self, scope: &Scope) -> Option<Arc<Subject>> {
        let own = self.own_subject(scope)?;
        let operations = [Operation::Get, Operation::GetAttributes].into_iter().collect();
        let rules = Rules { operations, requests_per_second: None, ..Rules::clone(own.rules()) };
        Some(Arc::new(Subject::new(scope.clone(), None, rules)))
    }

    /// The rules of the scope itself; those of one that is not there allow nothing.
    #[must_use]
    pub fn rules(&self, scope: &Scope) -> Arc<Rules> {
        self.own_subject(scope).map(|own| Arc::clone(own.rules())).unwrap_or_default()
    }

    /// How often objects have been taken from the name of a scope since the start. Those that are found
    /// under a name stand in no connection with any that were before the number changed.
    #[must_use]
    pub fn removals(&self) -> u64 {
        self.removals.load(Ordering::SeqCst)
    }

    /// All scopes, by name.
    #[must_use]
    pub fn scopes(&self) -> Vec<Scope> {
        self.entries().keys().cloned().collect()
    }

    /// Where a scope comes from; none if it is not there.
    #[must_use]
    pub fn origin(&self, scope: &Scope) -> Option<ScopeOrigin> {
        self.entries().get(scope).map(|entry| entry.origin)
    }

    /// The roles of a scope, by name; none if it is not there.
    #[must_use]
    pub fn roles(&self, scope: &Scope) -> Option<Vec<RoleName>> {
        self.entries().get(scope).map(|entry| entry.roles.keys().cloned().collect())
    }

    /// A role of a scope.
    #[must_use]
    pub fn role(&self, scope: &Scope, role: &RoleName) -> Option<Arc<Role>> {
        let scopes = self.entries();
        Some(Arc::clone(&scopes.get(scope)?.roles.get(role)?.role))
    }

    /// The credentials of a role, expired and revoked ones too, the oldest first.
    ///
    /// # Errors
    ///
    /// `NoScope`, `NoRole`, or of the store.
    pub fn credentials(
        &self,
        scope: &Scope,
        role: &RoleName,
    ) -> Result<Vec<Credential>, DirectoryError> {
        self.require(scope, role)?;
        Ok(self.store.credentials_of(Housekeeping::new(), scope, role)?)
    }

    /// A credential of a role.
    ///
    /// # Errors
    ///
    /// `NoScope`, `NoRole`, `NoCredential`, or of the store.
    pub fn credential(
        &self,
        scope: &Scope,
        role: &RoleName,
        serial: &Serial,
    ) -> Result<Credential, DirectoryError> {
        self.require(scope, role)?;
        let found = self.store.credential(Housekeeping::new(), serial)?;
        let found = found.filter(|one| one.scope == *scope && one.role == *role);
        found.ok_or(DirectoryError::NoCredential)
    }

    /// How many objects a scope has that are not destroyed.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn objects(&self, scope: &Scope) -> Result<u64, StoreError> {
        self.store.count_objects(Housekeeping::new(), scope)
    }

    /// Scopes that were removed and have objects yet to be destroyed, under the names they have now.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn retired_scopes(&self) -> Result<Vec<Scope>, StoreError> {
        self.store.retired_scopes(Housekeeping::new())
    }

    /// Every credential that is revoked and not yet expired at `now`.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn revoked(&self, now: DateTime) -> Result<Vec<Credential>, StoreError> {
        self.store.revoked_credentials(Housekeeping::new(), now)
    }

    fn require(&self, scope: &Scope, role: &RoleName) -> Result<(), DirectoryError> {
        let roles = self.roles(scope).ok_or(DirectoryError::NoScope)?;
        if roles.contains(role) { Ok(()) } else { Err(DirectoryError::NoRole) }
    }

    fn entries(&self) -> RwLockReadGuard<'_, BTreeMap<Scope, ScopeEntry>> {
        self.scopes.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn entries_mut(&self) -> RwLockWriteGuard<'_, BTreeMap<Scope, ScopeEntry>> {
        self.scopes.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self) -> RwLockReadGuard<'_, HashMap<[u8; 32], Issued>> {
        self.issued.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn known_mut(&self) -> RwLockWriteGuard<'_, HashMap<[u8; 32], Issued>> {
        self.issued.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn issued(credential: &Credential) -> Issued {
    Issued {
        scope: credential.scope.clone(),
        role: credential.role.clone(),
        not_after: credential.not_after,
        is_revoked: credential.revoked_at.is_some(),
    }
}

#[cfg(test)]
mod tests;
