//! Makes certificates: the bytes to be signed, the extensions, the signature.
//!
//! Spec: RFC 5280 §4.

use der::asn1::{BitString, OctetString};
use der::{Decode, Encode, Sequence};
use hsm_backend::{CallContext, HsmBackend, HsmError, KeyRef, PublicKey, SignInput, software};
use hsm_backend::{HashAlgorithm, SignAlgorithm};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, SubjectKeyIdentifier};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::{Time, Validity};

use super::contents::extension;
use super::{CaError, Contents, ReadCertificate, algorithm};
use crate::bridge::key_format;
use crate::bridge::signature::Scheme;

/// Who can sign with a key that does not come here.
pub trait Signer {
    /// Signs `message`.
    ///
    /// # Errors
    ///
    /// [`HsmError`].
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, HsmError>;
}

/// A private key in the token.
pub struct TokenSigner<'a> {
    /// The token.
    pub hsm: &'a dyn HsmBackend,
    /// For whom, and until when.
    pub call: CallContext,
    /// The key.
    pub key: KeyRef,
    /// How it signs.
    pub scheme: Scheme,
}

impl Signer for TokenSigner<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, HsmError> {
        let Scheme { algorithm, salt_bytes } = self.scheme;
        let input = SignInput::Message(message);
        Ok(self.hsm.sign(&self.call, &self.key, algorithm, salt_bytes, input)?.value)
    }
}

/// The scheme that a key signs certificates with unless another is asked for.
#[must_use]
pub fn default_algorithm(key: &PublicKey) -> SignAlgorithm {
    use hsm_backend::Curve;
    match key {
        PublicKey::Rsa { .. } => SignAlgorithm::RsaPkcs1(HashAlgorithm::Sha256),
        PublicKey::Ec { curve: Curve::P256 | Curve::Secp256k1, .. } => {
            SignAlgorithm::Ecdsa(HashAlgorithm::Sha256)
        }
        PublicKey::Ec { curve: Curve::P384, .. } => SignAlgorithm::Ecdsa(HashAlgorithm::Sha384),
        PublicKey::Ec { curve: Curve::P521, .. } => SignAlgorithm::Ecdsa(HashAlgorithm::Sha512),
        PublicKey::Edwards { curve, .. } => SignAlgorithm::EdDsa(*curve),
    }
}

/// Whose name stands in a certificate as its issuer's.
#[derive(Clone, Debug)]
pub enum Issuer {
    /// The subject itself.
    Subject,
    /// The holder of this certificate.
    Holder(Box<ReadCertificate>),
}

/// A certificate that is to be made.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The key to be certified.
    pub key: PublicKey,
    /// What is said of it.
    pub contents: Contents,
    /// Big-endian; a zero in front is added where it would read as negative. At most 19 bytes.
    pub serial: Vec<u8>,
    /// First second of its validity, since 1970.
    pub not_before: i64,
    /// Last second of its validity, since 1970.
    pub not_after: i64,
}

/// What is signed. Version 3, as every certificate with extensions.
#[derive(Sequence)]
struct Body {
    #[asn1(context_specific = "0")]
    version: u8,
    serial_number: SerialNumber,
    signature: AlgorithmIdentifierOwned,
    issuer: Name,
    validity: Validity,
    subject: Name,
    subject_public_key_info: SubjectPublicKeyInfoOwned,
    #[asn1(context_specific = "3")]
    extensions: Vec<Extension>,
}

#[derive(Sequence)]
struct Signed {
    body: Body,
    algorithm: AlgorithmIdentifierOwned,
    signature: BitString,
}

/// A certificate that lacks its signature.
pub struct Unsigned {
    body: Body,
    message: Vec<u8>,
    scheme: Scheme,
    issuer_key: PublicKey,
}

/// The certificate that `draft` describes, to be signed in this scheme for `issuer`.
///
/// # Errors
///
/// `Invalid` for a draft or an issuer that cannot be, or a hash that is broken; `Unsupported` for
/// a scheme that certificates do not name.
pub fn prepare(scheme: Scheme, issuer: &Issuer, draft: Draft) -> Result<Unsigned, CaError> {
    let body = body(algorithm::identifier(&scheme)?, issuer, &draft)?;
    let issuer_key = match issuer {
        Issuer::Subject => draft.key,
        Issuer::Holder(certificate) => certificate.key().ok_or(UNSERVED_ISSUER)?.clone(),
    };
    let message = body.to_der()?;
    Ok(Unsigned { body, message, scheme, issuer_key })
}

