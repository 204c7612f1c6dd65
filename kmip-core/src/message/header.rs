//! Request and response headers.
//!
//! Spec: KMIP 1.4 §7.2.

use super::{Credential, Nonce};
use crate::ttlv::DateTime;
use crate::types::{AttestationType, BatchErrorContinuationOption, ProtocolVersion};

kmip_struct! {
    /// Who the client says it is, beside its certificate.
    pub struct Authentication {
        /// One, or several since 1.2.
        many Credential => credentials: Credential,
    }
}

kmip_struct! {
    /// Header of a request. Its fields may come in any order (a tolerance).
    ///
    /// Spec: KMIP 1.4 §7.2.
    pub struct RequestHeader {
        /// Version.
        req ProtocolVersion => protocol_version: ProtocolVersion,
        /// Largest response the client takes, in TTLV bytes.
        opt MaximumResponseSize => maximum_response_size: i32,
        /// The client's name for this message.
        opt ClientCorrelationValue => client_correlation_value: String [since V1_4],
        /// The server's name for an earlier message.
        opt ServerCorrelationValue => server_correlation_value: String [since V1_4],
        /// Whether the server may answer later.
        opt AsynchronousIndicator => asynchronous_indicator: bool,
        /// Whether the client can attest.
        opt AttestationCapableIndicator => attestation_capable_indicator: bool [since V1_2],
        /// How it can attest.
        many AttestationType => attestation_types: AttestationType [since V1_2],
        /// Credentials.
        opt Authentication => authentication: Authentication,
        /// What becomes of the rest of a batch after a failure; absent means Stop.
        opt BatchErrorContinuationOption
            => batch_error_continuation_option: BatchErrorContinuationOption,
        /// Whether items must be processed in order.
        opt BatchOrderOption => batch_order_option: bool,
        /// The client's clock.
        opt TimeStamp => time_stamp: DateTime,
        /// Number of items.
        req BatchCount => batch_count: i32,
    }
}

kmip_struct! {
    /// Header of a response.
    ///
    /// Spec: KMIP 1.4 §7.2.
    pub struct ResponseHeader {
        /// The request's version.
        req ProtocolVersion => protocol_version: ProtocolVersion,
        /// The server's clock.
        req TimeStamp => time_stamp: DateTime,
        /// A nonce to attest with.
        opt Nonce => nonce: Nonce [since V1_2],
        /// Attestations the server takes.
        many AttestationType => attestation_types: AttestationType [since V1_2],
        /// The client's name for the request.
        opt ClientCorrelationValue => client_correlation_value: String [since V1_4],
        /// The server's name for the request.
        opt ServerCorrelationValue => server_correlation_value: String [since V1_4],
        /// Number of items.
        req BatchCount => batch_count: i32,
    }
}
