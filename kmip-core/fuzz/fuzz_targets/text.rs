//! Text never panics, and whatever it says can be said in TTLV.
#![no_main]

use kmip_core::text::{json, xml};
use kmip_core::ttlv::Item;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for tree in [xml::from_xml(text), json::from_json(text)].into_iter().flatten() {
        assert_eq!(Item::from_bytes(&tree.to_bytes()), Ok(tree));
    }
});
