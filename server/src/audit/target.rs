//! Which object a request names, for the record that is written before it is carried out.

use kmip_core::attribute::UniqueIdentifier;
use kmip_core::payload::RequestPayload;

/// Makes the choice of every operation a line: where its request has the identifier.
macro_rules! named {
    (
        given: $($given:ident)*;
        other: $($other:ident => $field:ident),*;
        always: $($always:ident)*;
        several: $($several:ident)*;
        none: $($none:ident)*;
    ) => {
        /// The object that `request` names, the first of several; none where it names none.
        #[must_use]
        pub fn named_object(request: &RequestPayload) -> Option<&UniqueIdentifier> {
            match request {
                $( RequestPayload::$given(request) => request.unique_identifier.as_ref(), )*
                $( RequestPayload::$other(request) => request.$field.as_ref(), )*
                $( RequestPayload::$always(request) => Some(&request.unique_identifier), )*
                $( RequestPayload::$several(request) => request.unique_identifiers.first(), )*
                $( RequestPayload::$none(_) => None, )*
            }
        }
    };
}

named! {
    given:
        Activate AddAttribute Archive Certify Check CreateSplitKey Decrypt DeleteAttribute Destroy
        Encrypt Export Get GetAttributeList GetAttributes GetUsageAllocation MAC MACVerify
        ModifyAttribute ObtainLease ReCertify ReKey Recover Revoke Sign SignatureVerify;
    other:
        ReKeyKeyPair => private_key_unique_identifier;
    always:
        Import;
    several:
        DeriveKey JoinSplitKey Validate;
    none:
        Cancel Create CreateKeyPair DiscoverVersions Hash Locate Poll Query Register RNGRetrieve
        RNGSeed;
}
