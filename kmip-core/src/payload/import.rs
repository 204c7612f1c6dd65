//! Import, since KMIP 1.4.

use crate::attribute::{Attribute, UniqueIdentifier};
use crate::types::KeyWrapType;

kmip_struct! {
    /// Import: what a client asks.
    ///
    /// Spec: KMIP 1.4 §4.41.
    pub struct ImportRequest {
        /// The object; in a request, absent means the ID Placeholder.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// Replace Existing.
        opt ReplaceExisting => replace_existing: bool,
        /// Key Wrap Type.
        opt KeyWrapType => key_wrap_type: KeyWrapType,
        /// An attribute.
        many Attribute => attributes: Attribute,
    } with object
}

kmip_struct! {
    /// Import: what the server answers.
    ///
    /// Spec: KMIP 1.4 §4.41.
    pub struct ImportResponse {
        /// The object; in a request, absent means the ID Placeholder.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
    }
}
