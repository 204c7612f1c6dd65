//! The server's own certificate, where the internal CA issues it: its key is made in software and kept in
//! one file with the chain, readable by its owner only, so that the server starts while the token is away.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use hsm_backend::CallContext;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use x509_cert::ext::pkix::SubjectAltName;
use zeroize::Zeroizing;

use super::form::private_key_pem;
use super::held::is_due;
use super::{Authorities, ServerNames, SoftwareKey, Trust, certificate_pem};
use crate::ca::{CaError, Contents, ReadCertificate};
use crate::directory::ClientKey;

/// The setting that holds the names, where the configuration's are overridden.
const NAMES: &str = "server_names";
/// The kind of the server's key: every client has it, and it is the quickest.
const KEY: ClientKey = ClientKey::EcP256;
const UNWRITABLE: CaError = CaError::Invalid("the server's own certificate cannot be kept");

impl Trust {
    /// By which names clients reach the server.
    ///
    /// # Errors
    ///
    /// [`CaError`] of the store.
    pub fn names(&self) -> Result<ServerNames, CaError> {
        let stored = self.ca.keyring().setting(NAMES)?;
        let read = stored.and_then(|text| serde_json::from_slice(&text).ok());
        Ok(read.unwrap_or_else(|| self.gate.config().names.clone()))
    }

    /// Sets the names, in place of those of the configuration; the certificate follows at once.
    ///
    /// # Errors
    ///
    /// `Invalid` for what is no host name; failures of the store.
    pub fn set_names(&self, names: &ServerNames) -> Result<(), CaError> {
        if !names.hosts.iter().all(|host| ServerNames::is_host(host)) {
            return Err(CaError::Invalid("this is no host name"));
        }
        let text = serde_json::to_vec(names).map_err(|_| UNWRITABLE)?;
        Ok(self.ca.keyring().set_setting(NAMES, &text)?)
    }

    /// Takes the certificate of the last run, if it is still there and of use.
    pub(super) fn read_own_certificate(&self) {
        let Some(file) = self.own_file.as_deref().filter(|_| !self.gate.is_certificate_given())
        else {
            return;
        };
        let chain = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<_, _>>);
        let (Ok(chain), Ok(key)) = (chain, PrivateKeyDer::from_pem_file(file)) else { return };
        if let Err(error) = self.gate.server.set(chain, key) {
            let file = file.display();
            tracing::warn!(%file, %error, "the server's own certificate of the last run is of no use");
        }
    }

    /// Whether the certificate that is shown is to be replaced: it is getting old or is not there, or it
    /// has other names, or another issuer than that in force.
    pub(super) fn own_certificate_due(
        &self,
        authorities: Option<&Authorities>,
        now: i64,
    ) -> Result<bool, CaError> {
        let Some(shown) = self.gate.server.certificate() else { return Ok(true) };
        let issuer = authorities.map(|authorities| &authorities.issuer.certificate);
        let is_ours = issuer.is_some_and(|issuer| shown.is_issued_by(issuer));
        Ok(!is_ours
            || is_due(shown.validity(), now)
            || alternative_names(&shown) != self.names()?.alternative_names()?)
    }

    /// Issues another certificate, keeps it, and shows it from the next handshake on.
    pub(super) fn renew_own_certificate(
        &self,
        call: &CallContext,
        now: i64,
    ) -> Result<(), CaError> {
        let authorities = self.authorities(call, now)?;
        let key = SoftwareKey::generate(KEY)?;
        let issued = self.ca.certify_server(call, key.public.clone(), &self.names()?, now)?;
        let mut text = private_key_pem(&key.private)?;
        let shown = authorities.shown_chain();
        let chain: Vec<&[u8]> = std::iter::once(issued.certificate.der())
            .chain(shown.iter().map(Vec::as_slice))
            .collect();
        for certificate in &chain {
            text.push_str(&certificate_pem(certificate)?);
        }
        if let Some(file) = &self.own_file {
            keep(file, &text).map_err(|error| {
                tracing::error!(file = %file.display(), %error, "cannot write the server's certificate");
                UNWRITABLE
            })?;
        }
        let chain = chain.iter().map(|der| CertificateDer::from(der.to_vec())).collect();
        let key = PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| UNWRITABLE)?;
        self.gate.server.set(chain, key).map_err(|_| UNWRITABLE)?;
        tracing::info!(not_after = issued.not_after, "the server has another certificate");
        Ok(())
    }
}

fn alternative_names(certificate: &ReadCertificate) -> Option<SubjectAltName> {
    let contents = Contents::of(certificate.subject(), certificate.extensions());
    contents.ok().and_then(|contents| contents.alternative_names)
}

/// Replaces the file in one step.
fn keep(file: &Path, text: &Zeroizing<String>) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    let new = file.with_extension("new");
    match std::fs::remove_file(&new) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    opened.write_all(text.as_bytes())?;
    opened.sync_all()?;
    std::fs::rename(&new, file)?;
    File::open(folder)?.sync_all()
}
