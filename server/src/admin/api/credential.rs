//! Credentials: certificates of the clients of a role.

use der::pem::decode_vec;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};

use super::rfc3339;
use super::scope::{failed, known_scope, role_name};
use crate::admin::Failure;
use crate::admin::gate::Call;
use crate::admin::route::{Data, Done, Listing, NoFields};
use crate::authz::RoleName;
use crate::ca::{CaError, ReadCertificate, RequestForm};
use crate::directory::{DirectoryError, Role};
use crate::object::Scope;
use crate::store::{Credential, Serial};
use crate::trust::{self, CredentialError, CredentialForm, NewCredential};

fn refused(error: CredentialError) -> Failure {
    match error {
        CredentialError::Directory(error) => failed(error),
        CredentialError::Ca(error) => of_ca(error),
    }
}

/// What the CA says, as HTTP says it.
pub(super) fn of_ca(error: CaError) -> Failure {
    match error {
        CaError::Keyring(error) => error.into(),
        CaError::Invalid(_) | CaError::Unsupported(_) | CaError::Bridge(_) => {
            Failure::bad(error.to_string())
        }
    }
}

fn form(name: Option<&str>) -> Result<CredentialForm, Failure> {
    let Some(name) = name.filter(|name| !name.is_empty()) else { return Ok(CredentialForm::Pem) };
    let form = CredentialForm::named(name);
    form.ok_or_else(|| Failure::bad(format!("format is pem, pem_bundle or der, not {name:?}")))
}

fn role(call: &Call<'_>) -> Result<(Scope, RoleName, std::sync::Arc<Role>), Failure> {
    let (scope, name) = (known_scope(call)?, role_name(call)?);
    let role = call.plane.services.directory.role(&scope, &name);
    let role = role.ok_or_else(|| failed(DirectoryError::NoRole))?;
    Ok((scope, name, role))
}

/// How a credential is handed out.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct GenerateWish {
    /// pem, pem_bundle or der: pem unless it says otherwise.
    format: Option<String>,
}

/// What is to be certified.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct SignWish {
    /// The certificate request, in PEM.
    csr: String,
    /// pem, pem_bundle or der: pem unless it says otherwise.
    format: Option<String>,
}

/// A credential, in the one answer that tells its private key.
#[derive(Serialize, JsonSchema)]
pub(in crate::admin) struct CredentialBody {
    /// The certificates above, the issuer's first.
    ca_chain: Vec<String>,
    /// The certificate; of a bundle, the private key stands before it and the chain behind.
    certificate: String,
    /// The private key (PKCS#8), where it was made here.
    #[serde(skip_serializing_if = "Option::is_none")]
    private_key: Option<String>,
    /// The serial number, in decimal.
    serial_number: String,
}

fn body(new: &NewCredential, form: CredentialForm) -> Result<Data<CredentialBody>, Failure> {
    let text = trust::render(&new.issued, new.key.as_ref(), form).map_err(of_ca)?;
    let plain = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Data::new(CredentialBody {
        ca_chain: text.ca_chain,
        certificate: plain(text.certificate.expose()),
        private_key: text.private_key.map(|key| plain(key.expose())),
        serial_number: new.issued.serial.to_string(),
    }))
}

/// Makes a key pair and certifies it.
pub(in crate::admin) fn generate(
    call: &Call<'_>,
    wish: GenerateWish,
) -> Result<Data<CredentialBody>, Failure> {
    let form = form(wish.format.as_deref())?;
    let (scope, name, role) = role(call)?;
    let defaults = call.plane.settings()?;
    let kind = role.client_key.unwrap_or(defaults.client_key);
    let seconds = role.client_ttl_seconds.unwrap_or(defaults.client_ttl_seconds);
    let new = trust::generate(&call.plane.services, &scope, &name, kind, seconds);
    body(&new.map_err(refused)?, form)
}

/// Certifies the key of a request.
pub(in crate::admin) fn sign(
    call: &Call<'_>,
    wish: SignWish,
) -> Result<Data<CredentialBody>, Failure> {
    let form = form(wish.format.as_deref())?;
    let (scope, name, role) = role(call)?;
    let defaults = call.plane.settings()?;
    let seconds = role.client_ttl_seconds.unwrap_or(defaults.client_ttl_seconds);
    let request = (RequestForm::Pem, wish.csr.as_bytes());
    let new = trust::sign(&call.plane.services, &scope, &name, request, seconds);
    body(&new.map_err(refused)?, form)
}

