use super::*;

fn taken(result: &Result<(), StoreError>) -> bool {
    matches!(result, Err(StoreError::NameTaken))
}

#[test]
fn insert_refuses_a_name_that_a_live_object_has() {
    let store = store();
    insert(&store, &[&named("a", "n")]);
    let result = store.insert(&grant(), &[&object("b"), &named("c", "n")], true);
    assert!(taken(&result));
    assert_eq!(load(&store, "b"), None);
    store.insert(&grant(), &[&named("c", "N")], true).unwrap();
}

#[test]
fn insert_refuses_a_name_that_a_pending_object_has_until_it_failed() {
    let store = store();
    let mut one = pending(named("a", "n"));
    insert(&store, &[&one]);
    assert!(taken(&store.insert(&grant(), &[&named("b", "n")], true)));
    one.phase = Phase::Failed;
    store.settle(HOUSEKEEPING, &[&at(1, &one)]).unwrap();
    store.insert(&grant(), &[&named("b", "n")], true).unwrap();
}

#[test]
fn insert_refuses_two_objects_of_one_name_in_one_call() {
    let store = store();
    assert!(taken(&store.insert(&grant(), &[&named("a", "n"), &named("b", "n")], true)));
    assert_eq!(locate(&store, &everything()).located, 0);
}

#[test]
fn the_name_type_makes_no_other_name() {
    let store = store();
    insert(&store, &[&named("a", "n")]);
    let mut other = object("b");
    let name = Name { name_value: "n".into(), name_type: NameType::URI };
    other.attributes.set(AttributeKind::Name, &name);
    assert!(taken(&store.insert(&grant(), &[&other], true)));
}

#[test]
fn long_names_are_told_apart() {
    let store = store();
    let long = "x".repeat(500);
    insert(&store, &[&named("a", &format!("{long}1"))]);
    store.insert(&grant(), &[&named("b", &format!("{long}2"))], true).unwrap();
    assert!(taken(&store.insert(&grant(), &[&named("c", &format!("{long}2"))], true)));
}

#[test]
fn names_are_free_again_once_their_object_is_destroyed() {
    let store = store();
    let mut one = named("a", "n");
    insert(&store, &[&one]);
    destroy(&mut one);
    one.phase = Phase::Destroying(lease("node", 9));
    store.save(&grant(), &[&at(1, &one)], true).unwrap();
    store.insert(&grant(), &[&named("b", "n")], true).unwrap();
    // The destroyed object still carries its Name, and may still be saved.
    one.phase = Phase::Live;
    store.save(&grant(), &[&at(2, &one)], true).unwrap();
    assert!(taken(&store.insert(&grant(), &[&named("c", "n")], true)));
}

#[test]
fn names_may_be_shared_where_they_need_not_be_unique() {
    let store = store();
    store.insert(&grant(), &[&named("a", "n"), &named("b", "n")], false).unwrap();
    // Asked for later, uniqueness does not lock the objects that share a name already.
    let mut one = at(1, &named("a", "n"));
    one.attributes.set(AttributeKind::State, &State::Active);
    store.save(&grant(), &[&one], true).unwrap();
}

#[test]
fn save_refuses_a_name_that_another_object_has() {
    let store = store();
    insert(&store, &[&named("a", "n"), &object("b")]);
    let mut two = at(1, &object("b"));
    add_name(&mut two, "n");
    assert!(taken(&store.save(&grant(), &[&two], true)));
    assert_eq!(load(&store, "b"), Some(at(1, &object("b"))));
    store.save(&grant(), &[&two], false).unwrap();
}

#[test]
fn save_moves_a_name_from_one_object_to_another_in_either_order() {
    for reversed in [false, true] {
        let store = store();
        insert(&store, &[&named("a", "n"), &object("b")]);
        let (one, two) = (at(1, &object("a")), at(1, &named("b", "n")));
        let order = if reversed { [&two, &one] } else { [&one, &two] };
        store.save(&grant(), &order, true).unwrap();
    }
}

#[test]
fn a_name_is_free_once_it_is_taken_off_its_object() {
    let store = store();
    let mut one = named("a", "n");
    add_name(&mut one, "m");
    insert(&store, &[&one]);
    one.attributes.remove(&AttributeKind::Name.into(), 0);
    store.save(&grant(), &[&at(1, &one)], true).unwrap();
    store.insert(&grant(), &[&named("b", "n")], true).unwrap();
    assert!(taken(&store.insert(&grant(), &[&named("c", "m")], true)));
}

#[test]
fn a_name_passes_from_a_stored_object_to_a_new_one() {
    let store = store();
    insert(&store, &[&named("a", "n")]);
    let (old, new) = (at(1, &object("a")), named("b", "n"));
    let pass = |old: &ManagedObject| store.insert_and_save(&grant(), &[&new], &[old], true);
    assert!(matches!(pass(&at(7, &object("a"))), Err(StoreError::Conflict)));
    assert!(taken(&pass(&at(1, &named("a", "n")))), "it still has it");
    assert_eq!(load(&store, "b"), None, "all or none");
    pass(&old).unwrap();
    assert_eq!(load(&store, "a").map(|found| found.version), Some(2));
    assert_eq!(load(&store, "b").map(|found| found.version), Some(1));
    assert!(matches!(pass(&at(2, &object("a"))), Err(StoreError::IdentifierTaken)));
}
