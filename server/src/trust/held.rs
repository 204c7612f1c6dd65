//! A CA whose private key the token holds.

use hsm_backend::{CallContext, HsmBackend, KeyId, KeyRef};
use x509_cert::ext::pkix::crl::dp::DistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};

use crate::bridge::signature::Scheme;
use crate::ca::{
    CaError, Draft, Issuer, ReadCertificate, Signer, TokenSigner, default_algorithm, prepare,
};

/// Bytes of the key's identifier that make a CA's short name.
const NAME_BYTES: usize = 4;

/// A CA: its key in the token, and its certificate.
#[derive(Clone, Debug)]
pub struct HeldCa {
    /// The key.
    pub key: KeyId,
    /// The certificate.
    pub certificate: ReadCertificate,
}

impl HeldCa {
    /// What tells this CA from those before and after it: eight hexadecimal digits, in its subject and
    /// in the address of its list of revoked certificates.
    #[must_use]
    pub fn short_name(&self) -> String {
        short_name(self.key)
    }

    /// The last second in which it is valid, since 1970.
    #[must_use]
    pub fn not_after(&self) -> i64 {
        self.certificate.validity().1
    }

    /// Whether two thirds of its life are over at `now`.
    #[must_use]
    pub fn is_due(&self, now: i64) -> bool {
        is_due(self.certificate.validity(), now)
    }

    /// How its key signs.
    ///
    /// # Errors
    ///
    /// `Invalid` where its certificate has a key of another kind.
    pub fn scheme(&self) -> Result<Scheme, CaError> {
        let key = self.certificate.key();
        let key = key.ok_or(CaError::Invalid("the CA's key is not of a kind that signs"))?;
        Ok(Scheme { algorithm: default_algorithm(key), salt_bytes: None })
    }

    /// What signs with its key.
    ///
    /// # Errors
    ///
    /// As for [`scheme`](Self::scheme).
    pub fn signer<'a>(
        &self,
        hsm: &'a dyn HsmBackend,
        call: &CallContext,
    ) -> Result<impl Signer + use<'a>, CaError> {
        let key = KeyRef::Token(self.key);
        Ok(TokenSigner { hsm, call: call.clone(), key, scheme: self.scheme()? })
    }

    /// The certificate that `draft` describes, in DER.
    ///
    /// # Errors
    ///
    /// [`CaError`] of the draft or the token.
    pub fn certify(
        &self,
        hsm: &dyn HsmBackend,
        call: &CallContext,
        draft: Draft,
    ) -> Result<Vec<u8>, CaError> {
        let issuer = Issuer::Holder(Box::new(self.certificate.clone()));
        prepare(self.scheme()?, &issuer, draft)?.sign(&self.signer(hsm, call)?)
    }

    /// Where its list is found below `url`.
    ///
    /// # Errors
    ///
    /// `Invalid` for an address that certificates cannot hold.
    pub fn distribution_point(&self, url: &str) -> Result<DistributionPoint, CaError> {
        let address = format!("{}/{}", url.trim_end_matches('/'), self.short_name());
        let address = der::asn1::Ia5String::new(&address)?;
        let name = GeneralName::UniformResourceIdentifier(address);
        let distribution_point = Some(DistributionPointName::FullName(vec![name]));
        Ok(DistributionPoint { distribution_point, reasons: None, crl_issuer: None })
    }
}

/// The short name of the CA with this key.
pub(super) fn short_name(key: KeyId) -> String {
    hex::encode(key.0.get(..NAME_BYTES).unwrap_or_default())
}

/// Whether two thirds of this period are over at `now`.
#[must_use]
pub(super) fn is_due(period: (i64, i64), now: i64) -> bool {
    now >= due_at(period)
}

/// When two thirds of a period are over.
#[must_use]
pub(super) const fn due_at((not_before, not_after): (i64, i64)) -> i64 {
    not_after.saturating_sub(not_after.saturating_sub(not_before) / 3)
}
