//! Reads answers by the strictest of the clients' rules: what is not to be there is a fault, too.

use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{ProtocolVersion, ResultReason, ResultStatus, Tag};

use super::answer::{Asked, Outcome, Payload, Refusal};
use super::fields;

/// What was read, or what a strict client would stumble over.
pub(super) type Read<T = ()> = Result<T, String>;

/// A fault, unless all is well.
pub(super) fn demand(well: bool, fault: impl FnOnce() -> String) -> Read {
    if well { Ok(()) } else { Err(fault()) }
}

/// Reads the answer to a request of `version` that asked for `asked`: to all of it, or to its beginning.
///
/// # Errors
///
/// Anything that a client of the version does not expect.
pub(super) fn read(bytes: &[u8], version: ProtocolVersion, asked: &[Asked]) -> Read<Vec<Outcome>> {
    let message = Item::from_bytes(bytes).map_err(|error| error.to_string())?;
    demand(message.tag == Tag::ResponseMessage, || format!("no response: {message:?}"))?;
    let (first, items) = message.value.children().split_first().ok_or("an empty response")?;
    header(first, version, items.len())?;
    demand((1..=asked.len()).contains(&items.len()), || format!("{} items", items.len()))?;
    items.iter().zip(asked).map(|(item, asked)| outcome(item, version, asked)).collect()
}

/// The fields that every version has, and no others: PyKMIP and kmippp know no more.
fn header(header: &Item, version: ProtocolVersion, items: usize) -> Read {
    let wrong = || format!("the header of {version} is {header:?}");
    let [told, time, count] = header.value.children() else { return Err(wrong()) };
    let tags = [header.tag, told.tag, time.tag, count.tag];
    let expected = [Tag::ResponseHeader, Tag::ProtocolVersion, Tag::TimeStamp, Tag::BatchCount];
    let is_recent = matches!(time.value, Value::DateTime(time) if time.0 > 1_700_000_000);
    let counted = i32::try_from(items).map(Value::Integer);
    let well = tags == expected
        && told.value == Value::of(&version)
        && is_recent
        && counted.is_ok_and(|counted| counted == count.value);
    demand(well, wrong)
}

fn outcome(item: &Item, version: ProtocolVersion, asked: &Asked) -> Read<Outcome> {
    demand(item.tag == Tag::BatchItem, || format!("no batch item: {item:?}"))?;
    let mut fields = Fields { item, rest: item.value.children() };
    fields.is(Tag::Operation, &Value::of(&asked.operation))?;
    if let Some(id) = &asked.id {
        fields.is(Tag::UniqueBatchItemID, &Value::ByteString(id.clone().into()))?;
    }
    let outcome = if *fields.next(Tag::ResultStatus)? == Value::of(&ResultStatus::Success) {
        let payload = fields.next(Tag::ResponsePayload)?.children().to_vec();
        fields::check(asked.operation, version, &payload)?;
        Ok(Payload(payload))
    } else {
        Err(refusal(&mut fields, version)?)
    };
    demand(fields.rest.is_empty(), || format!("more than there is to be in {item:?}"))?;
    Ok(outcome)
}

/// Both reason and words: PyKMIP reads them unseen.
fn refusal(fields: &mut Fields<'_>, version: ProtocolVersion) -> Read<Refusal> {
    let reason = fields.next(Tag::ResultReason)?.to::<ResultReason>(version);
    let reason = reason.map_err(|error| error.to_string())?;
    demand(reason.is_in(version), || format!("{reason:?} in {version}"))?;
    match fields.next(Tag::ResultMessage)? {
        Value::TextString(message) if !message.is_empty() => {
            Ok(Refusal { reason, message: message.clone() })
        }
        other => Err(format!("no words: {other:?}")),
    }
}

/// The fields of a batch item that are still to be read.
struct Fields<'a> {
    item: &'a Item,
    rest: &'a [Item],
}

impl<'a> Fields<'a> {
    /// The value of the next, which has this name.
    fn next(&mut self, tag: Tag) -> Read<&'a Value> {
        let next = self.rest.split_first().filter(|(field, _)| field.tag == tag);
        let (field, rest) = next.ok_or_else(|| format!("no {tag:?} in {:?}", self.item))?;
        self.rest = rest;
        Ok(&field.value)
    }

    /// The next has this name and this value.
    fn is(&mut self, tag: Tag, expected: &Value) -> Read {
        let found = self.next(tag)?;
        demand(found == expected, || format!("{tag:?} is {found:?}, not {expected:?}"))
    }
}
