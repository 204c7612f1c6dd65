//! The object of a certificate that was made here.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::object::{Certificate, Object};
use kmip_core::types::CertificateType;

use crate::object::ManagedObject;
use crate::operation::{OpError, register};

/// The certificate as KMIP has it.
pub(super) fn object_of(der: &[u8]) -> Certificate {
    Certificate { certificate_type: CertificateType::X_509, certificate_value: der.to_vec() }
}

/// `row` with the certificate in it.
///
/// # Errors
///
/// [`OpError`].
pub(super) fn complete(
    mut row: ManagedObject,
    certificate: Certificate,
) -> Result<ManagedObject, OpError> {
    let object = Object::Certificate(certificate);
    register::describe(&mut row, &object)?;
    row.blob = Some(register::encoded(&object).to_vec());
    if let Some(made) = row.attributes.date(Kind::InitialDate) {
        row.attributes.set(Kind::OriginalCreationDate, &made);
    }
    Ok(row)
}
