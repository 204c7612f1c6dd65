//! `[identity]`: how certificates of other CAs name scope and role.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ScopeName;
use super::check::Checked;
use super::error::Problem;
use crate::authz::{NAME_RULE, RoleName};

/// `[identity]` as written.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawIdentity {
    pub(crate) scope_from: NameField,
    pub(crate) role_from: Option<NameField>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) rule: Vec<RawRule>,
}

/// `[[identity.rule]]` as written.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawRule {
    pub(crate) issuer: BTreeMap<NameField, String>,
    pub(crate) subject: BTreeMap<NameField, String>,
    pub(crate) scope: Option<String>,
    pub(crate) scope_from: Option<NameField>,
    pub(crate) role: Option<String>,
    pub(crate) role_from: Option<NameField>,
}

/// A field of a distinguished name.
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize,
)]
pub enum NameField {
    /// OU
    #[default]
    #[serde(rename = "OU")]
    OrganizationalUnit,
    /// O
    #[serde(rename = "O")]
    Organization,
    /// CN
    #[serde(rename = "CN")]
    CommonName,
    /// UID
    #[serde(rename = "UID")]
    UserId,
}

impl NameField {
    /// Its short name.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::OrganizationalUnit => "OU",
            Self::Organization => "O",
            Self::CommonName => "CN",
            Self::UserId => "UID",
        }
    }

    /// Its object identifier, dotted.
    #[must_use]
    pub const fn oid(self) -> &'static str {
        match self {
            Self::OrganizationalUnit => "2.5.4.11",
            Self::Organization => "2.5.4.10",
            Self::CommonName => "2.5.4.3",
            Self::UserId => "0.9.2342.19200300.100.1.1",
        }
    }
}

/// A text, or two with anything between them. Case counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePattern {
    before: String,
    after: Option<String>,
}

impl NamePattern {
    /// Reads a pattern: at most one `*` in it; `None` for an empty text, or more of them.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (before, after) = match text.split_once('*') {
            Some((before, after)) => (before, Some(after.to_owned())),
            None => (text, None),
        };
        let is_plain = after.as_ref().is_none_or(|after| !after.contains('*'));
        (is_plain && !text.is_empty()).then(|| Self { before: before.to_owned(), after })
    }

    /// Whether the whole of `text` matches.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        match &self.after {
            None => text == self.before,
            Some(after) => {
                text.strip_prefix(&self.before).is_some_and(|rest| rest.ends_with(after.as_str()))
            }
        }
    }
}

/// Where a name comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source<T> {
    /// The configuration says it.
    Fixed(T),
    /// A field of the certificate's subject says it.
    Field(NameField),
}

/// `[[identity.rule]]`: which certificates have which scope and role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityRule {
    /// What fields of the issuer have to be.
    pub issuer: Vec<(NameField, NamePattern)>,
    /// What fields of the subject have to be.
    pub subject: Vec<(NameField, NamePattern)>,
    /// The scope.
    pub scope: Source<ScopeName>,
    /// The role; none: what the scope itself allows holds.
    pub role: Option<Source<RoleName>>,
}

/// `[identity]`: how a certificate names its scope and role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdentityConfig {
    /// The field that names the scope where no rule matches.
    pub scope_from: NameField,
    /// The field that names the role there, if one does.
    pub role_from: Option<NameField>,
    /// The rules; the first that matches holds.
    pub rules: Vec<IdentityRule>,
}

pub(super) fn checked(raw: RawIdentity) -> Checked<IdentityConfig> {
    let RawIdentity { scope_from, role_from, rule } = raw;
    let rules = rule.into_iter().enumerate();
    let rules = rules.map(|(index, rule)| checked_rule(&format!("identity.rule[{index}]"), rule));
    let rules = rules.collect::<Checked<_>>()?;
    Ok(IdentityConfig { scope_from, role_from, rules })
}

fn checked_rule(key: &str, raw: RawRule) -> Checked<IdentityRule> {
    let scope = source(&format!("{key}.scope"), raw.scope, raw.scope_from, ScopeName::parse)?;
    let role = source(&format!("{key}.role"), raw.role, raw.role_from, RoleName::parse)?;
    let scope = scope.ok_or_else(|| {
        Problem::new(format!("{key}.scope"), "give one of scope and scope_from".to_owned())
    })?;
    Ok(IdentityRule {
        issuer: patterns(&format!("{key}.issuer"), raw.issuer)?,
        subject: patterns(&format!("{key}.subject"), raw.subject)?,
        scope,
        role,
    })
}

fn patterns(key: &str, raw: BTreeMap<NameField, String>) -> Checked<Vec<(NameField, NamePattern)>> {
    let pattern = |(field, text): (NameField, String)| {
        let problem = || {
            let text = format!("{text:?} is no text with at most one *");
            Problem::new(format!("{key}.{}", field.label()), text)
        };
        Ok((field, NamePattern::parse(&text).ok_or_else(problem)?))
    };
    raw.into_iter().map(pattern).collect()
}

fn source<T>(
    key: &str,
    fixed: Option<String>,
    field: Option<NameField>,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Checked<Option<Source<T>>> {
    match (fixed, field) {
        (None, field) => Ok(field.map(Source::Field)),
        (Some(text), None) => match parse(&text) {
            Some(name) => Ok(Some(Source::Fixed(name))),
            None => Err(Problem::new(key, NAME_RULE)),
        },
        (Some(_), Some(_)) => Err(Problem::new(key, "stands beside the same with _from")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_texts() {
        let matches =
            |pattern: &str, text: &str| NamePattern::parse(pattern).unwrap().matches(text);
        assert!(matches("db", "db") && !matches("db", "db1") && !matches("db", "DB"));
        assert!(matches("db-*", "db-1") && matches("*-db", "a-db") && matches("*", ""));
        assert!(matches("a*b", "ab") && matches("a*b", "a--b") && !matches("ab*ba", "aba"));
        assert_eq!(NamePattern::parse(""), None);
        assert_eq!(NamePattern::parse("a*b*"), None);
    }

    #[test]
    fn rule_needs_a_scope_and_only_one() {
        let rule = |scope: Option<&str>, scope_from| RawRule {
            scope: scope.map(str::to_owned),
            scope_from,
            ..RawRule::default()
        };
        let field = Some(NameField::CommonName);
        assert!(checked_rule("r", rule(Some("demo"), None)).is_ok());
        assert!(checked_rule("r", rule(None, field)).is_ok());
        for wrong in [rule(None, None), rule(Some("demo"), field), rule(Some("de mo"), None)] {
            assert!(checked_rule("r", wrong).is_err());
        }
    }
}
