//! Bytes from the wire never panic, and a request whose items all decode encodes stably.
#![no_main]

use kmip_core::message::{RequestMessage, ResponseMessage};
use kmip_core::ttlv::{Limits, dump};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::default();
    let _ = dump(bytes);
    let _ = ResponseMessage::decode(bytes, &limits);
    let Ok(request) = RequestMessage::decode(bytes, &limits) else { return };
    if request.items.iter().all(|item| matches!(item.payload, Ok(Some(_)))) {
        let once = request.encode();
        let again = RequestMessage::decode(&once, &limits).expect("own bytes decode");
        assert_eq!(again.encode(), once);
    }
});
