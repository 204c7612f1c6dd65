//! Certificate requests: PKCS#10, in DER or PEM.
//!
//! Spec: RFC 2986, RFC 2985 §5.4.2.

use der::oid::AssociatedOid;
use der::{Decode, Encode};
use hsm_backend::PublicKey;
use x509_cert::request::{CertReq, ExtensionReq};

use super::read::{Checked, Signature};
use super::{CaError, Contents};
use crate::bridge::key_format;

/// The form a request comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestForm {
    /// DER.
    Der,
    /// PEM, with the label of RFC 7468 or the older one.
    Pem,
}

/// A request whose signature is that of its own key.
#[derive(Clone, Debug)]
pub struct Request {
    /// The key to be certified.
    pub key: PublicKey,
    /// What the certificate is to say.
    pub contents: Contents,
}

const MALFORMED: CaError = CaError::Invalid("the certificate request is malformed");
const LABELS: [&str; 2] = ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"];

impl Request {
    /// Reads a request and verifies its signature.
    ///
    /// # Errors
    ///
    /// `Invalid` for anything that is no signed request of this form; `Unsupported` for an
    /// extension that is not issued; `Bridge` for a key or an algorithm that is not served.
    pub fn read(form: RequestForm, bytes: &[u8]) -> Result<Self, CaError> {
        let (request, key) = proven(form, bytes)?;
        Ok(Self { key, contents: contents(&request)? })
    }
}

/// The key of a request whose signature it has made; whatever else the request says is left aside.
///
/// # Errors
///
/// As for [`Request::read`], extensions apart.
pub fn proven_key(form: RequestForm, bytes: &[u8]) -> Result<PublicKey, CaError> {
    proven(form, bytes).map(|(_, key)| key)
}

fn proven(form: RequestForm, bytes: &[u8]) -> Result<(CertReq, PublicKey), CaError> {
    let der = match form {
        RequestForm::Der => bytes.to_vec(),
        RequestForm::Pem => from_pem(bytes)?,
    };
    let request = CertReq::from_der(&der).map_err(|_| MALFORMED)?;
    let info = request.info.public_key.to_der()?;
    let key = key_format::public_from_spki(&info)?;
    match Signature::of(&der)?.check(&key) {
        Checked::Good => Ok((request, key)),
        Checked::Bad => Err(CaError::Invalid("the request is not signed by its own key")),
        Checked::Weak | Checked::Unknown => {
            Err(CaError::Invalid("the request's signature cannot be verified"))
        }
    }
}

fn from_pem(bytes: &[u8]) -> Result<Vec<u8>, CaError> {
    let (label, der) = der::pem::decode_vec(bytes).map_err(|_| MALFORMED)?;
    if LABELS.contains(&label) { Ok(der) } else { Err(MALFORMED) }
}

/// Attributes other than the extensions (a challenge password, say) are for CAs that ask for them.
fn contents(request: &CertReq) -> Result<Contents, CaError> {
    let mut lists = request.info.attributes.iter().filter(|a| a.oid == ExtensionReq::OID);
    let Some(list) = lists.next() else { return Contents::asked(&request.info.subject, &[]) };
    if lists.next().is_some() || list.values.len() != 1 {
        return Err(MALFORMED);
    }
    let value = list.values.iter().next().ok_or(MALFORMED)?;
    let extensions = value.decode_as::<ExtensionReq>().map_err(|_| MALFORMED)?;
    Contents::asked(&request.info.subject, &extensions.0)
}
