//! Whole messages: header and batch items.
//!
//! Spec: KMIP 1.4 §6 and §7.

mod credential;
mod header;
mod request;
mod response;

pub use credential::{
    AttestationCredential, Credential, CredentialValue, DeviceCredential, Nonce,
    UsernameAndPassword,
};
pub use header::{Authentication, RequestHeader, ResponseHeader};
pub use request::{
    MessageFault, RequestItem, RequestMessage, peek_asynchronous, peek_operations, peek_version,
};
pub use response::{ResponseItem, ResponseMessage};

use crate::ttlv::Value;

kmip_struct! {
    /// A vendor's addition to a batch item. Spec: KMIP 1.4 §6.16.
    pub struct MessageExtension {
        /// Whose.
        req VendorIdentification => vendor_identification: String,
        /// Whether the message must be refused if it is not understood.
        req CriticalityIndicator => criticality_indicator: bool,
        /// Anything.
        req VendorExtension => vendor_extension: Value,
    }
}
