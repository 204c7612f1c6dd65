use super::*;
use crate::message::ResponseMessage;
use crate::payload::{EncryptRequest, LocateRequest, RegisterRequest};
use crate::ttlv::{Item, Value};
use crate::types::{ObjectType, QueryFunction};

/// A tag of no table.
const ALIEN: Tag = Tag(0x42_0FFF);

fn item(tag: Tag, value: Value) -> Item {
    Item { tag, value }
}

fn nest(tag: Tag, children: Vec<Item>) -> Item {
    item(tag, Value::Structure(children))
}

fn number(tag: Tag, value: i32) -> Item {
    item(tag, Value::Integer(value))
}

fn text(tag: Tag, value: &str) -> Item {
    item(tag, Value::TextString(value.into()))
}

fn bytes(tag: Tag, value: &[u8]) -> Item {
    item(tag, Value::ByteString(value.to_vec().into()))
}

fn alien() -> Item {
    nest(ALIEN, vec![text(ALIEN, "from the future")])
}

fn version(major: i32, minor: i32) -> Item {
    nest(
        Tag::ProtocolVersion,
        vec![number(Tag::ProtocolVersionMajor, major), number(Tag::ProtocolVersionMinor, minor)],
    )
}

fn header(minor: i32, fields: Vec<Item>, count: i32) -> Item {
    let mut all = vec![version(1, minor)];
    all.extend(fields);
    all.push(number(Tag::BatchCount, count));
    nest(Tag::RequestHeader, all)
}

fn batch_item(operation: Operation, payload: Vec<Item>) -> Item {
    let operation = item(Tag::Operation, Value::Enumeration(operation.0));
    nest(Tag::BatchItem, vec![operation, nest(Tag::RequestPayload, payload)])
}

fn decode(message: Vec<Item>) -> Result<RequestMessage, MessageFault> {
    let message = nest(Tag::RequestMessage, message);
    RequestMessage::decode(&message.to_bytes(), &Limits::default())
}

/// The payload of a message of one item.
fn one(
    minor: i32,
    operation: Operation,
    payload: Vec<Item>,
) -> Result<Option<RequestPayload>, DecodeError> {
    let message = decode(vec![header(minor, vec![], 1), batch_item(operation, payload)]);
    message.unwrap().items.remove(0).payload
}

/// Locate that names an object by `fields`, with a nested structure in it.
fn attribute() -> Item {
    nest(
        Tag::Attribute,
        vec![
            text(Tag::AttributeName, "Name"),
            nest(
                Tag::AttributeValue,
                vec![text(Tag::NameValue, "k"), item(Tag::NameType, Value::Enumeration(1))],
            ),
        ],
    )
}

/// Register of a transparent key with attributes: most types, five levels deep.
fn rich() -> Item {
    let material = nest(Tag::KeyMaterial, vec![bytes(Tag::Key, &[7; 16])]);
    let block = nest(
        Tag::KeyBlock,
        vec![
            item(Tag::KeyFormatType, Value::Enumeration(7)),
            nest(Tag::KeyValue, vec![material, attribute()]),
            item(Tag::CryptographicAlgorithm, Value::Enumeration(3)),
            number(Tag::CryptographicLength, 128),
        ],
    );
    let register = vec![
        item(Tag::ObjectType, Value::Enumeration(ObjectType::SymmetricKey.0)),
        nest(Tag::TemplateAttribute, vec![attribute()]),
        nest(Tag::SymmetricKey, vec![block]),
    ];
    let fields = vec![
        number(Tag::MaximumResponseSize, 4096),
        item(Tag::BatchOrderOption, Value::Boolean(true)),
        item(Tag::TimeStamp, Value::DateTime(crate::ttlv::DateTime(1_700_000_000))),
    ];
    nest(Tag::RequestMessage, vec![header(4, fields, 1), batch_item(Operation::Register, register)])
}

#[test]
fn rich_request_reencodes_to_the_same_bytes() {
    let bytes = rich().to_bytes();
    let message = RequestMessage::decode(&bytes, &Limits::default()).unwrap();
    assert!(matches!(message.items[0].payload, Ok(Some(RequestPayload::Register(_)))));
    assert_eq!(message.encode(), bytes);
}

#[test]
fn request_rejects_truncation_at_every_byte() {
    let bytes = rich().to_bytes();
    for end in 0..bytes.len() {
        let cut = &bytes[..end];
        let decoded = RequestMessage::decode(cut, &Limits::default());
        assert!(matches!(decoded, Err(MessageFault::Frame(_))), "accepted {end} bytes");
        assert!(Item::from_bytes(cut).is_err(), "tree accepted {end} bytes");
    }
}

