//! Lengths that lie cost no memory, and texts little more than their own: nothing is allocated for
//! bytes or items that are not there.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use kmip_core::message::{RequestMessage, ResponseMessage};
use kmip_core::text::{json, max_text_bytes, xml};
use kmip_core::ttlv::{Item, Limits, Value, dump, message_bytes, validate};
use kmip_core::types::Tag;

/// The system's allocator, remembering the largest request, and the most that was taken at once.
struct Watched;

static LARGEST: AtomicUsize = AtomicUsize::new(0);
static TAKEN: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);
/// Held by each test, since all share the allocator.
static ALONE: Mutex<()> = Mutex::new(());

// SAFETY: every call is handed to the system's allocator as it came.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LARGEST.fetch_max(layout.size(), Ordering::Relaxed);
        let taken = TAKEN.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        MOST.fetch_max(taken, Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        TAKEN.fetch_sub(layout.size(), Ordering::Relaxed);
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
    let _alone = ALONE.lock();
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

/// A text of the longest length that is read, between `head` and `tail`.
fn filled(head: &str, part: &str, tail: &str) -> String {
    let room = max_text_bytes(&Limits::default()) - head.len() - tail.len();
    [head, &part.repeat(room / part.len()), tail].concat()
}

#[test]
fn hostile_texts_cost_little_more_than_their_own_length() {
    let _alone = ALONE.lock();
    let limits = Limits::default();
    let xml_texts = [
        filled("<Name>", "<Name/>", "</Name>"),
        filled("", "<Name>", ""),
        filled("<Name ", "a='b' ", "/>"),
        filled("<Name type='TextString' value='", "&#97;", "'/>"),
        filled("<Data type='ByteString' value='", "ab", "'/>"),
        filled("<!DOCTYPE x [", "<!ENTITY a 'b'>", "]><Name/>"),
        filled("<Name><!-- ", "-", "--></Name>"),
    ];
    let json_texts = [
        filled("", "[", ""),
        filled(r#"{"tag":"Name","value":["#, "[],", "[]]}"),
        filled(r#"{"tag":"Name","value":["#, r#"{"tag":"Name"},"#, r#"{"tag":"Name"}]}"#),
        filled(r#"{"tag":"Name","more":["#, "{},", "{}]}"),
        filled(r#"{"tag":"Name","value":{"#, r#""a":[],"#, r#""b":1}}"#),
        filled(r#"{"tag":"Name","type":"TextString","value":""#, r"\u0061", r#""}"#),
        filled(r#"{"tag":"Data","type":"ByteString","value":""#, "ab", r#""}"#),
        filled(r#"{"tag":"Name","type":"Integer","value":"#, "9", "}"),
    ];
    let read = |text: &str, by: fn(&str, &Limits) -> Result<Item, _>| {
        let before = TAKEN.load(Ordering::Relaxed);
        MOST.store(before, Ordering::Relaxed);
        let _ = by(text, &limits);
        let most = MOST.load(Ordering::Relaxed) - before;
        assert!(most <= 3 * text.len(), "{most} bytes for {:.60}", text);
    };
    xml_texts.iter().for_each(|text| read(text, xml::from_xml));
    json_texts.iter().for_each(|text| read(text, json::from_json));
}

#[test]
fn text_of_the_largest_message_is_never_too_long_to_be_read() {
    // The smallest items with the longest names, and text that JSON escapes.
    let longest = Tag::AuthenticatedEncryptionAdditionalData;
    let small = Item { tag: longest, value: Value::Structure(Vec::new()) };
    let number = Item { tag: longest, value: Value::Enumeration(u32::MAX) };
    let text = Item { tag: longest, value: Value::TextString("\u{1}".repeat(8)) };
    for item in [small, number, text] {
        let bytes = item.to_bytes().len();
        for form in [xml::to_xml(&item), json::to_json(&item)] {
            assert!(form.len() <= 8 * bytes, "{} for {bytes} bytes: {}", form.len(), *form);
        }
    }
}
