use super::*;
use crate::object::Custody;
use hsm_backend::KeyId;
use kmip_core::attribute::AttributeName;
use kmip_core::ttlv::Value;

#[test]
fn load_returns_what_was_inserted() {
    let store = store();
    let mut full = named("a", "n");
    full.set_custody(Custody::Token);
    full.key_id = Some(KeyId([7; 16]));
    full.kek_id = Some(KeyId([8; 16]));
    full.blob = Some(vec![1, 2, 3]);
    full.kcv = vec![4, 5, 6];
    full.true_bits = 257;
    let tag = AttributeName::new("x-tag");
    full.attributes.add(tag.clone(), Value::Boolean(true));
    full.attributes.add(tag.clone(), Value::Interval(kmip_core::ttlv::Interval(9)));
    full.attributes.remove(&tag, 0);
    insert(&store, &[&full]);
    assert_eq!(load(&store, "a"), Some(at(1, &full)));
    assert_eq!(load_uncached(&store, "a"), Some(at(1, &full)));
}

#[test]
fn load_answers_nothing_for_an_unknown_object() {
    assert_eq!(load(&store(), "a"), None);
}

#[test]
fn load_and_locate_do_not_see_pending_and_failed_objects() {
    let store = store();
    let mut one = pending(named("a", "n"));
    insert(&store, &[&one]);
    assert_eq!(load(&store, "a"), None);
    assert_eq!(locate(&store, &everything()).located, 0);
    one.version = 1;
    one.phase = Phase::Failed;
    store.save(&grant(), &[&one], true).unwrap();
    assert_eq!(load(&store, "a"), None);
    assert_eq!(locate(&store, &everything()).located, 0);
}

#[test]
fn occupant_is_the_row_of_whatever_phase_in_its_scope() {
    let store = store();
    let occupant = || store.occupant(&grant(), &uid("a")).unwrap();
    assert_eq!(occupant(), None);
    let mut one = pending(named("a", "n"));
    insert(&store, &[&one]);
    assert_eq!(occupant(), Some(at(1, &one)));
    for phase in [Phase::Failed, Phase::Live, Phase::Destroying(lease("node", 9)), Phase::Failed] {
        one.version += 1;
        one.phase = phase;
        store.save(&grant(), &[&one], true).unwrap();
        assert_eq!(occupant(), Some(at(one.version + 1, &one)));
    }
    // A failed row may become another object, under another name.
    let heir = at(one.version + 1, &named("a", "other"));
    store.save(&grant(), &[&heir], true).unwrap();
    assert_eq!(load(&store, "a"), Some(at(heir.version + 1, &heir)));
    assert_eq!(occupant(), load(&store, "a"));
    assert_eq!(store.occupant(&grant_in("other"), &uid("a")).unwrap(), None);
}

#[test]
fn destroying_and_destroyed_objects_are_loaded_but_not_located() {
    let store = store();
    let mut one = object("a");
    insert(&store, &[&one]);
    destroy(&mut one);
    one.phase = Phase::Destroying(lease("node", 9));
    one.version = 1;
    store.save(&grant(), &[&one], true).unwrap();
    assert_eq!(load(&store, "a"), Some(at(2, &one)));
    assert_eq!(locate(&store, &everything()).located, 0);
    one.phase = Phase::Live;
    one.version = 2;
    store.save(&grant(), &[&one], true).unwrap();
    assert_eq!(load_uncached(&store, "a"), Some(at(3, &one)));
    assert_eq!(locate(&store, &everything()).located, 0);
}

#[test]
fn insert_refuses_a_taken_identifier_and_stores_nothing() {
    let store = store();
    insert(&store, &[&object("a")]);
    let result = store.insert(&grant(), &[&object("b"), &object("a")], true);
    assert!(matches!(result, Err(StoreError::IdentifierTaken)));
    assert_eq!(load(&store, "b"), None);
    assert!(load(&store, "a").is_some());
}

#[test]
fn insert_refuses_an_identifier_that_a_pending_object_has() {
    let store = store();
    insert(&store, &[&pending(object("a"))]);
    let result = store.insert(&grant(), &[&object("a")], true);
    assert!(matches!(result, Err(StoreError::IdentifierTaken)));
}

#[test]
fn save_replaces_everything_and_counts_the_version_up() {
    let store = store();
    let mut one = named("a", "n");
    insert(&store, &[&one]);
    one.version = 1;
    one.attributes.set(AttributeKind::State, &State::Active);
    one.blob = Some(vec![9]);
    store.save(&grant(), &[&one], true).unwrap();
    assert_eq!(load(&store, "a"), Some(at(2, &one)));
    assert_eq!(load_uncached(&store, "a"), Some(at(2, &one)));
}

#[test]
fn save_conflicts_on_a_stale_version_and_changes_nothing() {
    let store = store();
    let (one, two) = (object("a"), object("b"));
    insert(&store, &[&one, &two]);
    store.save(&grant(), &[&at(1, &two)], true).unwrap();
    let mut changed = at(1, &one);
    changed.blob = Some(vec![1]);
    let result = store.save(&grant(), &[&changed, &at(1, &two)], true);
    assert!(is_conflict(&result));
    assert_eq!(load(&store, "a"), Some(at(1, &one)));
    assert_eq!(load(&store, "b"), Some(at(2, &two)));
}

#[test]
fn save_conflicts_on_an_object_that_is_not_there() {
    let store = store();
    assert!(is_conflict(&store.save(&grant(), &[&at(1, &object("a"))], true)));
    insert(&store, &[&object("a")]);
    assert!(is_conflict(&store.save(&grant(), &[&object("a")], true)));
    assert!(is_conflict(&store.save(&grant(), &[&at(u64::MAX, &object("a"))], true)));
}

