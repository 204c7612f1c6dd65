//! What every replay does with a message.

use kmip_core::message::{RequestMessage, ResponseMessage};
use kmip_core::text::{json, xml};
use kmip_core::ttlv::{Item, Limits, dump, validate};
use kmip_core::types::Tag;

/// XML and JSON forms of `tree` read back as `tree`, and so do its bytes.
pub(crate) fn forms(tree: &Item) -> Result<(), String> {
    let bytes = tree.to_bytes();
    validate(&bytes, &Limits::default()).map_err(|e| format!("validate: {e}"))?;
    if Item::from_bytes(&bytes).as_ref() != Ok(tree) {
        return Err("TTLV is another tree".into());
    }
    if xml::from_xml(&xml::to_xml(tree), &Limits::default()).as_ref() != Ok(tree) {
        return Err("XML is another tree".into());
    }
    if json::from_json(&json::to_json(tree), &Limits::default()).as_ref() != Ok(tree) {
        return Err("JSON is another tree".into());
    }
    Ok(())
}

/// The typed message in `bytes` encodes to `bytes`.
pub(crate) fn typed(bytes: &[u8]) -> Result<(), String> {
    let limits = Limits::default();
    let tag = Item::from_bytes(bytes).map_err(|e| format!("tree: {e}"))?.tag;
    let again = if tag == Tag::RequestMessage {
        let message = RequestMessage::decode(bytes, &limits).map_err(|e| e.to_string())?;
        for item in &message.items {
            match &item.payload {
                Ok(Some(_)) => {}
                Ok(None) => return Err(format!("{:?}: no such operation", item.operation)),
                Err(error) => return Err(format!("{:?}: {error}", item.operation)),
            }
        }
        message.encode()
    } else {
        ResponseMessage::decode(bytes, &limits).map_err(|e| e.to_string())?.encode()
    };
    if again == bytes {
        return Ok(());
    }
    Err(format!("typed form differs:\n{}---\n{}", dump(bytes), dump(&again)))
}
