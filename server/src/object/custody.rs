//! Where secrets live.

use kmip_core::attribute::AttributeName;

/// Where the secret of an object lives.
///
/// The numbers are what the store keeps; they are never re-used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Custody {
    /// There is no secret: a public key, a certificate, a metadata-only object.
    Public,
    /// A persistent token object.
    Token,
    /// The value is sealed under the token's sealing key: secret data, opaque objects, and keys
    /// that no token takes.
    Sealed,
    /// Wrapped by a token-resident wrapping key; unwrapped into the token for use.
    Wrapped,
    /// Sealed, and used in the server's own memory, for an algorithm that the token lacks.
    Assisted,
}

impl Custody {
    /// The word for it in `x-claviger-custody`; none where there is nothing in custody.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::Public => None,
            Self::Token => Some("token"),
            Self::Sealed => Some("sealed"),
            Self::Wrapped => Some("wrapped"),
            Self::Assisted => Some("assisted"),
        }
    }
}

/// The custom attribute that tells an object's custody. Its prefix is the server's.
pub const CUSTODY_ATTRIBUTE: &str = "x-claviger-custody";

/// Whether a custom attribute of this name is the server's to set.
#[must_use]
pub fn is_reserved(name: &AttributeName) -> bool {
    name.as_str().starts_with("x-claviger-")
}

/// Where new keys of one scope live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CustodyRules {
    /// Symmetric keys.
    pub symmetric: CustodyMode,
    /// Private keys.
    pub private: CustodyMode,
    /// Whether keys whose algorithm the token lacks may be used in the server's memory.
    pub assisted: bool,
}

impl Default for CustodyRules {
    fn default() -> Self {
        Self { symmetric: CustodyMode::Wrapped, private: CustodyMode::Token, assisted: false }
    }
}

/// Where a new key lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CustodyMode {
    /// A token object.
    Token,
    /// Wrapped, in its row. What would not come back exactly is a token object all the same.
    Wrapped,
}
