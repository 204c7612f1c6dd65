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
mod foreseen;
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
pub use foreseen::foreseen;
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
    /// What it does to an object.
    pub action: Action,
    /// Which threads carry it out.
    pub lane: Lane,
    /// Whether it can be undone.
    pub undo: Undo,
}

/// Routes each payload to its module, under the action the subject must be allowed.
macro_rules! operations {
    ($( $name:ident => $module:ident, $action:ident, $lane:ident, $undo:ident; )*) => {
        /// What is served: `Query` and the documentation are made from this.
        pub const SERVED: &[OperationEntry] = &[ $( OperationEntry {
            operation: Operation::$name,
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
    ReKey            => re_key,             Create, Slow,  Possible;
    ReKeyKeyPair     => re_key_key_pair,    Create, Slow,  Possible;
    DeriveKey        => derive_key,         Create, Slow,  Possible;
    Certify          => certify,            Create, Token, Possible;
    ReCertify        => re_certify,         Create, Token, Possible;
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
    RNGSeed          => rng_seed,           Manage, Token, Impossible;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authz::{Grants, Operations, grant_of};

    #[test]
    fn what_is_granted_is_served_and_nothing_else() {
        let served: Operations = SERVED.iter().map(|entry| entry.operation).collect();
        assert_eq!(Grants::All.operations(), served);
        for entry in SERVED {
            assert!(grant_of(entry.operation).is_some(), "{:?}", entry.operation);
        }
    }
}
