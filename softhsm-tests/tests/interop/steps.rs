//! A test of many steps: which of them failed, and which was slow.

use std::time::{Duration, Instant};

use softhsm_tests::docs;

/// Longest that one step may take on a busy machine.
const LIMIT: Duration = Duration::from_secs(90);

/// Environment variable that has the steps told of tests that pass, too.
const TELL_VARIABLE: &str = "CLAVIGER_TEST_STEPS";

/// The steps of one test. What fails while one is under way is told with its name and with what the
/// steps before it took.
pub(crate) struct Steps {
    test: String,
    done: Vec<(&'static str, Duration)>,
    current: Option<(&'static str, Instant)>,
}

impl Steps {
    /// The steps of `test`, none of which has begun.
    pub(crate) fn of(test: &str) -> Self {
        Self { test: test.to_owned(), done: Vec::new(), current: None }
    }

    /// Ends the step before and begins this one.
    ///
    /// # Panics
    ///
    /// If the one before was too slow.
    pub(crate) fn at(&mut self, step: &'static str) {
        self.end();
        self.current = Some((step, Instant::now()));
    }

    /// Ends the last step.
    ///
    /// # Panics
    ///
    /// If it was too slow.
    pub(crate) fn end(&mut self) {
        let Some((step, began)) = self.current.take() else { return };
        let took = began.elapsed();
        self.done.push((step, took));
        assert!(took < LIMIT, "step {step:?} of {} took {}", self.test, seconds(took));
    }

    fn tell(&self) {
        let mut text = format!("{}:", self.test);
        for (step, took) in &self.done {
            text.push_str(&format!("\n  {step}: {}", seconds(*took)));
        }
        if let Some((step, began)) = self.current {
            text.push_str(&format!("\n  FAILED: {step}, after {}", seconds(began.elapsed())));
        }
        docs::say(&text);
    }
}

impl Drop for Steps {
    fn drop(&mut self) {
        if std::thread::panicking() || std::env::var_os(TELL_VARIABLE).is_some() {
            self.tell();
        }
    }
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

/// Waits until `there` says that it is, asking again and again: for what gives no sign of its own.
///
/// # Panics
///
/// If it is not there in time; `what` says what was waited for.
pub(crate) fn wait_until(what: &str, mut there: impl FnMut() -> bool) {
    let deadline = Instant::now() + LIMIT;
    while !there() {
        assert!(Instant::now() < deadline, "waited {} in vain for {what}", seconds(LIMIT));
        std::thread::sleep(Duration::from_millis(50));
    }
}
