//! The table of the open streams: how many there may be, what they may hold, and who gives way.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::{BUSY, Flow};
use crate::error::HsmError;
use crate::job::StreamId;

/// How many streams there may be, how much they may hold, and how long one may lie idle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamLimits {
    /// Most streams at once.
    pub max_streams: usize,
    /// Most bytes that all of them hold until their last part.
    pub max_held_bytes: usize,
    /// After this time without a part a stream is gone.
    pub idle_timeout: Duration,
}

impl Default for StreamLimits {
    /// 64 streams, 512 MiB, 60 s.
    fn default() -> Self {
        Self { max_streams: 64, max_held_bytes: 512 << 20, idle_timeout: Duration::from_secs(60) }
    }
}

/// Whose gives way where there is no room for `more` of `newcomer`: of the `(scope, size)` of all, the
/// scope that has most. None where no other would have more than the newcomer.
pub fn gives_way<'a>(
    newcomer: &str,
    more: usize,
    all: impl Iterator<Item = (&'a str, usize)>,
) -> Option<&'a str> {
    let mut sums = HashMap::new();
    for (scope, size) in all {
        *sums.entry(scope).or_insert(0_usize) += size;
    }
    let own = sums.remove(newcomer).unwrap_or(0) + more;
    let most = sums.into_iter().max_by_key(|(_, size)| *size);
    most.filter(|(_, size)| *size > own).map(|(scope, _)| scope)
}

pub(super) struct Slot {
    pub(super) scope: String,
    pub(super) used: Instant,
    /// Bytes that it holds, with those of the part that is at work.
    pub(super) held: usize,
    /// Absent while a part is at work.
    pub(super) flow: Option<Box<Flow>>,
}

#[derive(Default)]
pub(super) struct Slots(pub(super) HashMap<StreamId, Slot>);

impl Slots {
    /// Ends streams of others until there is room for one more of `scope`; `Busy` where it has its share.
    pub(super) fn room_for_one(&mut self, scope: &str, limit: usize) -> Result<(), HsmError> {
        while self.0.len() >= limit {
            self.end_one(scope, 1, |_| 1)?;
        }
        Ok(())
    }

    /// The same for `bytes` that a stream of `scope` is to hold.
    pub(super) fn room_to_hold(
        &mut self,
        scope: &str,
        bytes: usize,
        limit: usize,
    ) -> Result<(), HsmError> {
        while self.0.values().map(|slot| slot.held).sum::<usize>() + bytes > limit {
            self.end_one(scope, bytes, |slot| slot.held)?;
        }
        Ok(())
    }

    /// Ends, of the scope that has most, the stream that has been idle longest.
    fn end_one(
        &mut self,
        newcomer: &str,
        more: usize,
        size: impl Fn(&Slot) -> usize,
    ) -> Result<(), HsmError> {
        let idle = || self.0.iter().filter(|(_, slot)| slot.flow.is_some() && size(slot) > 0);
        let sizes = self.0.values().map(|slot| (slot.scope.as_str(), size(slot)));
        let scope = gives_way(newcomer, more, sizes).ok_or(BUSY)?;
        let longest = idle().filter(|(_, slot)| slot.scope == scope).min_by_key(|(_, it)| it.used);
        let id = *longest.ok_or(BUSY)?.0;
        self.0.remove(&id);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scope_that_has_most_gives_way_to_those_that_would_have_less() {
        let all = [("a", 3), ("b", 4), ("a", 2), ("c", 1)];
        let gives = |newcomer, more| gives_way(newcomer, more, all.into_iter());
        assert_eq!(gives("c", 3), Some("a"));
        assert_eq!(gives("c", 4), None);
        assert_eq!(gives("b", 1), None);
        assert_eq!(gives("a", 1), None);
        assert_eq!(gives("d", 4), Some("a"));
        assert_eq!(gives_way("a", 1, std::iter::empty()), None);
    }
}
