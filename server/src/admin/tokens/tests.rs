use std::sync::atomic::{AtomicI64, Ordering};

use super::*;
use crate::config::Pin;
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
        self.made_by("test", parent)
    }

    fn made_by(&self, origin: &str, parent: Option<&StoredToken>) -> Option<(Secret, StoredToken)> {
        let wish = Wish {
            policies: vec![Policy::Admin],
            ttl: Some(Duration::from_secs(3_600)),
            max_ttl: None,
            renewable: true,
            display_name: String::new(),
            origin: origin.to_owned(),
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

/// The bearer of a certificate, as it stands in the configuration and as it asks.
fn bearer(byte: u8, policy: Policy) -> (AdminClientConfig, AdminClient) {
    let digest = [byte; 32];
    let name = "team, storage".to_owned();
    let config = AdminClientConfig { name: name.clone(), pin: Pin::PublicKey(digest), policy };
    let (issuer, serial) = (String::new(), String::new());
    (config, AdminClient { name, digest, policy, issuer, serial, not_after: DateTime(i64::MAX) })
}

#[test]
fn tokens_of_a_certificate_end_where_it_is_no_longer_named_or_may_no_longer_do_as_much() {
    let (admin, who) = bearer(1, Policy::Admin);
    let (lowered, _) = bearer(1, Policy::Auditor);
    let (another, _) = bearer(2, Policy::Admin);
    for (clients, stays) in [
        (vec![another.clone(), admin.clone()], true),
        (vec![another], false),
        (vec![lowered], false),
        (Vec::new(), false),
    ] {
        let bench = Bench::new();
        let (token, stored) = bench.made_by(&origin_of_certificate(&who), None).unwrap();
        let (child, _) = bench.made(Some(&stored)).unwrap();
        let (other, _) = bench.made(None).unwrap();
        let ended = end_those_of_others(&*bench.tokens.store, bench.clock.now(), &clients).unwrap();
        assert_eq!(ended, usize::from(!stays), "{clients:?}");
        assert_eq!([&token, &child].map(|it| bench.is_alive(it)), [stays; 2], "{clients:?}");
        assert!(bench.is_alive(&other));
    }
}
