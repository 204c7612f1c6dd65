//! What the attributes of a Certify ask for.
//!
//! Spec: KMIP 1.4 §3.8 to §3.16, §3.40.

use std::net::IpAddr;
use std::str::FromStr;

use der::asn1::{Any, Ia5String, Ia5StringRef, PrintableStringRef, Utf8StringRef};
use der::{Decode, Encode, Tag, Tagged};
use kmip_core::attribute::{
    AlternativeName, AttributeKind as Kind, CertificateSubject, CryptographicParameters,
    X509CertificateSubject,
};
use kmip_core::ttlv::Value;
use kmip_core::types::{
    AlternativeNameType, CertificateType, CryptographicUsageMask as Mask, DigitalSignatureAlgorithm,
};
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{BasicConstraints, SubjectAltName};
use x509_cert::name::{Name, RdnSequence, RelativeDistinguishedName};

use super::contents::usage_of_mask;
use super::{CaError, Contents, ReadCertificate, algorithm};
use crate::bridge::no_parameters;
use crate::ca::x509::SUBJECT_PARTS;
use crate::object::AttributeSet;

/// The parts of a subject, in the order in which they make a name.
const SUBJECT: [Kind; 12] = [
    Kind::CertificateSubjectDC,
    Kind::CertificateSubjectC,
    Kind::CertificateSubjectST,
    Kind::CertificateSubjectL,
    Kind::CertificateSubjectO,
    Kind::CertificateSubjectOU,
    Kind::CertificateSubjectTitle,
    Kind::CertificateSubjectUID,
    Kind::CertificateSubjectSerialNumber,
    Kind::CertificateSubjectDNQualifier,
    Kind::CertificateSubjectCN,
    Kind::CertificateSubjectEmail,
];

/// Whether a client may say of a certificate to be made what the server says of others.
#[must_use]
pub fn is_wish(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::CertificateSubject | Kind::X509CertificateSubject | Kind::DigitalSignatureAlgorithm
    ) || SUBJECT.contains(&kind)
}

/// What the attributes ask for.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// The kind of certificate, where it is said.
    pub certificate_type: Option<CertificateType>,
    /// What it is to say.
    pub contents: Contents,
    /// How it is to be signed, where that is said.
    pub parameters: Option<CryptographicParameters>,
}

impl Wishes {
    /// Reads the wishes, and takes out of `set` those that are the server's to set.
    ///
    /// # Errors
    ///
    /// `Invalid` for a name that is none, and for a length, which nobody knows before.
    pub fn take(set: &mut AttributeSet) -> Result<Self, CaError> {
        if set.get(Kind::CertificateLength).is_some() {
            return Err(CaError::Invalid("the certificate's length is not to be chosen"));
        }
        let wishes = Self {
            certificate_type: set.typed(Kind::CertificateType),
            contents: contents(set)?,
            parameters: parameters(set),
        };
        *set = set.iter().filter(|i| !i.name.kind().is_some_and(is_wish)).cloned().collect();
        Ok(wishes)
    }
}

/// Digital Signature Algorithm, or Cryptographic Parameters that name one.
fn parameters(set: &AttributeSet) -> Option<CryptographicParameters> {
    let kind = Kind::DigitalSignatureAlgorithm;
    if let Some(number) = set.enumeration(kind).map(DigitalSignatureAlgorithm) {
        let digital_signature_algorithm = Some(number);
        return Some(CryptographicParameters { digital_signature_algorithm, ..no_parameters() });
    }
    let mut own = set.all_typed::<CryptographicParameters>(Kind::CryptographicParameters);
    own.find(|parameters| parameters.digital_signature_algorithm.is_some())
}

/// How a certificate is to be signed in place of one that was signed so: as it was, if there is a
/// word for it and its hash is not broken.
#[must_use]
pub fn parameters_of(before: &ReadCertificate) -> Option<CryptographicParameters> {
    let signed = before.signature_algorithm();
    let scheme = algorithm::scheme(signed).filter(|scheme| !algorithm::is_weak(scheme.algorithm));
    let digital_signature_algorithm = Some(scheme.and_then(|_| algorithm::name(signed))?);
    Some(CryptographicParameters { digital_signature_algorithm, ..no_parameters() })
}

