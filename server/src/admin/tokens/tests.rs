use std::sync::atomic::{AtomicI64, Ordering};

use super::*;
use crate::store::SqliteStore;

/// A clock that stands still until it is moved.
struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> DateTime {
        DateTime(self.0.load(Ordering::Relaxed))
    }
}

struct Bench {
    tokens: Tokens,
    clock: Arc<Hand>,
}

impl Bench {
    fn new() -> Self {
        let clock = Arc::new(Hand(AtomicI64::new(1_800_000_000)));
        let store: Arc<dyn TokenStore> = Arc::new(SqliteStore::in_memory().unwrap());
        Self { tokens: Tokens::new(store, Arc::clone(&clock) as Arc<dyn Clock>), clock }
    }

    fn made(&self, parent: Option<&StoredToken>) -> Option<(Secret, StoredToken)> {
        let wish = Wish {
            policies: vec![Policy::Admin],
            ttl: Some(Duration::from_secs(3_600)),
            max_ttl: None,
            renewable: true,
            display_name: String::new(),
            origin: "test".to_owned(),
        };
        self.tokens.make(&wish, parent).unwrap()
    }

    fn is_alive(&self, token: &Secret) -> bool {
        self.tokens.find(token.expose()).unwrap().is_some()
    }

    fn pass(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds, Ordering::Relaxed);
    }
}

fn period(seconds: u64) -> Option<Duration> {
    Some(Duration::from_secs(seconds))
}

#[test]
fn token_that_is_revoked_meanwhile_makes_and_renews_none() {
    let bench = Bench::new();
    let (_, parent) = bench.made(None).unwrap();
    // Found, and let through; and then it is revoked.
    bench.tokens.revoke(&parent.accessor).unwrap();
    assert!(bench.made(Some(&parent)).is_none());
    assert_eq!(bench.tokens.renew(&parent, None).unwrap(), None);
    assert!(bench.tokens.accessors().unwrap().is_empty());
}

#[test]
fn children_end_with_a_parent_that_is_cut_short() {
    let bench = Bench::new();
    let (_, parent) = bench.made(None).unwrap();
    let (child, stored) = bench.made(Some(&parent)).unwrap();
    let (grandchild, _) = bench.made(Some(&stored)).unwrap();
    let (other, _) = bench.made(None).unwrap();
    let renewed = bench.tokens.renew(&parent, period(60)).unwrap().unwrap();
    assert_eq!(renewed.expires_at, Some(DateTime(bench.clock.now().0 + 60)));
    assert!(bench.made(Some(&parent)).is_none(), "it would outlive its maker");
    bench.pass(59);
    assert!(bench.is_alive(&child) && bench.is_alive(&grandchild));
    bench.pass(1);
    assert!(!bench.is_alive(&child) && !bench.is_alive(&grandchild));
    assert!(bench.is_alive(&other));
}

#[test]
fn child_is_not_renewed_beyond_a_parent_that_was_cut_short() {
    let bench = Bench::new();
    let (_, parent) = bench.made(None).unwrap();
    let (_, child) = bench.made(Some(&parent)).unwrap();
    let end = bench.tokens.renew(&parent, period(60)).unwrap().unwrap().expires_at;
    // As it was when its bearer was let through.
    assert_eq!(bench.tokens.renew(&child, None).unwrap().unwrap().expires_at, end);
}
