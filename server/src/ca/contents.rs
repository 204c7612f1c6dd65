//! What a certificate says beside its key, its issuer and its dates.

use der::oid::AssociatedOid;
use der::{Decode, Encode};
use kmip_core::types::CryptographicUsageMask as Mask;
use x509_cert::der::flagset::FlagSet;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{
    BasicConstraints, CrlDistributionPoints, ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectAltName,
    SubjectKeyIdentifier,
};
use x509_cert::name::Name;

use super::CaError;

/// Each part as far as it is said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contents {
    /// Whose key it is; never an empty name.
    pub subject: Option<Name>,
    /// By which other names.
    pub alternative_names: Option<SubjectAltName>,
    /// What the key is for.
    pub key_usage: Option<KeyUsage>,
    /// In which applications.
    pub extended_key_usage: Option<ExtendedKeyUsage>,
    /// Whether the key signs certificates, and how long the chains below may be.
    pub basic_constraints: Option<BasicConstraints>,
    /// How certificates below refer to the key.
    pub key_identifier: Option<SubjectKeyIdentifier>,
    /// Where the issuer says which certificates it has revoked; never taken from a request.
    pub crl_points: Option<CrlDistributionPoints>,
}

const TWICE: CaError = CaError::Invalid("an extension is there twice");
const MALFORMED: CaError = CaError::Invalid("an extension is malformed");

impl Contents {
    /// What a request asks for: `subject` and `extensions`, all of which must be ones we issue.
    ///
    /// # Errors
    ///
    /// `Invalid`; `Unsupported` for an extension of another kind.
    pub fn asked(subject: &Name, extensions: &[Extension]) -> Result<Self, CaError> {
        let mut contents = Self { subject: named(subject), ..Self::default() };
        for extension in extensions {
            if !contents.take(extension)? {
                return Err(CaError::Unsupported("the request asks for an unknown extension"));
            }
        }
        Ok(contents)
    }

    /// What a certificate says of its subject. What it says of its issuer is left out.
    ///
    /// # Errors
    ///
    /// `Invalid`.
    pub fn of(subject: &Name, extensions: &[Extension]) -> Result<Self, CaError> {
        let mut contents = Self { subject: named(subject), ..Self::default() };
        for extension in extensions {
            contents.take(extension)?;
        }
        Ok(contents)
    }

