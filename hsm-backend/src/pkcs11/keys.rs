//! Keys by CKA_ID: handles are remembered, never searched per request.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;

use super::lock;
use super::rv::Fault;
use crate::backend::KeyId;
use crate::encoding::bit_length;
use crate::encoding::der::{curve_of, edwards_of};
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{Curve, EdwardsCurve, SecretKeyKind};

/// What a key is, as far as length checks need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyKind {
    /// A secret key; its length where the token tells (SoftHSM says 0 of unwrapped keys).
    Secret { kind: SecretKeyKind, bytes: Option<usize> },
    /// An RSA private key.
    Rsa { modulus_bits: usize },
    /// A private key on a curve.
    Ec(Curve),
    /// A private key on a curve of Edwards form.
    Edwards(EdwardsCurve),
}

#[derive(Debug)]
enum WorkingCopy {
    Untried,
    Made(LiveCopy),
    Refused,
}

/// Copies whose last user is gone, to be destroyed by the owner session.
///
/// A copy must not be destroyed while another thread starts an operation with it: SoftHSM then
/// reads half an object and answers that the key does not permit the use.
#[derive(Debug, Default)]
pub(super) struct Graveyard {
    handles: Mutex<Vec<ObjectHandle>>,
    filled: AtomicBool,
}

impl Graveyard {
    /// Takes out what lies there; cheap when nothing does.
    pub(super) fn take(&self) -> Vec<ObjectHandle> {
        if !self.filled.swap(false, Ordering::AcqRel) {
            return Vec::new();
        }
        std::mem::take(&mut *lock(&self.handles))
    }
}

/// A copy in the session; goes to the graveyard when dropped.
#[derive(Debug)]
struct LiveCopy {
    handle: ObjectHandle,
    graveyard: Arc<Graveyard>,
}

impl Drop for LiveCopy {
    fn drop(&mut self) {
        lock(&self.graveyard.handles).push(self.handle);
        self.graveyard.filled.store(true, Ordering::Release);
    }
}

/// One key in the token.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) kind: KeyKind,
    /// The persistent object.
    pub(super) object: ObjectHandle,
    /// Every persistent object with the id, that one among them.
    pub(super) all: Vec<ObjectHandle>,
    copy: Mutex<WorkingCopy>,
    used: AtomicBool,
    /// CKA_DECRYPT, once somebody has asked.
    decrypts: OnceLock<bool>,
}

impl Key {
    pub(super) fn new(kind: KeyKind, object: ObjectHandle) -> Self {
        Self::with_all(kind, object, vec![object])
    }

    fn with_all(kind: KeyKind, object: ObjectHandle, all: Vec<ObjectHandle>) -> Self {
        let (copy, used) = (Mutex::new(WorkingCopy::Untried), AtomicBool::new(false));
        Self { kind, object, all, copy, used, decrypts: OnceLock::new() }
    }

    /// A key that was unwrapped into the session, and is destroyed when the last user is done.
    pub(super) fn unwrapped(
        kind: KeyKind,
        object: ObjectHandle,
        graveyard: &Arc<Graveyard>,
    ) -> Self {
        let key = Self::with_all(kind, object, Vec::new());
        let graveyard = Arc::clone(graveyard);
        *lock(&key.copy) = WorkingCopy::Made(LiveCopy { handle: object, graveyard });
        key
    }

    /// The same key without a copy, now or later.
    pub(super) fn bare(&self) -> Self {
        let bare = Self::with_all(self.kind, self.object, self.all.clone());
        *lock(&bare.copy) = WorkingCopy::Refused;
        bare
    }

    /// CKA_DECRYPT: `ask` is called once.
    pub(super) fn decrypts(
        &self,
        ask: impl FnOnce(ObjectHandle) -> Result<bool, Fault>,
    ) -> Result<bool, Fault> {
        if let Some(told) = self.decrypts.get() {
            return Ok(*told);
        }
        let told = ask(self.object)?;
        Ok(*self.decrypts.get_or_init(|| told))
    }