#[test]
fn typed_decode_alone_rejects_truncation_at_every_byte() {
    let payload = rich().child(Tag::BatchItem).unwrap().child(Tag::RequestPayload).unwrap().clone();
    let bytes = payload.to_bytes();
    let read = |bytes: &[u8]| {
        RegisterRequest::decode(
            Tag::RequestPayload,
            &mut Reader::new(bytes, ProtocolVersion::NEWEST),
        )
    };
    assert!(read(&bytes).is_ok());
    for end in 0..bytes.len() {
        assert!(read(&bytes[..end]).is_err(), "accepted {end} bytes");
        // The same with the payload's own length made to fit, so that the inner lengths count.
        if let Some(inner) = end.checked_sub(8) {
            let mut cut = bytes[..end].to_vec();
            cut[4..8].copy_from_slice(&u32::try_from(inner).unwrap().to_be_bytes());
            assert!(read(&cut).is_err(), "accepted {end} bytes, length adjusted");
        }
    }
}

#[test]
fn unknown_enumeration_values_survive() {
    let functions = vec![item(Tag::QueryFunction, Value::Enumeration(0x8000_0001))];
    let message = vec![header(4, vec![], 1), batch_item(Operation::Query, functions)];
    let bytes = nest(Tag::RequestMessage, message).to_bytes();
    let decoded = RequestMessage::decode(&bytes, &Limits::default()).unwrap();
    let Ok(Some(RequestPayload::Query(query))) = &decoded.items[0].payload else {
        panic!("not a Query: {decoded:?}")
    };
    assert_eq!(query.query_functions, [QueryFunction(0x8000_0001)]);
    assert_eq!(decoded.encode(), bytes);
}

#[test]
fn unknown_operation_is_read_past() {
    let message = vec![
        header(4, vec![], 2),
        batch_item(Operation(0x77), vec![alien()]),
        batch_item(Operation::Query, vec![]),
    ];
    let items = decode(message).unwrap().items;
    assert_eq!((items[0].operation, &items[0].payload), (Some(Operation(0x77)), &Ok(None)));
    assert!(matches!(items[1].payload, Ok(Some(_))));
}

#[test]
fn operation_newer_than_the_version_is_none() {
    assert_eq!(one(1, Operation::Encrypt, vec![]), Ok(None));
    let empty = one(2, Operation::Encrypt, vec![]);
    assert!(matches!(empty, Ok(Some(RequestPayload::Encrypt(EncryptRequest { .. })))));
}

#[test]
fn field_newer_than_the_version_is_unknown() {
    let stream = || vec![bytes(Tag::CorrelationValue, &[1])];
    let unknown = Err(DecodeError::Unknown(Tag::CorrelationValue));
    assert_eq!(one(2, Operation::Encrypt, stream()), unknown);
    assert!(one(3, Operation::Encrypt, stream()).is_ok());
    let fields = || vec![text(Tag::ClientCorrelationValue, "c")];
    let in_header = |minor| decode(vec![header(minor, fields(), 0)]).map(|m| m.items);
    let unknown = MessageFault::Header(DecodeError::Unknown(Tag::ClientCorrelationValue));
    assert_eq!(in_header(3), Err(unknown));
    assert_eq!(in_header(4), Ok(vec![]));
}

#[test]
fn field_newer_than_the_version_is_not_written() {
    let stream = vec![bytes(Tag::CorrelationValue, &[1])];
    let message = vec![header(3, vec![], 1), batch_item(Operation::Encrypt, stream)];
    let mut message = decode(message).unwrap();
    message.header.protocol_version = ProtocolVersion::V1_2;
    let written = Item::from_bytes(&message.encode()).unwrap();
    let payload = written.child(Tag::BatchItem).unwrap().child(Tag::RequestPayload).unwrap();
    assert_eq!(payload.value.children(), []);
}

#[test]
fn unknown_field_is_unknown_wherever_it_stands() {
    let unknown = DecodeError::Unknown(ALIEN);
    assert_eq!(one(4, Operation::Query, vec![alien()]), Err(unknown));
    assert_eq!(
        one(4, Operation::Get, vec![alien(), text(Tag::UniqueIdentifier, "u")]),
        Err(unknown)
    );
    let parameters = nest(Tag::CryptographicParameters, vec![alien()]);
    assert_eq!(one(4, Operation::Encrypt, vec![parameters]), Err(unknown));
    let in_header = decode(vec![header(4, vec![alien()], 0)]);
    assert_eq!(in_header, Err(MessageFault::Header(unknown)));
    let in_message = decode(vec![header(4, vec![], 0), alien()]);
    assert_eq!(in_message, Err(MessageFault::Header(unknown)));
    for place in 0..3 {
        let mut fields = batch_item(Operation::Query, vec![]).value.children().to_vec();
        fields.insert(place, alien());
        let message = decode(vec![header(4, vec![], 1), nest(Tag::BatchItem, fields)]).unwrap();
        assert_eq!(message.items[0].payload, Err(unknown), "at {place}");
    }
}

