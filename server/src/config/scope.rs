//! `[[scope]]`: the scopes that the configuration declares.

use std::fmt;
use std::sync::Arc;

use kmip_core::types::{CryptographicAlgorithm, Operation};

use super::check::Checked;
use super::error::Problem;
use super::raw::{RawCustody, RawScope};
use super::{CredentialsConfig, credentials};
use crate::authz::{Algorithms, Grants, NAME_RULE, Rules, algorithm_named, is_name, of_grant};
use crate::object::{CustodyMode, CustodyRules};

/// The word that grants every operation.
const ALL: &str = "all";
/// What may stand before the name of an operation.
const PREFIX: &str = "operation_";

/// `[[scope]]`: a part of the objects, closed against the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeConfig {
    /// Its name.
    pub name: ScopeName,
    /// What its clients may do whose certificate names the scope and no role.
    pub rules: Rules,
    /// What its clients prove besides their certificate.
    pub credentials: CredentialsConfig,
}

/// Name of a scope: 1 to 64 of `A-Z a-z 0-9 . _ -`, but neither `.` nor `..`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScopeName(Arc<str>);

impl ScopeName {
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

impl fmt::Display for ScopeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Checks the scopes; `administered` says that others can be made while the server runs.
pub(super) fn checked(raw: Vec<RawScope>, administered: bool) -> Checked<Vec<ScopeConfig>> {
    if raw.is_empty() && !administered {
        return Err(Problem::new("scope", "needs at least one [[scope]], or [admin] to make one"));
    }
    let mut scopes = Vec::<ScopeConfig>::with_capacity(raw.len());
    for (index, scope) in raw.into_iter().enumerate() {
        let key = format!("scope[{index}]");
        let problem = |text: String| Problem::new(format!("{key}.name"), text);
        let Some(name) = ScopeName::parse(&scope.name) else {
            return Err(problem(NAME_RULE.to_owned()));
        };
        if scopes.iter().any(|other| other.name == name) {
            return Err(problem(format!("a second scope named {name}")));
        }
        let rules = rules(&key, &scope)?;
        let credentials = credentials::checked(&key, scope)?;
        scopes.push(ScopeConfig { name, rules, credentials });
    }
    Ok(scopes)
}

fn rules(key: &str, raw: &RawScope) -> Checked<Rules> {
    let grants =
        grants(&raw.operations).map_err(|text| Problem::new(format!("{key}.operations"), text))?;
    let algorithms = match &raw.algorithms {
        None => Algorithms::default(),
        Some(names) => {
            algorithms(names).map_err(|text| Problem::new(format!("{key}.algorithms"), text))?
        }
    };
    Ok(Rules {
        operations: grants.operations(),
        export: raw.export,
        certify: raw.certify,
        unique_names: raw.unique_names,
        custody: custody(raw),
        algorithms,
        requests_per_second: raw.requests_per_second,
    })
}

/// Operations by name, `all` alone for all of them.
fn grants(names: &[String]) -> Result<Grants, String> {
    if names.iter().any(|name| name == ALL) {
        let alone = names.len() == 1;
        return if alone { Ok(Grants::All) } else { Err("\"all\" stands alone".to_owned()) };
    }
    let operation = |name: &String| -> Result<Operation, String> {
        let full = format!("{PREFIX}{}", name.strip_prefix(PREFIX).unwrap_or(name));
        of_grant(&full).ok_or_else(|| format!("{name:?} is no operation"))
    };
    Ok(Grants::Some(names.iter().map(operation).collect::<Result<_, _>>()?))
}

fn algorithms(names: &[String]) -> Result<Algorithms, String> {
    let algorithm = |name: &String| -> Result<CryptographicAlgorithm, String> {
        algorithm_named(name).ok_or_else(|| format!("{name:?} is no algorithm of KMIP"))
    };
    Ok(Algorithms::only(names.iter().map(algorithm).collect::<Result<Vec<_>, _>>()?))
}

fn custody(raw: &RawScope) -> CustodyRules {
    let mode = |raw| match raw {
        RawCustody::Token => CustodyMode::Token,
        RawCustody::Wrapped => CustodyMode::Wrapped,
    };
    let (symmetric, private) = (mode(raw.symmetric_keys), mode(raw.private_keys));
    CustodyRules { symmetric, private, assisted: raw.assisted }
}
