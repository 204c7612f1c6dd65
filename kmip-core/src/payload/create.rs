//! Create, since KMIP 1.0.

use crate::attribute::{TemplateAttribute, UniqueIdentifier};
use crate::types::ObjectType;

kmip_struct! {
    /// Asks for a new symmetric key.
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
    /// Names the new object.
    ///
    /// Spec: KMIP 1.4 §4.1.
    pub struct CreateResponse {
        /// Kind of the object.
        req ObjectType => object_type: ObjectType,
        /// The object.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// Attributes of the object.
        opt TemplateAttribute => template_attribute: TemplateAttribute,
    }
}
