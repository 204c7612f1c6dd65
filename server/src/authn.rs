//! Credentials that a client gives in its requests, inside the identity of its certificate.
//!
//! The certificate says which scope a client works in; a scope may ask for a user's or a device's
//! credential besides. Spec: KMIP 1.4 §2.1.2 and §6.6.

use std::sync::{Mutex, PoisonError};

use argon2::Argon2;
use argon2::password_hash::PasswordVerifier;
use argon2::password_hash::phc::PasswordHash;
use kmip_core::message::{Credential, CredentialValue, DeviceCredential, UsernameAndPassword};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::config::{CredentialDemand, CredentialsConfig, DeviceConfig};

/// The credentials of one scope.
pub struct Credentials {
    demand: CredentialDemand,
    users: Vec<(String, Password)>,
    devices: Vec<(DeviceConfig, Option<Password>)>,
    /// What the password of an unknown user is compared with: it takes as long as any other.
    nobody: Option<Password>,
}

/// The credentials of a request do not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAuthentic {
    /// There is none, and the scope requires one.
    #[error("no credential")]
    Absent,
    /// One is unknown, or its password is wrong.
    #[error("a wrong credential")]
    Wrong,
    /// One is of a kind that the scope cannot check.
    #[error("a credential of a kind that is not checked here")]
    Kind,
}

impl Credentials {
    /// The credentials that the configuration lists.
    ///
    /// # Errors
    ///
    /// The system gives no random bytes.
    pub fn new(config: &CredentialsConfig) -> Result<Self, getrandom::Error> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)?;
        let password = |hash: &String| Password::new(hash, secret);
        let users = config.users.iter();
        let devices = config.devices.iter();
        Ok(Self {
            demand: config.demand,
            nobody: config.users.first().map(|user| password(&user.password_hash)),
            users: users.map(|u| (u.username.clone(), password(&u.password_hash))).collect(),
            devices: devices.map(|d| (d.clone(), d.password_hash.as_ref().map(password))).collect(),
        })
    }

    /// Checks what a request brings. `open` says that all it asks for is open to anybody.
    ///
    /// The first use of a password costs what its hash is made to cost; a password that was right
    /// before is known again at once.
    ///
    /// # Errors
    ///
    /// [`NotAuthentic`].
    pub fn check(&self, given: &[Credential], open: bool) -> Result<(), NotAuthentic> {
        if self.demand == CredentialDemand::Ignored {
            return Ok(());
        }
        if given.is_empty() && self.demand == CredentialDemand::Required && !open {
            return Err(NotAuthentic::Absent);
        }
        given.iter().try_for_each(|credential| self.check_one(credential))
    }

    fn check_one(&self, credential: &Credential) -> Result<(), NotAuthentic> {
        let right = match &credential.credential_value {
            CredentialValue::UsernameAndPassword(user) => self.is_user(user),
            CredentialValue::Device(device) => self.is_device(device),
            CredentialValue::Attestation(_) | CredentialValue::Other(_) => {
                return Err(NotAuthentic::Kind);
            }
        };
        if right { Ok(()) } else { Err(NotAuthentic::Wrong) }
    }

    fn is_user(&self, given: &UsernameAndPassword) -> bool {
        let password = given.password.as_ref().map_or(&[][..], |password| password.expose());
        let found = self.users.iter().find(|(name, _)| *name == given.username);
        let known = found.map(|(_, known)| known).or(self.nobody.as_ref());
        let right = known.is_some_and(|known| known.is(password));
        found.is_some() && right
    }

    fn is_device(&self, given: &DeviceCredential) -> bool {
        let password = given.password.as_ref().map_or(&[][..], |password| password.expose());
        self.devices
            .iter()
            .filter(|(device, _)| is_described(device, given))
            .any(|(_, known)| known.as_ref().is_none_or(|known| known.is(password)))
    }
}

/// Whether every field that the configuration gives is the client's.
fn is_described(device: &DeviceConfig, given: &DeviceCredential) -> bool {
    let fits = |wanted: &Option<String>, said: &Option<String>| wanted.is_none() || wanted == said;
    fits(&device.device_serial_number, &given.device_serial_number)
        && fits(&device.device_identifier, &given.device_identifier)
        && fits(&device.network_identifier, &given.network_identifier)
        && fits(&device.machine_identifier, &given.machine_identifier)
        && fits(&device.media_identifier, &given.media_identifier)
}

/// A password, as its hash.
struct Password {
    /// In PHC form, with its own parameters.
    hash: String,
    /// Makes `proven` of no use outside of this process.
    secret: [u8; 32],
    /// Digest of the password that was right.
    proven: Mutex<Option<[u8; 32]>>,
    /// Held while a password is tried: guesses take turns, and one hash's memory. Who gives the
    /// password that was right before waits for no guess.
    trying: Mutex<()>,
}

impl Password {
    fn new(hash: &str, secret: [u8; 32]) -> Self {
        Self { hash: hash.to_owned(), secret, proven: Mutex::default(), trying: Mutex::default() }
    }

    fn is(&self, given: &[u8]) -> bool {
        let digest: [u8; 32] =
            Sha256::new().chain_update(self.secret).chain_update(given).finalize().into();
        if self.is_proven(&digest) {
            return true;
        }
        let _turn = self.trying.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_proven(&digest) {
            return true;
        }
        let right = PasswordHash::new(&self.hash)
            .is_ok_and(|hash| Argon2::default().verify_password(given, &hash).is_ok());
        if right {
            *self.proven.lock().unwrap_or_else(PoisonError::into_inner) = Some(digest);
        }
        right
    }

    fn is_proven(&self, digest: &[u8; 32]) -> bool {
        let proven = self.proven.lock().unwrap_or_else(PoisonError::into_inner);
        proven.is_some_and(|proven| proven.ct_eq(digest).into())
    }
}

#[cfg(test)]
mod tests;
