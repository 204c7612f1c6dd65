//! The JSON bodies of the administration interface, for both its ends.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A failure.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Eq, Serialize)]
pub struct ErrorBody {
    /// What went wrong, in words for a person.
    pub errors: Vec<String>,
}

/// A key, without its value.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Eq, Serialize)]
pub struct KeyBody {
    /// Unique Identifier.
    pub id: String,
    /// The scope it belongs to.
    pub scope: String,
    /// Names, in their order.
    pub names: Vec<String>,
    /// Object Type, in KMIP's spelling.
    pub object_type: String,
    /// Cryptographic Algorithm, in KMIP's spelling, for what has one.
    pub algorithm: Option<String>,
    /// Cryptographic Length in bits, for what has one.
    pub bits: Option<u32>,
    /// State, in KMIP's spelling, for what has one.
    pub state: Option<String>,
    /// `token`, `wrapped`, `assisted` or `sealed`; absent where there is no secret.
    pub custody: Option<String>,
    /// CKA_ID of the wrapping or sealing key, in hexadecimal.
    pub wrapped_by: Option<String>,
    /// Whether any client may ever read the value in plaintext, by the row's own word.
    pub sensitive: Option<bool>,
    /// Whether the value may leave, wrapped or not.
    pub extractable: Option<bool>,
}

/// Where a key is to go.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct MoveBody {
    /// `token`, `wrapped` or `assisted`.
    pub custody: String,
}

/// The wrapping keys.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Eq, Serialize)]
pub struct WrappingKeysBody {
    /// Every wrapping key, the one in force last.
    pub keys: Vec<WrappingKeyBody>,
    /// Keys that are not yet wrapped by the key in force.
    pub left: u64,
}

/// A wrapping key.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Eq, Serialize)]
pub struct WrappingKeyBody {
    /// CKA_ID in hexadecimal.
    pub id: String,
    /// Whether new keys are wrapped by it.
    pub in_force: bool,
    /// How many keys it wraps.
    pub wraps: u64,
}

/// How the server does.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct StatusBody {
    /// Version of the server.
    pub version: String,
    /// Whether there was a first token.
    pub initialized: bool,
    /// `ready`, `sealed` or `unavailable`.
    pub token: String,
    /// The HSM's token, where it can be asked.
    pub token_label: Option<String>,
    /// Its serial number.
    pub token_serial: Option<String>,
    /// Who made it.
    pub token_manufacturer: Option<String>,
    /// What it is.
    pub token_model: Option<String>,
    /// Live objects by scope.
    pub objects: Vec<ScopeObjects>,
    /// Keys that are not yet wrapped by the wrapping key in force.
    pub keys_to_wrap_anew: u64,
}

/// The objects of one scope.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct ScopeObjects {
    /// Its name.
    pub scope: String,
    /// How many live objects it has.
    pub objects: u64,
}
