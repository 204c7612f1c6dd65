//! The published sets, translated.

pub(crate) mod aead;
pub(crate) mod cipher;
pub(crate) mod ecdsa;
pub(crate) mod eddsa;
pub(crate) mod key_wrap;
pub(crate) mod mac;
pub(crate) mod rsa_encryption;
pub(crate) mod rsa_signature;

use std::collections::BTreeMap;

use kmip_core::payload::RegisterRequest;

use crate::vector::{Group, Set, Vector};

/// All sets, read one after the other.
pub(crate) fn all() -> impl Iterator<Item = Set> {
    // The slow ones first, so that the end is not one connection's work alone.
    rsa_encryption::oaep()
        .chain(rsa_encryption::pkcs1())
        .chain(ecdsa::sets())
        .chain(eddsa::sets())
        .chain(rsa_signature::pkcs1())
        .chain(rsa_signature::pss())
        .chain(rsa_signature::generation())
        .chain(mac::sets())
        .chain(aead::sets())
        .chain(cipher::sets())
        .chain(key_wrap::sets())
}

/// Puts a set together, vectors of one key into one group.
struct Collector {
    set: Set,
    groups: BTreeMap<Vec<u8>, Group>,
}

impl Collector {
    fn new(name: String, mechanism: &str) -> Self {
        let (groups, unasked) = (Vec::new(), BTreeMap::new());
        let set = Set { name, mechanism: mechanism.to_owned(), alike: false, groups, unasked };
        Self { set, groups: BTreeMap::new() }
    }

    /// A set whose vectors all ask for the same.
    fn alike(mut self) -> Self {
        self.set.alike = true;
        self
    }

    /// Adds a vector of the key with these bytes.
    fn add(&mut self, key: &[u8], register: impl FnOnce() -> RegisterRequest, vector: Vector) {
        let new = || Group { key: register(), next: None, vectors: Vec::new() };
        self.groups.entry(key.to_vec()).or_insert_with(new).vectors.push(vector);
    }

    /// Adds a vector of a pair of keys with these bytes.
    fn add_pair(
        &mut self,
        keys: &[u8],
        register: impl FnOnce() -> [RegisterRequest; 2],
        vector: Vector,
    ) {
        let new = || {
            let [key, next] = register();
            Group { key, next: Some(next), vectors: Vec::new() }
        };
        self.groups.entry(keys.to_vec()).or_insert_with(new).vectors.push(vector);
    }

    /// Counts vectors that cannot be asked for.
    fn leave(&mut self, cause: &str, count: usize) {
        *self.set.unasked.entry(cause.to_owned()).or_default() += count;
    }

    fn finish(mut self) -> Set {
        self.set.groups = self.groups.into_values().collect();
        self.set
    }
}
