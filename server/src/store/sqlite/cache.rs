//! Objects in use, held in memory.
//!
//! What must never happen: a reader misses, reads version 1 from disk, a writer commits version 2
//! and puts it in the cache, and then the reader puts version 1 over it (or, had version 2 been
//! evicted meanwhile, in its place). Comparing versions would not catch the second case. So the
//! keys are spread over stripes, each a mutex, and only who holds a key's stripe may change its
//! entry: a reader that missed holds it from before it reads until it has filled the entry in; a
//! writer from before it begins until it has replaced the entry. Hits take no stripe: until a
//! write returns they answer the old version, and nobody can load the new one before them.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard};

use kmip_core::attribute::UniqueIdentifier;
use kmip_core::ttlv::Value;
use moka::sync::Cache;

use super::locked;
use crate::object::{ManagedObject, Scope};

/// Enough that two keys in flight rarely share one.
const STRIPES: usize = 1024;

/// What an attribute or object costs beside its text and bytes, roughly.
const OVERHEAD_BYTES: usize = 128;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    scope: Scope,
    uid: UniqueIdentifier,
}

/// The cache.
pub(super) struct ObjectCache {
    objects: Cache<Key, Arc<ManagedObject>>,
    stripes: Vec<Mutex<()>>,
    hasher: RandomState,
}

/// The right to change the entries of some keys; others wait until it is dropped.
pub(super) struct Held<'c> {
    objects: &'c Cache<Key, Arc<ManagedObject>>,
    _stripes: Vec<MutexGuard<'c, ()>>,
}

impl ObjectCache {
    /// A cache of objects that weigh `max_bytes` together at most.
    pub(super) fn new(max_bytes: u64) -> Self {
        let objects = Cache::builder()
            .max_capacity(max_bytes)
            .weigher(|_, object: &Arc<ManagedObject>| weight(object))
            .build();
        let stripes = (0..STRIPES).map(|_| Mutex::new(())).collect();
        Self { objects, stripes, hasher: RandomState::new() }
    }

    /// The object, if it is here.
    pub(super) fn get(&self, scope: &Scope, uid: &UniqueIdentifier) -> Option<Arc<ManagedObject>> {
        self.objects.get(&key(scope, uid))
    }

    /// Forgets every object, once nobody is filling one in.
    pub(super) fn clear(&self) {
        let _all: Vec<_> = self.stripes.iter().map(locked).collect();
        self.objects.invalidate_all();
    }

    /// Waits for the stripes of `keys`.
    pub(super) fn hold<'k>(
        &self,
        keys: impl Iterator<Item = (&'k Scope, &'k UniqueIdentifier)>,
    ) -> Held<'_> {
        let mut wanted: Vec<usize> = keys.map(|pair| self.stripe_of(pair)).collect();
        // One order for all, each once: nobody waits in a circle.
        wanted.sort_unstable();
        wanted.dedup();
        let stripes = wanted.iter().filter_map(|place| self.stripes.get(*place));
        Held { objects: &self.objects, _stripes: stripes.map(locked).collect() }
    }

    fn stripe_of(&self, pair: (&Scope, &UniqueIdentifier)) -> usize {
        let hash = self.hasher.hash_one(pair);
        usize::try_from(hash % u64::try_from(STRIPES).unwrap_or(1)).unwrap_or(0)
    }
}

impl Held<'_> {
    /// Puts `object` in the place of what was there; its key must be one that is held.
    pub(super) fn put(&self, object: Arc<ManagedObject>) {
        self.objects.insert(key(&object.scope, &object.uid), object);
    }

    /// Forgets an object; its key must be one that is held.
    pub(super) fn forget(&self, scope: &Scope, uid: &UniqueIdentifier) {
        self.objects.invalidate(&key(scope, uid));
    }
}

fn key(scope: &Scope, uid: &UniqueIdentifier) -> Key {
    Key { scope: scope.clone(), uid: uid.clone() }
}

/// Memory an object takes, in bytes, roughly.
fn weight(object: &ManagedObject) -> u32 {
    let attributes: usize = object
        .attributes
        .iter()
        .map(|instance| {
            OVERHEAD_BYTES + instance.name.as_str().len() + value_bytes(&instance.value)
        })
        .sum();
    let blob = object.blob.as_ref().map_or(0, Vec::len);
    let form = object.form.as_ref().map_or(0, |form| form.bytes.len());
    u32::try_from(OVERHEAD_BYTES * 2 + attributes + blob + form).unwrap_or(u32::MAX)
}

fn value_bytes(value: &Value) -> usize {
    match value {
        Value::Structure(items) => {
            items.iter().map(|item| size_of_val(item) + value_bytes(&item.value)).sum()
        }
        Value::TextString(text) => text.len(),
        Value::ByteString(bytes) => bytes.len(),
        Value::BigInteger(number) => number.wire_bytes().len(),
        Value::Integer(_)
        | Value::LongInteger(_)
        | Value::Enumeration(_)
        | Value::Boolean(_)
        | Value::DateTime(_)
        | Value::Interval(_) => 0,
    }
}
