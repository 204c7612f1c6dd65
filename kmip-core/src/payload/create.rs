//! Create, since KMIP 1.0.

use crate::attribute::{TemplateAttribute, UniqueIdentifier};
use crate::types::ObjectType;

kmip_struct! {
    /// Create: what a client asks.
    ///
    /// Spec: KMIP 1.4 §4.1.
    pub struct CreateRequest {
        /// Kind of the object.
        req ObjectType => object_type: ObjectType,
        /// Attributes of the object.
        req TemplateAttribute => template_attribute: TemplateAttribute,
    }
}

kmip_struct! {
    /// Create: what the server answers.
    ///
    /// Spec: KMIP 1.4 §4.1.
    pub struct CreateResponse {
        /// Kind of the object.
        req ObjectType => object_type: ObjectType,
        /// The object; in a request, absent means the ID Placeholder.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// Attributes of the object.
        opt TemplateAttribute => template_attribute: TemplateAttribute,
    }
}
