//! What the attributes of a certificate are taken from: its own DER.
//!
//! Spec: KMIP 1.4 §3.9 to §3.16.

use der::{Decode, Encode};
use kmip_core::attribute::{
    AttributeKind as Kind, AttributeName, CertificateIdentifier, CertificateIssuer,
    CertificateSubject, X509CertificateIdentifier, X509CertificateIssuer, X509CertificateSubject,
};
use kmip_core::object::Certificate;
use kmip_core::ttlv::Value;
use kmip_core::types::{CertificateType, CryptographicAlgorithm};
use x509_cert::ext::pkix::SubjectAltName;

use crate::bridge::{BridgeError, key_format, key_material};
use crate::ca::algorithm;
use crate::object::AttributeSet;

const MALFORMED: BridgeError = BridgeError::Invalid("the certificate is malformed");

/// Adds what the certificate says of itself. What the client said is checked where both exist.
///
/// Certificates that are no X.509 get their type alone.
///
/// # Errors
///
/// `Invalid` where an X.509 certificate cannot be read.
pub fn describe(certificate: &Certificate, set: &mut AttributeSet) -> Result<(), BridgeError> {
    set.set(Kind::CertificateType, &certificate.certificate_type);
    if certificate.certificate_type != CertificateType::X_509 {
        return Ok(());
    }
    let bytes = &certificate.certificate_value;
    let der = to_der(bytes)?;
    let parsed = x509_cert::Certificate::from_der(&der).map_err(|_| MALFORMED)?;
    let length = i32::try_from(bytes.len()).map_err(|_| MALFORMED)?;
    set.set(Kind::CertificateLength, &length);
    let tbs = parsed.tbs_certificate();
    if let Some(name) = algorithm::name(parsed.signature_algorithm()) {
        set.set(Kind::DigitalSignatureAlgorithm, &name);
    }
    if let Some((algorithm, bits)) = key_length(&parsed)? {
        set.set_default::<CryptographicAlgorithm>(Kind::CryptographicAlgorithm, &algorithm);
        set.set_default(Kind::CryptographicLength, &bits);
    }
    for (name, kinds) in [(tbs.subject(), SUBJECT_PARTS), (tbs.issuer(), ISSUER_PARTS)] {
        name_parts(name, kinds, set);
    }
    names(&parsed, set)
}

/// Algorithm and length in bits of the certified key, as far as they can be told.
fn key_length(
    certificate: &x509_cert::Certificate,
) -> Result<Option<(CryptographicAlgorithm, i32)>, BridgeError> {
    let info = certificate.tbs_certificate().subject_public_key_info();
    let der = info.to_der().map_err(|_| MALFORMED)?;
    let (algorithm, bits) = match key_format::public_from_spki(&der) {
        Ok(key) => key_material::public_length(&key),
        // A curve we have no use for: its length is half that of an uncompressed point.
        Err(_) if info.algorithm.oid == sec1::ALGORITHM_OID => {
            let point = info.subject_public_key.raw_bytes().len();
            let bits = u32::try_from(point.saturating_sub(1) * 4).map_err(|_| MALFORMED)?;
            (CryptographicAlgorithm::EC, bits)
        }
        Err(_) => return Ok(None),
    };
    let bits = i32::try_from(bits).map_err(|_| MALFORMED)?;
    Ok(Some((algorithm, bits)))
}

/// The parts of a distinguished name that have an attribute each since 1.4.
pub(crate) type NameParts = &'static [(&'static str, Kind)];

pub(crate) const SUBJECT_PARTS: NameParts = &[
    ("2.5.4.3", Kind::CertificateSubjectCN),
    ("2.5.4.10", Kind::CertificateSubjectO),
    ("2.5.4.11", Kind::CertificateSubjectOU),
    ("1.2.840.113549.1.9.1", Kind::CertificateSubjectEmail),
    ("2.5.4.6", Kind::CertificateSubjectC),
    ("2.5.4.8", Kind::CertificateSubjectST),
    ("2.5.4.7", Kind::CertificateSubjectL),
    ("0.9.2342.19200300.100.1.1", Kind::CertificateSubjectUID),
    ("2.5.4.5", Kind::CertificateSubjectSerialNumber),
    ("2.5.4.12", Kind::CertificateSubjectTitle),
    ("0.9.2342.19200300.100.1.25", Kind::CertificateSubjectDC),
    ("2.5.4.46", Kind::CertificateSubjectDNQualifier),
];

