//! The choke point: who may do what. Pure: no store, no token, no I/O.
//!
//! [`authorize`] is the only maker of a [`Grant`], and the store hands out no object without one.

mod grants;
mod name;
mod operations;
mod rules;
mod subject;

use std::sync::Arc;

use kmip_core::types::Operation;

use crate::object::Scope;

pub use grants::{Grants, asked, grant_of, of_grant};
pub use name::{NAME_RULE, is_name};
pub use operations::Operations;
pub use rules::{Algorithms, Rules, algorithm_named};
pub use subject::{RoleName, Subject};

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
    /// Changes attributes or state: of an object, or of the token's random number generator.
    Manage,
    /// Uses the key.
    Use,
}

impl Action {
    /// Whether it changes something, or uses or gives away a secret: then it is on record before it
    /// is done.
    #[must_use]
    pub const fn has_effect(self) -> bool {
        match self {
            Self::Create | Self::Export | Self::Manage | Self::Use => true,
            Self::Open | Self::Read => false,
        }
    }
}

/// Proof that a subject may carry out one operation in one scope.
#[derive(Clone, Debug)]
pub struct Grant {
    scope: Scope,
    operation: Operation,
    action: Action,
    rules: Arc<Rules>,
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

    /// The rules of the role that it was given to.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Whether new keys may be made readable, and readable ones read.
    #[must_use]
    pub fn may_export(&self) -> bool {
        self.rules.export
    }
}

/// The subject may not do this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{operation:?} is not granted")]
pub struct Denied {
    /// What was asked for.
    pub operation: Operation,
}

/// Decides whether `subject` may carry out `operation`: if its role grants it by name.
///
/// # Errors
///
/// [`Denied`] for whatever is not granted.
pub fn authorize(subject: &Subject, operation: Operation, action: Action) -> Result<Grant, Denied> {
    let rules = subject.rules();
    if !rules.operations.contains(operation) {
        return Err(Denied { operation });
    }
    Ok(Grant { scope: subject.scope().clone(), operation, action, rules: Arc::clone(rules) })
}

/// The grant of the operator on this machine, who may open the administration socket: to manage the
/// objects of any scope, not to read or use their keys. `rules` are the scope's.
pub(crate) fn operator(scope: &Scope, rules: &Rules) -> Grant {
    Grant {
        scope: scope.clone(),
        operation: Operation::ModifyAttribute,
        action: Action::Manage,
        rules: Arc::new(Rules { export: false, ..rules.clone() }),
    }
}

/// The server acting for itself: start-up, reconciler, directory.
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

    fn granting(operations: Operations) -> Subject {
        Subject::new(Scope::new("s"), None, Rules { operations, ..Rules::default() })
    }

    #[test]
    fn authorize_denies_what_the_role_does_not_name() {
        let subject = granting([Operation::Get].into_iter().collect());
        let grant = authorize(&subject, Operation::Get, Action::Export).unwrap();
        assert_eq!(grant.scope().as_str(), "s");
        let denied = authorize(&subject, Operation::Destroy, Action::Manage);
        assert_eq!(denied.unwrap_err(), Denied { operation: Operation::Destroy });
    }

    #[test]
    fn authorize_denies_everything_by_default() {
        let nobody = granting(Operations::NONE);
        assert!(authorize(&nobody, Operation::Query, Action::Open).is_err());
        assert!(authorize(&nobody, Operation::DiscoverVersions, Action::Open).is_err());
    }

    #[test]
    fn operator_never_exports() {
        let rules = Rules { export: true, ..Rules::default() };
        assert!(!operator(&Scope::new("s"), &rules).may_export());
    }
}
