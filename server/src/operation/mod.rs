//! One module per KMIP operation; this file is their table of contents. What several of them share is
//! in `making` and `using`.

mod activate;
mod add_attribute;
mod archive;
mod attribute_list;
mod cancel;
mod certify;
mod check;
mod clear;
mod context;
mod create;
mod create_key_pair;
mod create_split_key;
mod decrypt;
mod delete_attribute;
mod derive_key;
mod destroy;
mod discover_versions;
mod encrypt;
mod error;
mod export;
mod get;
mod get_attribute_list;
mod get_attributes;
mod get_usage_allocation;
mod hash;
mod import;
mod join_split_key;
mod later;
mod locate;
mod mac;
mod mac_verify;
mod making;
mod modify_attribute;
mod obtain_lease;
mod poll;
mod query;
mod re_certify;
mod re_key;
mod re_key_key_pair;
mod recover;
mod register;
mod revoke;
mod rng_retrieve;
mod rng_seed;
mod sign;
mod signature_verify;
mod using;
mod validate;

use kmip_core::payload::{RequestPayload, ResponsePayload};
use kmip_core::types::Operation;

use crate::authz::Action;
use crate::worker::Lane;

use making::{
    birth, certification, custody, digest, namespace, new_secret, replacement, split_key,
    succession, template,
};
use using::{
    constructed_iv, key_wrap, one_time_pad, pkcs12, public_key, stream, tweak_key, use_key, value,
};

pub use clear::clear_retired;
pub use context::{OpContext, UndoStep};
pub(crate) use destroy::destroy_in_token;
pub use error::OpError;
pub use later::may_be_later;
pub use making::transfer;
pub use poll::{Found, Polled};
pub use query::OBJECT_TYPES;

/// Whether a batch with Undo may hold the operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undo {
    /// It has no effect, or one that can be taken back.
    Possible,
    /// What it does is done.
    Impossible,
}

/// One line of the table of operations.
#[derive(Clone, Copy, Debug)]
pub struct OperationEntry {
    /// The operation.
    pub operation: Operation,
    /// Name of its grant in a role.
    pub grant: &'static str,
    /// What it does to an object.
    pub action: Action,
    /// Which threads carry it out.
    pub lane: Lane,
    /// Whether it can be undone.
    pub undo: Undo,
}

/// The grant is called as the module is, unless it has a name of its own.
macro_rules! grant {
    ($module:ident) => {
        concat!("operation_", stringify!($module))
    };
    ($module:ident $grant:ident) => {
        concat!("operation_", stringify!($grant))
    };
}

/// Routes each payload to its module, under the action the subject must be allowed.
macro_rules! operations {
    ($( $name:ident => $module:ident $(as $grant:ident)?, $action:ident, $lane:ident, $undo:ident; )*) => {
        /// What is served: `Query` and the documentation are made from this.
        pub const SERVED: &[OperationEntry] = &[ $( OperationEntry {
            operation: Operation::$name,
            grant: grant!($module $($grant)?),
            action: Action::$action,
            lane: Lane::$lane,
            undo: Undo::$undo,
        } ),* ];

        /// Carries out one item.
        ///
        /// # Errors
        ///
        /// [`OpError`].
        pub fn dispatch(
            ctx: &mut OpContext<'_>,
            request: RequestPayload,
        ) -> Result<ResponsePayload, OpError> {
            match request {
                $( RequestPayload::$name(request) => {
                    ctx.begin(Operation::$name, Action::$action)?;
                    $module::handle(ctx, request).map(ResponsePayload::$name)
                } )*
            }
        }
    };
}

