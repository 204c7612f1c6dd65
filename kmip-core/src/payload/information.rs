//! What a server says of itself in a Query.

use crate::types::{
    DestroyAction, ProfileName, RNGMode, ShreddingAlgorithm, UnwrapMode, ValidationAuthorityType,
    ValidationType,
};

kmip_struct! {
    /// An extension: a tag of our own, and what it is for.
    ///
    /// Spec: KMIP 1.4 §2.1.9.
    pub struct ExtensionInformation {
        /// Name.
        req ExtensionName => extension_name: String,
        /// Tag.
        opt ExtensionTag => extension_tag: i32,
        /// Wire type.
        opt ExtensionType => extension_type: i32,
    }
}

kmip_struct! {
    /// The profiles the server conforms to.
    ///
    /// Spec: KMIP 1.4 §2.1.19.
    pub struct ProfileInformation {
        /// Which profile.
        req ProfileName => profile_name: ProfileName,
        /// Where it is served.
        opt ServerURI => server_uri: String,
        /// On which port.
        opt ServerPort => server_port: i32,
    }
}

kmip_struct! {
    /// A validation (FIPS 140, Common Criteria) of the server.
    ///
    /// Spec: KMIP 1.4 §2.1.20.
    pub struct ValidationInformation {
        /// Who validated.
        req ValidationAuthorityType => authority_type: ValidationAuthorityType,
        /// Country of the authority.
        opt ValidationAuthorityCountry => authority_country: String,
        /// Where the authority is found.
        opt ValidationAuthorityURI => authority_uri: String,
        /// Major version of the standard.
        req ValidationVersionMajor => version_major: i32,
        /// Minor version of the standard.
        opt ValidationVersionMinor => version_minor: i32,
        /// Hardware, software ...
        req ValidationType => validation_type: ValidationType,
        /// Level reached.
        req ValidationLevel => level: i32,
        /// Number of the certificate.
        opt ValidationCertificateIdentifier => certificate_identifier: String,
        /// Where the certificate is found.
        opt ValidationCertificateURI => certificate_uri: String,
        /// Where the vendor is found.
        opt ValidationVendorURI => vendor_uri: String,
        /// Profiles validated.
        many ValidationProfile => profiles: String,
    }
}

kmip_struct! {
    /// What the server can do beside its operations.
    ///
    /// Spec: KMIP 1.4 §2.1.21.
    pub struct CapabilityInformation {
        /// Whether operations may be streamed.
        opt StreamingCapability => streaming: bool,
        /// Whether operations may be asynchronous.
        opt AsynchronousCapability => asynchronous: bool,
        /// Whether attestation is understood.
        opt AttestationCapability => attestation: bool,
        /// Whether a batch may be undone.
        opt BatchUndoCapability => batch_undo: bool [since V1_4],
        /// Whether a batch may go on after a failure.
        opt BatchContinueCapability => batch_continue: bool [since V1_4],
        /// What becomes of wrapped keys on Register.
        opt UnwrapMode => unwrap_mode: UnwrapMode,
        /// What Destroy does.
        opt DestroyAction => destroy_action: DestroyAction,
        /// How it is done.
        opt ShreddingAlgorithm => shredding_algorithm: ShreddingAlgorithm,
        /// Whether clients share a generator.
        opt RNGMode => rng_mode: RNGMode,
    }
}
