//! Two scopes on one server: what one holds, the other can neither use nor detect.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use kmip_core::attribute::{Attribute, AttributeKind, RevocationReason, TemplateAttribute};
use kmip_core::object::{KeyInformation, KeyWrappingSpecification};
use kmip_core::payload::{
    AddAttributeRequest, ArchiveRequest, CheckRequest, CreateSplitKeyRequest,
    DeleteAttributeRequest, DerivationParameters, DeriveKeyRequest, ExportRequest,
    GetAttributeListRequest, GetRequest, GetUsageAllocationRequest, JoinSplitKeyRequest,
    MacRequest, MacVerifyRequest, ModifyAttributeRequest, ObtainLeaseRequest, ReKeyKeyPairRequest,
    ReKeyRequest, RecoverRequest, RequestPayload, RevokeRequest, SignatureVerifyRequest,
};
use kmip_core::types::{
    DerivationMethod, EncodingOption, ObjectType, Operation, ProtocolVersion, ResultReason,
    RevocationReasonCode, SplitKeyMethod, WrappingMethod,
};
use server::client::{Client, encode_request, template};
use server::operation::SERVED;
use softhsm_tests::memory;
use softhsm_tests::requests::{self, Id, Shortcuts};
use softhsm_tests::server::Trial;

/// A request of this operation about the object; none for operations that name no object.
fn request_about(operation: Operation, id: &Id) -> Option<RequestPayload> {
    let uid = Some(id.clone());
    let attribute = template::name("stolen");
    Some(match operation {
        Operation::Get => requests::get(id).into(),
        Operation::GetAttributes => requests::get_attributes(id, &[]).into(),
        Operation::GetAttributeList => GetAttributeListRequest { unique_identifier: uid }.into(),
        Operation::AddAttribute => AddAttributeRequest { unique_identifier: uid, attribute }.into(),
        Operation::ModifyAttribute => {
            ModifyAttributeRequest { unique_identifier: uid, attribute }.into()
        }
        Operation::DeleteAttribute => DeleteAttributeRequest {
            unique_identifier: uid,
            attribute_name: AttributeKind::Name.into(),
            attribute_index: None,
        }
        .into(),
        Operation::Activate => requests::activate(id).into(),
        Operation::Revoke => RevokeRequest {
            unique_identifier: uid,
            revocation_reason: RevocationReason {
                code: RevocationReasonCode::KeyCompromise,
                message: None,
            },
            compromise_occurrence_date: None,
        }
        .into(),
        Operation::Destroy => requests::destroy(id).into(),
        Operation::Encrypt => requests::encrypt(id, b"data").into(),
        Operation::Decrypt => requests::decrypt(id, &[7; 16]).into(),
        Operation::Sign => requests::sign_ec(id, b"data").into(),
        Operation::SignatureVerify => SignatureVerifyRequest {
            unique_identifier: uid,
            cryptographic_parameters: None,
            data: Some(b"data".to_vec().into()),
            digested_data: None,
            signature_data: Some(vec![7; 64]),
            correlation_value: None,
            init_indicator: None,
            final_indicator: None,
        }
        .into(),
        Operation::MAC => MacRequest {
            unique_identifier: uid,
            cryptographic_parameters: None,
            data: Some(b"data".to_vec().into()),
            correlation_value: None,
            init_indicator: None,
            final_indicator: None,
        }
        .into(),
        Operation::MACVerify => MacVerifyRequest {
            unique_identifier: uid,
            cryptographic_parameters: None,
            data: Some(b"data".to_vec().into()),
            mac_data: Some(vec![7; 32]),
            correlation_value: None,
            init_indicator: None,
            final_indicator: None,
        }
        .into(),
        Operation::DeriveKey => derive_from(id).into(),
        Operation::CreateSplitKey => split(id).into(),
        Operation::JoinSplitKey => join(id).into(),
        Operation::DiscoverVersions
        | Operation::Query
        | Operation::Create
        | Operation::CreateKeyPair
        | Operation::Register
        | Operation::Import
        | Operation::Locate
        | Operation::RNGRetrieve
        | Operation::RNGSeed
        | Operation::Hash
        // They name a pending operation.
        | Operation::Cancel
        | Operation::Poll => return None,
        other => request_between_birth_and_end(other, uid),
    })
}

