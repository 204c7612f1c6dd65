//! PKCS#12: a private key and its certificates, shut with a password.
//!
//! Written with PBES2 (PBKDF2, AES-256-CBC) and an HMAC-SHA-256; the old schemes with 3DES and RC2, in
//! which most such files still come, are read and never written.
//!
//! Spec: RFC 7292.

mod read;
mod scheme;
mod write;

use hsm_backend::SecretValue;

use super::BridgeError;

pub use read::read;
pub use write::{Randomness, write};

const MALFORMED: BridgeError = BridgeError::Invalid("the PKCS#12 container is malformed");
const WRONG_PASSWORD: BridgeError =
    BridgeError::Invalid("the password does not open the PKCS#12 container");
const UNSUPPORTED: BridgeError =
    BridgeError::Unsupported("a scheme of the PKCS#12 container is not supported");
const TOO_COSTLY: BridgeError = BridgeError::Invalid("the PKCS#12 container is too costly to open");

fn malformed<E>(_: E) -> BridgeError {
    MALFORMED
}

/// A private key of a container.
#[derive(Debug)]
pub struct KeyEntry {
    /// Its friendly name.
    pub name: Option<String>,
    /// What its certificate has too.
    pub local_id: Option<Vec<u8>>,
    /// PKCS#8.
    pub key: SecretValue,
}

/// A certificate of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateEntry {
    /// Its friendly name.
    pub name: Option<String>,
    /// What its private key has too.
    pub local_id: Option<Vec<u8>>,
    /// X.509 in DER.
    pub certificate: Vec<u8>,
}

/// What a container holds, in its order.
#[derive(Debug, Default)]
pub struct Contents {
    /// Private keys.
    pub keys: Vec<KeyEntry>,
    /// Certificates.
    pub certificates: Vec<CertificateEntry>,
}

impl Contents {
    /// Takes out the private key of this friendly name, in whatever case; the first of all, where
    /// none is given.
    pub fn take_key(&mut self, name: Option<&str>) -> Option<KeyEntry> {
        let is_it = |entry: &KeyEntry| match (name, &entry.name) {
            (None, _) => true,
            (Some(name), Some(own)) => name.to_lowercase() == own.to_lowercase(),
            (Some(_), None) => false,
        };
        let place = self.keys.iter().position(is_it)?;
        Some(self.keys.swap_remove(place))
    }
}

#[cfg(test)]
mod tests;