/// Which credential.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct Lookup {
    /// The serial number: in decimal, or in hexadecimal with colons between.
    serial_number: String,
}

/// A credential that was issued.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::admin) struct IssuedBody {
    /// The certificates above, the issuer's first.
    ca_chain: Vec<String>,
    /// The certificate, in PEM.
    certificate: String,
    /// The serial number, in decimal.
    serial_number: String,
    /// When it was issued.
    issued_at: Option<String>,
    /// Until when it is valid.
    not_after: Option<String>,
    /// Whether it is revoked.
    revoked: bool,
}

fn read_serial(text: &str) -> Result<Serial, Failure> {
    Serial::parse(text).ok_or_else(|| Failure::bad(format!("{text:?} is no serial number")))
}

/// A credential.
pub(in crate::admin) fn lookup(
    call: &Call<'_>,
    which: Lookup,
) -> Result<Data<IssuedBody>, Failure> {
    let (scope, name) = (known_scope(call)?, role_name(call)?);
    let serial = read_serial(&which.serial_number)?;
    let services = &*call.plane.services;
    let found = services.directory.credential(&scope, &name, &serial).map_err(failed)?;
    let certificate = ReadCertificate::read(&found.certificate).map_err(of_ca)?;
    let authorities = services.trust.ca().existing().map_err(of_ca)?;
    let chain = authorities.and_then(|all| {
        let mut issuers = all.issuers();
        let issuer = issuers.find(|ca| ca.certificate.subject() == certificate.issuer())?;
        Some(all.chain(issuer))
    });
    let pem = |der: &Vec<u8>| trust::certificate_pem(der).map_err(of_ca);
    Ok(Data::new(IssuedBody {
        ca_chain: chain.unwrap_or_default().iter().map(pem).collect::<Result<_, _>>()?,
        certificate: pem(&found.certificate)?,
        serial_number: found.serial.to_string(),
        issued_at: rfc3339(found.made_at),
        not_after: rfc3339(found.not_after),
        revoked: found.revoked_at.is_some(),
    }))
}

/// Which credential.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct RevokeWish {
    /// The serial number: in decimal, or in hexadecimal with colons between.
    serial_number: Option<String>,
    /// Instead of that the certificate, in PEM.
    certificate: Option<String>,
}

/// Revokes a credential.
pub(in crate::admin) fn revoke(call: &Call<'_>, which: RevokeWish) -> Result<Done, Failure> {
    let (scope, name) = (known_scope(call)?, role_name(call)?);
    let services = &*call.plane.services;
    let serial = match (which.serial_number, which.certificate) {
        (Some(text), None) => read_serial(&text)?,
        (None, Some(pem)) => {
            let no_certificate = || Failure::bad("that is no certificate in PEM");
            let (_, der) = decode_vec(pem.as_bytes()).map_err(|_| no_certificate())?;
            let read = ReadCertificate::read(&der).map_err(|_| no_certificate())?;
            let serial = Serial(read.serial_number().to_vec());
            let found = services.directory.credential(&scope, &name, &serial).map_err(failed)?;
            // Anybody can make a certificate with the serial number of another.
            if found.certificate != der {
                return Err(failed(DirectoryError::NoCredential));
            }
            serial
        }
        (Some(_), Some(_)) | (None, None) => {
            return Err(Failure::bad("say which: serial_number or certificate"));
        }
    };
    trust::revoke(services, &scope, &name, &serial).map_err(failed)?;
    Ok(Done)
}

/// The serial numbers of a role's credentials, and what there is to know of each.
pub(in crate::admin) fn list(call: &Call<'_>, _: NoFields) -> Result<Listing, Failure> {
    let (scope, name) = (known_scope(call)?, role_name(call)?);
    let found = call.plane.services.directory.credentials(&scope, &name).map_err(failed)?;
    let info = |one: &Credential| {
        json!({
            "issued_at": rfc3339(one.made_at),
            "not_after": rfc3339(one.not_after),
            "revoked": one.revoked_at.is_some(),
        })
    };
    let of = |one: &Credential| (one.serial.to_string(), info(one));
    let info: Map<_, _> = found.iter().map(of).collect();
    Ok(Listing::with_info(info.keys().cloned().collect(), info))
}