fn contents(set: &AttributeSet) -> Result<Contents, CaError> {
    let names = alternative_names(set)?;
    let mask = set.integer(Kind::CryptographicUsageMask);
    Ok(Contents {
        subject: subject(set)?,
        alternative_names: (!names.is_empty()).then_some(SubjectAltName(names)),
        ..mask.map(|bits| of_mask(Mask(bits.cast_unsigned()))).unwrap_or_default()
    })
}

/// What a usage mask asks for: Key Usage, and for a key that signs certificates the constraints of
/// a CA.
#[must_use]
pub fn of_mask(mask: Mask) -> Contents {
    let constraints = BasicConstraints { ca: true, path_len_constraint: None };
    Contents {
        key_usage: usage_of_mask(mask),
        basic_constraints: mask.contains(Mask::CertificateSign).then_some(constraints),
        ..Contents::default()
    }
}

/// A subject that is nothing but a common name.
///
/// # Errors
///
/// `Invalid`.
pub fn common_name(name: &str) -> Result<Name, CaError> {
    let (oid, _) = SUBJECT_PARTS.first().ok_or(NO_NAME)?;
    name_of(&[(oid, name.to_owned())])
}

const NO_NAME: CaError = CaError::Invalid("the subject is no distinguished name");
const NO_OTHER_NAME: CaError = CaError::Invalid("an alternative name is malformed");

/// The subject in DER, as text, or in parts.
fn subject(set: &AttributeSet) -> Result<Option<Name>, CaError> {
    if let Some(subject) = set.typed::<X509CertificateSubject>(Kind::X509CertificateSubject) {
        let der = subject.subject_distinguished_name;
        if !der.is_empty() {
            return checked(Name::from_der(&der).map_err(|_| NO_NAME)?);
        }
    }
    if let Some(subject) = set.typed::<CertificateSubject>(Kind::CertificateSubject) {
        if !subject.alternative_names.is_empty() {
            let text = "alternative names are given as Alternative Name or in DER";
            return Err(CaError::Unsupported(text));
        }
        if !subject.distinguished_name.is_empty() {
            return checked(Name::from_str(&subject.distinguished_name).map_err(|_| NO_NAME)?);
        }
    }
    let parts: Vec<(&str, String)> = SUBJECT
        .iter()
        .flat_map(|kind| {
            let known = SUBJECT_PARTS.iter().find(|(_, known)| known == kind);
            let texts = set.all(*kind).filter_map(|instance| match &instance.value {
                Value::TextString(text) => Some(text.clone()),
                _ => None,
            });
            texts.filter_map(move |text| known.map(|(oid, _)| (*oid, text)))
        })
        .collect();
    if parts.is_empty() { Ok(None) } else { Ok(Some(name_of(&parts)?)) }
}

/// A subject of these parts, in their order: each an object identifier, dotted, and its text.
///
/// # Errors
///
/// `Invalid` for what is none, and for empty texts.
pub fn name_of(parts: &[(&str, String)]) -> Result<Name, CaError> {
    let mut sequence = RdnSequence::default();
    for (dotted, text) in parts {
        let oid = der::asn1::ObjectIdentifier::new(dotted).map_err(|_| NO_NAME)?;
        let value = Any::new(string_tag(dotted), text.as_bytes())?;
        let mut part = RelativeDistinguishedName::default();
        part.insert(AttributeTypeAndValue { oid, value })?;
        sequence.push(part);
    }
    let name = Name::from_der(&sequence.to_der()?).map_err(|_| NO_NAME)?;
    checked(name)?.ok_or(NO_NAME)
}

/// The type of string that RFC 5280 wants for a part of a name.
fn string_tag(dotted: &str) -> Tag {
    match dotted {
        // Country, serial number, qualifier.
        "2.5.4.6" | "2.5.4.5" | "2.5.4.46" => Tag::PrintableString,
        // Domain component, e-mail address.
        "0.9.2342.19200300.100.1.25" | "1.2.840.113549.1.9.1" => Tag::Ia5String,
        _ => Tag::Utf8String,
    }
}

/// A name whose texts are of the types they claim; none, if it is empty.
fn checked(name: Name) -> Result<Option<Name>, CaError> {
    for part in name.iter_rdn().flat_map(RelativeDistinguishedName::iter) {
        let value = &part.value;
        let sound = !value.value().is_empty()
            && match value.tag() {
                Tag::PrintableString => PrintableStringRef::try_from(value).is_ok(),
                Tag::Utf8String => Utf8StringRef::try_from(value).is_ok(),
                Tag::Ia5String => Ia5StringRef::try_from(value).is_ok(),
                _ => true,
            };
        if !sound {
            return Err(NO_NAME);
        }
    }
    Ok((!name.is_empty()).then_some(name))
}