#[test]
fn every_change_has_its_own_number() {
    let store = store();
    insert(&store, &[&object("a"), &object("b")]);
    store.save(&grant(), &[&at(1, &object("a"))], true).unwrap();
    let seq = |id: &str| -> i64 {
        let sql = "SELECT change_seq FROM object WHERE uid = ?1";
        store.read(|c| Ok(c.query_row(sql, [id], |row| row.get(0))?)).unwrap()
    };
    assert_eq!((seq("a"), seq("b")), (3, 2));
}

#[test]
fn scopes_are_closed_to_each_other() {
    let store = store();
    let (ours, theirs) = (grant(), grant_in("other"));
    let mut foreign = object_in("other", "a");
    foreign.blob = Some(vec![1]);
    store.insert(&ours, &[&named("a", "n")], true).unwrap();
    assert!(store.load(&theirs, &uid("a")).unwrap().is_none());
    assert_eq!(store.locate(&theirs, &everything()).unwrap(), Page::default());
    add_name(&mut foreign, "n");
    store.insert(&theirs, &[&foreign], true).unwrap();
    assert_eq!(*store.load(&theirs, &uid("a")).unwrap().unwrap(), at(1, &foreign));
    assert_eq!(load(&store, "a"), Some(at(1, &named("a", "n"))));
    store.save(&theirs, &[&at(1, &foreign)], true).unwrap();
    assert_eq!(load_uncached(&store, "a").unwrap().version, 1);
    assert_eq!(store.locate(&theirs, &everything()).unwrap().located, 1);
}

#[test]
fn writes_refuse_an_object_of_another_scope_than_the_grants() {
    let store = store();
    let foreign = object_in("other", "a");
    let inserted = store.insert(&grant(), &[&foreign], true);
    assert!(matches!(inserted, Err(StoreError::Engine(_))));
    store.insert(&grant_in("other"), &[&foreign], true).unwrap();
    let saved = store.save(&grant(), &[&at(1, &foreign)], true);
    assert!(matches!(saved, Err(StoreError::Engine(_))));
}

#[test]
fn due_names_live_objects_whose_date_has_come() {
    let store = store();
    let dated = |id: &str, date: i64| {
        let mut object = object(id);
        object.attributes.set(AttributeKind::ActivationDate, &DateTime(date));
        object
    };
    let mut gone = dated("gone", 1);
    destroy(&mut gone);
    let made = pending(dated("made", 1));
    let all = [&dated("late", 30), &dated("b", 20), &dated("a", 10), &gone, &made, &object("none")];
    insert(&store, &all);
    let due = |limit: usize| store.due(&grant(), DateTime(20), limit).unwrap();
    assert_eq!(due(10), [uid("a"), uid("b")]);
    assert_eq!(due(1), [uid("a")]);
    assert!(store.due(&grant_in("other"), DateTime(99), 9).unwrap().is_empty());
}

#[test]
fn unsettled_names_rows_of_others_and_rows_whose_lease_is_over() {
    let store = store();
    let leased = |id: &str, owner: &str, until: i64| ManagedObject {
        phase: Phase::Pending(lease(owner, until)),
        ..object(id)
    };
    let mut destroying = object("d");
    destroy(&mut destroying);
    destroying.phase = Phase::Destroying(lease("other", 50));
    let mine = leased("mine", "me", 50);
    let over = leased("over", "me", 20);
    let theirs = leased("theirs", "other", 50);
    insert(&store, &[&mine, &over, &theirs, &destroying, &object("live")]);
    let foreign =
        ManagedObject { phase: Phase::Pending(lease("other", 9)), ..object_in("other", "a") };
    store.insert(&grant_in("other"), &[&foreign], true).unwrap();
    let found = store.unsettled(HOUSEKEEPING, "me", DateTime(20)).unwrap();
    let expected = [&over, &theirs, &destroying, &foreign].map(|object| at(1, object));
    assert_eq!(found, expected);
}

#[test]
fn settle_is_conditional_on_the_version() {
    let store = store();
    let mut one = pending(named("a", "n"));
    insert(&store, &[&one]);
    one.phase = Phase::Failed;
    assert!(is_conflict(&store.settle(HOUSEKEEPING, &[&at(7, &one)])));
    store.settle(HOUSEKEEPING, &[&at(1, &one)]).unwrap();
    assert!(store.unsettled(HOUSEKEEPING, "x", DateTime(999)).unwrap().is_empty());
    // The server that made it lost its lease: its own save must not bring the row back.
    one.phase = Phase::Live;
    assert!(is_conflict(&store.save(&grant(), &[&at(1, &one)], true)));
    assert_eq!(load(&store, "a"), None);
}

#[test]
fn a_setting_is_replaced_by_the_next() {
    let store = store();
    assert_eq!(store.setting(HOUSEKEEPING, "kek").unwrap(), None);
    store.set_setting(HOUSEKEEPING, "kek", &[1]).unwrap();
    store.set_setting(HOUSEKEEPING, "kek", &[]).unwrap();
    assert_eq!(store.setting(HOUSEKEEPING, "kek").unwrap(), Some(Vec::new()));
}

#[test]
fn count_leaves_out_what_is_not_live() {
    let store = store();
    let mut gone = object("gone");
    destroy(&mut gone);
    insert(&store, &[&object("a"), &object("b"), &gone, &pending(object("c"))]);
    store.insert(&grant_in("other"), &[&object_in("other", "a")], true).unwrap();
    let expected = [(Scope::new("demo"), 2), (Scope::new("other"), 1)];
    assert_eq!(store.count(HOUSEKEEPING).unwrap(), expected);
}