#[test]
fn newer_minor_version_skips_unknown_fields_anywhere() {
    let mut message = rich();
    make_newer(&mut message);
    let decoded = RequestMessage::decode(&message.to_bytes(), &Limits::default()).unwrap();
    let plain = RequestMessage::decode(&rich().to_bytes(), &Limits::default()).unwrap();
    assert_eq!(decoded.header.protocol_version, ProtocolVersion { major: 1, minor: 9 });
    assert_eq!(decoded.items.len(), 1);
    let payload = |message: &RequestMessage| {
        let Ok(Some(RequestPayload::Register(payload))) = message.items[0].payload.clone() else {
            panic!("no Register: {message:?}")
        };
        payload
    };
    assert_eq!(payload(&decoded).object, payload(&plain).object);
}

/// Makes it version 1.9 and puts alien items before and behind each field of each structure; an
/// attribute's value is left alone, since it is kept as it came.
fn make_newer(item: &mut Item) {
    if item.tag == Tag::ProtocolVersionMinor {
        item.value = Value::Integer(9);
    }
    if let Value::Structure(children) = &mut item.value
        && item.tag != Tag::AttributeValue
    {
        children.iter_mut().for_each(make_newer);
        *children = children.drain(..).flat_map(|child| [alien(), child, alien()]).collect();
    }
}

#[test]
fn newer_minor_version_still_refuses_duplicates() {
    let twice = vec![text(Tag::UniqueIdentifier, "u"), alien(), text(Tag::UniqueIdentifier, "u")];
    let misplaced = DecodeError::Misplaced(Tag::UniqueIdentifier);
    assert_eq!(one(9, Operation::Get, twice), Err(misplaced));
}

#[test]
fn duplicate_field_is_misplaced() {
    let twice = vec![text(Tag::UniqueIdentifier, "u"), text(Tag::UniqueIdentifier, "u")];
    let misplaced = DecodeError::Misplaced(Tag::UniqueIdentifier);
    assert_eq!(one(4, Operation::Get, twice), Err(misplaced));
    let fields = vec![version(1, 4)];
    let misplaced = MessageFault::Header(DecodeError::Misplaced(Tag::ProtocolVersion));
    assert_eq!(decode(vec![header(4, fields, 0)]), Err(misplaced));
    let misplaced = MessageFault::Header(DecodeError::Misplaced(Tag::RequestHeader));
    assert_eq!(decode(vec![header(4, vec![], 0), header(4, vec![], 0)]), Err(misplaced));
    let mut fields = batch_item(Operation::Query, vec![]).value.children().to_vec();
    fields.push(nest(Tag::RequestPayload, vec![]));
    let message = decode(vec![header(4, vec![], 1), nest(Tag::BatchItem, fields)]).unwrap();
    assert_eq!(message.items[0].payload, Err(DecodeError::Misplaced(Tag::RequestPayload)));
}

#[test]
fn field_out_of_order_is_misplaced() {
    let swapped = vec![bytes(Tag::Data, &[1]), text(Tag::UniqueIdentifier, "u")];
    let misplaced = DecodeError::Misplaced(Tag::UniqueIdentifier);
    assert_eq!(one(4, Operation::Encrypt, swapped), Err(misplaced));
}

#[test]
fn bad_item_fails_alone() {
    let good = || batch_item(Operation::Get, vec![text(Tag::UniqueIdentifier, "u")]);
    let bad = batch_item(Operation::Get, vec![number(Tag::UniqueIdentifier, 1)]);
    let nameless = nest(Tag::BatchItem, vec![bytes(Tag::UniqueBatchItemID, &[1])]);
    let mut named = batch_item(Operation::Activate, vec![alien()]).value.children().to_vec();
    named.insert(1, bytes(Tag::UniqueBatchItemID, &[9, 9]));
    let message =
        vec![header(2, vec![], 5), good(), bad, nameless, nest(Tag::BatchItem, named), good()];
    let items = decode(message).unwrap().items;
    assert!(matches!(items[0].payload, Ok(Some(_))));
    assert_eq!(items[1].payload, Err(DecodeError::WrongType(Tag::UniqueIdentifier, 2)));
    assert_eq!(items[1].operation, Some(Operation::Get));
    assert_eq!(items[2].payload, Err(DecodeError::Missing(Tag::Operation)));
    assert_eq!(items[3].payload, Err(DecodeError::Unknown(ALIEN)));
    assert_eq!(items[3].unique_batch_item_id.as_deref(), Some(&[9, 9][..]));
    assert_eq!(items[4], items[0]);
}

