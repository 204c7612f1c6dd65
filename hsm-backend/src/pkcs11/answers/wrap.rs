//! Key wrapping tried with known wrappings: the mechanism numbers do not tell what a token does.

use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;

use super::super::mechanism::plain;
use super::super::rv::Fault;
use super::{Prober, secret_key};
use crate::capability::{Mechanism, WrapProof};

/// A wrapping with the key of RFC 5649 §6.
struct KnownWrap {
    plain: &'static [u8],
    wrapped: &'static [u8],
}

const KEK: [u8; 24] = *b"\x58\x40\xdf\x6e\x29\xb0\x2a\xf1\xab\x49\x3b\x70\x5b\xf1\x6e\xa1\
\xae\x83\x38\xf4\xdc\xc1\x76\xa8";

/// RFC 5649 §6: 20 bytes, so 4 of padding.
const PADDED: KnownWrap = KnownWrap {
    plain: b"\xc3\x7b\x7e\x64\x92\x58\x43\x40\xbe\xd1\x22\x07\x80\x89\x41\x15\x50\x68\xf7\x38",
    wrapped: b"\x13\x8b\xde\xaa\x9b\x8f\xa7\xfc\x61\xf9\x77\x42\xe7\x22\x48\xee\
\x5a\xe6\xae\x53\x60\xd1\xae\x6a\x5f\x54\xf3\x73\xfa\x54\x3b\x6a",
};

/// 16 bytes under the same key by RFC 5649, computed with OpenSSL.
const WHOLE: KnownWrap = KnownWrap {
    plain: b"\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff",
    wrapped: b"\x3d\x50\x96\x11\x1d\x22\x7d\x3c\x97\xf6\xa8\xd6\x19\xcc\xf2\xee\
\x79\x12\xee\xbe\xb1\xb4\x1e\x43",
};

/// The same by RFC 3394, computed with OpenSSL.
const UNPADDED: KnownWrap = KnownWrap {
    plain: WHOLE.plain,
    wrapped: b"\xff\xd3\x03\xfc\x17\xcc\xd7\x03\x27\x55\xeb\x57\x89\x33\x74\x03\
\x36\x40\x37\x0a\x37\xd7\xac\x88",
};

impl Prober<'_> {
    /// What known wrappings show of a key-wrap mechanism.
    pub(in super::super) fn wrap_proof(&self, mechanism: Mechanism) -> WrapProof {
        if let Some(told) = self.proofs.borrow().get(&mechanism) {
            return *told;
        }
        let usage = [Attribute::Wrap(true), Attribute::Unwrap(true)];
        let kek = self.key("KEK", &secret_key(KeyType::AES, KEK.to_vec(), &usage));
        let proof = match kek {
            Some(kek) if self.takes_readable_keys() => self.prove(mechanism, kek),
            // Only this number's meaning is in doubt.
            _ if mechanism == Mechanism::AES_KEY_WRAP_PAD => WrapProof::Wrong,
            _ => WrapProof::Exact,
        };
        if proof != WrapProof::Exact {
            tracing::info!(
                ?mechanism,
                ?proof,
                "the token wraps otherwise than RFC 5649; what it does right is used"
            );
        }
        self.proofs.borrow_mut().insert(mechanism, proof);
        proof
    }

    /// Some tokens let in no key that is not sensitive, and then show nothing of it.
    fn takes_readable_keys(&self) -> bool {
        let made = self.attempt(|session| {
            let key = session.create_object(&passing(Some(WHOLE.plain)))?;
            Ok(session.destroy_object(key)?)
        });
        made.is_ok()
    }

    fn prove(&self, mechanism: Mechanism, kek: ObjectHandle) -> WrapProof {
        let wraps = |known: &KnownWrap| {
            self.attempt(|session| wrap(session, mechanism, kek, known))
                .is_ok_and(|wrapped| wrapped == known.wrapped)
        };
        let unwraps = |known: &KnownWrap| {
            self.attempt(|session| unwrap(session, mechanism, kek, known))
                .is_ok_and(|value| value == known.plain)
        };
        if mechanism == Mechanism::AES_KEY_WRAP {
            let exact = wraps(&UNPADDED) && unwraps(&UNPADDED);
            return if exact { WrapProof::Exact } else { WrapProof::Wrong };
        }
        match (unwraps(&PADDED) && unwraps(&WHOLE), wraps(&PADDED), wraps(&WHOLE)) {
            (true, true, true) => WrapProof::Exact,
            (true, false, true) => WrapProof::WholeBlocks,
            _ => WrapProof::Wrong,
        }
    }
}

/// A key to be wrapped or read: it lives in the session, for one call.
fn passing(value: Option<&[u8]>) -> Vec<Attribute> {
    let mut template = vec![
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::GENERIC_SECRET),
        Attribute::Token(false),
        Attribute::Private(true),
        Attribute::Sensitive(false),
        Attribute::Extractable(true),
    ];
    template.extend(value.map(|value| Attribute::Value(value.to_vec())));
    template
}

fn wrap(
    session: &Session,
    mechanism: Mechanism,
    kek: ObjectHandle,
    known: &KnownWrap,
) -> Result<Vec<u8>, Fault> {
    let key = session.create_object(&passing(Some(known.plain)))?;
    let wrapped = session.wrap_key(&plain(mechanism), kek, key);
    session.destroy_object(key)?;
    Ok(wrapped?)
}

fn unwrap(
    session: &Session,
    mechanism: Mechanism,
    kek: ObjectHandle,
    known: &KnownWrap,
) -> Result<Vec<u8>, Fault> {
    let key = session.unwrap_key(&plain(mechanism), kek, known.wrapped, &passing(None))?;
    let attributes = session.get_attributes(key, &[AttributeType::Value]);
    session.destroy_object(key)?;
    let value = attributes?.into_iter().find_map(|attribute| match attribute {
        Attribute::Value(value) => Some(value),
        _ => None,
    });
    Ok(value.unwrap_or_default())
}
