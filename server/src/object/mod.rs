//! A managed object as the server knows it.

mod attributes;
mod custody;

pub use attributes::{AttributeSet, Instance};
pub use custody::{CUSTODY_ATTRIBUTE, Custody, CustodyMode, CustodyRules, is_reserved};

use hsm_backend::{KeyId, KeyRef};
use kmip_core::attribute::{AttributeKind, AttributeName, UniqueIdentifier};
use kmip_core::ttlv::{DateTime, Value};
use kmip_core::types::{CryptographicUsageMask, ObjectType, State};

/// A partition of the objects; every object and every client belongs to one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope(String);

impl Scope {
    /// The scope called `name`.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A value sealed under the token's sealing key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedForm {
    /// The sealing key.
    pub key: KeyId,
    /// What it made of the value.
    pub bytes: Vec<u8>,
}

/// How far an object has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Its key is being made: not visible, settled by the reconciler once the lease is over.
    Pending(Lease),
    /// Acknowledged.
    Live,
    /// Its key is being destroyed: unusable already.
    Destroying(Lease),
    /// Never acknowledged, and its key is gone. Kept, invisible, for the record.
    Failed,
}

/// Who works on a row, and until when nobody else may settle it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The server instance.
    pub owner: String,
    /// Seconds since 1970.
    pub until: DateTime,
}

/// A managed object: one row of the store with its attributes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagedObject {
    /// The scope it belongs to.
    pub scope: Scope,
    /// Its identifier, unique in the scope.
    pub uid: UniqueIdentifier,
    /// Row version that this copy was read at; 0 for a row not yet stored.
    pub version: u64,
    /// How far it has come.
    pub phase: Phase,
    /// Kind of object.
    pub object_type: ObjectType,
    /// All attributes, those the server keeps included.
    pub attributes: AttributeSet,
    /// Where the secret is.
    pub custody: Custody,
    /// CKA_ID of the token object, for custody `Token`; for `Wrapped` the name of the live key.
    pub key_id: Option<KeyId>,
    /// The key that wraps or seals `blob`.
    pub kek_id: Option<KeyId>,
    /// The object as KMIP encodes it, in plaintext for custody `Public`, sealed for `Sealed` and
    /// `Assisted`; the wrapped key for `Wrapped`; absent where the token alone has the value.
    pub blob: Option<Vec<u8>>,
    /// The key as it was registered, for one of custody `Token` or `Wrapped` that may be read: a
    /// client is owed the very bytes it brought.
    pub form: Option<SealedForm>,
    /// CKA_ID of a token object that a move between custodies leaves, to be destroyed.
    pub leftover: Option<KeyId>,
    /// Key check value of a token key, where the token gives one.
    pub kcv: Vec<u8>,
    /// Length of the value in bits as the client knows it (tokens may pad).
    pub true_bits: u32,
}

impl ManagedObject {
    /// A row not yet stored.
    #[must_use]
    pub fn new(scope: Scope, uid: UniqueIdentifier, object_type: ObjectType) -> Self {
        Self {
            scope,
            uid,
            version: 0,
            phase: Phase::Live,
            object_type,
            attributes: AttributeSet::default(),
            custody: Custody::Public,
            key_id: None,
            kek_id: None,
            blob: None,
            form: None,
            leftover: None,
            kcv: Vec::new(),
            true_bits: 0,
        }
    }

    /// The life-cycle state, for the objects that have one.
    #[must_use]
    pub fn state(&self) -> Option<State> {
        self.attributes.enumeration(AttributeKind::State).map(State)
    }

    /// Whether its key is gone.
    #[must_use]
    pub fn is_destroyed(&self) -> bool {
        matches!(self.state(), Some(State::Destroyed | State::DestroyedCompromised))
            || self.attributes.get(AttributeKind::DestroyDate).is_some()
    }

    /// Whether it is put out of use until it is recovered.
    #[must_use]
    pub fn is_archived(&self) -> bool {
        self.attributes.get(AttributeKind::ArchiveDate).is_some()
    }

    /// What it may be used for.
    #[must_use]
    pub fn usage_mask(&self) -> CryptographicUsageMask {
        let bits = self.attributes.integer(AttributeKind::CryptographicUsageMask).unwrap_or(0);
        CryptographicUsageMask(u32::from_be_bytes(bits.to_be_bytes()))
    }

    /// Notes where the secret is, in the attribute that tells it too.
    pub fn set_custody(&mut self, custody: Custody) {
        self.custody = custody;
        let name = AttributeName::new(CUSTODY_ATTRIBUTE);
        match custody.name() {
            Some(word) => self.attributes.set_value(&name, Value::TextString(word.to_owned())),
            None => drop(self.attributes.remove(&name, 0)),
        }
    }

    /// The key as the token is asked for it, for custody `Token` and `Wrapped`.
    #[must_use]
    pub fn key_ref(&self) -> Option<KeyRef> {
        match self.custody {
            Custody::Token => self.key_id.map(KeyRef::Token),
            Custody::Wrapped => {
                let (id, kek, blob) = (self.key_id?, self.kek_id?, self.blob.clone()?);
                Some(KeyRef::Wrapped { id, kek, kcv: self.kcv.clone(), blob })
            }
            Custody::Public | Custody::Sealed | Custody::Assisted => None,
        }
    }

    /// Whether the object's value is anywhere.
    #[must_use]
    pub const fn has_value(&self) -> bool {
        self.key_id.is_some() || self.blob.is_some()
    }

    /// Forgets where the secret was: it is gone.
    pub fn forget_secret(&mut self) {
        self.key_id = None;
        self.kek_id = None;
        self.blob = None;
        self.form = None;
    }

    /// When a date will next change the state by itself; `None` if none will.
    #[must_use]
    pub fn due_at(&self) -> Option<DateTime> {
        match self.state() {
            Some(State::PreActive) => self.attributes.date(AttributeKind::ActivationDate),
            Some(State::Active) => self.attributes.date(AttributeKind::DeactivationDate),
            _ => None,
        }
    }
}
