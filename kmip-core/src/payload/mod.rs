//! Request and response payloads, one module per operation; this file is their table of contents.

mod activate;
mod add_attribute;
mod archive;
mod cancel;
mod certify;
mod check;
mod create;
mod create_key_pair;
mod create_split_key;
mod decrypt;
mod delete_attribute;
mod derive_key;
mod destroy;
mod discover_versions;
mod encrypt;
mod export;
mod get;
mod get_attribute_list;
mod get_attributes;
mod get_usage_allocation;
mod hash;
mod import;
mod information;
mod join_split_key;
mod locate;
mod mac;
mod mac_verify;
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
mod validate;

pub use activate::{ActivateRequest, ActivateResponse};
pub use add_attribute::{AddAttributeRequest, AddAttributeResponse};
pub use archive::{ArchiveRequest, ArchiveResponse};
pub use cancel::{CancelRequest, CancelResponse};
pub use certify::{CertifyRequest, CertifyResponse};
pub use check::{CheckRequest, CheckResponse};
pub use create::{CreateRequest, CreateResponse};
pub use create_key_pair::{CreateKeyPairRequest, CreateKeyPairResponse};
pub use create_split_key::{CreateSplitKeyRequest, CreateSplitKeyResponse};
pub use decrypt::{DecryptRequest, DecryptResponse};
pub use delete_attribute::{DeleteAttributeRequest, DeleteAttributeResponse};
pub use derive_key::DerivationParameters;
pub use derive_key::{DeriveKeyRequest, DeriveKeyResponse};
pub use destroy::{DestroyRequest, DestroyResponse};
pub use discover_versions::{DiscoverVersionsRequest, DiscoverVersionsResponse};
pub use encrypt::{EncryptRequest, EncryptResponse};
pub use export::{ExportRequest, ExportResponse};
pub use get::{GetRequest, GetResponse};
pub use get_attribute_list::{GetAttributeListRequest, GetAttributeListResponse};
pub use get_attributes::{GetAttributesRequest, GetAttributesResponse};
pub use get_usage_allocation::{GetUsageAllocationRequest, GetUsageAllocationResponse};
pub use hash::{HashRequest, HashResponse};
pub use import::{ImportRequest, ImportResponse};
pub use information::{
    CapabilityInformation, ExtensionInformation, ProfileInformation, ValidationInformation,
};
pub use join_split_key::{JoinSplitKeyRequest, JoinSplitKeyResponse};
pub use locate::{LocateRequest, LocateResponse};
pub use mac::{MacRequest, MacResponse};
pub use mac_verify::{MacVerifyRequest, MacVerifyResponse};
pub use modify_attribute::{ModifyAttributeRequest, ModifyAttributeResponse};
pub use obtain_lease::{ObtainLeaseRequest, ObtainLeaseResponse};
pub use poll::{PollRequest, PollResponse};
pub use query::{QueryRequest, QueryResponse};
pub use re_certify::{ReCertifyRequest, ReCertifyResponse};
pub use re_key::{ReKeyRequest, ReKeyResponse};
pub use re_key_key_pair::{ReKeyKeyPairRequest, ReKeyKeyPairResponse};
pub use recover::{RecoverRequest, RecoverResponse};
pub use register::{RegisterRequest, RegisterResponse};
pub use revoke::{RevokeRequest, RevokeResponse};
pub use rng_retrieve::{RngRetrieveRequest, RngRetrieveResponse};
pub use rng_seed::{RngSeedRequest, RngSeedResponse};
pub use sign::{SignRequest, SignResponse};
pub use signature_verify::{SignatureVerifyRequest, SignatureVerifyResponse};
pub use validate::{ValidateRequest, ValidateResponse};

use crate::tolerance;
use crate::ttlv::{Codec, DecodeError, Reader, Writer};
use crate::types::{Operation, ProtocolVersion, Tag};

