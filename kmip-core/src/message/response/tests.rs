use super::*;
use crate::attribute::UniqueIdentifier;
use crate::message::Nonce;
use crate::payload::{ActivateResponse, CreateSplitKeyResponse, SignatureVerifyResponse};
use crate::ttlv::{DateTime, Item, Value};
use crate::types::ObjectType;

fn uid() -> UniqueIdentifier {
    UniqueIdentifier::new("u")
}

fn response(version: ProtocolVersion, items: Vec<ResponseItem>) -> ResponseMessage {
    let header = ResponseHeader {
        protocol_version: version,
        time_stamp: DateTime(1_700_000_000),
        nonce: None,
        attestation_types: vec![],
        client_correlation_value: None,
        server_correlation_value: None,
        batch_count: i32::try_from(items.len()).unwrap(),
    };
    ResponseMessage { header, items }
}

fn read(bytes: &[u8]) -> Result<ResponseMessage, DecodeError> {
    ResponseMessage::decode(bytes, &Limits::default())
}

fn round_trip(message: &ResponseMessage) -> Vec<u8> {
    let bytes = message.encode();
    assert_eq!(read(&bytes).as_ref(), Ok(message));
    bytes
}

fn activated() -> ResponseItem {
    let payload = ActivateResponse { unique_identifier: uid() };
    ResponseItem::success(Operation::Activate, ResponsePayload::Activate(payload))
}

#[test]
fn each_outcome_round_trips() {
    let mut failed =
        ResponseItem::failure(Some(Operation::Get), ResultReason::ItemNotFound, "not found");
    failed.unique_batch_item_id = Some(vec![1, 2, 3]);
    let mut pending = activated();
    pending.result_status = ResultStatus::OperationPending;
    pending.asynchronous_correlation_value = Some(vec![9; 16]);
    pending.payload = None;
    let nameless = ResponseItem::failure(None, ResultReason::InvalidMessage, "unreadable");
    let items = vec![activated(), failed, pending, nameless];
    round_trip(&response(ProtocolVersion::V1_0, items));
}

#[test]
fn answer_to_poll_is_that_of_the_operation_polled() {
    let message = response(ProtocolVersion::V1_4, vec![activated()]);
    let bytes = round_trip(&message);
    let item = read(&bytes).unwrap().items.remove(0);
    assert_eq!(item.operation, Some(Operation::Activate));
    assert!(matches!(item.payload, Some(ResponsePayload::Activate(_))));
}

#[test]
fn fields_of_newer_versions_are_not_written() {
    let mut message = response(ProtocolVersion::V1_4, vec![]);
    message.header.server_correlation_value = Some("s".into());
    message.header.nonce = Some(Nonce { nonce_id: vec![1], nonce_value: vec![2] });
    round_trip(&message);
    message.header.protocol_version = ProtocolVersion::V1_1;
    let written = read(&message.encode()).unwrap().header;
    assert_eq!((written.server_correlation_value, written.nonce), (None, None));
}

#[test]
fn object_type_of_split_keys_is_there_in_1_2_only() {
    let payload = CreateSplitKeyResponse {
        object_type: Some(ObjectType::SplitKey),
        unique_identifiers: vec![uid()],
        template_attribute: None,
    };
    let payload = ResponsePayload::CreateSplitKey(payload);
    let item = ResponseItem::success(Operation::CreateSplitKey, payload);
    let bytes = round_trip(&response(ProtocolVersion::V1_2, vec![item.clone()]));
    let newer = response(ProtocolVersion::V1_3, vec![item]).encode();
    assert_eq!(newer.len() + 16, bytes.len());
    let mut relabelled = Item::from_bytes(&bytes).unwrap();
    set_minor(&mut relabelled, 3);
    let unknown = Err(DecodeError::Unknown(Tag::ObjectType));
    assert_eq!(read(&relabelled.to_bytes()), unknown);
    // A version newer than ours may have lost it: skipped.
    set_minor(&mut relabelled, 9);
    assert!(read(&relabelled.to_bytes()).is_ok());
}

fn set_minor(item: &mut Item, minor: i32) {
    if item.tag == Tag::ProtocolVersionMinor {
        item.value = Value::Integer(minor);
    }
    if let Value::Structure(children) = &mut item.value {
        children.iter_mut().for_each(|child| set_minor(child, minor));
    }
}

#[test]
fn verdict_is_absent_in_the_middle_of_a_stream() {
    let payload = SignatureVerifyResponse {
        unique_identifier: uid(),
        validity_indicator: None,
        data: None,
        correlation_value: Some(vec![1]),
    };
    let payload = ResponsePayload::SignatureVerify(payload);
    let item = ResponseItem::success(Operation::SignatureVerify, payload);
    round_trip(&response(ProtocolVersion::V1_4, vec![item]));
}

#[test]
fn item_with_a_field_twice_or_unknown_is_refused() {
    let item = response(ProtocolVersion::V1_4, vec![activated()]).encode();
    let tree = Item::from_bytes(&item).unwrap();
    let with = |extra: Item| {
        let mut tree = tree.clone();
        let Value::Structure(parts) = &mut tree.value else { panic!("no structure") };
        let Value::Structure(fields) = &mut parts[1].value else { panic!("no structure") };
        fields.push(extra);
        read(&tree.to_bytes())
    };
    let twice = Item { tag: Tag::ResultStatus, value: Value::Enumeration(0) };
    assert_eq!(with(twice), Err(DecodeError::Misplaced(Tag::ResultStatus)));
    let alien = Item { tag: Tag(0x54_0001), value: Value::Integer(1) };
    assert_eq!(with(alien), Err(DecodeError::Unknown(Tag(0x54_0001))));
}