    /// The handle to compute with: a copy in the session, for a persistent object costs two file
    /// opens at each use on SoftHSM and grows with their number; the object itself where the
    /// token refuses the copy.
    pub(super) fn handle(
        &self,
        graveyard: &Arc<Graveyard>,
        make_copy: impl FnOnce(ObjectHandle) -> Result<ObjectHandle, Fault>,
    ) -> Result<ObjectHandle, Fault> {
        self.used.store(true, Ordering::Relaxed);
        let mut copy = lock(&self.copy);
        match &*copy {
            WorkingCopy::Made(copy) => return Ok(copy.handle),
            WorkingCopy::Refused => return Ok(self.object),
            WorkingCopy::Untried => {}
        }
        match make_copy(self.object) {
            Ok(handle) => {
                let graveyard = Arc::clone(graveyard);
                *copy = WorkingCopy::Made(LiveCopy { handle, graveyard });
                Ok(handle)
            }
            Err(fault) if fault.effect == super::rv::Effect::None => {
                *copy = WorkingCopy::Refused;
                Ok(self.object)
            }
            Err(fault) => Err(fault),
        }
    }
}

/// How often a remembered key was asked for, and whether it was there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheUse {
    /// It was there.
    pub hits: u64,
    /// It was not.
    pub misses: u64,
}

#[derive(Debug, Default)]
struct Entries {
    uses: CacheUse,
    keys: HashMap<KeyId, Arc<Key>>,
    /// Oldest first; a key used since it was last seen here gets another round.
    order: VecDeque<KeyId>,
}

/// The remembered keys.
#[derive(Debug)]
pub(super) struct Keys {
    entries: Mutex<Entries>,
    limit: usize,
    pub(super) graveyard: Arc<Graveyard>,
}

impl Keys {
    pub(super) fn new(limit: usize) -> Self {
        Self { entries: Mutex::default(), limit: limit.max(1), graveyard: Arc::default() }
    }

    /// With the graveyard of others, so that one look buries all.
    pub(super) fn beside(others: &Self, limit: usize) -> Self {
        let graveyard = Arc::clone(&others.graveyard);
        Self { entries: Mutex::default(), limit: limit.max(1), graveyard }
    }

    pub(super) fn get(&self, id: KeyId) -> Option<Arc<Key>> {
        let mut entries = lock(&self.entries);
        let found = entries.keys.get(&id).cloned();
        let count = match &found {
            Some(_) => &mut entries.uses.hits,
            None => &mut entries.uses.misses,
        };
        *count += 1;
        found
    }

    pub(super) fn len(&self) -> usize {
        lock(&self.entries).keys.len()
    }

    pub(super) fn uses(&self) -> CacheUse {
        lock(&self.entries).uses
    }

    /// Remembers `key` unless another caller was first; returns the one remembered.
    pub(super) fn insert(&self, id: KeyId, key: Key) -> Arc<Key> {
        let mut entries = lock(&self.entries);
        if let Some(first) = entries.keys.get(&id) {
            return Arc::clone(first);
        }
        let key = Arc::new(key);
        entries.keys.insert(id, Arc::clone(&key));
        entries.order.push_back(id);
        while entries.keys.len() > self.limit {
            let Some(oldest) = entries.order.pop_front() else { break };
            let used = entries.keys.get(&oldest).map(|key| key.used.swap(false, Ordering::Relaxed));
            match used {
                None => {}
                Some(true) => entries.order.push_back(oldest),
                Some(false) => drop(entries.keys.remove(&oldest)),
            }
        }
        key
    }

    /// Forgets a key; its copy goes when the last user is done.
    pub(super) fn remove(&self, id: KeyId) {
        let mut entries = lock(&self.entries);
        entries.keys.remove(&id);
        // The order may be long: its stale entries go when they come up, unless they pile up.
        if entries.order.len() > 2 * self.limit {
            let Entries { keys, order, .. } = &mut *entries;
            order.retain(|id| keys.contains_key(id));
        }
    }
}

