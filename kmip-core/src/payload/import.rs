//! Import, since KMIP 1.4.

use crate::attribute::{Attribute, UniqueIdentifier};
use crate::types::KeyWrapType;

kmip_struct! {
    /// Asks to take an object in as another server exported it.
    ///
    /// Spec: KMIP 1.4 §4.41.
    pub struct ImportRequest {
        /// The object.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// Whether an object of this name may be replaced; absent means no.
        opt ReplaceExisting => replace_existing: bool,
        /// Whether it is to be, or is, as it was registered or unwrapped.
        opt KeyWrapType => key_wrap_type: KeyWrapType,
        /// The attributes.
        many Attribute => attributes: Attribute,
    } with object
}

kmip_struct! {
    /// Names the object, as the client did.
    ///
    /// Spec: KMIP 1.4 §4.41.
    pub struct ImportResponse {
        /// The object.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
    }
}
