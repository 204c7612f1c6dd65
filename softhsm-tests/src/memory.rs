//! What lies in a process' memory, and in files.

use std::fs::File;
use std::os::unix::fs::FileExt;

/// Bytes read at once.
const CHUNK: usize = 1 << 20;
/// Bytes of a page of memory.
const PAGE: usize = 4096;

/// What a search found.
#[derive(Clone, Debug)]
pub struct Found {
    /// How often each needle is there.
    pub counts: Vec<usize>,
    /// Bytes that were searched.
    pub bytes: u64,
}

/// Bytes to look for, all of them in one pass; each at least two bytes long.
#[derive(Debug)]
pub struct Needles<'a> {
    list: Vec<&'a [u8]>,
    /// The needles that begin with two bytes, by these.
    by_start: Vec<Vec<usize>>,
}

impl<'a> Needles<'a> {
    /// Prepares the search.
    ///
    /// # Panics
    ///
    /// If a needle is shorter than two bytes.
    #[must_use]
    pub fn new(list: &[&'a [u8]]) -> Self {
        let mut by_start = vec![Vec::new(); 1 << 16];
        for (number, needle) in list.iter().enumerate() {
            by_start[start_of(needle)].push(number);
        }
        Self { list: list.to_vec(), by_start }
    }

    /// How often each lies in `bytes`, overlapping ones included.
    ///
    /// # Panics
    ///
    /// Never.
    #[must_use]
    pub fn count_in(&self, bytes: &[u8]) -> Vec<usize> {
        let mut counts = vec![0; self.list.len()];
        self.add(bytes, 0, &mut counts);
        counts
    }

    /// Counts those that end behind the first `known` bytes of `bytes`.
    fn add(&self, bytes: &[u8], known: usize, counts: &mut [usize]) {
        let mut at = known.saturating_sub(self.longest() - 1);
        while at + 1 < bytes.len() {
            // Most of a process' memory was never written.
            if bytes[at] == 0 && bytes[at..].starts_with(&[0; PAGE]) && self.by_start[0].is_empty()
            {
                // Its last zero may begin a needle.
                at += PAGE - 1;
                continue;
            }
            for &number in &self.by_start[start_of(&bytes[at..])] {
                let needle = self.list[number];
                if at + needle.len() > known && bytes[at..].starts_with(needle) {
                    counts[number] += 1;
                }
            }
            at += 1;
        }
    }

    fn longest(&self) -> usize {
        self.list.iter().map(|needle| needle.len()).max().unwrap_or(1)
    }
}

fn start_of(bytes: &[u8]) -> usize {
    usize::from(u16::from_be_bytes([bytes[0], bytes[1]]))
}

/// How often each needle lies in the writable memory of process `pid`, which must be our child.
///
/// # Panics
///
/// As [`search`].
#[must_use]
pub fn count(pid: u32, needles: &[&[u8]]) -> Vec<usize> {
    search(pid, &Needles::new(needles)).counts
}

/// Searches all that process `pid`, which must be our child, can write to: what its core image
/// holds besides the files it was loaded from.
///
/// Needles that end beyond a chunk are found too: chunks overlap by the longest one.
///
/// # Panics
///
/// If the kernel does not let us look.
#[must_use]
pub fn search(pid: u32, needles: &Needles<'_>) -> Found {
    let memory = File::open(format!("/proc/{pid}/mem")).unwrap();
    let mut found = Found { counts: vec![0; needles.list.len()], bytes: 0 };
    for (start, end) in writable_ranges(pid) {
        search_range(&memory, start, end, needles, &mut found);
    }
    found
}

/// Whether the kernel lets us look into process `pid`: not if it is another user's, or keeps itself
/// out of core dumps and we are no superuser.
#[must_use]
pub fn is_open(pid: u32) -> bool {
    File::open(format!("/proc/{pid}/mem")).is_ok()
}

fn search_range(memory: &File, start: u64, end: u64, needles: &Needles<'_>, found: &mut Found) {
    // What was carried over from the chunk before, then the new bytes.
    let mut window = Vec::new();
    let mut at = start;
    while at < end {
        let wanted = CHUNK.min(usize::try_from(end - at).unwrap());
        let carried = window.len();
        window.resize(carried + wanted, 0);
        // Pages that were given back meanwhile, or are guarded, cannot be read; nothing lies there.
        let Ok(read @ 1..) = memory.read_at(&mut window[carried..], at) else {
            window.clear();
            at += u64::try_from(PAGE).unwrap();
            continue;
        };
        window.truncate(carried + read);
        needles.add(&window, carried, &mut found.counts);
        let keep = window.len().min(needles.longest() - 1);
        window.drain(..window.len() - keep);
        let read = u64::try_from(read).unwrap();
        found.bytes += read;
        at += read;
    }
}

/// How often `needle` lies in `bytes`, overlapping ones included.
#[must_use]
pub fn occurrences(bytes: &[u8], needle: &[u8]) -> usize {
    let Some((first, rest)) = needle.split_first() else { return 0 };
    let candidates = bytes.iter().enumerate().filter(|(_, byte)| *byte == first);
    candidates.filter(|(at, _)| bytes[at + 1..].starts_with(rest)).count()
}

fn writable_ranges(pid: u32) -> Vec<(u64, u64)> {
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let range = |line: &str| {
        let mut fields = line.split(' ');
        let (start, end) = fields.next()?.split_once('-')?;
        fields.next().filter(|flags| flags.starts_with("rw"))?;
        let number = |text| u64::from_str_radix(text, 16).ok();
        Some((number(start)?, number(end)?))
    };
    maps.lines().filter_map(range).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn count_finds_what_this_process_holds() {
        let mut needle = b"a needle that is written nowhere else, ".to_vec();
        needle.extend(std::process::id().to_string().bytes());
        let held = std::hint::black_box(needle.clone());
        let absent = needle.iter().rev().copied().collect::<Vec<_>>();
        // Reversed only here, and dropped from the list of needles before we look again.
        let found = count(std::process::id(), &[&needle]);
        assert!(found[0] >= 2, "{found:?}");
        drop(held);
        assert_eq!(occurrences(b"aaaa", b"aa"), 3);
        assert_eq!(occurrences(&needle, &absent), 0);
    }

    #[test]
    fn needles_are_counted_once_wherever_they_lie() {
        let mut bytes = vec![0; 3 * PAGE];
        for at in [0, 5, PAGE - 2, 2 * PAGE, 3 * PAGE - 4] {
            bytes[at..at + 4].copy_from_slice(b"abca");
        }
        let needles = Needles::new(&[b"abca", b"bc", b"abd", b"aabca"]);
        assert_eq!(needles.count_in(&bytes), [5, 5, 0, 0]);
        // Those that end in the part that was searched before are not counted again.
        let mut counts = vec![0; 4];
        needles.add(&bytes, 9, &mut counts);
        assert_eq!(counts, [3, 3, 0, 0]);
        assert_eq!(Needles::new(&[b"aa"]).count_in(b"aaaa"), [3]);
        assert_eq!(Needles::new(&[&[0, 0]]).count_in(&[0; PAGE + 1]), [PAGE]);
    }
}
