//! How much is logged of what anybody can bring about, as often as they like.

use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tracing::callsite::Identifier;
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Metadata};
use tracing_subscriber::layer::{Context, Filter};

/// Lines of one kind in a second, on average.
const PER_SECOND: NonZero<u32> = NonZero::<u32>::MIN.saturating_add(19);
/// Lines of one kind at once.
const AT_ONCE: NonZero<u32> = NonZero::<u32>::MIN.saturating_add(199);

static LEFT_OUT: AtomicU64 = AtomicU64::new(0);

/// Leaves out lines that come from one place in the code too often, so that nobody fills a disk with
/// them. What is logged at `debug` and `trace` is all there: somebody has asked for it.
pub(super) struct Bound {
    places: DefaultKeyedRateLimiter<Identifier>,
    left_out: &'static AtomicU64,
}

impl Default for Bound {
    fn default() -> Self {
        let quota = Quota::per_second(PER_SECOND).allow_burst(AT_ONCE);
        Self { places: RateLimiter::keyed(quota), left_out: &LEFT_OUT }
    }
}

impl<S> Filter<S> for Bound {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::TRACE)
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        let place = event.metadata();
        let may = *place.level() > Level::INFO || self.places.check_key(&place.callsite()).is_ok();
        if !may {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
        may
    }
}

/// Logs how many lines were left out since the last time; called from time to time.
pub fn tell_what_was_left_out() {
    let lines = LEFT_OUT.swap(0, Ordering::Relaxed);
    if lines > 0 {
        tracing::warn!(lines, "lines were left out, of which there were too many alike");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::Layer;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    /// Keeps the levels of what it is given.
    #[derive(Clone, Default)]
    struct Levels(Arc<Mutex<Vec<Level>>>);

    impl<S: tracing::Subscriber> Layer<S> for Levels {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            self.0.lock().unwrap().push(*event.metadata().level());
        }
    }

    #[test]
    fn lines_of_one_place_are_bounded_and_those_of_others_are_not() {
        static HERE: AtomicU64 = AtomicU64::new(0);
        let bound = Bound { left_out: &HERE, ..Bound::default() };
        let levels = Levels::default();
        let subscriber = tracing_subscriber::registry().with(levels.clone().with_filter(bound));
        tracing::subscriber::with_default(subscriber, || {
            for _ in 0..10_000 {
                tracing::warn!("many");
                tracing::debug!("asked for");
            }
            tracing::error!("one");
        });
        let levels = levels.0.lock().unwrap();
        let count = |wanted| levels.iter().filter(|level| **level == wanted).count();
        let warned = count(Level::WARN);
        // Some more may come while this runs.
        assert!((200..2_000).contains(&warned), "{warned}");
        assert_eq!(HERE.load(Ordering::Relaxed), 10_000 - u64::try_from(warned).unwrap());
        assert_eq!((count(Level::DEBUG), count(Level::ERROR)), (10_000, 1));
    }
}
