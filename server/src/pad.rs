//! How much of a One Time Pad has been used: reserved in the pad's row before use.
//!
//! The row tells how many bytes have been used, to encrypt and to decrypt, and only ever grows, so
//! that no byte is used twice for the same: not after a crash, not by two threads, not by two servers
//! on one store.

use std::ops::Range;

use kmip_core::attribute::AttributeName;
use kmip_core::ttlv::Value;

use crate::object::AttributeSet;

/// What a byte of the pad is used for. Each is used once for either: encrypted in one place, the
/// data are decrypted in another, or in the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Direction {
    Encrypt,
    Decrypt,
}

impl Direction {
    const ALL: [Self; 2] = [Self::Encrypt, Self::Decrypt];

    /// The attribute that tells how many bytes are used; the server's own, so that no client sets
    /// it.
    const fn attribute(self) -> &'static str {
        match self {
            Self::Encrypt => "y-claviger-pad-encrypted",
            Self::Decrypt => "y-claviger-pad-decrypted",
        }
    }
}

/// The next `bytes` of a pad that has `length`; `None` where fewer are left. They may be used once
/// the row is stored.
pub fn take(
    attributes: &mut AttributeSet,
    direction: Direction,
    bytes: usize,
    length: usize,
) -> Option<Range<usize>> {
    let first = used(attributes, direction);
    let end = first.checked_add(bytes).filter(|end| *end <= length)?;
    set_used(attributes, direction, end);
    Some(first..end)
}

/// Whether any byte has been used.
#[must_use]
pub fn is_touched(attributes: &AttributeSet) -> bool {
    Direction::ALL.into_iter().any(|direction| used(attributes, direction) > 0)
}

/// Whatever is put back of a pad's attributes, its used bytes are not.
pub fn keep(current: &AttributeSet, restored: &mut AttributeSet) {
    for direction in Direction::ALL {
        let bytes = used(current, direction).max(used(restored, direction));
        if bytes > 0 {
            set_used(restored, direction, bytes);
        }
    }
}

fn used(attributes: &AttributeSet, direction: Direction) -> usize {
    match attributes.at(&AttributeName::new(direction.attribute()), 0) {
        // A count that cannot be read leaves nothing of the pad.
        Some(Value::LongInteger(count)) => usize::try_from(*count).unwrap_or(usize::MAX),
        Some(_) => usize::MAX,
        None => 0,
    }
}

fn set_used(attributes: &mut AttributeSet, direction: Direction, bytes: usize) {
    let count = i64::try_from(bytes).unwrap_or(i64::MAX);
    attributes.set_value(&AttributeName::new(direction.attribute()), Value::LongInteger(count));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_taken_once_for_each_direction() {
        let mut set = AttributeSet::default();
        assert!(!is_touched(&set));
        assert_eq!(take(&mut set, Direction::Encrypt, 4, 6), Some(0..4));
        assert!(is_touched(&set));
        assert_eq!(take(&mut set, Direction::Encrypt, 3, 6), None);
        assert_eq!(take(&mut set, Direction::Encrypt, usize::MAX, 6), None);
        assert_eq!(take(&mut set, Direction::Decrypt, 3, 6), Some(0..3));
        assert_eq!(take(&mut set, Direction::Encrypt, 2, 6), Some(4..6));
        assert_eq!(take(&mut set, Direction::Encrypt, 1, 6), None);
        assert_eq!(take(&mut set, Direction::Decrypt, 3, 6), Some(3..6));
    }

    #[test]
    fn used_bytes_stay_used_whatever_is_put_back() {
        let mut set = AttributeSet::default();
        let before = set.clone();
        assert_eq!(take(&mut set, Direction::Decrypt, 4, 6), Some(0..4));
        let mut restored = before;
        keep(&set, &mut restored);
        assert_eq!(take(&mut restored, Direction::Decrypt, 3, 6), None);
        assert_eq!(take(&mut restored, Direction::Encrypt, 3, 6), Some(0..3));
    }

    #[test]
    fn count_that_cannot_be_read_leaves_nothing() {
        let mut set = AttributeSet::default();
        let name = AttributeName::new(Direction::Encrypt.attribute());
        set.set_value(&name, Value::LongInteger(-1));
        assert_eq!(take(&mut set, Direction::Encrypt, 1, 6), None);
    }
}
