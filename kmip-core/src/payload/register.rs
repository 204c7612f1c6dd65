//! Register, since KMIP 1.0.

use crate::attribute::{TemplateAttribute, UniqueIdentifier};
use crate::types::ObjectType;

kmip_struct! {
    /// Asks to keep an object that the client made.
    ///
    /// Spec: KMIP 1.4 §4.3.
    pub struct RegisterRequest {
        /// Kind of the object.
        req ObjectType => object_type: ObjectType,
        /// Attributes of the object.
        req TemplateAttribute => template_attribute: TemplateAttribute,
    } with object
}

kmip_struct! {
    /// Names the new object.
    ///
    /// Spec: KMIP 1.4 §4.3.
    pub struct RegisterResponse {
        /// The object.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// Attributes of the object.
        opt TemplateAttribute => template_attribute: TemplateAttribute,
    }
}
