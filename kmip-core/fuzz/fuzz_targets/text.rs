//! Text never panics, and whatever it says can be said in TTLV.
#![no_main]

use kmip_core::text::{json, xml};
use kmip_core::ttlv::{Item, Limits};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let limits = Limits::default();
    let trees = [xml::from_xml(text, &limits), json::from_json(text, &limits)];
    for tree in trees.into_iter().flatten() {
        assert_eq!(Item::from_bytes(&tree.to_bytes()), Ok(tree));
    }
});
