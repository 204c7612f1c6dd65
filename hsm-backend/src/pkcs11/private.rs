//! Whether a private key comes back from its blob. No mechanism's name tells: some tokens lose the
//! length of the PKCS#8 they wrap, some take zeros behind it, some do not.

use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;

use super::mechanism::{eddsa, plain};
use super::rv::{Effect, Fault};
use super::template;
use crate::capability::Mechanism;
use crate::custody::Contents;
use crate::error::{HsmError, HsmErrorKind};
use crate::job::KeyUsage;

const LOST: HsmError = HsmError::new(HsmErrorKind::Unsupported, "private key does not come back");
/// What is signed; as long as a SHA-256 digest.
const TEXT: [u8; 32] = [0x5A; 32];

type Kek = (ObjectHandle, Mechanism);

/// Refuses a blob that does not give the same private key back. Secret keys are believed: their
/// mechanism was proven at login.
pub(super) fn comes_back(
    session: &Session,
    kek: Kek,
    contents: Contents,
    original: ObjectHandle,
    wrapped: &[u8],
) -> Result<(), Fault> {
    if matches!(contents, Contents::Secret(_)) {
        return Ok(());
    }
    let again = unwrap(session, kek, contents, wrapped)?;
    let signatures = sign(session, contents, original)
        .and_then(|one| Ok((one, sign(session, contents, again)?)));
    session.destroy_object(again)?;
    let (one, other) = signatures?;
    // Of the others, a signature is another each time: that there is one must do, beside the
    // wrapping's own check.
    let same = !matches!(contents, Contents::Rsa { .. }) || one == other;
    if same { Ok(()) } else { Err(LOST.into()) }
}

/// Refuses a blob that the token does not read; for a key that may not sign for us.
pub(super) fn unwraps(
    session: &Session,
    kek: Kek,
    contents: Contents,
    wrapped: &[u8],
) -> Result<(), Fault> {
    if matches!(contents, Contents::Secret(_)) {
        return Ok(());
    }
    let again = unwrap(session, kek, contents, wrapped)?;
    let signed = sign(session, contents, again);
    session.destroy_object(again)?;
    signed.map(drop)
}

fn unwrap(
    session: &Session,
    (kek, mechanism): Kek,
    contents: Contents,
    wrapped: &[u8],
) -> Result<ObjectHandle, Fault> {
    let usage = KeyUsage { sign: true, ..KeyUsage::default() };
    let template = template::in_session(contents, usage, true, false);
    let again = session.unwrap_key(&plain(mechanism), kek, wrapped, &template);
    again.map_err(|error| lost(error.into()))
}

fn sign(session: &Session, contents: Contents, key: ObjectHandle) -> Result<Vec<u8>, Fault> {
    let signed = match contents {
        Contents::Secret(_) => return Err(LOST.into()),
        Contents::Rsa { .. } => session.sign(&plain(Mechanism::RSA_PKCS), key, &TEXT),
        Contents::Ec(_) => session.sign(&plain(Mechanism::ECDSA), key, &TEXT),
        Contents::Edwards(curve) => {
            eddsa(Mechanism::EDDSA, curve, |eddsa| session.sign(eddsa, key, &TEXT))
        }
    };
    signed.map_err(|error| lost(error.into()))
}

/// A token that refuses, or answers doubtfully, cannot do it; one that is gone is gone.
pub(super) fn lost(fault: Fault) -> Fault {
    match fault.effect {
        Effect::None | Effect::Doubtful => {
            tracing::info!(error = %fault.error, "a private key does not come back from its blob");
            Fault { error: LOST, effect: Effect::None, ..fault }
        }
        Effect::StaleHandle | Effect::DeadSession | Effect::TokenLost => fault,
    }
}