#[test]
fn major_version_of_others_is_refused() {
    for (major, minor) in [(2, 0), (0, 9), (1, -1), (-1, 0)] {
        let fields = vec![version(major, minor), number(Tag::BatchCount, 0)];
        let refused = MessageFault::Version(ProtocolVersion { major, minor });
        assert_eq!(decode(vec![nest(Tag::RequestHeader, fields.clone())]), Err(refused));
        let turned = fields.into_iter().rev().collect();
        assert_eq!(decode(vec![nest(Tag::RequestHeader, turned)]), Err(refused));
    }
}

#[test]
fn version_is_found_in_a_message_that_breaks_off() {
    let bytes = rich().to_bytes();
    assert_eq!(peek_version(&bytes[..56]), Some(ProtocolVersion::V1_4));
    assert_eq!(peek_version(&bytes[..55]), None);
    assert_eq!(peek_version(&[]), None);
}

#[test]
fn asynchronous_indicator_is_found_in_the_header_alone() {
    let with = |fields| {
        let message = vec![header(4, fields, 1), batch_item(Operation::Query, vec![])];
        peek_asynchronous(&nest(Tag::RequestMessage, message).to_bytes())
    };
    let flag = |value| Item { tag: Tag::AsynchronousIndicator, value: Value::Boolean(value) };
    assert!(with(vec![flag(true)]));
    assert!(!with(vec![flag(false)]));
    assert!(!with(vec![]));
    assert!(!peek_asynchronous(&[]));
    assert!(!peek_asynchronous(&nest(Tag::RequestMessage, vec![flag(true)]).to_bytes()));
}

#[test]
fn missing_header_fields_are_missing() {
    let headless = decode(vec![batch_item(Operation::Query, vec![])]);
    assert_eq!(headless, Err(MessageFault::Header(DecodeError::Missing(Tag::RequestHeader))));
    let countless = decode(vec![nest(Tag::RequestHeader, vec![version(1, 4)])]);
    assert_eq!(countless, Err(MessageFault::Header(DecodeError::Missing(Tag::BatchCount))));
}

#[test]
fn batch_count_must_be_the_number_of_items() {
    for count in [-1, 0, 2, i32::MAX] {
        let message = vec![header(4, vec![], count), batch_item(Operation::Query, vec![])];
        assert_eq!(decode(message), Err(MessageFault::BatchCount), "{count}");
    }
}

#[test]
fn other_messages_and_rubbish_are_no_requests() {
    let response = nest(Tag::ResponseMessage, vec![header(4, vec![], 0)]).to_bytes();
    let missing = MessageFault::Frame(DecodeError::Missing(Tag::RequestMessage));
    assert_eq!(RequestMessage::decode(&response, &Limits::default()), Err(missing));
    assert!(RequestMessage::decode(b"GET / HTTP/1.1\r\n\r\n", &Limits::default()).is_err());
    assert!(RequestMessage::decode(&[], &Limits::default()).is_err());
    assert!(ResponseMessage::decode(&rich().to_bytes(), &Limits::default()).is_err());
}

#[test]
fn depth_is_capped_in_messages() {
    let mut deep = nest(Tag::AttributeValue, vec![]);
    for _ in 0..27 {
        deep = nest(Tag::AttributeValue, vec![deep]);
    }
    // Message, batch item, payload, attribute: four levels above the value's 28.
    let attribute = |value| nest(Tag::Attribute, vec![text(Tag::AttributeName, "x-deep"), value]);
    let locate = |value| {
        let item = batch_item(Operation::Locate, vec![attribute(value)]);
        decode(vec![header(4, vec![], 1), item])
    };
    let message = locate(deep.clone()).unwrap();
    assert!(matches!(
        message.items[0].payload,
        Ok(Some(RequestPayload::Locate(LocateRequest { .. })))
    ));
    let deeper = nest(Tag::AttributeValue, vec![deep]);
    let refused = MessageFault::Frame(DecodeError::Limit("depth"));
    assert_eq!(locate(deeper), Err(refused));
}