impl Unsigned {
    /// What is signed.
    #[must_use]
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// The certificate in DER.
    ///
    /// The signature is verified with the issuer's key before the certificate is given out: a key
    /// that is not the issuer's is found out here, and so is a token that fails.
    ///
    /// # Errors
    ///
    /// `Invalid` where the key is not the issuer's, or a failure of the token.
    pub fn sign(self, signer: &dyn Signer) -> Result<Vec<u8>, CaError> {
        let Scheme { algorithm, salt_bytes } = self.scheme;
        let signature = signer.sign(&self.message)?;
        let input = SignInput::Message(&self.message);
        if !algorithm::fits(&self.issuer_key, algorithm)
            || !software::verify(&self.issuer_key, algorithm, salt_bytes, input, &signature)?
        {
            return Err(CaError::Invalid("the private key is not the issuer's"));
        }
        let algorithm = self.body.signature.clone();
        let signature = BitString::from_bytes(&signature)?;
        Ok(Signed { body: self.body, algorithm, signature }.to_der()?)
    }
}

const UNSERVED_ISSUER: CaError = CaError::Invalid("the issuer's key is not of a kind that signs");

fn body(
    signature: AlgorithmIdentifierOwned,
    issuer: &Issuer,
    draft: &Draft,
) -> Result<Body, CaError> {
    let subject = draft.contents.subject.clone().unwrap_or_default();
    let (issuer, mut above) = match issuer {
        Issuer::Subject => (subject.clone(), None),
        Issuer::Holder(certificate) => {
            (certificate.subject().clone(), Some(identifier_of(certificate)?))
        }
    };
    let mut contents = draft.contents.clone();
    if contents.key_identifier.is_none() {
        let identifier = OctetString::new(key_identifier(&draft.key)?)?;
        contents.key_identifier = Some(SubjectKeyIdentifier(identifier));
    }
    let mut extensions = contents.extensions()?;
    if let Some(identifier) = above.take() {
        let above = AuthorityKeyIdentifier {
            key_identifier: Some(OctetString::new(identifier)?),
            ..AuthorityKeyIdentifier::default()
        };
        extensions.push(extension(&above, false)?);
    }
    let info = key_format::public_to_spki(&draft.key)?;
    Ok(Body {
        version: 2,
        serial_number: SerialNumber::new(&draft.serial)?,
        signature,
        issuer,
        validity: Validity::new(time(draft.not_before)?, time(draft.not_after)?),
        subject,
        subject_public_key_info: SubjectPublicKeyInfoOwned::from_der(&info)?,
        extensions,
    })
}

/// A date of a certificate, from seconds since 1970: UTCTime up to 2049, GeneralizedTime from then on.
///
/// # Errors
///
/// `Invalid` for a date before 1970 or after 9999.
pub fn time(seconds: i64) -> Result<Time, CaError> {
    let out_of_range = CaError::Invalid("certificates have no such dates");
    let Ok(seconds) = u64::try_from(seconds) else { return Err(out_of_range) };
    let since_1970 = core::time::Duration::from_secs(seconds);
    let date = der::DateTime::from_unix_duration(since_1970).map_err(|_| out_of_range)?;
    Ok(Time::from(date))
}

/// What the issuer's own certificate calls its key, else what we would call it.
fn identifier_of(certificate: &ReadCertificate) -> Result<Vec<u8>, CaError> {
    match certificate.key_identifier() {
        Some(identifier) => Ok(identifier),
        None => key_identifier(certificate.key().ok_or(UNSERVED_ISSUER)?),
    }
}

/// A name for a key: the first 160 bits of the SHA-256 of its bits.
///
/// Spec: RFC 7093 §2, method 1.
///
/// # Errors
///
/// [`CaError`] for a key that cannot be encoded.
pub fn key_identifier(key: &PublicKey) -> Result<Vec<u8>, CaError> {
    let info = SubjectPublicKeyInfoOwned::from_der(&key_format::public_to_spki(key)?)?;
    let bits = info.subject_public_key.as_bytes().unwrap_or_default();
    let mut digest = software::digest(HashAlgorithm::Sha256, bits)?;
    digest.truncate(20);
    Ok(digest)
}