operations! {
    DiscoverVersions => discover_versions,  Open,   None,  Possible;
    Query            => query,              Open,   None,  Possible;
    Create           => create,             Create, Slow,  Possible;
    CreateKeyPair    => create_key_pair,    Create, Slow,  Possible;
    Register         => register,           Create, Token, Possible;
    ReKey            => re_key as rekey,             Create, Slow,  Possible;
    ReKeyKeyPair     => re_key_key_pair as rekey_key_pair,    Create, Slow,  Possible;
    DeriveKey        => derive_key,         Create, Slow,  Possible;
    Certify          => certify,            Create, Token, Possible;
    ReCertify        => re_certify as recertify,         Create, Token, Possible;
    Locate           => locate,             Read,   None,  Possible;
    Check            => check,              Read,   None,  Possible;
    Validate         => validate,           Read,   Token, Possible;
    Get              => get,                Export, Token, Possible;
    Export           => export,             Export, Token, Possible;
    Import           => import,             Create, Token, Possible;
    GetAttributes    => get_attributes,     Read,   None,  Possible;
    GetAttributeList => get_attribute_list, Read,   None,  Possible;
    AddAttribute     => add_attribute,      Manage, None,  Possible;
    ModifyAttribute  => modify_attribute,   Manage, Token, Possible;
    DeleteAttribute  => delete_attribute,   Manage, None,  Possible;
    ObtainLease      => obtain_lease,       Read,   None,  Possible;
    GetUsageAllocation => get_usage_allocation, Use, None, Possible;
    Activate         => activate,           Manage, None,  Possible;
    Revoke           => revoke,             Manage, None,  Possible;
    Destroy          => destroy,            Manage, Token, Possible;
    Archive          => archive,            Manage, None,  Possible;
    Recover          => recover,            Manage, None,  Possible;
    Encrypt          => encrypt,            Use,    Token, Impossible;
    Decrypt          => decrypt,            Use,    Token, Impossible;
    Sign             => sign,               Use,    Token, Impossible;
    SignatureVerify  => signature_verify,   Use,    Token, Possible;
    MAC              => mac,                Use,    Token, Impossible;
    MACVerify        => mac_verify,         Use,    Token, Possible;
    RNGRetrieve      => rng_retrieve,       Open,   Token, Possible;
    RNGSeed          => rng_seed,           Open,   Token, Impossible;
    Hash             => hash,               Open,   None,  Possible;
    CreateSplitKey   => create_split_key,   Create, Slow,  Possible;
    JoinSplitKey     => join_split_key,     Create, Slow,  Possible;
    Cancel           => cancel,             Manage, None,  Impossible;
    Poll             => poll,               Read,   None,  Possible;
}

/// The line of `operation`, if it is served.
#[must_use]
pub fn entry(operation: Operation) -> Option<&'static OperationEntry> {
    SERVED.iter().find(|entry| entry.operation == operation)
}

/// Other spellings of grants, which older documents of the dialect have.
const OTHER_SPELLINGS: &[(&str, &str)] = &[
    ("operation_create_keypair", "operation_create_key_pair"),
    ("operation_rekey_keypair", "operation_rekey_key_pair"),
];

/// The operation that a grant of this name grants, if it is served.
#[must_use]
pub fn of_grant(name: &str) -> Option<Operation> {
    let other = OTHER_SPELLINGS.iter().find(|(spelling, _)| *spelling == name);
    let name = other.map_or(name, |(_, own)| own);
    SERVED.iter().find(|entry| entry.grant == name).map(|entry| entry.operation)
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
    fn every_operation_has_a_grant_of_its_own() {
        let grants: BTreeSet<_> = SERVED.iter().map(|entry| entry.grant).collect();
        assert_eq!(grants.len(), SERVED.len());
        for entry in SERVED {
            assert_eq!(of_grant(entry.grant), Some(entry.operation));
            let set: crate::authz::Operations = [entry.operation].into_iter().collect();
            assert!(set.contains(entry.operation), "{:?} has no place in a set", entry.operation);
        }
    }

    #[test]
    fn grants_have_the_names_that_administrators_know() {
        for name in KNOWN {
            assert!(of_grant(&format!("operation_{name}")).is_some(), "{name}");
        }
        for name in ["get", "operation_", "operation_all", "operation_none", "operation_re_key"] {
            assert!(of_grant(name).is_none(), "{name}");
        }
    }
}
