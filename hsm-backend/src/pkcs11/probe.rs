//! Asks the token for its mechanisms, and by known answers where the numbers do not tell.

use std::collections::HashMap;

use cryptoki::context::Pkcs11;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use cryptoki::slot::Slot;

use super::answers::Prober;
use super::mechanism::plain;
use super::number::mechanism_type;
use super::rv::Fault;
use crate::capability::{Capabilities, Mechanism, MechanismTraits, WrapProof};

/// The table for the token in `slot`; `session` is logged in.
pub(super) fn capabilities(library: &Pkcs11, slot: Slot, session: &Session) -> Capabilities {
    let known = Mechanism::known();
    let told: HashMap<_, _> = known.filter_map(|m| Some((m, traits(library, slot, m)?))).collect();
    let proof = if told.contains_key(&Mechanism::AES_KEY_WRAP_PAD) {
        prove_wrap_pad(session)
    } else {
        WrapProof::Wrong
    };
    let proof_of = |m| if m == Mechanism::AES_KEY_WRAP_PAD { proof } else { WrapProof::Exact };
    let prober = Prober::new(session);
    let holds = |wish, plan| prober.holds(wish, plan);
    Capabilities::resolve(&|m| told.get(&m).copied(), &proof_of, &holds)
}

/// Asked by number: the interface crate's list drops the numbers it does not know.
fn traits(library: &Pkcs11, slot: Slot, mechanism: Mechanism) -> Option<MechanismTraits> {
    let info = library.get_mechanism_info(slot, mechanism_type(mechanism)).ok()?;
    let number = |size: usize| u64::try_from(size).unwrap_or(u64::MAX);
    Some(MechanismTraits {
        encrypt: info.encrypt(),
        decrypt: info.decrypt(),
        digest: info.digest(),
        sign: info.sign(),
        generate: info.generate(),
        generate_pair: info.generate_key_pair(),
        wrap: info.wrap(),
        unwrap: info.unwrap(),
        min_key: number(info.min_key_size()),
        max_key: number(info.max_key_size()),
    })
}

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

/// 16 bytes under the same key, computed with OpenSSL.
const WHOLE: KnownWrap = KnownWrap {
    plain: b"\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff",
    wrapped: b"\x3d\x50\x96\x11\x1d\x22\x7d\x3c\x97\xf6\xa8\xd6\x19\xcc\xf2\xee\
\x79\x12\xee\xbe\xb1\xb4\x1e\x43",
};

fn prove_wrap_pad(session: &Session) -> WrapProof {
    let Ok(kek) = session.create_object(&known_key(KeyType::AES, &KEK)) else {
        return WrapProof::Wrong;
    };
    let wraps = |known: &KnownWrap| wrap(session, kek, known).is_ok_and(|w| w == known.wrapped);
    let unwraps = |known: &KnownWrap| unwrap(session, kek, known).is_ok_and(|v| v == known.plain);
    let proof = match (unwraps(&PADDED) && unwraps(&WHOLE), wraps(&PADDED), wraps(&WHOLE)) {
        (true, true, true) => WrapProof::Exact,
        (true, false, true) => WrapProof::WholeBlocks,
        _ => WrapProof::Wrong,
    };
    if let Err(error) = session.destroy_object(kek) {
        tracing::debug!(%error, "a probe key stays until the session closes");
    }
    proof
}

fn known_key(key_type: KeyType, value: &[u8]) -> Vec<Attribute> {
    let mut template = bare_key(key_type);
    template.extend([Attribute::Wrap(true), Attribute::Unwrap(true)]);
    template.push(Attribute::Value(value.to_vec()));
    template
}

fn bare_key(key_type: KeyType) -> Vec<Attribute> {
    vec![
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(key_type),
        Attribute::Token(false),
        Attribute::Private(true),
        Attribute::Sensitive(false),
        Attribute::Extractable(true),
    ]
}

fn wrap(session: &Session, kek: ObjectHandle, known: &KnownWrap) -> Result<Vec<u8>, Fault> {
    let key = session.create_object(&known_key(KeyType::GENERIC_SECRET, known.plain))?;
    let wrapped = session.wrap_key(&plain(Mechanism::AES_KEY_WRAP_PAD), kek, key);
    session.destroy_object(key)?;
    Ok(wrapped?)
}

fn unwrap(session: &Session, kek: ObjectHandle, known: &KnownWrap) -> Result<Vec<u8>, Fault> {
    let mechanism = plain(Mechanism::AES_KEY_WRAP_PAD);
    let template = bare_key(KeyType::GENERIC_SECRET);
    let key = session.unwrap_key(&mechanism, kek, known.wrapped, &template)?;
    let attributes = session.get_attributes(key, &[AttributeType::Value]);
    session.destroy_object(key)?;
    let value = attributes?.into_iter().find_map(|attribute| match attribute {
        Attribute::Value(value) => Some(value),
        _ => None,
    });
    Ok(value.unwrap_or_default())
}
