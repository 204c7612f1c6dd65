//! What lies in a process' memory.

use std::fs::File;
use std::os::unix::fs::FileExt;

/// Bytes read at once.
const CHUNK: usize = 1 << 20;

/// How often each needle lies in the writable memory of process `pid`, which must be our child.
///
/// Needles that end beyond a chunk are found too: chunks overlap by the longest one.
///
/// # Panics
///
/// If the kernel does not let us look.
#[must_use]
pub fn count(pid: u32, needles: &[&[u8]]) -> Vec<usize> {
    let memory = File::open(format!("/proc/{pid}/mem")).unwrap();
    let mut counts = vec![0; needles.len()];
    for (start, end) in writable_ranges(pid) {
        count_in_range(&memory, start, end, needles, &mut counts);
    }
    counts
}

fn count_in_range(memory: &File, start: u64, end: u64, needles: &[&[u8]], counts: &mut [usize]) {
    let overlap = needles.iter().map(|needle| needle.len()).max().unwrap_or(1) - 1;
    // What was carried over from the chunk before, then the new bytes.
    let mut window = Vec::new();
    let mut at = start;
    while at < end {
        let wanted = CHUNK.min(usize::try_from(end - at).unwrap());
        let carried = window.len();
        window.resize(carried + wanted, 0);
        // Pages that were never touched, or are guarded, cannot be read; nothing lies there.
        let Ok(read) = memory.read_at(&mut window[carried..], at) else { return };
        if read == 0 {
            return;
        }
        window.truncate(carried + read);
        for (needle, count) in needles.iter().zip(counts.iter_mut()) {
            // A match that lies wholly in the carried part was counted before.
            let first = (carried + 1).saturating_sub(needle.len());
            *count += occurrences(&window[first..], needle);
        }
        let keep = window.len().min(overlap);
        window.drain(..window.len() - keep);
        at += u64::try_from(read).unwrap();
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
}
