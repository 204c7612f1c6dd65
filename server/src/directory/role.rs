//! A role: what its clients may do, and what their certificates are like.

use std::num::NonZero;

use kmip_core::types::CryptographicAlgorithm;
use serde::{Deserialize, Serialize};

use crate::authz::{Algorithms, Grants, RoleName, Rules, of_grant};
use crate::object::{CustodyMode, CustodyRules, Scope};
use crate::store::StoredRole;

/// The key of a client's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientKey {
    /// ECDSA on P-256.
    EcP256,
    /// ECDSA on P-384.
    EcP384,
    /// ECDSA on P-521.
    EcP521,
    /// RSA with a modulus of 2,048 bits.
    Rsa2048,
    /// Of 3,072 bits.
    Rsa3072,
    /// Of 4,096 bits.
    Rsa4096,
    /// Ed25519.
    Ed25519,
}

/// Each key with its type and its bits as the administration interface says them, the default of a
/// type first.
const CLIENT_KEYS: &[(ClientKey, &str, u32)] = &[
    (ClientKey::EcP521, "ec", 521),
    (ClientKey::EcP256, "ec", 256),
    (ClientKey::EcP384, "ec", 384),
    (ClientKey::Rsa2048, "rsa", 2048),
    (ClientKey::Rsa3072, "rsa", 3072),
    (ClientKey::Rsa4096, "rsa", 4096),
    (ClientKey::Ed25519, "ed25519", 256),
];

impl ClientKey {
    /// The key of type `ec`, `rsa` or `ed25519`, of so many bits, or of the type's default; none for
    /// what cannot be.
    #[must_use]
    pub fn of(key_type: &str, bits: Option<u32>) -> Option<Self> {
        let fits =
            |entry: &&(Self, &str, u32)| entry.1 == key_type && bits.is_none_or(|b| b == entry.2);
        CLIENT_KEYS.iter().find(fits).map(|entry| entry.0)
    }

    fn entry(self) -> (&'static str, u32) {
        let found = CLIENT_KEYS.iter().find(|entry| entry.0 == self);
        found.map_or(("ec", 521), |entry| (entry.1, entry.2))
    }

    /// `ec`, `rsa` or `ed25519`.
    #[must_use]
    pub fn key_type(self) -> &'static str {
        self.entry().0
    }

    /// Its length in bits.
    #[must_use]
    pub fn bits(self) -> u32 {
        self.entry().1
    }
}

/// A role of a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// The scope.
    pub scope: Scope,
    /// Its name there.
    pub name: RoleName,
    /// Which operations it grants.
    pub grants: Grants,
    /// What else it allows; its operations are those of `grants`, its `unique_names` the scope's.
    pub rules: Rules,
    /// The key of certificates made for it; none: that of the server's own settings.
    pub client_key: Option<ClientKey>,
    /// How long its certificates are valid, in seconds; none: as the server's own settings say.
    pub client_ttl_seconds: Option<u32>,
}

impl Role {
    /// A role that grants this and allows nothing else.
    #[must_use]
    pub fn new(scope: Scope, name: RoleName, grants: Grants) -> Self {
        let rules = Rules { operations: grants.operations(), ..Rules::default() };
        Self { scope, name, grants, rules, client_key: None, client_ttl_seconds: None }
    }

    /// The role as it is kept.
    #[must_use]
    pub fn to_stored(&self) -> StoredRole {
        let Rules { export, certify, custody, algorithms, requests_per_second, .. } = &self.rules;
        let is_all = self.grants == Grants::All;
        let mode = |mode| match mode {
            CustodyMode::Token => Mode::Token,
            CustodyMode::Wrapped => Mode::Wrapped,
        };
        let named = algorithms.named();
        let document = Document {
            all: is_all,
            operations: if is_all {
                Vec::new()
            } else {
                self.grants.names().map(str::to_owned).collect()
            },
            export: *export,
            certify: *certify,
            symmetric_keys: mode(custody.symmetric),
            private_keys: mode(custody.private),
            assisted: custody.assisted,
            algorithms: named.map(|named| named.into_iter().map(|one| one.0).collect()),
            requests_per_second: *requests_per_second,
            client_key: self.client_key.map(|key| (key.key_type().to_owned(), key.bits())),
            client_ttl_seconds: self.client_ttl_seconds,
        };
        let document = serde_json::to_string(&document).unwrap_or_default();
        StoredRole { scope: self.scope.clone(), name: self.name.clone(), document }
    }

