//! What the token and the store tell of the work in hand on this thread.
//!
//! An item is carried out on one thread from its beginning to its end, so what is noted between the
//! two is its own, whichever road the calls took.

use std::cell::RefCell;

use hsm_backend::{HsmError, Output};
use kmip_core::attribute::AttributeKind;
use kmip_core::types::CryptographicAlgorithm;

use super::Facts;
use crate::object::ManagedObject;

/// Objects and mechanisms that one record names at most.
const MOST: usize = 64;
/// Longest identifier that is written whole, in bytes: a client may choose it in an Import.
const MAX_IDENTIFIER: usize = 256;

thread_local! {
    static NOTES: RefCell<Notes> = RefCell::default();
}

#[derive(Default)]
struct Notes {
    on: bool,
    objects: Vec<String>,
    algorithm: Option<String>,
    custody: Option<&'static str>,
    mechanisms: Vec<String>,
    ckr: Option<u64>,
}

/// Begins anew.
pub fn begin() {
    NOTES.with_borrow_mut(|notes| *notes = Notes { on: true, ..Notes::default() });
}

/// Adds what was noted to `facts`, and ends.
pub fn end(facts: &mut Facts) {
    let notes = NOTES.take();
    for object in notes.objects {
        if !facts.objects.contains(&object) {
            facts.objects.push(object);
        }
    }
    facts.algorithm = notes.algorithm.or(facts.algorithm.take());
    facts.custody = notes.custody.map(str::to_owned).or(facts.custody.take());
    facts.mechanisms.extend(notes.mechanisms);
    facts.ckr = notes.ckr.map(|ckr| format!("0x{ckr:08X}")).or(facts.ckr.take());
}

/// Notes an object that is touched; the first one tells algorithm and custody.
pub fn object(object: &ManagedObject) {
    NOTES.with_borrow_mut(|notes| {
        let uid = object.uid.as_str();
        if !notes.on || notes.objects.len() >= MOST || notes.objects.iter().any(|one| one == uid) {
            return;
        }
        if notes.objects.is_empty() {
            notes.custody = object.custody.name();
            let number = object.attributes.enumeration(AttributeKind::CryptographicAlgorithm);
            notes.algorithm =
                number.map(|number| match CryptographicAlgorithm::TABLE.entry(number) {
                    Some(entry) => entry.name.to_owned(),
                    None => format!("0x{number:08X}"),
                });
        }
        notes.objects.push(identifier(uid));
    });
}

/// An identifier as it is written.
#[must_use]
pub fn identifier(uid: &str) -> String {
    if uid.len() <= MAX_IDENTIFIER {
        return uid.to_owned();
    }
    let start: String = uid.chars().take(MAX_IDENTIFIER / 4).collect();
    format!("{start}… ({} bytes)", uid.len())
}

/// Notes the mechanism of a call that succeeded, or why it failed.
pub(super) fn made<T>(done: Result<Output<T>, HsmError>) -> Result<Output<T>, HsmError> {
    if let Ok(output) = &done {
        NOTES.with_borrow_mut(|notes| {
            let name = output.mechanism.name();
            let is_same = |one: &String| Some(one.as_str()) == name;
            if notes.on && notes.mechanisms.len() < MOST && !notes.mechanisms.iter().any(is_same) {
                let unnamed = || format!("0x{:08X}", output.mechanism.0);
                notes.mechanisms.push(name.map_or_else(unnamed, str::to_owned));
            }
        });
    }
    asked(done)
}

/// Notes why a call failed, if it did.
pub(super) fn asked<T>(done: Result<T, HsmError>) -> Result<T, HsmError> {
    if let Err(HsmError { ckr: Some(ckr), .. }) = &done {
        NOTES.with_borrow_mut(|notes| notes.ckr = Some(*ckr));
    }
    done
}
