//! Query: what the server is and can do, from its own tables.
//!
//! Spec: KMIP 1.4 §4.25.

use kmip_core::payload::{
    self, CapabilityInformation, ProfileInformation, QueryRequest, QueryResponse,
};
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    ClientRegistrationMethod, DestroyAction, ObjectType, Operation, ProtocolVersion, QueryFunction,
    RNGMode, ShreddingAlgorithm, Tag, UnwrapMode,
};

use super::namespace::NAMESPACES;
use super::{OpContext, OpError, SERVED, birth};
use crate::profiles;

/// What objects may be.
pub const OBJECT_TYPES: &[ObjectType] = &[
    ObjectType::Certificate,
    ObjectType::SymmetricKey,
    ObjectType::PublicKey,
    ObjectType::PrivateKey,
    ObjectType::SplitKey,
    ObjectType::Template,
    ObjectType::SecretData,
    ObjectType::OpaqueObject,
    ObjectType::PGPKey,
];

/// Whether `version` has objects of this type.
pub(super) fn is_known(object_type: ObjectType, version: ProtocolVersion) -> bool {
    ObjectType::TABLE.entry(object_type.0).is_some_and(|entry| entry.since <= version)
}

/// Who made the server.
const VENDOR: &str = concat!("Claviger ", env!("CARGO_PKG_VERSION"));

/// Answers each function asked for; it needs neither store nor token. Those that came later than the
/// client's version are passed over: it has no field for their answer.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: QueryRequest,
) -> Result<QueryResponse, OpError> {
    let asked = &request.query_functions;
    if asked.is_empty() {
        return Err(OpError::InvalidMessage("no query function"));
    }
    let exists = |function: &QueryFunction| function.is_in(ProtocolVersion::NEWEST);
    let in_version = |function: &QueryFunction| function.is_in(ctx.version());
    if !asked.iter().all(exists) || !asked.iter().any(in_version) {
        return Err(OpError::InvalidField("no such query function"));
    }
    let wants = |function| in_version(&function) && asked.contains(&function);
    let mut answer = empty();
    if wants(QueryFunction::QueryOperations) {
        answer.operations = operations(ctx);
    }
    if wants(QueryFunction::QueryObjects) {
        let known = OBJECT_TYPES.iter().filter(|kind| is_known(**kind, ctx.version()));
        answer.object_types = known.copied().collect();
    }
    if wants(QueryFunction::QueryServerInformation) {
        answer.vendor_identification = Some(VENDOR.to_owned());
        answer.server_information = Some(server_information(ctx));
    }
    if wants(QueryFunction::QueryApplicationNamespaces) {
        answer.application_namespaces = NAMESPACES.iter().map(|&name| name.to_owned()).collect();
    }
    if wants(QueryFunction::QueryRNGs) {
        answer.rng_parameters = vec![birth::unspecified_rng()];
    }
    if wants(QueryFunction::QueryProfiles) {
        answer.profile_informations = claims(ctx);
    }
    if wants(QueryFunction::QueryValidations) {
        answer.validation_informations.clone_from(&ctx.services().about.validations);
    }
    if wants(QueryFunction::QueryCapabilities) {
        answer.capability_informations = vec![capabilities()];
    }
    if wants(QueryFunction::QueryClientRegistrationMethods) {
        answer.client_registration_methods = vec![ClientRegistrationMethod::ServerPreGenerated];
    }
    // Extensions and attestation types: none.
    Ok(answer)
}

fn operations(ctx: &OpContext<'_>) -> Vec<Operation> {
    SERVED
        .iter()
        .map(|entry| entry.operation)
        .filter(|operation| payload::exists(*operation, ctx.version()))
        .collect()
}

/// The profiles that are claimed, of those that the version knows.
fn claims(ctx: &OpContext<'_>) -> Vec<ProfileInformation> {
    let claimed = profiles::claimed(ctx.services()).into_iter();
    let known = claimed.filter(|name| name.is_in(ctx.version()));
    let claim =
        |name| ProfileInformation { profile_name: name, server_uri: None, server_port: None };
    known.map(claim).collect()
}

/// The token behind the server, if it is there: a free structure by the specification.
fn server_information(ctx: &OpContext<'_>) -> Value {
    let text = |tag, text: String| Item { tag, value: Value::TextString(text) };
    let mut items = Vec::new();
    if let Some(info) = ctx.hsm().info() {
        items.push(text(Tag::VendorIdentification, info.manufacturer));
        items.push(text(Tag::DeviceIdentifier, info.model));
    }
    Value::Structure(items)
}

const fn capabilities() -> CapabilityInformation {
    CapabilityInformation {
        streaming: Some(true),
        asynchronous: Some(true),
        attestation: Some(false),
        batch_undo: Some(true),
        batch_continue: Some(true),
        unwrap_mode: Some(UnwrapMode::Processed),
        destroy_action: Some(DestroyAction::KeyMaterialDeleted),
        shredding_algorithm: Some(ShreddingAlgorithm::Unsupported),
        rng_mode: Some(RNGMode::SharedInstantiation),
    }
}

const fn empty() -> QueryResponse {
    QueryResponse {
        operations: Vec::new(),
        object_types: Vec::new(),
        vendor_identification: None,
        server_information: None,
        application_namespaces: Vec::new(),
        extension_informations: Vec::new(),
        attestation_types: Vec::new(),
        rng_parameters: Vec::new(),
        profile_informations: Vec::new(),
        validation_informations: Vec::new(),
        capability_informations: Vec::new(),
        client_registration_methods: Vec::new(),
    }
}
