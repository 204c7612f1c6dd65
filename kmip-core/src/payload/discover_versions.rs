//! Discover Versions, since KMIP 1.1.

use crate::types::ProtocolVersion;

kmip_struct! {
    /// Lists the versions the client speaks; an empty list asks for all of ours.
    ///
    /// Spec: KMIP 1.4 §4.26.
    pub struct DiscoverVersionsRequest {
        /// Versions, the preferred one first.
        many ProtocolVersion => protocol_versions: ProtocolVersion,
    }
}

kmip_struct! {
    /// Lists the versions both sides speak.
    ///
    /// Spec: KMIP 1.4 §4.26.
    pub struct DiscoverVersionsResponse {
        /// Versions, the preferred one first.
        many ProtocolVersion => protocol_versions: ProtocolVersion,
    }
}
