//! The choke point: who may do what. Pure: no store, no token, no I/O.
//!
//! [`authorize`] is the only maker of a [`Grant`], and the store hands out no object without one.

use kmip_core::types::Operation;

use crate::object::Scope;

/// What an operation does to an object, as policy sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Needs no object: Query, Discover Versions, Hash, random numbers.
    Open,
    /// Makes an object.
    Create,
    /// Reads attributes, or finds objects.
    Read,
    /// Reads the value of an object.
    Export,
    /// Changes attributes or state.
    Manage,
    /// Uses the key.
    Use,
}

/// Who asks: the part of a principal that policy looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The scope the client's certificate belongs to.
    pub scope: Scope,
    /// Whether that scope's clients may read key values that are not locked away.
    pub may_export: bool,
}

/// Proof that a subject may carry out one operation in one scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    scope: Scope,
    operation: Operation,
    action: Action,
    may_export: bool,
}

impl Grant {
    /// The scope it is good for.
    #[must_use]
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The operation it is good for.
    #[must_use]
    pub const fn operation(&self) -> Operation {
        self.operation
    }

    /// What the operation does.
    #[must_use]
    pub const fn action(&self) -> Action {
        self.action
    }

    /// Whether new keys may be made readable, and readable ones read.
    #[must_use]
    pub const fn may_export(&self) -> bool {
        self.may_export
    }
}

/// The subject may not do this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{operation:?} is not granted")]
pub struct Denied {
    /// What was asked for.
    pub operation: Operation,
}

/// Decides whether `subject` may carry out `operation`.
///
/// # Errors
///
/// [`Denied`]; in this version every operation that is served is granted inside the own scope.
pub fn authorize(subject: &Subject, operation: Operation, action: Action) -> Result<Grant, Denied> {
    if subject.scope.as_str().is_empty() && action != Action::Open {
        return Err(Denied { operation });
    }
    Ok(Grant { scope: subject.scope.clone(), operation, action, may_export: subject.may_export })
}

/// The grant of the operator on this machine, who may open the administration socket: to manage the
/// objects of any scope, not to read or use their keys.
pub(crate) fn operator(scope: &Scope) -> Grant {
    Grant {
        scope: scope.clone(),
        operation: Operation::ModifyAttribute,
        action: Action::Manage,
        may_export: false,
    }
}

/// The server acting for itself: start-up, reconciler.
#[derive(Clone, Copy, Debug)]
pub struct Housekeeping(());

impl Housekeeping {
    /// Only the application's wiring makes one; no request path reaches it.
    pub(crate) const fn new() -> Self {
        Self(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorize_denies_a_subject_without_scope_all_but_open_operations() {
        let nobody = Subject { scope: Scope::new(""), may_export: false };
        assert!(authorize(&nobody, Operation::Query, Action::Open).is_ok());
        assert!(authorize(&nobody, Operation::Get, Action::Export).is_err());
    }
}