/// The same, for what happens to an object that is there.
fn request_between_birth_and_end(operation: Operation, uid: Option<Id>) -> RequestPayload {
    match operation {
        Operation::ReKey => {
            ReKeyRequest { unique_identifier: uid, offset: None, template_attribute: None }.into()
        }
        Operation::ReKeyKeyPair => ReKeyKeyPairRequest {
            private_key_unique_identifier: uid,
            offset: None,
            common_template_attribute: None,
            private_key_template_attribute: None,
            public_key_template_attribute: None,
        }
        .into(),
        Operation::Check => CheckRequest {
            unique_identifier: uid,
            usage_limits_count: Some(1),
            cryptographic_usage_mask: None,
            lease_time: None,
        }
        .into(),
        Operation::ObtainLease => ObtainLeaseRequest { unique_identifier: uid }.into(),
        Operation::GetUsageAllocation => {
            GetUsageAllocationRequest { unique_identifier: uid, usage_limits_count: 1 }.into()
        }
        Operation::Archive => ArchiveRequest { unique_identifier: uid }.into(),
        Operation::Recover => RecoverRequest { unique_identifier: uid }.into(),
        Operation::Export => ExportRequest {
            unique_identifier: uid,
            key_format_type: None,
            key_wrap_type: None,
            key_compression_type: None,
            key_wrapping_specification: None,
        }
        .into(),
        other => panic!("say here how {other:?} names an object"),
    }
}

fn derive_from(id: &Id) -> DeriveKeyRequest {
    DeriveKeyRequest {
        object_type: ObjectType::SecretData,
        unique_identifiers: vec![id.clone()],
        derivation_method: DerivationMethod::HMAC,
        derivation_parameters: DerivationParameters {
            cryptographic_parameters: None,
            initialization_vector: None,
            derivation_data: Some(b"data".to_vec().into()),
            salt: None,
            iteration_count: None,
        },
        template_attribute: TemplateAttribute { names: Vec::new(), attributes: Vec::new() },
    }
}

fn split(id: &Id) -> CreateSplitKeyRequest {
    CreateSplitKeyRequest {
        object_type: ObjectType::SplitKey,
        unique_identifier: Some(id.clone()),
        split_key_parts: 2,
        split_key_threshold: 2,
        split_key_method: SplitKeyMethod::XOR,
        prime_field_size: None,
        template_attribute: TemplateAttribute { names: Vec::new(), attributes: Vec::new() },
    }
}

fn join(id: &Id) -> JoinSplitKeyRequest {
    JoinSplitKeyRequest {
        object_type: ObjectType::SymmetricKey,
        unique_identifiers: vec![id.clone()],
        secret_data_type: None,
        template_attribute: None,
    }
}

/// The answer without its clock, the one thing that may differ.
fn answer_without_time(
    client: &mut Client,
    version: ProtocolVersion,
    ask: RequestPayload,
) -> Vec<u8> {
    const TIME_STAMP: [u8; 8] = [0x42, 0x00, 0x92, 0x09, 0, 0, 0, 8];
    let mut answer = client.send_raw(&encode_request(version, ask)).unwrap();
    let at = answer.windows(8).position(|window| window == TIME_STAMP).unwrap() + 8;
    answer[at..at + 8].fill(0);
    answer
}

fn no_such(id: &Id) -> Id {
    // As long as a real one, and unlike it in one digit.
    let last = if id.as_str().ends_with('0') { "1" } else { "0" };
    Id::new(format!("{}{last}", &id.as_str()[..id.as_str().len() - 1]))
}

