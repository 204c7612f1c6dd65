//! `claviger key list` and `claviger key show`.

use kmip_core::attribute::{Attribute, AttributeKind, UniqueIdentifier};
use kmip_core::payload::{LocateRequest, RequestPayload, ResponsePayload};
use kmip_core::text::json::to_json;
use kmip_core::ttlv::{Item, Value as Ttlv};
use kmip_core::types::{ResultReason, Tag};
use serde_json::{Map, Value, json};

use super::session::Session;
use super::{Done, Say, attributes_of};
use crate::cli::{KeyArgs, KeyListArgs, words};
use crate::client::{ClientError, template};
use crate::ctl::{CtlError, show};

/// Identifiers that one Locate asks for.
const PAGE: i32 = 500;

/// The columns of a list, and the attribute of each.
const COLUMNS: [(&str, AttributeKind); 5] = [
    ("name", AttributeKind::Name),
    ("type", AttributeKind::ObjectType),
    ("algorithm", AttributeKind::CryptographicAlgorithm),
    ("length", AttributeKind::CryptographicLength),
    ("state", AttributeKind::State),
];

pub(super) fn list(args: &KeyListArgs, say: Say<'_>) -> Done {
    let mut session = Session::open(&args.kmip)?;
    let found = locate(&mut session, args)?;
    let kinds = COLUMNS.map(|(_, kind)| kind);
    let requests = found.iter().map(|id| RequestPayload::from(attributes_of(id, kinds)));
    let answers = session.ask_each(requests.collect())?;
    let mut keys = Vec::new();
    let mut info = Map::new();
    for (id, answer) in found.iter().zip(answers) {
        match answer {
            Ok(ResponsePayload::GetAttributes(answer)) => {
                keys.push(json!(id.as_str()));
                info.insert(id.to_string(), row(&answer.attributes));
            }
            Ok(_) => return Err(ClientError::Protocol("an answer to another operation").into()),
            // It was destroyed meanwhile.
            Err(ref error) if error.reason() == Some(ResultReason::ItemNotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let body = json!({ "keys": keys, "key_info": info });
    let table = || match keys.as_slice() {
        [] => "there is none".to_owned(),
        [..] => show::list("id", &body),
    };
    say(&if args.kmip.json { format!("{body:#}") } else { table() });
    Ok(())
}

fn locate(session: &mut Session, args: &KeyListArgs) -> Result<Vec<UniqueIdentifier>, CtlError> {
    let attributes: Vec<_> = [
        args.name.as_deref().map(template::name),
        args.state.map(|state| Attribute::new(AttributeKind::State, &state)),
        args.object_type.map(|kind| Attribute::new(AttributeKind::ObjectType, &kind)),
        args.algorithm.map(|it| Attribute::new(AttributeKind::CryptographicAlgorithm, &it)),
    ]
    .into_iter()
    .flatten()
    .collect();
    let mut found = Vec::new();
    loop {
        let page = session.call(LocateRequest {
            maximum_items: Some(PAGE),
            offset_items: Some(i32::try_from(found.len()).unwrap_or(i32::MAX)),
            storage_status_mask: None,
            object_group_member: None,
            attributes: attributes.clone(),
            template_attribute: None,
        })?;
        let full = i32::try_from(page.unique_identifiers.len()).is_ok_and(|count| count >= PAGE);
        found.extend(page.unique_identifiers);
        if !full {
            return Ok(found);
        }
    }
}

fn row(attributes: &[Attribute]) -> Value {
    let cell = |kind: AttributeKind| {
        let found = attributes.iter().find(|attribute| attribute.name.kind() == Some(kind));
        found.map_or(Value::Null, |attribute| match plain(attribute) {
            // Of a structure, that which tells it from others.
            Value::Object(mut fields) => fields.remove("NameValue").unwrap_or_default(),
            Value::String(name) if kind != AttributeKind::Name => json!(words::typable(&name)),
            other => other,
        })
    };
    COLUMNS.iter().map(|(title, kind)| ((*title).to_owned(), cell(*kind))).collect()
}

pub(super) fn show(args: &KeyArgs, say: Say<'_>) -> Done {
    let mut session = Session::open(&args.kmip)?;
    let id = session.find(&args.id)?;
    let answer = session.call(attributes_of(&id, []))?;
    let mut body = Map::new();
    for attribute in &answer.attributes {
        let name = attribute.name.as_str().to_owned();
        // Several instances of an attribute become a list.
        match body.entry(name) {
            serde_json::map::Entry::Vacant(entry) => {
                entry.insert(plain(attribute));
            }
            serde_json::map::Entry::Occupied(mut entry) => match entry.get_mut() {
                Value::Array(all) => all.push(plain(attribute)),
                one => *one = json!([one.take(), plain(attribute)]),
            },
        }
    }
    let body = Value::Object(body);
    say(&if args.kmip.json { format!("{body:#}") } else { show::fields(&body) });
    Ok(())
}

/// The value of an attribute without the types of the wire: the specification's names for what is
/// enumerated, an object for a structure.
fn plain(attribute: &Attribute) -> Value {
    let item = Item { tag: Tag::Attribute, value: Ttlv::of(attribute) };
    let text = to_json(&item);
    let tree: Value = serde_json::from_str(&text).unwrap_or_default();
    let parts = tree["value"].as_array().map(Vec::as_slice).unwrap_or_default();
    let value = parts.iter().find(|part| part["tag"] == "AttributeValue");
    value.map(bare).unwrap_or_default()
}

fn bare(item: &Value) -> Value {
    let Value::Array(parts) = &item["value"] else { return item["value"].clone() };
    let field = |part: &Value| Some((part["tag"].as_str()?.to_owned(), bare(part)));
    Value::Object(parts.iter().filter_map(field).collect())
}
