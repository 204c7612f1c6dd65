//! The bare token beside the backend: a second way into the library that the backend has opened.

use cryptoki::context::Pkcs11;
use cryptoki::mechanism::Mechanism as Call;
use cryptoki::object::{Attribute, ObjectHandle};
use cryptoki::session::Session;
use hsm_backend::{KeyId, Mechanism};

use super::cases::{Case, Native};
use crate::bench::BenchError;
use crate::bench::raw::find_slot;
use crate::config::Config;

/// Longer texts are fed in parts of [`PART_BYTES`]: SoftHSM is several times slower in one.
const SINGLE_PART_BYTES: usize = 32 << 10;
const PART_BYTES: usize = 64 << 10;
/// Of an RSA-2048 block.
const BLOCK_BYTES: usize = 256;

/// A session with copies of the keys. The login is the backend's: it belongs to the process.
pub(super) struct Bare {
    session: Session,
    aes: ObjectHandle,
    rsa: ObjectHandle,
}

impl Bare {
    pub(super) fn open(config: &Config, aes: KeyId, rsa: KeyId) -> Result<Self, BenchError> {
        let context = Pkcs11::new(&config.token.module)?;
        let session = context.open_rw_session(find_slot(&context, config)?)?;
        let (aes, rsa) = (copy(&session, aes)?, copy(&session, rsa)?);
        Ok(Self { session, aes, rsa })
    }

    /// Does the native call of `case` on `text` once.
    pub(super) fn call(&self, case: &Case, text: &[u8]) -> Result<(), BenchError> {
        match case.native {
            Native::Encrypt(mechanism) => self.encrypt(mechanism, text),
            Native::RawSign => {
                self.session.sign(&Call::RsaX509, self.rsa, &block()).map(drop)?;
                Ok(())
            }
            Native::RawDecrypt => {
                self.session.decrypt(&Call::RsaX509, self.rsa, &block()).map(drop)?;
                Ok(())
            }
        }
    }

    fn encrypt(&self, mechanism: Mechanism, text: &[u8]) -> Result<(), BenchError> {
        let call =
            if mechanism == Mechanism::AES_CBC { Call::AesCbc([0x17; 16]) } else { Call::AesEcb };
        if text.len() <= SINGLE_PART_BYTES {
            self.session.encrypt(&call, self.aes, text)?;
            return Ok(());
        }
        let mut sealed = Vec::with_capacity(text.len() + 32);
        self.session.encrypt_init(&call, self.aes)?;
        for part in text.chunks(PART_BYTES) {
            sealed.extend(self.session.encrypt_update(part)?);
        }
        sealed.extend(self.session.encrypt_final()?);
        Ok(())
    }
}

/// As long as the modulus, and below it.
fn block() -> [u8; BLOCK_BYTES] {
    let mut block = [0x5A; BLOCK_BYTES];
    block[0] = 0;
    block
}

fn copy(session: &Session, id: KeyId) -> Result<ObjectHandle, BenchError> {
    let found = session.find_objects(&[Attribute::Token(true), Attribute::Id(id.0.to_vec())])?;
    let key = found.first().ok_or(BenchError::Measure("the key is not in the token"))?;
    Ok(session.copy_object(*key, &[Attribute::Token(false)])?)
}
