//! What the system knows of a process: its time and its memory, from `/proc`.

use super::BenchError;

/// `utime` and `stime` count in units of this; the same on every Linux since long.
const TICKS_PER_SECOND: f64 = 100.0;

/// CPU time of the process so far, in seconds.
pub(super) fn cpu_seconds(pid: u32) -> Result<f64, BenchError> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .map_err(BenchError::system("CPU time of the server"))?;
    ticks(&text)
        .map(|ticks| ticks / TICKS_PER_SECOND)
        .ok_or(BenchError::Measure("the CPU time of the server is not to be read"))
}

/// CPU time of this thread so far, in seconds: exact to some milliseconds, so for long rounds only.
pub(super) fn thread_cpu_seconds() -> Result<f64, BenchError> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")
        .map_err(BenchError::system("CPU time of this thread"))?;
    let nanos = text.split_whitespace().next().and_then(|word| word.parse::<f64>().ok());
    let nanos =
        nanos.ok_or(BenchError::Measure("the CPU time of this thread is not to be read"))?;
    Ok(nanos / 1e9)
}

/// User and system time out of `/proc/<pid>/stat`.
fn ticks(stat: &str) -> Option<f64> {
    // The name of the process may hold blanks and parentheses; it ends at the last one.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<f64>().ok();
    Some(next()? + next()?)
}

/// Resident memory of the process, in MiB.
pub(super) fn resident_mib(pid: u32) -> Result<f64, BenchError> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status"))
        .map_err(BenchError::system("memory of the server"))?;
    resident(&text).ok_or(BenchError::Measure("the memory of the server is not to be read"))
}

fn resident(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib = line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()?;
    Some(kib / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_read_behind_a_name_with_parentheses() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 10 0 0 0 120 30 0 0 20 0 9 0 1 2 3";
        assert_eq!(ticks(stat), Some(150.0));
    }

    #[test]
    fn memory_is_read_in_mib() {
        assert_eq!(resident("Name:\tx\nVmRSS:\t   20480 kB\n"), Some(20.0));
        assert_eq!(resident("Name:\tx\n"), None);
    }

    #[test]
    fn own_process_has_both() {
        let pid = std::process::id();
        assert!(cpu_seconds(pid).is_ok());
        assert!(thread_cpu_seconds().unwrap() >= 0.0);
        assert!(resident_mib(pid).unwrap() > 0.0);
    }
}
