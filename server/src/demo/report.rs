//! The lines of the demo: one per step, aligned, with its time.

use std::time::Duration;

const TITLE_WIDTH: usize = 16;
const DETAIL_WIDTH: usize = 68;

/// Writes one line per step to whoever shows them.
pub(super) struct Report<'a> {
    say: &'a dyn Fn(&str),
    colour: bool,
}

impl<'a> Report<'a> {
    /// Lines go to `say`; `colour` adds escape sequences for a terminal.
    pub(super) const fn new(say: &'a dyn Fn(&str), colour: bool) -> Self {
        Self { say, colour }
    }

    /// A line of plain text.
    pub(super) fn text(&self, text: &str) {
        (self.say)(text);
    }

    /// A step that did what it should.
    pub(super) fn done(&self, title: &str, detail: &str, time: Duration) {
        let sign = self.painted("32", " ok ");
        let time = self.painted("2", &format!("{:>8.1} ms", time.as_secs_f64() * 1e3));
        self.text(&format!("{sign} {title:<TITLE_WIDTH$} {detail:<DETAIL_WIDTH$} {time}"));
    }

    /// A step that did not.
    pub(super) fn failed(&self, title: &str, detail: &str) {
        let sign = self.painted("31", "FAIL");
        self.text(&format!("{sign} {title:<TITLE_WIDTH$} {detail}"));
    }

    fn painted(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn lines(colour: bool) -> Vec<String> {
        let lines = RefCell::new(Vec::new());
        let say = |line: &str| lines.borrow_mut().push(line.to_owned());
        let report = Report::new(&say, colour);
        report.done("Create", "an AES-256 key", Duration::from_micros(1_234));
        report.done("Locate", "by name", Duration::from_millis(21));
        report.failed("Get", "refused");
        lines.into_inner()
    }

    #[test]
    fn times_are_aligned() {
        let lines = lines(false);
        assert!(lines[0].starts_with(" ok  Create           an AES-256 key "), "{}", lines[0]);
        assert!(lines[0].ends_with("     1.2 ms"), "{}", lines[0]);
        assert_eq!(lines[0].len(), lines[1].len());
        assert_eq!(lines[2], "FAIL Get              refused");
    }

    #[test]
    fn colours_only_where_wanted() {
        assert!(!lines(false).concat().contains('\x1b'));
        assert!(lines(true).iter().all(|line| line.starts_with("\x1b[")));
    }
}