/// Alternative names in DER, and those given as attributes. Text without a meaning for X.509 stays
/// an attribute.
fn alternative_names(set: &AttributeSet) -> Result<Vec<GeneralName>, CaError> {
    let in_der = set.typed::<X509CertificateSubject>(Kind::X509CertificateSubject);
    let in_der = in_der.map(|subject| subject.subject_alternative_names).unwrap_or_default();
    let mut names = Vec::new();
    for der in &in_der {
        names.push(GeneralName::from_der(der).map_err(|_| NO_OTHER_NAME)?);
    }
    for name in set.all_typed::<AlternativeName>(Kind::AlternativeName) {
        names.extend(general_name(&name)?);
    }
    Ok(names)
}

fn general_name(name: &AlternativeName) -> Result<Option<GeneralName>, CaError> {
    let ascii = || Ia5String::new(&name.value).map_err(|_| NO_OTHER_NAME);
    Ok(match name.name_type {
        AlternativeNameType::DNSName => Some(GeneralName::DnsName(ascii()?)),
        AlternativeNameType::EmailAddress => Some(GeneralName::Rfc822Name(ascii()?)),
        AlternativeNameType::URI => Some(GeneralName::UniformResourceIdentifier(ascii()?)),
        AlternativeNameType::IPAddress => {
            let address = IpAddr::from_str(&name.value).map_err(|_| NO_OTHER_NAME)?;
            Some(GeneralName::from(address))
        }
        AlternativeNameType::X_500DistinguishedName => {
            let name = Name::from_str(&name.value).map_err(|_| NO_OTHER_NAME)?;
            checked(name)?.map(GeneralName::DirectoryName)
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use kmip_core::attribute::AttributeName;

    fn text(kind: Kind, value: &str) -> (AttributeName, Value) {
        (AttributeName::from(kind), Value::TextString(value.to_owned()))
    }

    #[test]
    fn subject_is_read_as_text_and_in_parts_alike() {
        let mut parts = AttributeSet::default();
        for (name, value) in [
            text(Kind::CertificateSubjectCN, "db.example.com"),
            text(Kind::CertificateSubjectDC, "com"),
            text(Kind::CertificateSubjectDC, "example"),
        ] {
            parts.add(name, value);
        }
        let mut whole = AttributeSet::default();
        let distinguished_name = "CN=db.example.com,DC=example,DC=com".to_owned();
        let alternative_names = Vec::new();
        let named = CertificateSubject { distinguished_name, alternative_names };
        whole.set(Kind::CertificateSubject, &named);
        let from_parts = Wishes::take(&mut parts).unwrap().contents.subject.unwrap();
        let from_text = Wishes::take(&mut whole).unwrap().contents.subject.unwrap();
        assert_eq!(from_parts, from_text);
        assert_eq!(parts.iter().count() + whole.iter().count(), 0);
    }

    #[test]
    fn texts_that_are_no_names_are_refused() {
        for text in ["CN", "=x", "CN=", "C=D\u{e4}nemark", "CN=\\zz", "CN=#ff", "x\u{20ac}=1,", ","]
        {
            let mut set = AttributeSet::default();
            let distinguished_name = text.to_owned();
            let named = CertificateSubject { distinguished_name, alternative_names: Vec::new() };
            set.set(Kind::CertificateSubject, &named);
            assert!(matches!(Wishes::take(&mut set), Err(CaError::Invalid(_))), "{text}");
        }
    }

    #[test]
    fn alternative_names_become_general_names_where_x509_has_them() {
        let name = |value: &str, name_type| AlternativeName { value: value.to_owned(), name_type };
        let dns = general_name(&name("db.example.com", AlternativeNameType::DNSName));
        assert!(matches!(dns, Ok(Some(GeneralName::DnsName(_)))));
        let ip = general_name(&name("2001:db8::1", AlternativeNameType::IPAddress));
        assert!(matches!(ip, Ok(Some(GeneralName::IpAddress(_)))));
        let words = general_name(&name("any", AlternativeNameType::UninterpretedTextString));
        assert!(matches!(words, Ok(None)));
        assert!(general_name(&name("1.2.3", AlternativeNameType::IPAddress)).is_err());
        assert!(general_name(&name("\u{e4}", AlternativeNameType::DNSName)).is_err());
    }
}
