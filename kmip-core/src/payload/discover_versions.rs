//! Discover Versions, since KMIP 1.1.

use crate::types::ProtocolVersion;

kmip_struct! {
    /// Discover Versions: what a client asks.
    ///
    /// Spec: KMIP 1.4 §4.26.
    pub struct DiscoverVersionsRequest {
        /// Protocol Version.
        many ProtocolVersion => protocol_versions: ProtocolVersion,
    }
}

kmip_struct! {
    /// Discover Versions: what the server answers.
    ///
    /// Spec: KMIP 1.4 §4.26.
    pub struct DiscoverVersionsResponse {
        /// Protocol Version.
        many ProtocolVersion => protocol_versions: ProtocolVersion,
    }
}
