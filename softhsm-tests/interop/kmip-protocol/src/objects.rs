//! The server itself, and objects of other kinds, through requests that the caller composes.

use kmip_protocol::client::{Client, Error};
use kmip_protocol::types::common::{
    AttributeName, AttributeValue, CryptographicAlgorithm, CryptographicLength,
    CryptographicUsageMask, KeyFormatType, KeyMaterial, ObjectType, Operation, State,
    UniqueIdentifier,
};
use kmip_protocol::types::request::{
    self, KeyBlock, KeyValue, RequestPayload, SymmetricKey, TemplateAttribute,
};
use kmip_protocol::types::response::{GetResponsePayload, ManagedObject, ResponsePayload};
use kmip_protocol::types::traits::ReadWrite;

use crate::{Step, ensure, say};

/// What Krill asks of a server before it makes a key there.
const KRILL_NEEDS: [Operation; 7] = [
    Operation::CreateKeyPair,
    Operation::Activate,
    Operation::Sign,
    Operation::Revoke,
    Operation::Destroy,
    Operation::Get,
    Operation::ModifyAttribute,
];

/// The payload of an answer, which must be one of this operation.
macro_rules! answer {
    ($client:expr, $operation:ident($($argument:expr),*)) => {
        match $client.do_request(RequestPayload::$operation($($argument),*))? {
            ResponsePayload::$operation(payload) => payload,
            other => return Err(format!("another answer: {other:?}").into()),
        }
    };
}

pub(crate) fn query<T: ReadWrite>(client: &Client<T>) -> Step {
    let server = client.query()?;
    let operations = server.operations.ok_or("no operations")?;
    let missing = KRILL_NEEDS.iter().filter(|needed| !operations.contains(needed));
    let missing = missing.map(ToString::to_string).collect::<Vec<_>>();
    ensure(missing.is_empty(), &format!("Query does not list {missing:?}"))?;
    ensure(
        server.object_types.is_some_and(|types| types.contains(&ObjectType::PrivateKey)),
        "no private keys",
    )?;
    say("query", server.vendor_identification.ok_or("no name")?);
    let asked = client.last_req_diag_str().ok_or("no diagnosis of the request")?;
    let answered = client.last_res_diag_str().ok_or("no diagnosis of the response")?;
    say("diagnosis", format!("{} and {} characters", asked.len().min(9), answered.len().min(9)));
    Ok(())
}

pub(crate) fn versions<T: ReadWrite>(client: &Client<T>) -> Step {
    let found = answer!(client, DiscoverVersions(Vec::new())).supported_versions;
    let found = found.ok_or("no versions")?;
    let found = found.iter().map(|version| format!("{}.{}", version.major, version.minor));
    say("versions", found.collect::<Vec<_>>().join(" "));
    Ok(())
}

pub(crate) fn random<T: ReadWrite>(client: &Client<T>) -> Step {
    let (first, second) = (client.rng_retrieve(32)?.data, client.rng_retrieve(32)?.data);
    ensure(first != second, "the same twice")?;
    say("rng_retrieve", format!("{} bytes, then {} others", first.len(), second.len()));
    Ok(())
}

/// The state of an object, by Get Attributes.
pub(crate) fn state<T: ReadWrite>(client: &Client<T>, id: &str) -> Step<State> {
    let names = Some(vec![AttributeName("State".into())]);
    let answer = answer!(client, GetAttributes(uid(id), names));
    match answer.attributes.unwrap_or_default().pop().map(|attribute| attribute.value) {
        Some(AttributeValue::State(state)) => Ok(state),
        other => Err(format!("no state: {other:?}").into()),
    }
}

/// Finds the object by its name and its type, and nothing by a name that nothing has.
pub(crate) fn locate<T: ReadWrite>(client: &Client<T>, name: &str, id: &str) -> Step {
    let named = |name: &str| {
        let name = request::Attribute::Name(name.to_owned());
        vec![name, request::Attribute::ObjectType(ObjectType::PrivateKey)]
    };
    let found = answer!(client, Locate(named(name))).unique_identifiers;
    ensure(found == [UniqueIdentifier(id.to_owned())], &format!("Locate found {found:?}"))?;
    let none = answer!(client, Locate(named("nothing has it"))).unique_identifiers;
    ensure(none.is_empty(), &format!("Locate found {none:?}"))?;
    say("locate", "one, then none");
    Ok(())
}

