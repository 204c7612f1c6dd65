//! Re-certify, since KMIP 1.0.

use crate::attribute::{TemplateAttribute, UniqueIdentifier};
use crate::ttlv::Interval;
use crate::types::CertificateRequestType;

kmip_struct! {
    /// Asks for a certificate that replaces an older one.
    ///
    /// Spec: KMIP 1.4 §4.8.
    pub struct ReCertifyRequest {
        /// The object; absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// Format of the request; absent if the server makes it from a public key of its own.
        opt CertificateRequestType => certificate_request_type: CertificateRequestType,
        /// The request, signed by the key to be certified.
        opt CertificateRequest => certificate_request: Vec<u8>,
        /// Seconds between Initial Date and Activation Date of the new object.
        opt Offset => offset: Interval,
        /// Attributes of the object.
        opt TemplateAttribute => template_attribute: TemplateAttribute,
    }
}

kmip_struct! {
    /// Names the new certificate.
    ///
    /// Spec: KMIP 1.4 §4.8.
    pub struct ReCertifyResponse {
        /// The object.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// Attributes of the object.
        opt TemplateAttribute => template_attribute: TemplateAttribute,
    }
}
