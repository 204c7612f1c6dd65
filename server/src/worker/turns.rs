//! Whose turn it is among many: of those for whom something waits the one with the fewest threads at
//! work, then the one that has used the least time.
//!
//! So whoever asks for much has no more than the others, but for what they leave: RELIABILITY G14.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::time::Duration;

/// How far anybody may fall behind the others for what was done for him, so that his next one is not too
/// old when its turn comes: one call may take longer than a client waits.
const MOST_OWED: Duration = Duration::from_secs(1);

/// Of those who want nothing, this many that have used most are remembered.
const MOST_IDLE: usize = 64;

/// Something that may wait.
pub(super) trait Backlog: Default {
    /// Whether nothing waits.
    fn is_empty(&self) -> bool;
}

/// Those who have turns, each with what waits for him.
pub(super) struct Turns<K, B> {
    members: HashMap<K, Member<B>>,
    /// Those for whom something waits, the next first.
    waiting: BTreeSet<(Rank, K)>,
    /// Those who are remembered for the time that they have used, which goes first.
    idle: BTreeSet<(Duration, K)>,
    /// What had been used by whoever had the latest turn: nobody has a claim from before.
    floor: Duration,
    /// How many have come to wait.
    comers: u64,
}

/// Where one stands among those who wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    busy: usize,
    used: Duration,
    came: u64,
}

#[derive(Clone, Copy)]
enum Place {
    Waiting(Rank),
    Idle(Duration),
    /// At work, and nothing more to do.
    Busy,
}

struct Member<B> {
    backlog: B,
    busy: usize,
    used: Duration,
    came: u64,
    place: Place,
}

impl<K, B> Default for Turns<K, B> {
    fn default() -> Self {
        Self {
            members: HashMap::new(),
            waiting: BTreeSet::new(),
            idle: BTreeSet::new(),
            floor: Duration::ZERO,
            comers: 0,
        }
    }
}

impl<K: Clone + Ord + Hash, B: Backlog> Turns<K, B> {
    /// Changes what waits for `key`.
    pub(super) fn change<R>(&mut self, key: &K, change: impl FnOnce(&mut B) -> R) -> R {
        self.alter(key, |member| change(&mut member.backlog))
    }

    /// Gives whose turn it is what `take` finds for him; he is at work until it is [over](Self::over).
    pub(super) fn next<W>(&mut self, take: impl FnOnce(&mut B) -> Option<W>) -> Option<(K, W)> {
        let (rank, key) = self.waiting.first()?.clone();
        self.floor = self.floor.max(rank.used);
        let came = self.comers;
        self.comers += 1;
        let work = self.alter(&key, |member| {
            let work = take(&mut member.backlog)?;
            member.busy += 1;
            member.came = came;
            Some(work)
        });
        Some((key, work?))
    }

    /// What `key` had a turn for is over, and took so long; `change` says the same of what is behind.
    pub(super) fn over(&mut self, key: &K, took: Duration, change: impl FnOnce(&mut B)) {
        let most = self.floor + MOST_OWED;
        self.alter(key, |member| {
            member.busy = member.busy.saturating_sub(1);
            member.used = member.used.max((member.used + took).min(most));
            change(&mut member.backlog);
        });
    }

    /// What waits for `key`.
    pub(super) fn get(&self, key: &K) -> Option<&B> {
        self.members.get(key).map(|member| &member.backlog)
    }

    /// The sum of what `count` finds.
    pub(super) fn sum(&self, count: impl Fn(&B) -> usize) -> usize {
        self.waiting().map(|(_, backlog)| count(backlog)).sum()
    }

    /// The one for whom `count` finds most.
    pub(super) fn with_most(&self, count: impl Fn(&B) -> usize) -> Option<(&K, &B)> {
        self.waiting().max_by_key(|(_, backlog)| count(backlog))
    }

    /// The same, if that is more than `newcomer` has with one more.
    pub(super) fn with_more(&self, newcomer: &K, count: impl Fn(&B) -> usize) -> Option<(&K, &B)> {
        let own = self.get(newcomer).map_or(0, &count) + 1;
        self.with_most(&count).filter(|(key, backlog)| *key != newcomer && count(backlog) > own)
    }

    /// Those for whom something waits, by name.
    pub(super) fn those_who_wait(&self) -> Vec<K> {
        self.waiting.iter().map(|(_, key)| key.clone()).collect()
    }

    fn waiting(&self) -> impl Iterator<Item = (&K, &B)> {
        let member = |key| self.members.get_key_value(key);
        let waiting = self.waiting.iter().filter_map(move |(_, key)| member(key));
        waiting.map(|(key, member)| (key, &member.backlog))
    }

    /// Changes a member, and puts it where it then belongs.
    fn alter<R>(&mut self, key: &K, alter: impl FnOnce(&mut Member<B>) -> R) -> R {
        let floor = self.floor;
        let member = self.members.entry(key.clone()).or_insert_with(|| Member {
            backlog: B::default(),
            busy: 0,
            used: floor,
            came: 0,
            place: Place::Busy,
        });
        let was_waiting = match member.place {
            Place::Waiting(rank) => self.waiting.remove(&(rank, key.clone())),
            Place::Idle(used) => {
                self.idle.remove(&(used, key.clone()));
                member.used = member.used.max(floor);
                false
            }
            Place::Busy => false,
        };
        let altered = alter(member);
        member.place = if !member.backlog.is_empty() {
            if !was_waiting {
                member.came = self.comers;
                self.comers += 1;
            }
            let rank = Rank { busy: member.busy, used: member.used, came: member.came };
            self.waiting.insert((rank, key.clone()));
            Place::Waiting(rank)
        } else if member.busy > 0 {
            Place::Busy
        } else {
            self.idle.insert((member.used, key.clone()));
            Place::Idle(member.used)
        };
        self.forget();
        altered
    }

