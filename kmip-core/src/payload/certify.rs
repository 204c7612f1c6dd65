//! Certify, since KMIP 1.0.

use crate::attribute::{TemplateAttribute, UniqueIdentifier};
use crate::types::CertificateRequestType;

kmip_struct! {
    /// Certify: what a client asks.
    ///
    /// Spec: KMIP 1.4 §4.7.
    pub struct CertifyRequest {
        /// The object; in a request, absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// Certificate Request Type.
        opt CertificateRequestType => certificate_request_type: CertificateRequestType,
        /// Certificate Request.
        opt CertificateRequest => certificate_request: Vec<u8>,
        /// Attributes of the object.
        opt TemplateAttribute => template_attribute: TemplateAttribute,
    }
}

kmip_struct! {
    /// Certify: what the server answers.
    ///
    /// Spec: KMIP 1.4 §4.7.
    pub struct CertifyResponse {
        /// The object; in a request, absent means the ID Placeholder.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// Attributes of the object.
        opt TemplateAttribute => template_attribute: TemplateAttribute,
    }
}
