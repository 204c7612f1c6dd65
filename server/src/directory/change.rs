//! Changes: on disk first, then in memory, one at a time.

use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};

use kmip_core::ttlv::DateTime;

use super::{Departed, Directory, DirectoryError, Issued, Role, ScopeEntry, ScopeOrigin, issued};
use crate::authz::{Housekeeping, RoleName};
use crate::object::Scope;
use crate::store::{Credential, Serial, StoreError, StoredScope};

/// How long a credential is kept after it has expired: 30 days.
const KEPT_SECONDS: i64 = 30 * 86_400;

impl Directory {
    /// Makes a scope, or changes one that is there: whether no two of its objects may have the same
    /// Name. `None` leaves that as it is, and lets a new scope have unique ones.
    ///
    /// # Errors
    ///
    /// `Declared` if it would be changed, `Undeclared` if an earlier one of this name left something,
    /// or of the store.
    pub fn put_scope(
        &self,
        scope: &Scope,
        unique_names: Option<bool>,
        now: DateTime,
    ) -> Result<(), DirectoryError> {
        let mut departed = self.change();
        let there = self.origin(scope);
        let is = there.map(|_| self.rules(scope).unique_names);
        let to = unique_names.or(is).unwrap_or(true);
        if is == Some(to) {
            return Ok(());
        }
        let stored = StoredScope { scope: scope.clone(), unique_names: to };
        match there {
            Some(ScopeOrigin::Declared) => return Err(DirectoryError::Declared),
            Some(ScopeOrigin::Made) => {
                self.store.change_scope(Housekeeping::new(), &stored)?;
                if let Some(entry) = self.entries_mut().get_mut(scope) {
                    entry.change(stored);
                }
            }
            None if self.is_undeclared(&departed, scope)? => {
                return Err(DirectoryError::Undeclared);
            }
            None => {
                // What is left of a removed one goes with this.
                self.count_removal();
                self.store.add_scope(Housekeeping::new(), &stored, now)?;
                self.entries_mut().insert(scope.clone(), ScopeEntry::made(stored));
                departed.removed.remove(scope);
            }
        }
        Ok(())
    }

    /// Whether the scope is not there, but was declared in the configuration once and has objects or
    /// roles of that time, which wait until it is declared again.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn has_remains(&self, scope: &Scope) -> Result<bool, StoreError> {
        let departed = self.change();
        Ok(self.origin(scope).is_none() && self.is_undeclared(&departed, scope)?)
    }

    fn is_undeclared(&self, departed: &Departed, scope: &Scope) -> Result<bool, StoreError> {
        if departed.removed.contains(scope) {
            return Ok(false);
        }
        Ok(departed.undeclared.contains(scope) || self.objects(scope)? > 0)
    }

    /// Removes a scope with its roles, and revokes their credentials; of one that is declared no more,
    /// what it left. No client reaches its objects from then on; the housekeeping destroys them, and
    /// so may the caller: [`crate::operation::clear_retired`].
    ///
    /// # Errors
    ///
    /// `NoScope`, `Declared`, or of the store.
    pub fn remove_scope(&self, scope: &Scope, now: DateTime) -> Result<(), DirectoryError> {
        let mut departed = self.change();
        match self.origin(scope) {
            Some(ScopeOrigin::Declared) => return Err(DirectoryError::Declared),
            Some(ScopeOrigin::Made) => {}
            None if self.is_undeclared(&departed, scope)? => {}
            None => return Err(DirectoryError::NoScope),
        }
        self.count_removal();
        self.store.remove_scope(Housekeeping::new(), scope, now)?;
        self.entries_mut().remove(scope);
        self.revoke_where(|one| one.scope == *scope);
        departed.undeclared.remove(scope);
        departed.removed.insert(scope.clone());
        Ok(())
    }

    /// Adds a role to a scope, or replaces it; the clients it has are under it from then on.
    ///
    /// # Errors
    ///
    /// `NoScope`, or of the store.
    pub fn put_role(&self, role: Role) -> Result<(), DirectoryError> {
        let _changing = self.change();
        if self.origin(&role.scope).is_none() {
            return Err(DirectoryError::NoScope);
        }
        self.store.put_role(Housekeeping::new(), &role.to_stored())?;
        if let Some(entry) = self.entries_mut().get_mut(&role.scope) {
            entry.put(role);
        }
        Ok(())
    }

    /// Removes a role and revokes its credentials, for good: they do not come back with a role of
    /// the same name.
    ///
    /// # Errors
    ///
    /// `NoScope`, `NoRole`, or of the store.
    pub fn remove_role(
        &self,
        scope: &Scope,
        role: &RoleName,
        now: DateTime,
    ) -> Result<(), DirectoryError> {
        let _changing = self.change();
        self.require(scope, role)?;
        self.store.remove_role(Housekeeping::new(), scope, role, now)?;
        if let Some(entry) = self.entries_mut().get_mut(scope) {
            entry.roles.remove(role);
        }
        self.revoke_where(|one| one.scope == *scope && one.role == *role);
        Ok(())
    }

    /// Notes that a certificate was issued; from then on it opens its scope.
    ///
    /// # Errors
    ///
    /// `NoScope`, `NoRole`, or of the store: `IdentifierTaken` for a serial number given before.
    pub fn add_credential(&self, credential: &Credential) -> Result<(), DirectoryError> {
        let _changing = self.change();
        self.require(&credential.scope, &credential.role)?;
        self.store.add_credential(Housekeeping::new(), credential)?;
        self.known_mut().insert(credential.certificate_sha256, issued(credential));
        Ok(())
    }

    /// Revokes a credential of a role; one that is revoked stays so.
    ///
    /// # Errors
    ///
    /// `NoScope`, `NoRole`, `NoCredential`, or of the store.
    pub fn revoke_credential(
        &self,
        scope: &Scope,
        role: &RoleName,
        serial: &Serial,
        now: DateTime,
    ) -> Result<(), DirectoryError> {
        let _changing = self.change();
        let found = self.credential(scope, role, serial)?;
        self.store.revoke_credential(Housekeeping::new(), serial, now)?;
        if let Some(known) = self.known_mut().get_mut(&found.certificate_sha256) {
            known.is_revoked = true;
        }
        Ok(())
    }

    /// Forgets credentials that expired a while before `now`: until then they are listed, for whoever
    /// wonders why a client is not let in. Returns how many.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn forget_expired(&self, now: DateTime) -> Result<usize, StoreError> {
        let date = DateTime(now.0.saturating_sub(KEPT_SECONDS));
        let _changing = self.change();
        if self.known().values().all(|one| one.not_after >= date) {
            return Ok(0);
        }
        let forgotten = self.store.forget_credentials(Housekeeping::new(), date)?;
        self.known_mut().retain(|_, one| one.not_after >= date);
        Ok(forgotten)
    }

    /// To be called before the store gives the name free.
    fn count_removal(&self) {
        self.removals.fetch_add(1, Ordering::SeqCst);
    }

    fn revoke_where(&self, is_meant: impl Fn(&Issued) -> bool) {
        let mut known = self.known_mut();
        known.values_mut().filter(|one| is_meant(one)).for_each(|one| one.is_revoked = true);
    }

    fn change(&self) -> MutexGuard<'_, Departed> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
