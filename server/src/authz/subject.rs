//! Who asks: the part of a principal that policy looks at.

use std::fmt;
use std::sync::Arc;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use super::{Rules, is_name};
use crate::object::Scope;

/// Name of a role: 1 to 64 of `A-Z a-z 0-9 . _ -`, but neither `.` nor `..`. It names the role inside its
/// scope only.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoleName(Arc<str>);

impl RoleName {
    /// Reads a name; `None` if it is not 1 to 64 of the allowed characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        is_name(text).then(|| Self(text.into()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A role, as its clients bear it: all of them share one subject.
pub struct Subject {
    scope: Scope,
    role: Option<RoleName>,
    rules: Arc<Rules>,
    rate: Option<DefaultDirectRateLimiter>,
}

impl Subject {
    /// The clients of `role` in `scope`; of no role: those whose certificate names the scope alone.
    #[must_use]
    pub fn new(scope: Scope, role: Option<RoleName>, rules: Rules) -> Self {
        let quota = rules.requests_per_second.map(Quota::per_second);
        Self { scope, role, rules: Arc::new(rules), rate: quota.map(RateLimiter::direct) }
    }

    /// The scope it works in.
    #[must_use]
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Its role, if it has one.
    #[must_use]
    pub const fn role(&self) -> Option<&RoleName> {
        self.role.as_ref()
    }

    /// What it may do.
    #[must_use]
    pub const fn rules(&self) -> &Arc<Rules> {
        &self.rules
    }

    /// Takes one request off the role's rate; false if there have been too many.
    #[must_use]
    pub fn is_within_rate(&self) -> bool {
        self.rate.as_ref().is_none_or(|rate| rate.check().is_ok())
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scope, role, rules, rate: _ } = self;
        f.debug_struct("Subject")
            .field("scope", scope)
            .field("role", role)
            .field("rules", rules)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZero;

    use super::*;

    #[test]
    fn rate_lets_a_burst_through_and_no_more() {
        let free = Subject::new(Scope::new("s"), None, Rules::default());
        assert!((0..1_000).all(|_| free.is_within_rate()));
        let rules = Rules { requests_per_second: NonZero::new(1), ..Rules::default() };
        let slow = Subject::new(Scope::new("s"), RoleName::parse("r"), rules);
        let through = (0..100).filter(|_| slow.is_within_rate()).count();
        assert!((1..100).contains(&through), "{through} in one go");
    }

    #[test]
    fn role_name_is_checked() {
        assert!(RoleName::parse("admin-1.x_Y").is_some() && RoleName::parse("...").is_some());
        for text in ["", "a b", "a/b", "ä", ".", "..", &"x".repeat(65)] {
            assert!(RoleName::parse(text).is_none(), "{text:?}");
        }
    }
}
