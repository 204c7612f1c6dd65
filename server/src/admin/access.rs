//! Who may do what through the administration interface: policies, and what each is good for.
//!
//! One table. None of its rights reaches the value of a key.

/// A named set of rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Everything. Whoever bears it may make others that do.
    Root,
    /// Everything but tokens of `root`.
    Admin,
    /// Keys and where they live; sees everything but tokens and the audit log.
    Operator,
    /// Sees everything, and changes nothing.
    Auditor,
}

impl Policy {
    /// All of them, the mightiest first.
    pub const ALL: [Self; 4] = [Self::Root, Self::Admin, Self::Operator, Self::Auditor];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Admin => "admin",
            Self::Operator => "operator",
            Self::Auditor => "auditor",
        }
    }

    /// The policy of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.name() == name)
    }

    /// Whether it is good for `access` to `area`.
    #[must_use]
    pub fn allows(self, area: Area, access: Access) -> bool {
        let (_, rights) = MATRIX.iter().find(|(row, _)| *row == area).unwrap_or(&NOTHING);
        let [root, admin, operator, auditor] = *rights;
        let right = match self {
            Self::Root => root,
            Self::Admin => admin,
            Self::Operator => operator,
            Self::Auditor => auditor,
        };
        match access {
            Access::See => right != No,
            Access::Change => right == Change,
        }
    }

    /// Whether every right of `other` is a right of this one, and `other` is not `root`.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        let covers = |(area, _): &(Area, _)| {
            [Access::See, Access::Change]
                .into_iter()
                .all(|access| !other.allows(*area, access) || self.allows(*area, access))
        };
        self == Self::Root || (other != Self::Root && MATRIX.iter().all(covers))
    }
}

/// A part of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    /// How KMIP is served, and what a mount is made of.
    Config,
    /// The CA of clients' certificates.
    Ca,
    /// Scopes and roles.
    Scopes,
    /// Clients' certificates.
    Credentials,
    /// Keys and where they live, never their values.
    Keys,
    /// The keys that wrap keys.
    WrappingKeys,
    /// Tokens of this interface.
    Tokens,
    /// The token that is borne.
    OwnToken,
    /// How the server does.
    Status,
    /// The audit log.
    Audit,
}

impl Area {
    /// What it is called in documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Config => "configuration",
            Self::Ca => "CA",
            Self::Scopes => "scopes and roles",
            Self::Credentials => "credentials",
            Self::Keys => "keys",
            Self::WrappingKeys => "wrapping keys",
            Self::Tokens => "tokens",
            Self::OwnToken => "own token",
            Self::Status => "status",
            Self::Audit => "audit",
        }
    }
}

/// What is done to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It is looked at.
    See,
    /// It is changed.
    Change,
}

/// What a policy gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Right {
    No,
    See,
    Change,
}

use Right::{Change, No, See};

const NOTHING: (Area, [Right; 4]) = (Area::Audit, [No; 4]);

/// By area: root, admin, operator, auditor.
#[rustfmt::skip]
const MATRIX: [(Area, [Right; 4]); 10] = [
    (Area::Config,       [Change, Change, See,    See]),
    (Area::Ca,           [Change, Change, See,    See]),
    (Area::Scopes,       [Change, Change, See,    See]),
    (Area::Credentials,  [Change, Change, See,    See]),
    (Area::Keys,         [Change, Change, Change, See]),
    (Area::WrappingKeys, [Change, Change, Change, See]),
    (Area::Tokens,       [Change, Change, No,     See]),
    (Area::OwnToken,     [Change, Change, Change, Change]),
    (Area::Status,       [See,    See,    See,    See]),
    (Area::Audit,        [See,    See,    No,     See]),
];

/// The matrix as a table of Markdown.
#[must_use]
pub fn document() -> String {
    let mut text = String::from("| |");
    for policy in Policy::ALL {
        text += &format!(" `{}` |", policy.name());
    }
    text += "\n|---|---|---|---|---|\n";
    for (area, _) in &MATRIX {
        text += &format!("| {} |", area.name());
        for policy in Policy::ALL {
            let see = policy.allows(*area, Access::See);
            text += match (see, policy.allows(*area, Access::Change)) {
                (_, true) => " change |",
                (true, false) => " see |",
                (false, false) => " |",
            };
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const AREAS: [Area; 10] = [
        Area::Config,
        Area::Ca,
        Area::Scopes,
        Area::Credentials,
        Area::Keys,
        Area::WrappingKeys,
        Area::Tokens,
        Area::OwnToken,
        Area::Status,
        Area::Audit,
    ];

    #[test]
    fn matrix_has_each_area_once() {
        for area in AREAS {
            assert_eq!(MATRIX.iter().filter(|(row, _)| *row == area).count(), 1, "{area:?}");
        }
        assert_eq!(MATRIX.len(), AREAS.len());
    }

    #[test]
    fn operator_reaches_keys_and_no_scope_role_or_token() {
        let may = |area, access| Policy::Operator.allows(area, access);
        assert!(may(Area::Keys, Access::Change) && may(Area::WrappingKeys, Access::Change));
        assert!(may(Area::Scopes, Access::See) && !may(Area::Scopes, Access::Change));
        assert!(!may(Area::Tokens, Access::See) && !may(Area::Audit, Access::See));
    }

    #[test]
    fn auditor_sees_everything_and_changes_nothing_but_its_own_token() {
        for area in AREAS {
            assert!(Policy::Auditor.allows(area, Access::See), "{area:?}");
            let changes = Policy::Auditor.allows(area, Access::Change);
            assert_eq!(changes, area == Area::OwnToken, "{area:?}");
        }
    }

    #[test]
    fn nobody_but_root_covers_root() {
        for policy in Policy::ALL {
            assert!(Policy::Root.covers(policy));
            assert!(policy.covers(policy));
            assert_eq!(policy.covers(Policy::Root), policy == Policy::Root);
        }
        assert!(Policy::Admin.covers(Policy::Operator) && Policy::Admin.covers(Policy::Auditor));
        assert!(
            !Policy::Operator.covers(Policy::Auditor) && !Policy::Auditor.covers(Policy::Operator)
        );
    }

    #[test]
    fn policy_is_found_by_its_name_alone() {
        assert_eq!(Policy::named("admin"), Some(Policy::Admin));
        assert_eq!(Policy::named("Admin"), None);
    }
}
