//! The grants of a role, and their names.
//!
//! A grant is called as its operation is in KMIP, in lower case and with `operation_` before it, as
//! administrators know it from Vault's engine: `operation_create_key_pair`, `operation_mac_verify`;
//! Re-key and its like are written in one word.

use std::sync::LazyLock;

use kmip_core::types::Operation;

use super::Operations;

/// What servers send, and no client is granted.
const SENT: [Operation; 2] = [Operation::Notify, Operation::Put];
/// Other spellings, which older documents of the dialect have.
const OTHER_SPELLINGS: &[(&str, &str)] = &[
    ("operation_create_keypair", "operation_create_key_pair"),
    ("operation_rekey_keypair", "operation_rekey_key_pair"),
];

static NAMES: LazyLock<Vec<(Operation, String)>> = LazyLock::new(|| {
    let operations =
        Operation::TABLE.values.iter().map(|entry| (Operation(entry.value), entry.name));
    let asked = operations.filter(|(operation, _)| !SENT.contains(operation));
    asked.map(|(operation, name)| (operation, format!("operation_{}", lower(name)))).collect()
});

/// The operations that clients can ask for.
pub fn asked() -> impl Iterator<Item = Operation> {
    NAMES.iter().map(|(operation, _)| *operation)
}

/// Which operations a role grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grants {
    /// All, those of later builds included.
    All,
    /// These; possibly none.
    Some(Operations),
}

impl Grants {
    /// The operations that the role grants.
    #[must_use]
    pub fn operations(self) -> Operations {
        match self {
            Self::All => asked().collect(),
            Self::Some(operations) => operations,
        }
    }

    /// Names of the grants.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let operations = self.operations();
        let granted = NAMES.iter().filter(move |(operation, _)| operations.contains(*operation));
        granted.map(|(_, name)| name.as_str())
    }
}

/// Name of the grant of `operation`; none for what no client can ask.
#[must_use]
pub fn grant_of(operation: Operation) -> Option<&'static str> {
    let found = NAMES.iter().find(|(one, _)| *one == operation);
    found.map(|(_, name)| name.as_str())
}

/// The operation that a grant of this name grants.
#[must_use]
pub fn of_grant(name: &str) -> Option<Operation> {
    let other = OTHER_SPELLINGS.iter().find(|(spelling, _)| *spelling == name);
    let name = other.map_or(name, |(_, own)| own);
    NAMES.iter().find(|(_, own)| own == name).map(|(operation, _)| *operation)
}

/// `MACVerify` as `mac_verify`, `ReKeyKeyPair` as `rekey_key_pair`.
fn lower(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut words = String::new();
    for (place, letter) in letters.iter().enumerate() {
        let is_upper = |at: usize| letters.get(at).is_some_and(char::is_ascii_uppercase);
        let is_lower = |at: usize| letters.get(at).is_some_and(char::is_ascii_lowercase);
        let before = place.wrapping_sub(1);
        if is_upper(place) && (is_lower(before) || is_upper(before) && is_lower(place + 1)) {
            words.push('_');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words.strip_prefix("re_").map_or_else(|| words.clone(), |rest| format!("re{rest}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The names that administrators of the dialect know, pseudo-operations left aside.
    const KNOWN: &[&str] = &[
        "activate",
        "add_attribute",
        "create",
        "create_key_pair",
        "create_keypair",
        "decrypt",
        "delete_attribute",
        "destroy",
        "discover_versions",
        "encrypt",
        "get",
        "get_attribute_list",
        "get_attributes",
        "import",
        "locate",
        "mac",
        "mac_verify",
        "modify_attribute",
        "query",
        "register",
        "rekey",
        "rekey_key_pair",
        "rekey_keypair",
        "revoke",
        "rng_retrieve",
        "rng_seed",
        "sign",
        "signature_verify",
    ];

    #[test]
    fn grants_have_the_names_that_administrators_know() {
        for name in KNOWN {
            assert!(of_grant(&format!("operation_{name}")).is_some(), "{name}");
        }
        for name in [
            "get",
            "operation_",
            "operation_all",
            "operation_none",
            "operation_put",
            "operation_re_key",
        ] {
            assert!(of_grant(name).is_none(), "{name}");
        }
    }

    #[test]
    fn every_grant_has_a_name_and_a_place_of_its_own() {
        let names: BTreeSet<_> = Grants::All.names().collect();
        assert_eq!(names.len(), NAMES.len());
        for (operation, name) in &*NAMES {
            assert_eq!(of_grant(name), Some(*operation));
            assert_eq!(grant_of(*operation), Some(name.as_str()));
            let set: Operations = [*operation].into_iter().collect();
            assert!(set.contains(*operation), "{operation:?} has no place in a set");
        }
        assert_eq!(grant_of(Operation::Put), None);
    }
}