/// Searches the token for `id`; `None` where no secret or private key carries it.
pub(super) fn search(session: &Session, id: KeyId) -> Result<Option<Key>, Fault> {
    let all = objects(session, id)?;
    for object in &all {
        if let Some(kind) = kind_of(session, *object)? {
            return Ok(Some(Key::with_all(kind, *object, all)));
        }
    }
    Ok(None)
}

/// Every persistent object with this id.
pub(super) fn objects(session: &Session, id: KeyId) -> Result<Vec<ObjectHandle>, Fault> {
    Ok(session.find_objects(&[Attribute::Token(true), Attribute::Id(id.0.to_vec())])?)
}

fn kind_of(session: &Session, object: ObjectHandle) -> Result<Option<KeyKind>, Fault> {
    let attributes =
        session.get_attributes(object, &[AttributeType::Class, AttributeType::KeyType])?;
    let has = |attribute: Attribute| attributes.contains(&attribute);
    if has(Attribute::Class(ObjectClass::SECRET_KEY)) {
        let is = |key_type| has(Attribute::KeyType(key_type));
        let kind = if is(KeyType::AES) {
            SecretKeyKind::Aes
        } else if is(KeyType::DES3) || is(KeyType::DES2) {
            SecretKeyKind::Des3
        } else {
            SecretKeyKind::Generic
        };
        let bytes = match kind {
            SecretKeyKind::Des3 => Some(if is(KeyType::DES2) { 16 } else { 24 }),
            SecretKeyKind::Aes | SecretKeyKind::Generic => value_bytes(session, object)?,
        };
        return Ok(Some(KeyKind::Secret { kind, bytes }));
    }
    if !has(Attribute::Class(ObjectClass::PRIVATE_KEY)) {
        return Ok(None);
    }
    if has(Attribute::KeyType(KeyType::RSA)) {
        let modulus = read(session, object, AttributeType::Modulus)?;
        return Ok(Some(KeyKind::Rsa { modulus_bits: bit_length(&modulus) }));
    }
    let params = read(session, object, AttributeType::EcParams)?;
    let kind = curve_of(&params).map(KeyKind::Ec).or(edwards_of(&params).map(KeyKind::Edwards));
    kind.map(Some).ok_or(HsmError::new(HsmErrorKind::Unsupported, "key type").into())
}

fn value_bytes(session: &Session, object: ObjectHandle) -> Result<Option<usize>, Fault> {
    let attributes = session.get_attributes(object, &[AttributeType::ValueLen])?;
    let length = attributes.into_iter().find_map(|attribute| match attribute {
        Attribute::ValueLen(length) => usize::try_from(u64::from(length)).ok(),
        _ => None,
    });
    Ok(length.filter(|length| *length > 0))
}

/// The bytes of one attribute; empty where the token does not give it.
pub(super) fn read(
    session: &Session,
    object: ObjectHandle,
    attribute: AttributeType,
) -> Result<Vec<u8>, Fault> {
    let found = session.get_attributes(object, &[attribute])?.into_iter().next();
    Ok(found.map_or_else(Vec::new, |found| match found {
        Attribute::Modulus(bytes)
        | Attribute::PublicExponent(bytes)
        | Attribute::PrivateExponent(bytes)
        | Attribute::Prime1(bytes)
        | Attribute::Prime2(bytes)
        | Attribute::Exponent1(bytes)
        | Attribute::Exponent2(bytes)
        | Attribute::Coefficient(bytes)
        | Attribute::EcParams(bytes)
        | Attribute::EcPoint(bytes)
        | Attribute::CheckValue(bytes)
        | Attribute::Value(bytes) => bytes,
        _ => Vec::new(),
    }))
}

/// CKA_CHECK_VALUE, or empty where the token gives none.
pub(super) fn check_value(session: &Session, object: ObjectHandle) -> Vec<u8> {
    read(session, object, AttributeType::CheckValue).unwrap_or_default()
}
