//! The profiles of KMIP 1.0 to 1.4 that a server may claim: what each asks for, and what shows it.
//!
//! One table, from which Query tells what is claimed here and now, and `docs/CONFORMANCE.md` all of it.
//! A profile is claimed only if every mandatory case of it passes; a test holds the table against the
//! lists of the conformance run.
//!
//! Spec: KMIP Profiles 1.0 to 1.4.

mod table;

use hsm_backend::{Capabilities, SecretKeyKind, TokenState};
use kmip_core::attribute::AttributeKind;
use kmip_core::types::{ObjectType, Operation, ProfileName, ProtocolVersion};

use crate::services::Services;

pub use table::PROFILES;

/// A profile, in every version of KMIP that has a name for it.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
    /// What the specification calls it, version apart.
    pub title: &'static str,
    /// The Profile Name of each version, up to that of 1.4.
    pub names: &'static [ProfileName],
    /// The title of the one that it builds on.
    pub builds_on: Option<&'static str>,
    /// Operations it asks for.
    pub operations: &'static [Operation],
    /// Objects it asks for.
    pub object_types: &'static [ObjectType],
    /// Attributes it asks for.
    pub attributes: &'static [AttributeKind],
    /// What else it asks for.
    pub details: &'static [Detail],
    /// The families of conformance cases that show it.
    pub families: &'static [&'static str],
    /// Whether it is claimed.
    pub claim: Claim,
}

/// A requirement that is in no table of the code.
#[derive(Clone, Copy, Debug)]
pub struct Detail {
    /// What is asked for.
    pub what: &'static str,
    /// The file of the test that shows it, and its name.
    pub shown_by: (&'static str, &'static str),
}

/// Whether a profile is claimed.
#[derive(Clone, Copy, Debug)]
pub enum Claim {
    /// Yes, where all of these hold.
    Where(&'static [Condition]),
    /// No.
    Never {
        /// What it asks for and does not get.
        lacking: &'static str,
        /// Why.
        because: &'static str,
    },
}

/// What a claim may depend on: the token, and what its operator allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The token makes AES keys.
    Aes,
    /// The token makes 3DES keys, and may.
    TripleDes,
    /// The token makes RSA keys.
    Rsa,
    /// KMIP over HTTPS is served.
    Https,
    /// A batch may have 32 items, and an object 50 attributes.
    Room,
}

/// Most items of a batch that a profile asks for (Tape Library).
const BATCH_ITEMS: usize = 32;

/// Attributes that a profile asks for on one object: 30 custom ones (Tape Library) beside the usual.
const ATTRIBUTES: usize = 50;

impl Profile {
    /// Each version of KMIP that has a name for the profile, and the name.
    pub fn versions(&self) -> impl Iterator<Item = (ProtocolVersion, ProfileName)> {
        let all = ProtocolVersion::SUPPORTED;
        let begins = all.len().saturating_sub(self.names.len());
        // The newest is the first.
        all.into_iter().rev().skip(begins).zip(self.names.iter().copied())
    }

    fn is_claimed(&self, services: &Services, token: Option<&Capabilities>) -> bool {
        match self.claim {
            Claim::Where(conditions) => conditions.iter().all(|one| one.holds(services, token)),
            Claim::Never { .. } => false,
        }
    }
}

impl Condition {
    /// Nothing is claimed of a token that is not there.
    fn holds(self, services: &Services, token: Option<&Capabilities>) -> bool {
        let makes = |kind| token.is_some_and(|token| token.generate_secret(kind).is_some());
        let bounds = &services.bounds;
        match self {
            Self::Aes => makes(SecretKeyKind::Aes),
            Self::TripleDes => bounds.allow_3des && makes(SecretKeyKind::Des3),
            Self::Rsa => token.is_some_and(|token| token.generate_rsa().is_some()),
            Self::Https => services.about.https,
            Self::Room => {
                bounds.max_batch_items >= BATCH_ITEMS
                    && bounds.max_attributes_per_object >= ATTRIBUTES
            }
        }
    }

    /// What an operator has to see to.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Aes => "the token makes AES keys",
            Self::TripleDes => "`keys.allow_3des` is true and the token makes 3DES keys",
            Self::Rsa => "the token makes RSA keys",
            Self::Https => "`server.https_addr` is set",
            Self::Room => {
                "`limits.max_batch_items` is at least 32 and `limits.max_attributes_per_object` at least 50"
            }
        }
    }
}

/// The profiles that this server claims, with its token as it is.
#[must_use]
pub fn claimed(services: &Services) -> Vec<ProfileName> {
    let token = match services.hsm.state() {
        TokenState::Ready(capabilities) => Some(capabilities),
        TokenState::Sealed | TokenState::Unavailable => None,
    };
    let met = PROFILES.iter().filter(|profile| profile.is_claimed(services, token.as_deref()));
    met.flat_map(|profile| profile.names.iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::operation::{OBJECT_TYPES, SERVED};

    #[test]
    fn table_names_every_profile_of_a_server_once() {
        let is_servers = |name: &&str| name.contains("Server");
        let known = ProfileName::TABLE.values.iter().map(|entry| entry.name).filter(is_servers);
        let named = PROFILES.iter().flat_map(|profile| profile.names);
        let named = named.map(|name| name.name().unwrap()).collect::<Vec<_>>();
        assert_eq!(named.iter().copied().collect::<BTreeSet<_>>(), known.collect::<BTreeSet<_>>());
        assert_eq!(named.len(), named.iter().collect::<BTreeSet<_>>().len());
    }

    #[test]
    fn names_belong_to_their_versions() {
        for profile in PROFILES {
            for (version, name) in profile.versions() {
                let ending = format!("KMIPV{}_{}", version.major, version.minor);
                assert!(name.name().unwrap().ends_with(&ending), "{name:?} of {version:?}");
            }
        }
    }

    #[test]
    fn what_is_claimed_is_served() {
        let served = SERVED.iter().map(|entry| entry.operation).collect::<Vec<_>>();
        for profile in PROFILES.iter().filter(|one| matches!(one.claim, Claim::Where(_))) {
            for operation in profile.operations {
                assert!(served.contains(operation), "{}: {operation:?}", profile.title);
            }
            for object_type in profile.object_types {
                assert!(OBJECT_TYPES.contains(object_type), "{}: {object_type:?}", profile.title);
            }
        }
    }
}
