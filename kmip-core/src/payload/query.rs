//! Query, since KMIP 1.0.

use crate::attribute::RNGParameters;
use crate::payload::information::{
    CapabilityInformation, ExtensionInformation, ProfileInformation, ValidationInformation,
};
use crate::ttlv::Value;
use crate::types::{
    AttestationType, ClientRegistrationMethod, ObjectType, Operation, QueryFunction,
};

kmip_struct! {
    /// Query: what a client asks.
    ///
    /// Spec: KMIP 1.4 §4.25.
    pub struct QueryRequest {
        /// Query Function.
        many QueryFunction => query_functions: QueryFunction,
    }
}

kmip_struct! {
    /// Query: what the server answers.
    ///
    /// Spec: KMIP 1.4 §4.25.
    pub struct QueryResponse {
        /// Operation.
        many Operation => operations: Operation,
        /// Kind of the object.
        many ObjectType => object_types: ObjectType,
        /// Vendor Identification.
        opt VendorIdentification => vendor_identification: String,
        /// Server Information.
        opt ServerInformation => server_information: Value,
        /// Application Namespace.
        many ApplicationNamespace => application_namespaces: String,
        /// Extension Information.
        many ExtensionInformation => extension_informations: ExtensionInformation [since V1_1],
        /// Attestation Type.
        many AttestationType => attestation_types: AttestationType [since V1_2],
        /// RNGParameters.
        many RNGParameters => rng_parameters: RNGParameters [since V1_3],
        /// Profile Information.
        many ProfileInformation => profile_informations: ProfileInformation [since V1_3],
        /// Validation Information.
        many ValidationInformation => validation_informations: ValidationInformation [since V1_3],
        /// Capability Information.
        many CapabilityInformation => capability_informations: CapabilityInformation [since V1_3],
        /// Client Registration Method.
        many ClientRegistrationMethod => client_registration_methods: ClientRegistrationMethod [since V1_3],
    }
}
