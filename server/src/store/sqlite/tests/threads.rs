use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use super::*;
use crate::store::sqlite::{dictionary, row};

fn on_disk() -> (tempfile::TempDir, SqliteStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("objects.db")).unwrap();
    (folder, store)
}

#[test]
fn one_of_many_savers_wins_each_version() {
    let (_folder, store) = on_disk();
    insert(&store, &[&named("a", "n")]);
    let barrier = Barrier::new(8);
    let wins: Vec<AtomicU64> = (0..20).map(|_| AtomicU64::new(0)).collect();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for (version, won) in (1..).zip(&wins) {
                    barrier.wait();
                    let object = at(version, &named("a", "n"));
                    match store.save(&grant(), &[&object], true) {
                        Ok(()) => won.fetch_add(1, Ordering::Relaxed),
                        Err(StoreError::Conflict) => 0,
                        Err(other) => panic!("{other}"),
                    };
                }
            });
        }
    });
    assert!(wins.iter().all(|won| won.load(Ordering::Relaxed) == 1), "{wins:?}");
    assert_eq!(load_uncached(&store, "a").unwrap().version, 21);
}

#[test]
fn one_of_many_inserts_gets_the_name() {
    let (_folder, store) = on_disk();
    let won = AtomicU64::new(0);
    thread::scope(|scope| {
        for number in 0..8 {
            let (store, won) = (&store, &won);
            scope.spawn(move || {
                match store.insert(&grant(), &[&named(&number.to_string(), "n")], true) {
                    Ok(()) => won.fetch_add(1, Ordering::Relaxed),
                    Err(StoreError::NameTaken) => 0,
                    Err(other) => panic!("{other}"),
                };
            });
        }
    });
    assert_eq!(won.load(Ordering::Relaxed), 1);
    assert_eq!(locate(&store, &everything()).located, 1);
}

/// Loads until `done`: versions never go back, and none is older than one that was acknowledged
/// before the load began.
fn read_along(store: &SqliteStore, acknowledged: &AtomicU64, done: &AtomicBool) {
    let mut last = 0;
    while !done.load(Ordering::SeqCst) {
        let least = acknowledged.load(Ordering::SeqCst);
        let version = load(store, "a").unwrap().version;
        assert!(version >= least, "{version} after {least} was acknowledged");
        assert!(version >= last, "{version} after {last} was loaded");
        last = version;
    }
}

#[test]
fn readers_that_fill_the_cache_never_bring_an_old_version_back() {
    let (_folder, store) = on_disk();
    insert(&store, &[&object("a")]);
    let (acknowledged, done) = (AtomicU64::new(1), AtomicBool::new(false));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| read_along(&store, &acknowledged, &done));
        }
        // Evicts all the time, so that the readers miss all the time.
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                load_uncached(&store, "a");
            }
        });
        for version in 1..300 {
            store.save(&grant(), &[&at(version, &object("a"))], true).unwrap();
            acknowledged.store(version + 1, Ordering::SeqCst);
        }
        done.store(true, Ordering::SeqCst);
    });
    assert_eq!(load(&store, "a").unwrap().version, 300);
}

#[test]
fn a_load_that_misses_waits_for_the_writer_of_its_object() {
    let (_folder, store) = on_disk();
    insert(&store, &[&object("a")]);
    let key = (Scope::new("demo"), uid("a"));
    let held = store.cache.hold([(&key.0, &key.1)].into_iter());
    held.forget(&key.0, &key.1);
    thread::scope(|scope| {
        let reader = scope.spawn(|| load(&store, "a").unwrap().version);
        store
            .transact(|transaction| {
                let scope = dictionary::enter_scope(transaction, &key.0)?;
                row::update(transaction, scope, &at(1, &object("a"))).map(drop)
            })
            .unwrap();
        drop(held);
        assert_eq!(reader.join().unwrap(), 2);
    });
    assert_eq!(load(&store, "a").unwrap().version, 2);
}

#[test]
fn writers_of_the_same_objects_in_any_order_do_not_wait_for_each_other_forever() {
    let (_folder, store) = on_disk();
    let ids: Vec<String> = (0..40).map(|number| format!("o{number}")).collect();
    let objects: Vec<ManagedObject> = ids.iter().map(|id| object(id)).collect();
    insert(&store, &objects.iter().collect::<Vec<_>>());
    thread::scope(|scope| {
        for reversed in [false, true, false, true] {
            let (store, objects) = (&store, &objects);
            scope.spawn(move || {
                for version in 1..10 {
                    let mut copies: Vec<_> = objects.iter().map(|o| at(version, o)).collect();
                    if reversed {
                        copies.reverse();
                    }
                    let result = store.save(&grant(), &copies.iter().collect::<Vec<_>>(), true);
                    assert!(result.is_ok() || is_conflict(&result));
                    load(store, "o7");
                }
            });
        }
    });
}