/// Lists, adds, changes and deletes attributes.
pub(crate) fn attributes<T: ReadWrite>(client: &Client<T>, id: &str) -> Step {
    let contact = |value: &str| request::Attribute::ContactInformation(value.to_owned());
    let name = || AttributeName("Contact Information".into());
    let value = |value: &str| AttributeValue::ContactInformation(value.to_owned());
    let added = answer!(client, AddAttribute(uid(id), contact("noc@example.net"))).attribute;
    ensure(added.value == value("noc@example.net"), "another value was added")?;
    let changed = answer!(client, ModifyAttribute(uid(id), contact("ops@example.net"))).attribute;
    ensure(changed.value == value("ops@example.net"), "another value was set")?;
    let listed = answer!(client, GetAttributeList(uid(id))).attributes;
    ensure(listed.contains(&name()), "the attribute is not in the list")?;
    let deleted = answer!(client, DeleteAttribute(uid(id), name(), None)).attribute;
    ensure(deleted.value == value("ops@example.net"), "another value was deleted")?;
    let listed = answer!(client, GetAttributeList(uid(id))).attributes;
    ensure(!listed.contains(&name()), "the attribute is still in the list")?;
    say("attributes", "added, changed, deleted");
    Ok(())
}

/// Creates a key, which the server keeps to itself, and destroys it.
pub(crate) fn symmetric<T: ReadWrite>(client: &Client<T>) -> Step {
    let made = answer!(client, Create(ObjectType::SymmetricKey, aes(256)));
    ensure(made.object_type == ObjectType::SymmetricKey, "another type")?;
    say("create", state(client, &made.unique_identifier)?);
    client.destroy_key(&made.unique_identifier)?;
    Ok(())
}

/// Registers a key and destroys it; where the role may export, it comes back as it went.
pub(crate) fn registered<T: ReadWrite>(client: &Client<T>) -> Step {
    let id = register(client, b"0123456789abcdef")?;
    if let Some(ManagedObject::SymmetricKey(key)) = given("a registered key", client.get_key(&id))?
    {
        let material = KeyMaterial::Bytes(b"0123456789abcdef".to_vec());
        ensure(key.key_block.key_value.key_material == material, "another key")?;
    }
    client.destroy_key(&id)?;
    Ok(())
}

/// What Get gives, or nothing if the server says that it keeps the object to itself.
pub(crate) fn given(
    what: &str,
    answer: Result<GetResponsePayload, Error>,
) -> Step<Option<ManagedObject>> {
    let step = format!("get_key of {what}");
    match answer {
        Ok(got) => {
            say(&step, got.object_type);
            Ok(Some(got.cryptographic_object))
        }
        Err(Error::ServerError(why)) => {
            say(&step, format!("refused: {why}"));
            Ok(None)
        }
        Err(other) => Err(other.into()),
    }
}

fn register<T: ReadWrite>(client: &Client<T>, key: &[u8]) -> Step<String> {
    let block = KeyBlock(
        KeyFormatType::Raw,
        None,
        Some(KeyValue(KeyMaterial::Bytes(key.to_vec()), None)),
        Some(CryptographicAlgorithm::AES),
        Some(CryptographicLength(128)),
        None,
    );
    let object = request::ManagedObject::SymmetricKey(SymmetricKey(block));
    let made = answer!(client, Register(ObjectType::SymmetricKey, aes(128), Some(object)));
    Ok(made.unique_identifier.0)
}

fn aes(bits: i32) -> TemplateAttribute {
    TemplateAttribute::unnamed(vec![
        request::Attribute::CryptographicAlgorithm(CryptographicAlgorithm::AES),
        request::Attribute::CryptographicLength(bits),
        request::Attribute::CryptographicUsageMask(CryptographicUsageMask::Encrypt),
    ])
}

fn uid(id: &str) -> Option<UniqueIdentifier> {
    Some(UniqueIdentifier(id.to_owned()))
}
