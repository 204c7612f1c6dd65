//! What the tests share, and the trait's methods one by one.

mod crash;
mod file;
mod locate;
mod names;
mod rows;
mod threads;

use kmip_core::attribute::{AttributeKind, Name, UniqueIdentifier};
use kmip_core::ttlv::DateTime;
use kmip_core::types::{NameType, ObjectType, Operation, State};

use super::SqliteStore;
use crate::authz::{Action, Grant, Housekeeping, Rules, Subject, authorize};
use crate::object::{Lease, ManagedObject, Phase, Scope};
use crate::store::{Filter, ObjectStore, Order, Page, StoreError};

const HOUSEKEEPING: Housekeeping = Housekeeping::new();

fn store() -> SqliteStore {
    SqliteStore::in_memory().unwrap()
}

fn grant_in(scope: &str) -> Grant {
    let operations = [Operation::Locate].into_iter().collect();
    let rules = Rules { operations, export: true, ..Rules::default() };
    let subject = Subject::new(Scope::new(scope), None, rules);
    authorize(&subject, Operation::Locate, Action::Read).unwrap()
}

fn grant() -> Grant {
    grant_in("demo")
}

fn uid(text: &str) -> UniqueIdentifier {
    UniqueIdentifier::new(text)
}

fn object_in(scope: &str, id: &str) -> ManagedObject {
    let mut object = ManagedObject::new(Scope::new(scope), uid(id), ObjectType::SymmetricKey);
    object.attributes.set(AttributeKind::UniqueIdentifier, &id.to_owned());
    object.attributes.set(AttributeKind::ObjectType, &ObjectType::SymmetricKey);
    object.attributes.set(AttributeKind::State, &State::PreActive);
    object
}

fn object(id: &str) -> ManagedObject {
    object_in("demo", id)
}

fn named(id: &str, name: &str) -> ManagedObject {
    let mut object = object(id);
    add_name(&mut object, name);
    object
}

fn add_name(object: &mut ManagedObject, name: &str) -> i32 {
    let name = Name { name_value: name.into(), name_type: NameType::UninterpretedTextString };
    object.attributes.add(AttributeKind::Name.into(), kmip_core::ttlv::Value::of(&name))
}

fn pending(mut object: ManagedObject) -> ManagedObject {
    object.phase = Phase::Pending(lease("node", 100));
    object
}

fn lease(owner: &str, until: i64) -> Lease {
    Lease { owner: owner.into(), until: DateTime(until) }
}

/// The object as stored at `version`.
fn at(version: u64, object: &ManagedObject) -> ManagedObject {
    ManagedObject { version, ..object.clone() }
}

fn destroy(object: &mut ManagedObject) {
    object.attributes.set(AttributeKind::State, &State::Destroyed);
    object.attributes.set(AttributeKind::DestroyDate, &DateTime(5));
}

fn insert(store: &SqliteStore, objects: &[&ManagedObject]) {
    store.insert(&grant(), objects, false).unwrap();
}

fn load(store: &SqliteStore, id: &str) -> Option<ManagedObject> {
    store.load(&grant(), &uid(id)).unwrap().map(|object| (*object).clone())
}

/// The object as the file has it.
fn load_uncached(store: &SqliteStore, id: &str) -> Option<ManagedObject> {
    store
        .cache
        .hold([(&Scope::new("demo"), &uid(id))].into_iter())
        .forget(&Scope::new("demo"), &uid(id));
    load(store, id)
}

fn everything() -> Filter {
    Filter {
        criteria: Vec::new(),
        online: true,
        archived: true,
        order: Order::NewestFirst,
        offset: 0,
        limit: 1000,
    }
}

fn locate(store: &SqliteStore, filter: &Filter) -> Page {
    store.locate(&grant(), filter).unwrap()
}

fn uids(page: &Page) -> Vec<&str> {
    page.identifiers.iter().map(UniqueIdentifier::as_str).collect()
}

fn is_conflict(result: &Result<(), StoreError>) -> bool {
    matches!(result, Err(StoreError::Conflict))
}
