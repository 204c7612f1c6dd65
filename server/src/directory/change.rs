//! Changes: on disk first, then in memory, one at a time.

use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};

use kmip_core::ttlv::DateTime;

use super::{Directory, DirectoryError, Issued, Role, ScopeEntry, ScopeOrigin, issued};
use crate::authz::{Housekeeping, RoleName};
use crate::object::Scope;
use crate::store::{Credential, Serial, StoredScope};

impl Directory {
    /// Makes a scope, or changes one that is there: whether no two of its objects may have the same
    /// Name. `None` leaves that as it is, and lets a new scope have unique ones.
    ///
    /// # Errors
    ///
    /// `Declared` if it would be changed, or of the store.
    pub fn put_scope(
        &self,
        scope: &Scope,
        unique_names: Option<bool>,
        now: DateTime,
    ) -> Result<(), DirectoryError> {
        let _changing = self.change();
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
            None => {
                // What is left of a removed one goes with this.
                self.count_removal();
                self.store.add_scope(Housekeeping::new(), &stored, now)?;
                self.entries_mut().insert(scope.clone(), ScopeEntry::made(stored));
            }
        }
        Ok(())
    }

    /// Removes a scope with its roles, and revokes their credentials. No client reaches its objects
    /// from then on; the housekeeping destroys them, and so may the caller:
    /// [`crate::operation::clear_retired`].
    ///
    /// # Errors
    ///
    /// `NoScope`, `Declared`, or of the store.
    pub fn remove_scope(&self, scope: &Scope, now: DateTime) -> Result<(), DirectoryError> {
        let _changing = self.change();
        match self.origin(scope).ok_or(DirectoryError::NoScope)? {
            ScopeOrigin::Declared => return Err(DirectoryError::Declared),
            ScopeOrigin::Made => {}
        }
        self.count_removal();
        self.store.remove_scope(Housekeeping::new(), scope, now)?;
        self.entries_mut().remove(scope);
        self.revoke_where(|one| one.scope == *scope);
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

    /// To be called before the store gives the name free.
    fn count_removal(&self) {
        self.removals.fetch_add(1, Ordering::SeqCst);
    }

    fn revoke_where(&self, is_meant: impl Fn(&Issued) -> bool) {
        let mut known = self.known_mut();
        known.values_mut().filter(|one| is_meant(one)).for_each(|one| one.is_revoked = true);
    }

    fn change(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
