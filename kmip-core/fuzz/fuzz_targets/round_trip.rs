//! Whatever reads as a tree reads back the same from TTLV, XML and JSON.
#![no_main]

use kmip_core::text::{json, xml};
use kmip_core::ttlv::{Item, Limits, Value, validate};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::default();
    let sound = validate(bytes, &limits).is_ok();
    let Ok(tree) = Item::from_bytes(bytes) else {
        // What validate lets through, the tree reads.
        assert!(!sound);
        return;
    };
    assert_eq!(Item::from_bytes(&tree.to_bytes()).as_ref(), Ok(&tree));
    if !sound {
        return;
    }
    assert_eq!(json::from_json(&json::to_json(&tree), &limits).as_ref(), Ok(&tree));
    if !holds_nul(&tree) {
        assert_eq!(xml::from_xml(&xml::to_xml(&tree), &limits).as_ref(), Ok(&tree));
    }
});

/// The one character that XML cannot carry.
fn holds_nul(item: &Item) -> bool {
    match &item.value {
        Value::TextString(text) => text.contains('\0'),
        value => value.children().iter().any(holds_nul),
    }
}