    fn forget(&mut self) {
        while self.idle.len() > MOST_IDLE {
            let Some((_, key)) = self.idle.pop_first() else { return };
            self.members.remove(&key);
        }
    }
}

impl<K: Clone + Ord + Hash, B: Backlog> Backlog for Turns<K, B> {
    fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Waiting(u32);

    impl Backlog for Waiting {
        fn is_empty(&self) -> bool {
            self.0 == 0
        }
    }

    const MS: Duration = Duration::from_millis(1);

    fn come(turns: &mut Turns<char, Waiting>, who: &str) {
        for key in who.chars() {
            turns.change(&key, |waiting| waiting.0 += 1);
        }
    }

    fn next(turns: &mut Turns<char, Waiting>) -> Option<char> {
        let take = |waiting: &mut Waiting| {
            waiting.0 = waiting.0.checked_sub(1)?;
            Some(())
        };
        turns.next(take).map(|(key, ())| key)
    }

    /// Who has the turns of one thread, each of which takes what `took` says.
    fn all(turns: &mut Turns<char, Waiting>, took: impl Fn(char) -> Duration) -> String {
        let mut order = String::new();
        while let Some(key) = next(turns) {
            order.push(key);
            turns.over(&key, took(key), |_| ());
        }
        order
    }

    #[test]
    fn those_who_wait_take_turns_whatever_each_has() {
        let mut turns = Turns::default();
        come(&mut turns, "aaaaabbc");
        assert_eq!(all(&mut turns, |_| MS), "abcabaaa");
    }

    #[test]
    fn one_with_long_work_has_fewer_turns() {
        let mut turns = Turns::default();
        come(&mut turns, "aaabbbbbbb");
        assert_eq!(all(&mut turns, |key| if key == 'a' { 3 * MS } else { MS }), "abbbabbbab");
    }

    #[test]
    fn those_who_always_wait_have_the_same_time_whatever_they_ask_for() {
        const THREADS: usize = 3;
        let cost = |key| MS * [1, 2, 5, 10][usize::try_from(u32::from(key)).unwrap()];
        let mut turns = Turns::default();
        let mut had = [Duration::ZERO; 4];
        // When each of those at work is done.
        let mut at_work = BTreeSet::new();
        for number in 0..10_000 {
            come(&mut turns, "\0\x01\x02\x03");
            let mut now = Duration::ZERO;
            if at_work.len() == THREADS {
                let (done, _, key) = at_work.pop_first().unwrap();
                now = done;
                had[usize::try_from(u32::from(key)).unwrap()] += cost(key);
                turns.over(&key, cost(key), |_| ());
            }
            let key = next(&mut turns).unwrap();
            at_work.insert((now + cost(key), number, key));
        }
        let (least, most) = (had.iter().min().unwrap(), had.iter().max().unwrap());
        assert!(*most < *least * 11 / 10, "{had:?}");
    }

    #[test]
    fn threads_go_to_those_who_have_none() {
        let mut turns = Turns::default();
        come(&mut turns, "aaaa");
        assert_eq!((next(&mut turns), next(&mut turns)), (Some('a'), Some('a')));
        come(&mut turns, "bb");
        let three = [(); 3].map(|()| next(&mut turns).unwrap());
        assert_eq!(three, ['b', 'b', 'a']);
    }

    #[test]
    fn newcomer_has_no_claim_from_before() {
        let mut turns = Turns::default();
        come(&mut turns, "aaaa");
        for _ in 0..2 {
            next(&mut turns);
            turns.over(&'a', 100 * MS, |_| ());
        }
        come(&mut turns, "bbbb");
        // The floor is what `a` had used before its latest turn: 100 ms.
        assert_eq!(all(&mut turns, |_| 60 * MS), "bbabab");
    }

    #[test]
    fn time_used_is_remembered_while_nothing_waits() {
        let mut turns = Turns::default();
        come(&mut turns, "a");
        assert_eq!(all(&mut turns, |_| 100 * MS), "a");
        come(&mut turns, "ab");
        assert_eq!(all(&mut turns, |_| MS), "ba");
    }

    #[test]
    fn one_that_owes_much_is_not_shut_out() {
        let mut turns = Turns::default();
        come(&mut turns, "a");
        assert_eq!(all(&mut turns, |_| 3_600_000 * MS), "a");
        come(&mut turns, "abbbbbb");
        assert_eq!(all(&mut turns, |_| 250 * MS), "bbbbabb");
    }

    #[test]
    fn those_who_have_used_least_are_forgotten_first() {
        let mut turns = Turns::default();
        let last = char::from_u32(u32::try_from(MOST_IDLE).unwrap()).unwrap();
        come(&mut turns, &String::from_iter('\0'..=last));
        all(&mut turns, |key| if key == '\x07' { MS } else { 2 * MS });
        assert_eq!(turns.members.len(), MOST_IDLE);
        assert!(!turns.members.contains_key(&'\x07'));
    }
}