    /// Reads a role back; none for what is no document of ours. Grants that this build does not know
    /// grant nothing.
    #[must_use]
    pub fn from_stored(stored: &StoredRole) -> Option<Self> {
        let document: Document = serde_json::from_str(&stored.document).ok()?;
        let named = document.operations.iter().filter_map(|name| of_grant(name));
        let grants = if document.all { Grants::All } else { Grants::Some(named.collect()) };
        let mode = |mode| match mode {
            Mode::Token => CustodyMode::Token,
            Mode::Wrapped => CustodyMode::Wrapped,
        };
        let algorithms = document.algorithms.map_or_else(Algorithms::default, |numbers| {
            Algorithms::only(numbers.into_iter().map(CryptographicAlgorithm))
        });
        let rules = Rules {
            operations: grants.operations(),
            export: document.export,
            certify: document.certify,
            unique_names: true,
            custody: CustodyRules {
                symmetric: mode(document.symmetric_keys),
                private: mode(document.private_keys),
                assisted: document.assisted,
            },
            algorithms,
            requests_per_second: document.requests_per_second,
        };
        let client_key = match &document.client_key {
            None => None,
            Some((key_type, bits)) => Some(ClientKey::of(key_type, Some(*bits))?),
        };
        Some(Self {
            scope: stored.scope.clone(),
            name: stored.name.clone(),
            grants,
            rules,
            client_key,
            client_ttl_seconds: document.client_ttl_seconds,
        })
    }
}

/// A role in JSON. What is added later needs a default.
#[derive(Deserialize, Serialize)]
struct Document {
    #[serde(default)]
    all: bool,
    operations: Vec<String>,
    export: bool,
    certify: bool,
    symmetric_keys: Mode,
    private_keys: Mode,
    assisted: bool,
    algorithms: Option<Vec<u32>>,
    requests_per_second: Option<NonZero<u32>>,
    client_key: Option<(String, u32)>,
    client_ttl_seconds: Option<u32>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    Token,
    Wrapped,
}

#[cfg(test)]
mod tests {
    use kmip_core::types::Operation;

    use super::*;
    use crate::authz::Operations;

    fn role(grants: Grants) -> Role {
        Role::new(Scope::new("s"), RoleName::parse("r").unwrap(), grants)
    }

    #[test]
    fn stored_role_comes_back_as_it_was() {
        let some = [Operation::Get, Operation::ReKeyKeyPair].into_iter().collect();
        let mut full = role(Grants::Some(some));
        full.rules.export = true;
        full.rules.certify = true;
        full.rules.custody = CustodyRules {
            symmetric: CustodyMode::Token,
            private: CustodyMode::Wrapped,
            assisted: true,
        };
        full.rules.algorithms = Algorithms::only([CryptographicAlgorithm::AES]);
        full.rules.requests_per_second = NonZero::new(7);
        full.client_key = Some(ClientKey::Rsa3072);
        full.client_ttl_seconds = Some(60);
        for role in [full, role(Grants::All), role(Grants::Some(Operations::NONE))] {
            assert_eq!(Role::from_stored(&role.to_stored()).as_ref(), Some(&role));
        }
    }

    #[test]
    fn grants_that_are_unknown_grant_nothing() {
        let mut stored = role(Grants::Some(Operations::NONE)).to_stored();
        stored.document = stored.document.replace("[]", "[\"operation_brew\",\"operation_get\"]");
        let read = Role::from_stored(&stored).unwrap();
        assert_eq!(read.grants.names().collect::<Vec<_>>(), ["operation_get"]);
        stored.document = "{}".to_owned();
        assert_eq!(Role::from_stored(&stored), None);
    }

    #[test]
    fn client_keys_have_words_of_their_own() {
        assert_eq!(ClientKey::of("ec", None), Some(ClientKey::EcP521));
        assert_eq!(ClientKey::of("rsa", None), Some(ClientKey::Rsa2048));
        assert_eq!(ClientKey::of("rsa", Some(1024)), None);
        assert_eq!(ClientKey::of("dsa", None), None);
        for (key, key_type, bits) in CLIENT_KEYS {
            assert_eq!(ClientKey::of(key_type, Some(*bits)), Some(*key));
        }
    }
}