/// Ties each operation to its first version and its two payload tables.
macro_rules! payloads {
    ($( $op:ident $since:ident => $request:ident, $response:ident; )*) => {
        /// What a batch item asks, decoded.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[allow(missing_docs, clippy::large_enum_variant)]
        pub enum RequestPayload { $( $op($request), )* }

        /// What a batch item answers.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[allow(missing_docs, clippy::large_enum_variant)]
        pub enum ResponsePayload { $( $op($response), )* }

        /// Every client-to-server operation of KMIP 1.4 with its first version.
        pub const OPERATIONS: &[(Operation, ProtocolVersion)] =
            &[ $( (Operation::$op, ProtocolVersion::$since) ),* ];

        /// Whether `version` has `operation`; versions newer than ours have what ours has.
        #[must_use]
        pub fn exists(operation: Operation, version: ProtocolVersion) -> bool {
            match operation {
                $( Operation::$op => ProtocolVersion::$since <= version, )*
                _ => false,
            }
        }

        impl RequestPayload {
            /// The operation this is a request for.
            #[must_use]
            pub const fn operation(&self) -> Operation {
                match self { $( Self::$op(_) => Operation::$op, )* }
            }

            /// Decodes the request payload of `operation`; `None` where the version lacks it.
            ///
            /// # Errors
            ///
            /// [`DecodeError`] where the payload is not the operation's.
            pub fn decode(
                operation: Operation,
                r: &mut Reader<'_>,
            ) -> Result<Option<Self>, DecodeError> {
                Ok(match operation {
                    $( Operation::$op
                        if ProtocolVersion::$since <= r.version()
                            || const { tolerance::admits_whole_early(stringify!($request)) } =>
                    {
                        Some(Self::$op(Codec::decode(Tag::RequestPayload, r)?))
                    } )*
                    _ => None,
                })
            }

            /// Appends the payload.
            pub fn encode(&self, w: &mut Writer) {
                match self { $( Self::$op(payload) => payload.encode(Tag::RequestPayload, w), )* }
            }
        }

        impl ResponsePayload {
            /// The operation this is a response to.
            #[must_use]
            pub const fn operation(&self) -> Operation {
                match self { $( Self::$op(_) => Operation::$op, )* }
            }

            /// Decodes the response payload of `operation`; `None` where the version lacks it.
            ///
            /// # Errors
            ///
            /// [`DecodeError`] where the payload is not the operation's.
            pub fn decode(
                operation: Operation,
                r: &mut Reader<'_>,
            ) -> Result<Option<Self>, DecodeError> {
                Ok(match operation {
                    $( Operation::$op => {
                        Some(Self::$op(Codec::decode(Tag::ResponsePayload, r)?))
                    } )*
                    _ => None,
                })
            }

            /// Appends the payload.
            pub fn encode(&self, w: &mut Writer) {
                match self { $( Self::$op(payload) => payload.encode(Tag::ResponsePayload, w), )* }
            }
        }

        $( impl From<$request> for RequestPayload {
            fn from(payload: $request) -> Self {
                Self::$op(payload)
            }
        } )*
    };
}

payloads! {
    Create V1_0 => CreateRequest, CreateResponse;
    CreateKeyPair V1_0 => CreateKeyPairRequest, CreateKeyPairResponse;
    Register V1_0 => RegisterRequest, RegisterResponse;
    ReKey V1_0 => ReKeyRequest, ReKeyResponse;
    ReKeyKeyPair V1_1 => ReKeyKeyPairRequest, ReKeyKeyPairResponse;
    DeriveKey V1_0 => DeriveKeyRequest, DeriveKeyResponse;
    Certify V1_0 => CertifyRequest, CertifyResponse;
    ReCertify V1_0 => ReCertifyRequest, ReCertifyResponse;
    Locate V1_0 => LocateRequest, LocateResponse;
    Check V1_0 => CheckRequest, CheckResponse;
    Get V1_0 => GetRequest, GetResponse;
    GetAttributes V1_0 => GetAttributesRequest, GetAttributesResponse;
    GetAttributeList V1_0 => GetAttributeListRequest, GetAttributeListResponse;
    AddAttribute V1_0 => AddAttributeRequest, AddAttributeResponse;
    ModifyAttribute V1_0 => ModifyAttributeRequest, ModifyAttributeResponse;
    DeleteAttribute V1_0 => DeleteAttributeRequest, DeleteAttributeResponse;
    ObtainLease V1_0 => ObtainLeaseRequest, ObtainLeaseResponse;
    GetUsageAllocation V1_0 => GetUsageAllocationRequest, GetUsageAllocationResponse;
    Activate V1_0 => ActivateRequest, ActivateResponse;
    Revoke V1_0 => RevokeRequest, RevokeResponse;
    Destroy V1_0 => DestroyRequest, DestroyResponse;
    Archive V1_0 => ArchiveRequest, ArchiveResponse;
    Recover V1_0 => RecoverRequest, RecoverResponse;
    Validate V1_0 => ValidateRequest, ValidateResponse;
    Query V1_0 => QueryRequest, QueryResponse;
    DiscoverVersions V1_1 => DiscoverVersionsRequest, DiscoverVersionsResponse;
    Cancel V1_0 => CancelRequest, CancelResponse;
    Poll V1_0 => PollRequest, PollResponse;
    Encrypt V1_2 => EncryptRequest, EncryptResponse;
    Decrypt V1_2 => DecryptRequest, DecryptResponse;
    Sign V1_2 => SignRequest, SignResponse;
    SignatureVerify V1_2 => SignatureVerifyRequest, SignatureVerifyResponse;
    MAC V1_2 => MacRequest, MacResponse;
    MACVerify V1_2 => MacVerifyRequest, MacVerifyResponse;
    RNGRetrieve V1_2 => RngRetrieveRequest, RngRetrieveResponse;
    RNGSeed V1_2 => RngSeedRequest, RngSeedResponse;
    Hash V1_2 => HashRequest, HashResponse;
    CreateSplitKey V1_2 => CreateSplitKeyRequest, CreateSplitKeyResponse;
    JoinSplitKey V1_2 => JoinSplitKeyRequest, JoinSplitKeyResponse;
    Export V1_4 => ExportRequest, ExportResponse;
    Import V1_4 => ImportRequest, ImportResponse;
}