const ISSUER_PARTS: NameParts = &[
    ("2.5.4.3", Kind::CertificateIssuerCN),
    ("2.5.4.10", Kind::CertificateIssuerO),
    ("2.5.4.11", Kind::CertificateIssuerOU),
    ("1.2.840.113549.1.9.1", Kind::CertificateIssuerEmail),
    ("2.5.4.6", Kind::CertificateIssuerC),
    ("2.5.4.8", Kind::CertificateIssuerST),
    ("2.5.4.7", Kind::CertificateIssuerL),
    ("0.9.2342.19200300.100.1.1", Kind::CertificateIssuerUID),
    ("2.5.4.5", Kind::CertificateIssuerSerialNumber),
    ("2.5.4.12", Kind::CertificateIssuerTitle),
    ("0.9.2342.19200300.100.1.25", Kind::CertificateIssuerDC),
    ("2.5.4.46", Kind::CertificateIssuerDNQualifier),
];

/// Sets the attributes of each part of `name` that has one, and clears those of other parts.
fn name_parts(name: &x509_cert::name::Name, kinds: NameParts, set: &mut AttributeSet) {
    kinds.iter().for_each(|(_, kind)| set.clear(*kind));
    for part in name.iter_rdn().flat_map(|rdn| rdn.iter()) {
        let oid = part.oid.to_string();
        let kind = kinds.iter().find(|(known, _)| *known == oid).map(|(_, kind)| *kind);
        if let (Some(kind), Ok(text)) = (kind, core::str::from_utf8(part.value.value())) {
            set.add(AttributeName::from(kind), Value::TextString(text.to_owned()));
        }
    }
}

/// Issuer and subject of a certificate in DER, each in DER.
///
/// # Errors
///
/// `Invalid` where the certificate cannot be read.
pub(crate) fn issuer_and_subject(certificate: &[u8]) -> Result<(Vec<u8>, Vec<u8>), BridgeError> {
    let parsed = x509_cert::Certificate::from_der(certificate).map_err(|_| MALFORMED)?;
    let tbs = parsed.tbs_certificate();
    let issuer = tbs.issuer().to_der().map_err(|_| MALFORMED)?;
    Ok((issuer, tbs.subject().to_der().map_err(|_| MALFORMED)?))
}

/// A certificate in DER: clients register them as PEM text too.
///
/// # Errors
///
/// `Invalid` where the text cannot be read.
pub(crate) fn to_der(bytes: &[u8]) -> Result<Vec<u8>, BridgeError> {
    if bytes.starts_with(b"-----BEGIN") {
        return der::pem::decode_vec(bytes).map(|(_, der)| der).map_err(|_| MALFORMED);
    }
    Ok(bytes.to_vec())
}

/// Issuer, subject and serial number, in DER and (deprecated) in text.
fn names(certificate: &x509_cert::Certificate, set: &mut AttributeSet) -> Result<(), BridgeError> {
    let tbs = certificate.tbs_certificate();
    let issuer = tbs.issuer().to_der().map_err(|_| MALFORMED)?;
    let subject = tbs.subject().to_der().map_err(|_| MALFORMED)?;
    let serial = tbs.serial_number().to_der().map_err(|_| MALFORMED)?;
    let alternative_names = alternative_names(certificate);
    set.set(
        Kind::X509CertificateIdentifier,
        &X509CertificateIdentifier {
            issuer_distinguished_name: issuer.clone(),
            certificate_serial_number: serial,
        },
    );
    set.set(
        Kind::X509CertificateSubject,
        &X509CertificateSubject {
            subject_distinguished_name: subject,
            subject_alternative_names: alternative_names,
        },
    );
    set.set(
        Kind::X509CertificateIssuer,
        &X509CertificateIssuer {
            issuer_distinguished_name: issuer,
            issuer_alternative_names: Vec::new(),
        },
    );
    let serial_text = hex::encode_upper(unsigned(tbs.serial_number().as_bytes()));
    set.set(
        Kind::CertificateIdentifier,
        &CertificateIdentifier {
            issuer: tbs.issuer().to_string(),
            serial_number: Some(serial_text),
        },
    );
    set.set(
        Kind::CertificateSubject,
        &CertificateSubject {
            distinguished_name: tbs.subject().to_string(),
            alternative_names: Vec::new(),
        },
    );
    set.set(
        Kind::CertificateIssuer,
        &CertificateIssuer {
            distinguished_name: tbs.issuer().to_string(),
            alternative_names: Vec::new(),
        },
    );
    Ok(())
}

/// A serial number without the zero that only keeps it positive.
fn unsigned(serial: &[u8]) -> &[u8] {
    match serial {
        [0, rest @ ..] if !rest.is_empty() => rest,
        all => all,
    }
}

fn alternative_names(certificate: &x509_cert::Certificate) -> Vec<Vec<u8>> {
    match certificate.tbs_certificate().get_extension::<SubjectAltName>() {
        Ok(Some((_, names))) => names.0.iter().filter_map(|name| name.to_der().ok()).collect(),
        _ => Vec::new(),
    }
}
