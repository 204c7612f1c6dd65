//! Other CAs take over while clients come and go.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use hsm_backend::CallContext;
use server::directory::ClientKey;
use server::trust::{self, Level};

use super::house::{House, ask, comes_in};

fn call() -> CallContext {
    let deadline = Instant::now() + Duration::from_secs(60);
    CallContext { deadline, scope: "demo".to_owned(), request_id: 1 }
}

#[test]
fn clients_notice_nothing_of_another_issuer_or_another_root() {
    let house = House::open();
    let role = house.role("app");
    let old = house.credential(&role, ClientKey::EcP256, 86_400);
    let mut open = comes_in(&old.config).unwrap();
    let (done, comings) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|threads| {
        let (done, comings, config) = (&done, &comings, &old.config);
        for _ in 0..2 {
            threads.spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    comes_in(config).unwrap();
                    comings.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let more = |count: usize| {
            let until = comings.load(Ordering::Relaxed) + count;
            while comings.load(Ordering::Relaxed) < until {
                std::thread::yield_now();
            }
        };
        more(2);
        for level in [Level::Issuer, Level::Root, Level::Issuer, Level::Root] {
            house.trust().roll(&call(), level, house.services().clock.now().0).unwrap();
            trust::keep_up(house.services());
            ask(&mut open).unwrap();
            more(4);
            comes_in(&house.credential(&role, ClientKey::EcP256, 86_400).config).unwrap();
        }
        done.store(true, Ordering::Relaxed);
    });
    let all = house.trust().ca().existing().unwrap().unwrap();
    assert_eq!((all.former_roots.len(), all.former_issuers.len()), (2, 4));
    ask(&mut open).unwrap();
}

#[test]
fn ca_that_is_taken_out_of_trust_opens_nothing_any_more() {
    let house = House::open();
    let role = house.role("app");
    let old = house.credential(&role, ClientKey::EcP256, 86_400);
    comes_in(&old.config).unwrap();
    let now = house.services().clock.now().0;
    let before = house.trust().ca().existing().unwrap().unwrap();
    house.trust().roll(&call(), Level::Root, now).unwrap();
    house.trust().forget(&call(), Level::Issuer, before.issuer.key).unwrap();
    house.trust().forget(&call(), Level::Root, before.root.key).unwrap();
    trust::keep_up(house.services());
    let new = house.credential(&role, ClientKey::EcP256, 86_400);
    comes_in(&new.config).unwrap();
    // The server is still trusted by way of the new root, the client no more.
    let mut config = old.config.clone();
    config.ca = new.config.ca;
    assert!(comes_in(&config).is_err());
}
