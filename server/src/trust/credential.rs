//! Credentials: certificates that open a scope to the clients of a role.
//!
//! A credential is noted down before it is handed out. Its bearer is who the note says, whatever the
//! certificate says; without a note it opens nothing.

use std::time::Instant;

use hsm_backend::{CallContext, PublicKey};
use kmip_core::ttlv::DateTime;
use sha2::{Digest, Sha256};

use super::{Holder, Issued, SoftwareKey};
use crate::authz::RoleName;
use crate::ca::{CaError, RequestForm, proven_key};
use crate::directory::{ClientKey, DirectoryError};
use crate::object::Scope;
use crate::services::Services;
use crate::store::{Credential, Serial};

/// Why there is no credential. The texts may reach the operator.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// The certificate cannot be made.
    #[error(transparent)]
    Ca(#[from] CaError),
    /// There is no such scope, role or credential, or the store failed.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
}

/// A credential that was just made: the only time that its private key is here.
#[derive(Clone, Debug)]
pub struct NewCredential {
    /// The certificate.
    pub issued: Issued,
    /// Its key, if it was made here.
    pub key: Option<SoftwareKey>,
}

/// Makes a key pair and certifies it for a client of the role, for so many seconds.
///
/// The time is cut to what the issuer and `internal_ca.max_client_seconds` allow.
///
/// # Errors
///
/// [`CredentialError`]; nothing opens anything then.
pub fn generate(
    services: &Services,
    scope: &Scope,
    role: &RoleName,
    kind: ClientKey,
    seconds: u32,
) -> Result<NewCredential, CredentialError> {
    require(services, scope, role)?;
    let key = SoftwareKey::generate(kind)?;
    let issued = issue(services, scope, role, key.public.clone(), seconds)?;
    Ok(NewCredential { issued, key: Some(key) })
}

/// Certifies the key of a certificate request, whose signature proves that its sender has the private
/// half. Whatever else the request says is left aside.
///
/// # Errors
///
/// [`CredentialError`]; `Invalid` for a request that is none, is not signed by its key, or has a key that
/// is weak or of another kind.
pub fn sign(
    services: &Services,
    scope: &Scope,
    role: &RoleName,
    (form, request): (RequestForm, &[u8]),
    seconds: u32,
) -> Result<NewCredential, CredentialError> {
    require(services, scope, role)?;
    let key = proven_key(form, request)?;
    let issued = issue(services, scope, role, key, seconds)?;
    Ok(NewCredential { issued, key: None })
}

/// Revokes a credential: the next handshake, resumed or not, and the next request of an open connection
/// are refused. The list of revoked certificates follows as soon as the token can sign it.
///
/// # Errors
///
/// [`DirectoryError`].
pub fn revoke(
    services: &Services,
    scope: &Scope,
    role: &RoleName,
    serial: &Serial,
) -> Result<(), DirectoryError> {
    services.directory.revoke_credential(scope, role, serial, services.clock.now())?;
    services.bell.ring();
    Ok(())
}

fn require(services: &Services, scope: &Scope, role: &RoleName) -> Result<(), DirectoryError> {
    services.directory.origin(scope).ok_or(DirectoryError::NoScope)?;
    services.directory.role(scope, role).ok_or(DirectoryError::NoRole)?;
    Ok(())
}

fn issue(
    services: &Services,
    scope: &Scope,
    role: &RoleName,
    key: PublicKey,
    seconds: u32,
) -> Result<Issued, CredentialError> {
    let (call, now) = (call(services, scope.as_str()), services.clock.now());
    // Not the CA's own way, which would leave a CA just made untrusted for a while.
    if services.trust.ca().existing()?.is_none() {
        services.trust.authorities(&call, now.0)?;
        // It has no list of revoked certificates yet.
        services.bell.ring();
    }
    let holder = Holder { scope: scope.as_str(), role: role.as_str() };
    let ca = services.trust.ca();
    let issued = ca.certify_client(&call, key, holder, i64::from(seconds), now.0)?;
    services.directory.add_credential(&Credential {
        certificate_sha256: Sha256::digest(issued.certificate.der()).into(),
        serial: issued.serial.clone(),
        scope: scope.clone(),
        role: role.clone(),
        certificate: issued.certificate.der().to_vec(),
        made_at: now,
        not_after: DateTime(issued.not_after),
        revoked_at: None,
    })?;
    Ok(issued)
}

/// A call to the token on behalf of `scope`, with the time that making a key takes: the CA's keys may
/// have to be made.
pub(super) fn call(services: &Services, scope: &str) -> CallContext {
    CallContext {
        deadline: Instant::now() + services.bounds.keygen_timeout,
        scope: scope.to_owned(),
        request_id: services.next_request(),
    }
}
