//! Lists of revoked certificates, one of each internal CA, signed by the CA's key in the token.
//!
//! Spec: RFC 5280 §5.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use der::asn1::{BitString, OctetString, Uint};
use der::oid::AssociatedOid;
use der::{Decode, Encode};
use hsm_backend::{CallContext, HsmBackend, SignInput, software};
use x509_cert::Version;
use x509_cert::crl::{CertificateList, RevokedCert, TbsCertList};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, CrlNumber};
use x509_cert::serial_number::SerialNumber;

use super::HeldCa;
use super::held::{due_at, is_due};
use crate::ca::{BACKDATE_SECONDS, CaError, Signer, algorithm, extension, key_identifier, time};

/// A certificate that is revoked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Revocation {
    /// Its serial number, as in its DER.
    pub serial: Vec<u8>,
    /// When it was revoked, in seconds since 1970.
    pub at: i64,
}

/// A list as it is published.
#[derive(Clone, Debug)]
pub struct Crl {
    /// The list in DER.
    pub der: Vec<u8>,
    /// Its number; each list of a CA has a higher one than the list before.
    pub number: u64,
    /// From when to when it is valid, in seconds since 1970.
    pub validity: (i64, i64),
    revoked: Vec<Revocation>,
}

const MALFORMED: CaError = CaError::Invalid("the list of revoked certificates is malformed");

impl Crl {
    /// Reads a list back.
    ///
    /// # Errors
    ///
    /// `Invalid`.
    pub fn read(der: &[u8]) -> Result<Self, CaError> {
        let list = CertificateList::<x509_cert::certificate::Rfc5280>::from_der(der);
        let list = list.map_err(|_| MALFORMED)?.tbs_cert_list;
        let seconds = |time: x509_cert::time::Time| {
            i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX)
        };
        let revocation = |one: &RevokedCert| Revocation {
            serial: one.serial_number.as_bytes().to_vec(),
            at: seconds(one.revocation_date),
        };
        let revoked = list.revoked_certificates.unwrap_or_default();
        let extensions = list.crl_extensions.unwrap_or_default();
        let numbers = extensions.iter().filter_map(number);
        Ok(Self {
            der: der.to_vec(),
            number: numbers.max().unwrap_or(0),
            validity: (seconds(list.this_update), list.next_update.map_or(i64::MAX, seconds)),
            revoked: revoked.iter().map(revocation).collect(),
        })
    }

    /// Whether it says just this, and will for a while.
    fn is_good(&self, revoked: &[Revocation], now: i64) -> bool {
        self.revoked == revoked && !is_due(self.validity, now)
    }
}

/// The number that an extension says, if it says one.
fn number(extension: &Extension) -> Option<u64> {
    let is_number = extension.extn_id == CrlNumber::OID;
    let read = is_number.then(|| CrlNumber::from_der(extension.extn_value.as_bytes()).ok());
    read.flatten()?
        .0
        .as_bytes()
        .iter()
        .try_fold(0_u64, |sum, byte| Some(sum.checked_mul(256)?.saturating_add(u64::from(*byte))))
}

/// Signs a list.
fn make(
    ca: &HeldCa,
    (hsm, call): (&dyn HsmBackend, &CallContext),
    number: u64,
    revoked: &[Revocation],
    (this, next): (i64, i64),
) -> Result<Vec<u8>, CaError> {
    let scheme = ca.scheme()?;
    let signature_algorithm = algorithm::identifier(&scheme)?;
    let key = ca.certificate.key().ok_or(MALFORMED)?;
    let above = AuthorityKeyIdentifier {
        key_identifier: Some(OctetString::new(key_identifier(key)?)?),
        ..AuthorityKeyIdentifier::default()
    };
    let number = CrlNumber(Uint::new(&number.to_be_bytes())?);
    let entries = revoked.iter().map(|one| {
        Ok(RevokedCert {
            serial_number: SerialNumber::new(&one.serial)?,
            revocation_date: time(one.at)?,
            crl_entry_extensions: None,
        })
    });
    let entries = entries.collect::<Result<Vec<_>, CaError>>()?;
    let tbs_cert_list: TbsCertList = TbsCertList {
        version: Version::V2,
        signature: signature_algorithm.clone(),
        issuer: ca.certificate.subject().clone(),
        this_update: time(this)?,
        next_update: Some(time(next)?),
        revoked_certificates: (!entries.is_empty()).then_some(entries),
        crl_extensions: Some(vec![extension(&above, false)?, extension(&number, false)?]),
    };
    let message = tbs_cert_list.to_der()?;
    let signature = ca.signer(hsm, call)?.sign(&message)?;
    let input = SignInput::Message(&message);
    if !software::verify(key, scheme.algorithm, scheme.salt_bytes, input, &signature)? {
        return Err(CaError::Invalid("the private key is not the CA's"));
    }
    let signature = BitString::from_bytes(&signature)?;
    Ok(CertificateList { tbs_cert_list, signature_algorithm, signature }.to_der()?)
}

/// The lists in force, by the CA's short name.
#[derive(Default)]
pub struct CrlShelf(RwLock<BTreeMap<String, Arc<Crl>>>);

impl CrlShelf {
    /// The list of the CA of this short name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Arc<Crl>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// When the first of the lists is due to be replaced, in seconds since 1970.
    #[must_use]
    pub fn earliest_due(&self) -> Option<i64> {
        let lists = self.0.read().unwrap_or_else(PoisonError::into_inner);
        lists.values().map(|list| due_at(list.validity)).min()
    }

    pub(super) fn put(&self, name: String, list: Crl) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(name, Arc::new(list));
    }

    /// Forgets the lists of CAs whose short names are not meant.
    pub(super) fn retain(&self, is_meant: impl Fn(&str) -> bool) {
        let mut lists = self.0.write().unwrap_or_else(PoisonError::into_inner);
        lists.retain(|name, _| is_meant(name));
    }

    /// Whether the list of `ca` does not say just this, or is getting old.
    pub(super) fn is_due(&self, ca: &HeldCa, revoked: &[Revocation], now: i64) -> bool {
        !self.get(&ca.short_name()).is_some_and(|list| list.is_good(revoked, now))
    }

    /// The list that is to take the place of that of `ca`, with the next number.
    ///
    /// # Errors
    ///
    /// [`CaError`] of the token.
    pub(super) fn successor(
        &self,
        ca: &HeldCa,
        token: (&dyn HsmBackend, &CallContext),
        revoked: &[Revocation],
        seconds: u32,
        now: i64,
    ) -> Result<Crl, CaError> {
        let before = self.get(&ca.short_name());
        let number = before.map_or(1, |before| before.number.saturating_add(1));
        let seconds = i64::from(seconds);
        // As certificates are: to a clock that is a little behind, a new list would be of no use yet.
        let this = now.saturating_sub(BACKDATE_SECONDS.min(seconds));
        let validity = (this, now.saturating_add(seconds));
        Crl::read(&make(ca, token, number, revoked, validity)?)
    }
}
