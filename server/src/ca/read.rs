//! A certificate as it is checked: its bytes, and what they say.

use der::asn1::{AnyRef, BitStringRef};
use der::{Decode, Encode, Sequence};
use hsm_backend::{PublicKey, SignInput, software};
use spki::{AlgorithmIdentifierOwned, AlgorithmIdentifierRef};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, KeyUsage, SubjectKeyIdentifier,
};
use x509_cert::name::Name;

use super::{CaError, Contents, algorithm};
use crate::bridge::key_format;
use crate::ca::x509;

/// Anything signed: the signature is over the very bytes of the first part.
#[derive(Sequence)]
struct Signed<'a> {
    body: AnyRef<'a>,
    algorithm: AlgorithmIdentifierRef<'a>,
    signature: BitStringRef<'a>,
}

/// What came with a signature.
#[derive(Clone, Debug)]
pub(super) struct Signature {
    body: Vec<u8>,
    algorithm: AlgorithmIdentifierOwned,
    signature: Vec<u8>,
}

/// What became of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Checked {
    /// The key made it.
    Good,
    /// The key made it, with a hash that protects nothing any more.
    Weak,
    /// It did not.
    Bad,
    /// The algorithm is not one that is verified.
    Unknown,
}

impl Signature {
    /// The signature of any signed structure.
    pub(super) fn of(der: &[u8]) -> Result<Self, CaError> {
        let signed = Signed::from_der(der).map_err(|_| UNREADABLE)?;
        let algorithm = signed.algorithm.to_der()?;
        Ok(Self {
            body: signed.body.to_der()?,
            algorithm: AlgorithmIdentifierOwned::from_der(&algorithm)?,
            signature: signed.signature.as_bytes().ok_or(UNREADABLE)?.to_vec(),
        })
    }

    /// Whether `key` made it.
    pub(super) fn check(&self, key: &PublicKey) -> Checked {
        let Some(scheme) = algorithm::scheme(&self.algorithm) else { return Checked::Unknown };
        if !algorithm::fits(key, scheme.algorithm) {
            return Checked::Bad;
        }
        let input = SignInput::Message(&self.body);
        match software::verify(key, scheme.algorithm, scheme.salt_bytes, input, &self.signature) {
            Ok(true) if algorithm::is_weak(scheme.algorithm) => Checked::Weak,
            Ok(true) => Checked::Good,
            Ok(false) => Checked::Bad,
            Err(_) => Checked::Unknown,
        }
    }
}

/// Whether `key` signed this structure, with a hash that is not broken.
#[must_use]
pub fn is_signed_by(der: &[u8], key: &PublicKey) -> bool {
    Signature::of(der).is_ok_and(|signature| signature.check(key) == Checked::Good)
}

/// An X.509 certificate.
#[derive(Clone, Debug)]
pub struct ReadCertificate {
    der: Vec<u8>,
    certificate: x509_cert::Certificate,
    signature: Signature,
    key: Option<PublicKey>,
}

const UNREADABLE: CaError = CaError::Invalid("the certificate is malformed");

impl ReadCertificate {
    /// Reads DER, or PEM.
    ///
    /// # Errors
    ///
    /// `Invalid`.
    pub fn read(bytes: &[u8]) -> Result<Self, CaError> {
        let der = x509::to_der(bytes)?;
        let certificate = x509_cert::Certificate::from_der(&der).map_err(|_| UNREADABLE)?;
        let signature = Signature::of(&der)?;
        let info = certificate.tbs_certificate().subject_public_key_info().to_der()?;
        let key = key_format::public_from_spki(&info).ok();
        Ok(Self { der, certificate, signature, key })
    }

    /// Its DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The certified key, if it is of an algorithm that is served.
    #[must_use]
    pub const fn key(&self) -> Option<&PublicKey> {
        self.key.as_ref()
    }

    /// Whose key it is.
    #[must_use]
    pub fn subject(&self) -> &Name {
        self.certificate.tbs_certificate().subject()
    }

