//! Usage Limits: what is left of them is drawn, and given back, in exact amounts.
//!
//! Spec: KMIP 1.4 §3.21. Pure: works on attributes alone; the caller's conditional write makes the
//! count exact, whoever else draws.

use kmip_core::attribute::{AttributeKind as Kind, UsageLimits};

use crate::object::AttributeSet;

fn limits(attributes: &AttributeSet) -> Option<UsageLimits> {
    attributes.typed(Kind::UsageLimits)
}

fn set_left(attributes: &mut AttributeSet, limits: UsageLimits, left: i64) {
    attributes.set(Kind::UsageLimits, &UsageLimits { count: Some(left), ..limits });
}

/// What is left, in the limits' own unit.
#[must_use]
pub fn left(limits: &UsageLimits) -> i64 {
    limits.count.unwrap_or(limits.total)
}

/// Takes `units` off what is left; false, with nothing taken, if that is less. Where nothing is
/// limited, nothing is counted.
#[must_use]
pub fn draw(attributes: &mut AttributeSet, units: i64) -> bool {
    let Some(limits) = limits(attributes) else { return true };
    let rest = left(&limits).checked_sub(units).filter(|rest| *rest >= 0);
    if let Some(rest) = rest {
        set_left(attributes, limits, rest);
    }
    rest.is_some()
}

/// Gives back what was drawn and not used.
pub fn give_back(attributes: &mut AttributeSet, units: i64) {
    if let Some(limits) = limits(attributes) {
        let more = left(&limits).saturating_add(units).min(limits.total);
        set_left(attributes, limits, more);
    }
}

/// Whatever is put back of an object's attributes, what was drawn of its limits stays drawn: others
/// may have drawn meanwhile.
pub fn keep(current: &AttributeSet, restored: &mut AttributeSet) {
    let (Some(now), Some(before)) = (limits(current), limits(restored)) else { return };
    let used = now.total.saturating_sub(left(&now));
    // What was used in another unit cannot be told in this one: then nothing is left.
    let used = if now.unit == before.unit || used == 0 { used } else { before.total };
    let rest = before.total.saturating_sub(used).max(0);
    set_left(restored, before, rest);
}

#[cfg(test)]
mod tests {
    use super::*;
    use kmip_core::types::UsageLimitsUnit as Unit;

    fn limited(total: i64, count: i64, unit: Unit) -> AttributeSet {
        let mut set = AttributeSet::default();
        set.set(Kind::UsageLimits, &UsageLimits { total, count: Some(count), unit });
        set
    }

    fn rest(set: &AttributeSet) -> Option<i64> {
        limits(set).as_ref().map(left)
    }

    #[test]
    fn draw_takes_all_or_nothing() {
        let mut set = limited(10, 10, Unit::Byte);
        assert!(draw(&mut set, 7));
        assert!(!draw(&mut set, 4));
        assert_eq!(rest(&set), Some(3));
        assert!(draw(&mut set, 3));
        assert!(draw(&mut set, 0));
        assert!(draw(&mut AttributeSet::default(), i64::MAX), "nothing is limited");
    }

    #[test]
    fn give_back_never_exceeds_the_total() {
        let mut set = limited(10, 4, Unit::Byte);
        give_back(&mut set, 3);
        assert_eq!(rest(&set), Some(7));
        give_back(&mut set, i64::MAX);
        assert_eq!(rest(&set), Some(10));
    }

    #[test]
    fn keep_leaves_drawn_what_others_drew() {
        for (now, before, expected) in [
            (limited(10, 4, Unit::Byte), limited(10, 10, Unit::Byte), 4),
            (limited(10, 10, Unit::Byte), limited(20, 20, Unit::Byte), 20),
            (limited(10, 4, Unit::Byte), limited(20, 20, Unit::Byte), 14),
            (limited(10, 4, Unit::Byte), limited(5, 5, Unit::Byte), 0),
            (limited(10, 10, Unit::Byte), limited(3, 3, Unit::Object), 3),
            (limited(10, 9, Unit::Byte), limited(3, 3, Unit::Object), 0),
        ] {
            let mut restored = before;
            keep(&now, &mut restored);
            assert_eq!(rest(&restored), Some(expected));
        }
    }
}
