//! What a role allows.

use std::collections::BTreeSet;
use std::num::NonZero;

use kmip_core::types::{CryptographicAlgorithm, EnumTable};

use super::Operations;
use crate::object::CustodyRules;

/// What the clients of one role may do, and how. The default allows nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The operations granted.
    pub operations: Operations,
    /// Whether clients may read key values that are not locked away.
    pub export: bool,
    /// Whether the server's own CA signs certificates for clients (KMIP Certify).
    pub certify: bool,
    /// Whether two live objects of the scope may not share a Name.
    pub unique_names: bool,
    /// Where new keys live.
    pub custody: CustodyRules,
    /// The algorithms of keys that may be made, brought or used.
    pub algorithms: Algorithms,
    /// How many requests a second all clients of the role may make together, on average; none: any
    /// number.
    pub requests_per_second: Option<NonZero<u32>>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            operations: Operations::NONE,
            export: false,
            certify: false,
            unique_names: true,
            custody: CustodyRules::default(),
            algorithms: Algorithms::default(),
            requests_per_second: None,
        }
    }
}

/// Algorithms of keys: all of them, or those named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Algorithms(Option<BTreeSet<u32>>);

impl Algorithms {
    /// None but these.
    #[must_use]
    pub fn only(algorithms: impl IntoIterator<Item = CryptographicAlgorithm>) -> Self {
        Self(Some(algorithms.into_iter().map(|algorithm| algorithm.0).collect()))
    }

    /// Whether `algorithm` is among them.
    #[must_use]
    pub fn permit(&self, algorithm: CryptographicAlgorithm) -> bool {
        self.0.as_ref().is_none_or(|named| named.contains(&algorithm.0))
    }

    /// Those named, in the order of their numbers; none where all are permitted.
    #[must_use]
    pub fn named(&self) -> Option<Vec<CryptographicAlgorithm>> {
        let named = self.0.as_ref()?;
        Some(named.iter().copied().map(CryptographicAlgorithm).collect())
    }
}

/// The algorithm of this name, in KMIP's spelling or the same letters and digits in any case.
#[must_use]
pub fn algorithm_named(text: &str) -> Option<CryptographicAlgorithm> {
    let plain = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
    };
    let table: EnumTable = CryptographicAlgorithm::TABLE;
    let found = table.values.iter().find(|entry| plain(entry.name) == plain(text));
    found.map(|entry| CryptographicAlgorithm(entry.value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn algorithms_permit_all_or_those_named() {
        let all = Algorithms::default();
        assert!(all.permit(CryptographicAlgorithm::AES) && all.named().is_none());
        let some = Algorithms::only([CryptographicAlgorithm::AES]);
        assert!(some.permit(CryptographicAlgorithm::AES));
        assert!(!some.permit(CryptographicAlgorithm::RSA));
        assert_eq!(some.named(), Some(vec![CryptographicAlgorithm::AES]));
        assert!(!Algorithms::only([]).permit(CryptographicAlgorithm::AES));
    }

    #[test]
    fn algorithms_are_found_in_any_spelling() {
        assert_eq!(algorithm_named("aes"), Some(CryptographicAlgorithm::AES));
        assert_eq!(algorithm_named("HMAC-SHA256"), Some(CryptographicAlgorithm::HMAC_SHA256));
        assert_eq!(algorithm_named("rot13"), None);
    }
}
