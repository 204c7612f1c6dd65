//! One check of readiness: made on a thread of its own, so that a check that hangs holds up nobody.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::timeout;

/// How a check went; the text is for anybody who can reach the listener.
pub(super) type Verdict = Result<(), &'static str>;

/// How long a verdict stands before the check is made again: probing often costs no more.
const GOOD_FOR: Duration = Duration::from_secs(5);
/// The same for a failure, which is to be gone soon after its cause.
const BAD_FOR: Duration = Duration::from_secs(1);
/// How long a verdict is waited for by default.
const PATIENCE: Duration = Duration::from_secs(2);

/// A check that is made when somebody asks.
pub(super) struct Prober {
    pub(super) name: &'static str,
    ask: SyncSender<()>,
    last: watch::Receiver<Option<Seen>>,
    /// How long a verdict is waited for.
    patience: Duration,
}

#[derive(Clone, Copy)]
struct Seen {
    at: Instant,
    verdict: Verdict,
}

impl Seen {
    fn stands(&self, now: Instant) -> bool {
        let period = if self.verdict.is_ok() { GOOD_FOR } else { BAD_FOR };
        now.saturating_duration_since(self.at) < period
    }
}

impl Prober {
    /// Starts the thread; it ends with the value, once its last check is over.
    pub(super) fn start(
        name: &'static str,
        check: impl Fn() -> Verdict + Send + 'static,
    ) -> std::io::Result<Self> {
        let (ask, asked) = sync_channel(1);
        let (tell, last) = watch::channel(None);
        std::thread::Builder::new()
            .name(format!("check-{name}"))
            .spawn(move || answer(name, &asked, &tell, &check))?;
        Ok(Self { name, ask, last, patience: PATIENCE })
    }

    /// Has the check made, without waiting for it.
    pub(super) fn refresh(&self) {
        let stands = self.last.borrow().is_some_and(|seen| seen.stands(Instant::now()));
        if !stands {
            // Full: it is asked for already.
            let _ = self.ask.try_send(());
        }
    }

    /// The last verdict, if there is one.
    pub(super) fn last(&self) -> Option<Verdict> {
        self.last.borrow().map(|seen| seen.verdict)
    }

    /// A verdict that is no more than some seconds old.
    pub(super) async fn verdict(&self) -> Verdict {
        let now = Instant::now();
        self.refresh();
        let mut last = self.last.clone();
        let fresh =
            |seen: &Option<Seen>| seen.is_some_and(|seen: Seen| seen.at >= now || seen.stands(now));
        match timeout(self.patience, last.wait_for(fresh)).await {
            Ok(Ok(seen)) => seen.map_or(Err("not checked"), |seen| seen.verdict),
            Ok(Err(_)) | Err(_) => Err("no answer in time"),
        }
    }
}

fn answer(
    name: &str,
    asked: &Receiver<()>,
    tell: &watch::Sender<Option<Seen>>,
    check: &impl Fn() -> Verdict,
) {
    for () in asked {
        let verdict = catch_unwind(AssertUnwindSafe(check)).unwrap_or(Err("the check panicked"));
        log_change(name, tell.borrow().map(|seen| seen.verdict), verdict);
        tell.send_replace(Some(Seen { at: Instant::now(), verdict }));
    }
}

/// Tells the log what whoever asked is told, once for each change.
fn log_change(check: &str, before: Option<Verdict>, now: Verdict) {
    match (before, now) {
        (Some(Err(was)), Err(reason)) if was == reason => {}
        (_, Err(reason)) => tracing::warn!(check, reason, "not ready"),
        (Some(Err(_)), Ok(())) => tracing::info!(check, "ready again"),
        (None | Some(Ok(())), Ok(())) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test]
    async fn verdict_is_kept_while_it_is_good() {
        let made = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&made);
        let prober = Prober::start("test", move || {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok(())
        });
        let prober = prober.unwrap();
        assert_eq!(prober.last(), None);
        for _ in 0..100 {
            assert_eq!(prober.verdict().await, Ok(()));
        }
        assert_eq!(made.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn check_that_hangs_is_no_answer_and_leaves_one_thread() {
        let (let_go, held) = std::sync::mpsc::channel::<()>();
        let begun = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&begun);
        let prober = Prober::start("test", move || {
            counted.fetch_add(1, Ordering::SeqCst);
            held.recv().map_err(|_| "gone")
        });
        let mut prober = prober.unwrap();
        prober.patience = Duration::from_millis(1);
        for _ in 0..3 {
            assert_eq!(prober.verdict().await, Err("no answer in time"));
        }
        assert!(begun.load(Ordering::SeqCst) <= 1);
        let_go.send(()).unwrap();
        let_go.send(()).unwrap();
        prober.patience = Duration::from_secs(60);
        assert_eq!(prober.verdict().await, Ok(()), "it answers again");
    }

    #[tokio::test]
    async fn check_that_panics_fails_and_is_made_again() {
        let prober = Prober::start("test", || panic!("on purpose")).unwrap();
        assert_eq!(prober.verdict().await, Err("the check panicked"));
        assert_eq!(prober.last(), Some(Err("the check panicked")));
    }
}