#[test]
fn object_of_another_scope_answers_byte_for_byte_as_one_that_never_existed() {
    let trial = Trial::new();
    let server = trial.start();
    let mut demo = server.client();
    let mut other = server.other_client();
    let active = demo.make_aes(&[template::name("of demo")]).unwrap();
    let pre_active = demo.call(requests::create_aes(&[])).unwrap().unique_identifier;
    let destroyed = demo.call(requests::create_aes(&[])).unwrap().unique_identifier;
    demo.call(requests::destroy(&destroyed)).unwrap();
    let mut asked = 0;
    for foreign in [active, pre_active, destroyed] {
        for version in ProtocolVersion::SUPPORTED {
            for entry in SERVED {
                let ask = |id: &Id| request_about(entry.operation, id);
                let (Some(real), Some(none)) = (ask(&foreign), ask(&no_such(&foreign))) else {
                    continue;
                };
                let real = answer_without_time(&mut other, version, real);
                let none = answer_without_time(&mut other, version, none);
                assert_eq!(real, none, "{:?} in {version}", entry.operation);
                assert_eq!(memory::occurrences(&real, foreign.as_str().as_bytes()), 0);
                asked += 1;
            }
        }
    }
    assert!(asked > 150, "{asked}");
    server.stop();
}

#[test]
fn wrapping_key_of_another_scope_answers_as_one_that_never_existed() {
    let trial = Trial::new();
    let server = trial.start();
    let foreign = server.client().make_aes(&[]).unwrap();
    let mut other = server.other_client();
    let own = other.make_aes(&[]).unwrap();
    let wrapped_by = |id: &Id| -> RequestPayload {
        GetRequest {
            key_wrapping_specification: Some(KeyWrappingSpecification {
                wrapping_method: WrappingMethod::Encrypt,
                encryption_key_information: Some(KeyInformation {
                    unique_identifier: id.clone(),
                    cryptographic_parameters: None,
                }),
                mac_signature_key_information: None,
                attribute_names: Vec::new(),
                encoding_option: Some(EncodingOption::NoEncoding),
            }),
            ..requests::get(&own)
        }
        .into()
    };
    let version = ProtocolVersion::NEWEST;
    let real = answer_without_time(&mut other, version, wrapped_by(&foreign));
    let none = answer_without_time(&mut other, version, wrapped_by(&no_such(&foreign)));
    assert_eq!(real, none);
    server.stop();
}

#[test]
fn locate_sees_the_own_scope_only_and_names_are_per_scope() {
    let trial = Trial::new();
    let server = trial.start();
    let (mut demo, mut other) = (server.client(), server.other_client());
    let name = || template::name("the same name");
    let of_demo = demo.make_aes(&[name()]).unwrap();
    let of_other = other.make_aes(&[name()]).unwrap();
    let mut found = |attributes: Vec<Attribute>| {
        let of_demo = demo.call(requests::locate(attributes.clone())).unwrap();
        let of_other = other.call(requests::locate(attributes)).unwrap();
        (of_demo.unique_identifiers, of_other.unique_identifiers)
    };
    assert_eq!(found(vec![name()]), (vec![of_demo.clone()], vec![of_other.clone()]));
    assert_eq!(found(Vec::new()), (vec![of_demo], vec![of_other]));
    server.stop();
}

#[test]
fn scope_without_export_never_gives_out_a_key_whatever_the_client_asks() {
    let trial = Trial::new();
    let server = trial.start();
    let mut other = server.other_client();
    let open = [
        Attribute::new(AttributeKind::Sensitive, &false),
        Attribute::new(AttributeKind::Extractable, &true),
    ];
    let made = other.make_aes(&[]).unwrap();
    let brought = other.bring_aes(&[0x5a; 32], &[]).unwrap();
    let mut ids = vec![made, brought];
    // Either the wish is refused, or it is overruled.
    ids.extend(other.make_aes(&open));
    ids.extend(other.bring_aes(&[0xa5; 32], &open));
    for id in ids {
        let refused = other.call(requests::get(&id)).unwrap_err();
        let reason = refused.reason().unwrap();
        let wanted =
            [ResultReason::Sensitive, ResultReason::NotExtractable, ResultReason::PermissionDenied];
        assert!(wanted.contains(&reason), "{refused}");
        for (kind, value) in [(AttributeKind::Sensitive, true), (AttributeKind::Extractable, false)]
        {
            let answer = other.call(requests::get_attributes(&id, &[kind])).unwrap();
            assert_eq!(answer.attributes, [Attribute::new(kind, &value)]);
        }
        let sealed = other.encrypted(&id, b"works all the same").unwrap();
        assert_eq!(other.decrypted(&id, &sealed).unwrap(), b"works all the same");
    }
    server.stop();
}
