//! Certificates and keys as they are handed out: PEM, one PEM text of all, or DER in base64.

use der::pem::LineEnding;
use kmip_core::secret::SecretBytes;
use zeroize::Zeroizing;

use super::{Issued, SoftwareKey};
use crate::ca::CaError;

/// How a credential is handed out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CredentialForm {
    /// Key and certificates each as PEM.
    #[default]
    Pem,
    /// As `Pem`, and the certificate's text is the key, the certificate and the chain in one.
    PemBundle,
    /// Key and certificates each as DER in base64.
    Der,
}

impl CredentialForm {
    /// The form of this name: `pem`, `pem_bundle` or `der`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "pem" => Some(Self::Pem),
            "pem_bundle" => Some(Self::PemBundle),
            "der" => Some(Self::Der),
            _ => None,
        }
    }
}

/// A credential in text.
#[derive(Clone, Debug)]
pub struct CredentialText {
    /// The certificates above, the issuer's first.
    pub ca_chain: Vec<String>,
    /// The certificate; of a bundle, the private key stands before it.
    pub certificate: SecretBytes,
    /// The private key, where it was made here.
    pub private_key: Option<SecretBytes>,
}

const CERTIFICATE: &str = "CERTIFICATE";
const PRIVATE_KEY: &str = "PRIVATE KEY";

/// A certificate, with the key if it was made here, in this form.
///
/// # Errors
///
/// [`CaError`], in theory: where something cannot be encoded.
pub fn render(
    issued: &Issued,
    key: Option<&SoftwareKey>,
    form: CredentialForm,
) -> Result<CredentialText, CaError> {
    let text = |label, der: &[u8]| match form {
        CredentialForm::Pem | CredentialForm::PemBundle => pem(label, der),
        CredentialForm::Der => base64(label, der),
    };
    let certificate = text(CERTIFICATE, issued.certificate.der())?;
    let private_key = key.map(|key| text(PRIVATE_KEY, key.private.expose())).transpose()?;
    let chain = issued.chain.iter().map(|der| Ok(text(CERTIFICATE, der)?.to_string()));
    let ca_chain = chain.collect::<Result<Vec<_>, CaError>>()?;
    let certificate = match form {
        CredentialForm::PemBundle => {
            let key = private_key.as_ref().map_or("", |key| key.as_str());
            Zeroizing::new([key, &certificate, &ca_chain.concat()].concat())
        }
        CredentialForm::Pem | CredentialForm::Der => certificate,
    };
    let secret = |text: Zeroizing<String>| SecretBytes::new(text.as_bytes().to_vec());
    Ok(CredentialText {
        ca_chain,
        certificate: secret(certificate),
        private_key: private_key.map(secret),
    })
}

/// A certificate in PEM.
///
/// # Errors
///
/// As for [`render`].
pub fn certificate_pem(der: &[u8]) -> Result<String, CaError> {
    Ok(pem(CERTIFICATE, der)?.to_string())
}

/// PKCS#8 in PEM.
pub(super) fn private_key_pem(key: &SecretBytes) -> Result<Zeroizing<String>, CaError> {
    pem(PRIVATE_KEY, key.expose())
}

fn pem(label: &'static str, der: &[u8]) -> Result<Zeroizing<String>, CaError> {
    let text = der::pem::encode_string(label, LineEnding::LF, der);
    Ok(Zeroizing::new(text.map_err(|_| CaError::Invalid("there is no PEM form of this"))?))
}

/// DER in base64, on one line: what stands between the lines of a PEM text.
fn base64(label: &'static str, der: &[u8]) -> Result<Zeroizing<String>, CaError> {
    let text = pem(label, der)?;
    Ok(Zeroizing::new(text.lines().filter(|line| !line.starts_with("-----")).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_one_line() {
        assert_eq!(*base64(CERTIFICATE, b"fo").unwrap(), "Zm8=");
        assert_eq!(base64(CERTIFICATE, &[0; 99]).unwrap().len(), 132);
    }
}
