//! Validate: whether a chain of certificates holds.
//!
//! Spec: KMIP 1.4 §4.24.

use kmip_core::attribute::{AttributeKind as Kind, UniqueIdentifier};
use kmip_core::object::{Certificate, Object};
use kmip_core::payload::{ValidateRequest, ValidateResponse};
use kmip_core::ttlv::DateTime;
use kmip_core::types::{CertificateType, ObjectType, State, ValidityIndicator};

use super::public_key::stored_object;
use super::{OpContext, OpError};
use crate::ca::{self, ReadCertificate, Verdict};
use crate::object::ManagedObject;

/// Certificates in one chain.
const MAX_CERTIFICATES: usize = 32;

/// Judges the chain and answers with the verdict.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: ValidateRequest,
) -> Result<ValidateResponse, OpError> {
    let at = request.validity_date.unwrap_or(ctx.now());
    let count = request.certificates.len() + request.unique_identifiers.len();
    if count == 0 {
        return Err(OpError::InvalidMessage("no certificates"));
    }
    if count > MAX_CERTIFICATES {
        return Err(OpError::InvalidField("too many certificates"));
    }
    let mut chain = Vec::new();
    let mut verdict = Verdict::Valid;
    for uid in request.unique_identifiers {
        let found = held(ctx, uid, at)?;
        verdict = verdict.min(take(found, &mut chain));
    }
    for certificate in request.certificates {
        verdict = verdict.min(take(read(&certificate)?, &mut chain));
    }
    if verdict == Verdict::Valid {
        let root = ctx.services().ca.existing()?;
        let anchors: Vec<_> = root.iter().map(|root| root.certificate.clone()).collect();
        verdict = ca::validate(&chain, &anchors, at.0);
    }
    let validity_indicator = match verdict {
        Verdict::Valid => ValidityIndicator::Valid,
        Verdict::Unknown => ValidityIndicator::Unknown,
        Verdict::Invalid => ValidityIndicator::Invalid,
    };
    Ok(ValidateResponse { validity_indicator })
}

fn take(found: Result<ReadCertificate, Verdict>, chain: &mut Vec<ReadCertificate>) -> Verdict {
    match found {
        Ok(certificate) => {
            chain.push(certificate);
            Verdict::Valid
        }
        Err(verdict) => verdict,
    }
}

/// A certificate, or the verdict on it where there is nothing to be read: of PGP's nothing can be
/// told.
fn read(certificate: &Certificate) -> Result<Result<ReadCertificate, Verdict>, OpError> {
    match certificate.certificate_type {
        CertificateType::X_509 => {
            let found = ReadCertificate::read(&certificate.certificate_value);
            Ok(found.map_err(|_| Verdict::Invalid))
        }
        CertificateType::PGP => Ok(Err(Verdict::Unknown)),
        _ => Err(OpError::InvalidField("no such type of certificate")),
    }
}

/// A certificate that is kept; a verdict where its life is over at `at`.
fn held(
    ctx: &mut OpContext<'_>,
    uid: UniqueIdentifier,
    at: DateTime,
) -> Result<Result<ReadCertificate, Verdict>, OpError> {
    let object = ctx.object_or_remains(Some(uid))?;
    if object.is_archived() {
        return Err(OpError::Archived);
    }
    if object.object_type != ObjectType::Certificate {
        return Err(OpError::InvalidMessage("an identifier names no certificate"));
    }
    if object.is_destroyed() || is_over(&object, at) {
        return Ok(Err(Verdict::Invalid));
    }
    match stored_object(&object)? {
        Object::Certificate(certificate) => read(&certificate),
        _ => Err(OpError::GeneralFailure("the stored object is unreadable")),
    }
}

/// Whether the object is, at `at`, deactivated or compromised. A certificate that was given up later
/// than that was good then; a compromise reaches back to when it happened.
fn is_over(object: &ManagedObject, at: DateTime) -> bool {
    let set = &object.attributes;
    let since = match object.state() {
        Some(State::Compromised) => set.date(Kind::CompromiseOccurrenceDate),
        _ => None,
    };
    let end = set.date(Kind::DeactivationDate);
    [since, end].into_iter().flatten().any(|date| date <= at)
}
