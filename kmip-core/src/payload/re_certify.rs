//! Re-certify, since KMIP 1.0.

use crate::attribute::{TemplateAttribute, UniqueIdentifier};
use crate::ttlv::Interval;
use crate::types::CertificateRequestType;

kmip_struct! {
    /// Re-certify: what a client asks.
    ///
    /// Spec: KMIP 1.4 §4.8.
    pub struct ReCertifyRequest {
        /// The object; in a request, absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// Certificate Request Type.
        opt CertificateRequestType => certificate_request_type: CertificateRequestType,
        /// Certificate Request.
        opt CertificateRequest => certificate_request: Vec<u8>,
        /// Seconds between Initial Date and Activation Date of the new object.
        opt Offset => offset: Interval,
        /// Attributes of the object.
        opt TemplateAttribute => template_attribute: TemplateAttribute,
    }
}

kmip_struct! {
    /// Re-certify: what the server answers.
    ///
    /// Spec: KMIP 1.4 §4.8.
    pub struct ReCertifyResponse {
        /// The object; in a request, absent means the ID Placeholder.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// Attributes of the object.
        opt TemplateAttribute => template_attribute: TemplateAttribute,
    }
}