    /// Takes over one extension; false if it is none of those that are served.
    fn take(&mut self, extension: &Extension) -> Result<bool, CaError> {
        let value = extension.extn_value.as_bytes();
        match extension.extn_id {
            SubjectAltName::OID => put(&mut self.alternative_names, value)?,
            KeyUsage::OID => put(&mut self.key_usage, value)?,
            ExtendedKeyUsage::OID => put(&mut self.extended_key_usage, value)?,
            BasicConstraints::OID => put(&mut self.basic_constraints, value)?,
            SubjectKeyIdentifier::OID => put(&mut self.key_identifier, value)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// These contents, and in place of what they leave unsaid those of `other`. Whoever says what
    /// the key is for has said whether it is a CA's.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let constraints = other.basic_constraints.filter(|_| self.key_usage.is_none());
        Self {
            subject: self.subject.or(other.subject),
            alternative_names: self.alternative_names.or(other.alternative_names),
            key_usage: self.key_usage.or(other.key_usage),
            extended_key_usage: self.extended_key_usage.or(other.extended_key_usage),
            basic_constraints: self.basic_constraints.or(constraints),
            key_identifier: self.key_identifier.or(other.key_identifier),
            crl_points: self.crl_points.or(other.crl_points),
        }
    }

    /// Whether it is to be the certificate of a CA.
    #[must_use]
    pub fn is_ca(&self) -> bool {
        self.basic_constraints.as_ref().is_some_and(|constraints| constraints.ca)
    }

    /// Whether one part says that the key signs certificates, and another that it does not.
    #[must_use]
    pub fn contradicts_itself(&self) -> bool {
        let signs = self.key_usage.is_some_and(|usage| usage.key_cert_sign());
        let limits = |constraints: &BasicConstraints| constraints.path_len_constraint.is_some();
        !self.is_ca() && (signs || self.basic_constraints.as_ref().is_some_and(limits))
    }

    /// The extensions in their usual order, critical where RFC 5280 §4.2.1 wants it.
    ///
    /// # Errors
    ///
    /// `Invalid`.
    pub fn extensions(&self) -> Result<Vec<Extension>, CaError> {
        let mut all = Vec::new();
        if let Some(constraints) = &self.basic_constraints {
            all.push(extension(constraints, true)?);
        }
        if let Some(usage) = &self.key_usage {
            all.push(extension(usage, true)?);
        }
        if let Some(usage) = &self.extended_key_usage {
            all.push(extension(usage, false)?);
        }
        if let Some(names) = &self.alternative_names {
            all.push(extension(names, self.subject.is_none())?);
        }
        if let Some(identifier) = &self.key_identifier {
            all.push(extension(identifier, false)?);
        }
        if let Some(points) = &self.crl_points {
            all.push(extension(points, false)?);
        }
        Ok(all)
    }
}

/// Empty names say nothing.
fn named(name: &Name) -> Option<Name> {
    (!name.is_empty()).then(|| name.clone())
}

fn put<T: for<'a> Decode<'a>>(place: &mut Option<T>, value: &[u8]) -> Result<(), CaError> {
    if place.is_some() {
        return Err(TWICE);
    }
    *place = Some(T::from_der(value).map_err(|_| MALFORMED)?);
    Ok(())
}

/// An extension with this value.
///
/// # Errors
///
/// `Invalid`.
pub(crate) fn extension<T: Encode + AssociatedOid>(
    value: &T,
    critical: bool,
) -> Result<Extension, CaError> {
    let extn_value = der::asn1::OctetString::new(value.to_der()?)?;
    Ok(Extension { extn_id: T::OID, critical, extn_value })
}

/// Key Usage, the mask of which it follows, and the mask that follows from it for a public key.
///
/// Spec: KMIP 1.4 §3.19, table 96.
const USAGES: &[(KeyUsages, Mask, Mask)] = &[
    (KeyUsages::DigitalSignature, Mask::Sign.union(Mask::Verify), Mask::Verify),
    (
        KeyUsages::NonRepudiation,
        Mask::ContentCommitmentNonRepudiation,
        Mask::ContentCommitmentNonRepudiation,
    ),
    (KeyUsages::KeyEncipherment, Mask::WrapKey.union(Mask::UnwrapKey), Mask::WrapKey),
    (KeyUsages::DataEncipherment, Mask::Encrypt.union(Mask::Decrypt), Mask::Encrypt),
    (KeyUsages::KeyAgreement, Mask::KeyAgreement, Mask::KeyAgreement),
    (KeyUsages::KeyCertSign, Mask::CertificateSign, Mask::CertificateSign),
    (KeyUsages::CRLSign, Mask::CRLSign, Mask::CRLSign),
    (KeyUsages::EncipherOnly, Mask(0), Mask::Encrypt),
    (KeyUsages::DecipherOnly, Mask(0), Mask::Decrypt),
];

/// The Key Usage that a usage mask asks for; `None` for a mask without any.
#[must_use]
pub(super) fn usage_of_mask(mask: Mask) -> Option<KeyUsage> {
    let asked = USAGES.iter().filter(|(_, from, _)| mask.0 & from.0 != 0);
    let flags = asked.fold(FlagSet::default(), |all: FlagSet<KeyUsages>, (flag, ..)| all | *flag);
    (!flags.is_empty()).then_some(KeyUsage(flags))
}

impl Contents {
    /// The usage mask of the certificate, where it says what its key is for.
    #[must_use]
    pub fn mask(&self) -> Option<Mask> {
        let usage = self.key_usage?;
        let said = USAGES.iter().filter(|(flag, ..)| usage.0.contains(*flag));
        Some(said.fold(Mask(0), |all, (.., to)| all.union(*to)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_become_key_usages_and_come_back_for_a_public_key() {
        let mask = Mask::Sign.union(Mask::CertificateSign).union(Mask::CRLSign);
        let key_usage = usage_of_mask(mask);
        let usage = key_usage.unwrap();
        assert!(usage.digital_signature() && usage.key_cert_sign() && usage.crl_sign());
        let back = Contents { key_usage, ..Contents::default() }.mask().unwrap();
        assert_eq!(back, Mask::Verify.union(Mask::CertificateSign).union(Mask::CRLSign));
        assert_eq!(usage_of_mask(Mask::DeriveKey), None);
    }

    #[test]
    fn key_usage_that_is_said_leaves_no_room_for_the_constraints_of_another() {
        let constraints = BasicConstraints { ca: true, path_len_constraint: None };
        let key_usage = usage_of_mask(Mask::CertificateSign);
        let ca =
            Contents { key_usage, basic_constraints: Some(constraints), ..Contents::default() };
        let key_usage = usage_of_mask(Mask::Verify);
        let end = Contents { key_usage, ..Contents::default() };
        assert!(!end.or(ca.clone()).is_ca());
        assert!(Contents::default().or(ca).is_ca());
    }

    #[test]
    fn contents_refuse_an_extension_that_is_there_twice() {
        let constraints = BasicConstraints { ca: true, path_len_constraint: None };
        let one = extension(&constraints, true).unwrap();
        let twice = [one.clone(), one];
        assert!(matches!(
            Contents::asked(&Name::default(), &twice),
            Err(CaError::Invalid("an extension is there twice"))
        ));
    }

    #[test]
    fn key_that_signs_certificates_needs_the_constraints_of_a_ca() {
        let key_usage = usage_of_mask(Mask::CertificateSign);
        let mut contents = Contents { key_usage, ..Contents::default() };
        assert!(contents.contradicts_itself());
        let constraints = BasicConstraints { ca: true, path_len_constraint: Some(0) };
        contents.basic_constraints = Some(constraints);
        assert!(!contents.contradicts_itself());
    }
}
