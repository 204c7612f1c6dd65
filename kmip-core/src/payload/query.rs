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
    /// Asks what the server can do, by topic.
    ///
    /// Spec: KMIP 1.4 §4.25.
    pub struct QueryRequest {
        /// The topics.
        many QueryFunction => query_functions: QueryFunction,
    }
}

kmip_struct! {
    /// Answers the topics asked about, each with its own fields.
    ///
    /// Spec: KMIP 1.4 §4.25.
    pub struct QueryResponse {
        /// The operations the server performs.
        many Operation => operations: Operation,
        /// The kinds of object the server keeps.
        many ObjectType => object_types: ObjectType,
        /// The server's maker.
        opt VendorIdentification => vendor_identification: String,
        /// Whatever the maker wants to say; a structure of no fixed fields.
        opt ServerInformation => server_information: Value,
        /// The namespaces the server makes Application Data for.
        many ApplicationNamespace => application_namespaces: String,
        /// Tags of the maker's own.
        many ExtensionInformation => extension_informations: ExtensionInformation [since V1_1],
        /// The attestations the server takes.
        many AttestationType => attestation_types: AttestationType [since V1_2],
        /// The random number generators the server has.
        many RNGParameters => rng_parameters: RNGParameters [since V1_3],
        /// The profiles the server conforms to.
        many ProfileInformation => profile_informations: ProfileInformation [since V1_3],
        /// The validations the server has passed.
        many ValidationInformation => validation_informations: ValidationInformation [since V1_3],
        /// What the server is able to do.
        many CapabilityInformation => capability_informations: CapabilityInformation [since V1_3],
        /// The ways for clients to become known.
        many ClientRegistrationMethod
            => client_registration_methods: ClientRegistrationMethod [since V1_3],
    }
}
