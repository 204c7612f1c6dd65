//! Numbers of constructed IVs: reserved in the key's row before use, handed out from memory.
//!
//! The row tells how many numbers have been reserved, and only ever grows, so that no number is used
//! twice for a key: not after a crash, not by two threads, not by two servers on one store. What
//! was reserved and not used is lost.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kmip_core::attribute::AttributeName;
use kmip_core::ttlv::Value;

use crate::object::AttributeSet;

/// Keys whose reserved numbers are remembered; beyond that all are forgotten, which loses numbers.
const MAX_KEYS: usize = 10_000;

/// The attribute that tells how many numbers of a key have been reserved; the server's own, so that
/// no client sets it.
const ATTRIBUTE: &str = "y-claviger-invocations";

/// The numbers that are reserved and not yet used, by the context of their IVs: that of one key.
#[derive(Debug, Default)]
pub struct Invocations(Mutex<HashMap<String, Range<u64>>>);

impl Invocations {
    fn reserved(&self) -> MutexGuard<'_, HashMap<String, Range<u64>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next number in a context, if some are left of those reserved.
    pub fn next(&self, context: &str) -> Option<u64> {
        self.reserved().get_mut(context)?.next()
    }

    /// Takes in numbers that were reserved. Another thread's, taken in meanwhile, are kept, and
    /// these are lost.
    pub fn put(&self, context: &str, numbers: Range<u64>) {
        let mut reserved = self.reserved();
        if reserved.len() >= MAX_KEYS {
            reserved.clear();
        }
        let kept = reserved.entry(context.to_owned()).or_insert(0..0);
        if kept.is_empty() {
            *kept = numbers;
        }
    }
}

/// Reserves the next `count` numbers of the key that has these attributes; `None` where there are
/// no more. They may be used once the row is stored.
pub fn reserve(attributes: &mut AttributeSet, count: u64) -> Option<Range<u64>> {
    let first = reserved(attributes);
    let end = first.checked_add(count).filter(|end| i64::try_from(*end).is_ok())?;
    set_reserved(attributes, end);
    Some(first..end)
}

/// Whatever is put back of a key's attributes, its numbers are not.
pub fn keep(current: &AttributeSet, restored: &mut AttributeSet) {
    let reserved = reserved(current).max(reserved(restored));
    if reserved > 0 {
        set_reserved(restored, reserved);
    }
}

fn reserved(attributes: &AttributeSet) -> u64 {
    match attributes.at(&AttributeName::new(ATTRIBUTE), 0) {
        Some(Value::LongInteger(count)) => u64::try_from(*count).unwrap_or(0),
        _ => 0,
    }
}

fn set_reserved(attributes: &mut AttributeSet, count: u64) {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    attributes.set_value(&AttributeName::new(ATTRIBUTE), Value::LongInteger(count));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_handed_out_once() {
        let numbers = Invocations::default();
        assert_eq!(numbers.next("k"), None);
        numbers.put("k", 4..6);
        numbers.put("k", 6..9);
        let next = || numbers.next("k");
        assert_eq!([next(), next(), next()], [Some(4), Some(5), None]);
        assert_eq!(numbers.next("l"), None);
    }

    #[test]
    fn reserved_numbers_only_grow() {
        let mut set = AttributeSet::default();
        assert_eq!(reserve(&mut set, 4), Some(0..4));
        let before = set.clone();
        assert_eq!(reserve(&mut set, 4), Some(4..8));
        let mut restored = before;
        keep(&set, &mut restored);
        assert_eq!(reserve(&mut restored, 1), Some(8..9));
        assert_eq!(reserve(&mut restored, u64::MAX), None);
    }
}
