//! What the attributes of a certificate are taken from: its own DER.
//!
//! Spec: KMIP 1.4 §3.9 to §3.16.

use der::{Decode, Encode};
use kmip_core::attribute::{
    AttributeKind as Kind, CertificateIdentifier, CertificateIssuer, CertificateSubject,
    X509CertificateIdentifier, X509CertificateIssuer, X509CertificateSubject,
};
use kmip_core::object::Certificate;
use kmip_core::types::{CertificateType, CryptographicAlgorithm, DigitalSignatureAlgorithm};
use x509_cert::ext::pkix::SubjectAltName;

use crate::bridge::{BridgeError, key_format, key_material};
use crate::object::AttributeSet;

const MALFORMED: BridgeError = BridgeError::Invalid("the certificate is malformed");

/// Signature algorithms by object identifier.
const SIGNATURES: &[(&str, DigitalSignatureAlgorithm)] = &[
    ("1.2.840.113549.1.1.2", DigitalSignatureAlgorithm::MD2WithRSAEncryptionPKCS_1V1_5),
    ("1.2.840.113549.1.1.4", DigitalSignatureAlgorithm::MD5WithRSAEncryptionPKCS_1V1_5),
    ("1.2.840.113549.1.1.5", DigitalSignatureAlgorithm::SHA_1WithRSAEncryptionPKCS_1V1_5),
    ("1.2.840.113549.1.1.14", DigitalSignatureAlgorithm::SHA_224WithRSAEncryptionPKCS_1V1_5),
    ("1.2.840.113549.1.1.11", DigitalSignatureAlgorithm::SHA_256WithRSAEncryptionPKCS_1V1_5),
    ("1.2.840.113549.1.1.12", DigitalSignatureAlgorithm::SHA_384WithRSAEncryptionPKCS_1V1_5),
    ("1.2.840.113549.1.1.13", DigitalSignatureAlgorithm::SHA_512WithRSAEncryptionPKCS_1V1_5),
    ("1.2.840.113549.1.1.10", DigitalSignatureAlgorithm::RSASSA_PSSPKCS_1V2_1),
    ("1.2.840.10045.4.1", DigitalSignatureAlgorithm::ECDSAWithSHA_1),
    ("1.2.840.10045.4.3.1", DigitalSignatureAlgorithm::ECDSAWithSHA224),
    ("1.2.840.10045.4.3.2", DigitalSignatureAlgorithm::ECDSAWithSHA256),
    ("1.2.840.10045.4.3.3", DigitalSignatureAlgorithm::ECDSAWithSHA384),
    ("1.2.840.10045.4.3.4", DigitalSignatureAlgorithm::ECDSAWithSHA512),
    ("1.2.840.10040.4.3", DigitalSignatureAlgorithm::DSAWithSHA_1),
    ("2.16.840.1.101.3.4.3.1", DigitalSignatureAlgorithm::DSAWithSHA224),
    ("2.16.840.1.101.3.4.3.2", DigitalSignatureAlgorithm::DSAWithSHA256),
];

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
    let oid = parsed.signature_algorithm().oid.to_string();
    if let Some((_, name)) = SIGNATURES.iter().find(|(known, _)| *known == oid) {
        set.set(Kind::DigitalSignatureAlgorithm, name);
    }
    let subject_public_key = tbs.subject_public_key_info().to_der().map_err(|_| MALFORMED)?;
    if let Ok(key) = key_format::public_from_spki(&subject_public_key) {
        let (algorithm, bits) = key_material::public_length(&key);
        set.set_default::<CryptographicAlgorithm>(Kind::CryptographicAlgorithm, &algorithm);
        if let Ok(bits) = i32::try_from(bits) {
            set.set_default(Kind::CryptographicLength, &bits);
        }
    }
    names(&parsed, set)
}

/// Clients register certificates as PEM text too.
fn to_der(bytes: &[u8]) -> Result<Vec<u8>, BridgeError> {
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
    let serial_text = tbs.serial_number().to_string().replace(':', "");
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

fn alternative_names(certificate: &x509_cert::Certificate) -> Vec<Vec<u8>> {
    match certificate.tbs_certificate().get_extension::<SubjectAltName>() {
        Ok(Some((_, names))) => names.0.iter().filter_map(|name| name.to_der().ok()).collect(),
        _ => Vec::new(),
    }
}
