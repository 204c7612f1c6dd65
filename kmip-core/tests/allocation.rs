//! Lengths that lie cost no memory: nothing is allocated for bytes that are not there.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use kmip_core::message::{RequestMessage, ResponseMessage};
use kmip_core::ttlv::{Item, Limits, dump, message_bytes, validate};
use kmip_core::types::Tag;

/// The system's allocator, remembering the largest request.
struct Watched;

static LARGEST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is handed to the system's allocator as it came.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LARGEST.fetch_max(layout.size(), Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Watched = Watched;

/// A request whose `place`-th item claims `length` bytes.
fn lying(tags: &[(Tag, u8)], length: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (tag, kind) in tags {
        bytes.extend(&tag.0.to_be_bytes()[1..]);
        bytes.push(*kind);
        bytes.extend(length.to_be_bytes());
    }
    bytes
}

#[test]
fn lying_lengths_allocate_nothing() {
    let limits = Limits::default();
    let request = (Tag::RequestMessage, 1);
    let cases = [
        vec![request],
        vec![request, (Tag::RequestHeader, 1)],
        vec![request, (Tag::RequestHeader, 1), (Tag::ClientCorrelationValue, 7)],
        vec![(Tag::ResponseMessage, 1), (Tag::Data, 8)],
        vec![(Tag::Modulus, 4)],
        vec![(Tag::NameValue, 7)],
    ];
    for tags in cases {
        for length in [0x0010_0000, 0x7FFF_FFF8, 0xFFFF_FFF0, 0xFFFF_FFF8, 0xFFFF_FFFF] {
            let bytes = lying(&tags, length);
            LARGEST.store(0, Ordering::Relaxed);
            assert!(validate(&bytes, &limits).is_err());
            assert!(Item::from_bytes(&bytes).is_err());
            assert!(RequestMessage::decode(&bytes, &limits).is_err());
            assert!(ResponseMessage::decode(&bytes, &limits).is_err());
            let _ = dump(&bytes);
            let largest = LARGEST.load(Ordering::Relaxed);
            assert!(largest < 4096, "{largest} bytes for {length:#X} in {tags:?}");
        }
    }
    let head = [0x42, 0x00, 0x78, 1, 0xFF, 0xFF, 0xFF, 0xF8];
    assert!(message_bytes(head, Tag::RequestMessage, &limits).is_err());
}