    /// Who says so.
    #[must_use]
    pub fn issuer(&self) -> &Name {
        self.certificate.tbs_certificate().issuer()
    }

    /// Whether subject and issuer have one name.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        self.subject() == self.issuer()
    }

    /// The bytes of its serial number, as in its DER.
    #[must_use]
    pub fn serial_number(&self) -> &[u8] {
        self.certificate.tbs_certificate().serial_number().as_bytes()
    }

    /// From when to when it is valid, both included, in seconds since 1970.
    #[must_use]
    pub fn validity(&self) -> (i64, i64) {
        let validity = self.certificate.tbs_certificate().validity();
        let seconds = |time: x509_cert::time::Time| {
            i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX)
        };
        (seconds(validity.not_before), seconds(validity.not_after))
    }

    /// How it is signed.
    #[must_use]
    pub const fn signature_algorithm(&self) -> &AlgorithmIdentifierOwned {
        &self.signature.algorithm
    }

    /// Its extensions.
    #[must_use]
    pub fn extensions(&self) -> &[Extension] {
        self.certificate.tbs_certificate().extensions().map_or(&[], Vec::as_slice)
    }

    /// What it says of its subject.
    ///
    /// # Errors
    ///
    /// `Invalid`.
    pub fn contents(&self) -> Result<Contents, CaError> {
        Contents::of(self.subject(), self.extensions())
    }

    /// Whether its key may sign certificates: what the chain below may look like, if so.
    ///
    /// # Errors
    ///
    /// `Invalid` for constraints that are malformed.
    pub fn constraints(&self) -> Result<Option<BasicConstraints>, CaError> {
        let tbs = self.certificate.tbs_certificate();
        let usage = tbs.get_extension::<KeyUsage>().map_err(|_| UNREADABLE)?;
        let constraints = tbs.get_extension::<BasicConstraints>().map_err(|_| UNREADABLE)?;
        let signs = usage.is_none_or(|(_, usage)| usage.key_cert_sign());
        Ok(constraints.map(|(_, constraints)| constraints).filter(|c| c.ca && signs))
    }

    /// Whether it is of a version that has no extensions.
    pub(super) fn is_of_old_version(&self) -> bool {
        self.certificate.tbs_certificate().version() != x509_cert::certificate::Version::V3
    }

    /// How certificates below refer to its key, if it says so.
    #[must_use]
    pub fn key_identifier(&self) -> Option<Vec<u8>> {
        let tbs = self.certificate.tbs_certificate();
        let found = tbs.get_extension::<SubjectKeyIdentifier>().ok().flatten();
        found.map(|(_, identifier)| identifier.0.as_bytes().to_vec())
    }

    /// How it refers to the key above, if it does.
    pub(super) fn authority_key_identifier(&self) -> Option<Vec<u8>> {
        let tbs = self.certificate.tbs_certificate();
        let found = tbs.get_extension::<AuthorityKeyIdentifier>().ok().flatten();
        found.and_then(|(_, above)| above.key_identifier).map(|id| id.as_bytes().to_vec())
    }

    /// Whether the certified key made its signature, with whatever hash.
    pub(super) fn signs_itself(&self) -> bool {
        let made = |key| matches!(self.signature.check(key), Checked::Good | Checked::Weak);
        self.is_self_issued() && self.key.as_ref().is_some_and(made)
    }

    /// Whether the holder of `above` made its signature, so far as that can be told.
    #[must_use]
    pub fn is_issued_by(&self, above: &Self) -> bool {
        let made = |key| self.check_signature(key) == Checked::Good;
        self.issuer() == above.subject() && above.key().is_some_and(made)
    }

    /// Whether `key` made its signature.
    pub(super) fn check_signature(&self, key: &PublicKey) -> Checked {
        // What is signed must name the algorithm that it is signed with.
        let tbs = self.certificate.tbs_certificate();
        if tbs.signature() != self.certificate.signature_algorithm() {
            return Checked::Bad;
        }
        self.signature.check(key)
    }
}
