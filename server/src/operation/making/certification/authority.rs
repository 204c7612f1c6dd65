//! The server's own CA, as operations use it.

use std::sync::Arc;

use kmip_core::attribute::{AttributeKind as Kind, UniqueIdentifier};
use kmip_core::ttlv::DateTime;
use kmip_core::types::{CryptographicUsageMask as Mask, ObjectType};

use super::row;
use crate::ca::{ReadCertificate, Root};
use crate::object::AttributeSet;
use crate::operation::birth::{self, Origin};
use crate::operation::{OpContext, OpError};

/// The CA, for a scope that it works for.
///
/// # Errors
///
/// `PermissionDenied` for any other scope, or a failure of token or store.
pub(super) fn root(ctx: &OpContext<'_>) -> Result<Arc<Root>, OpError> {
    let services = ctx.services();
    if !ctx.rules()?.certify {
        return Err(OpError::PermissionDenied("no issuer is named, and the scope has no CA"));
    }
    Ok(services.ca.root(&ctx.keygen_call(), ctx.now().0)?)
}

/// Whether the CA issued the certificate.
pub(super) fn issued(ctx: &OpContext<'_>, certificate: &ReadCertificate) -> Result<bool, OpError> {
    let root = ctx.services().ca.existing()?;
    Ok(root.is_some_and(|root| certificate.is_issued_by(&root.certificate)))
}

/// Whether this is the CA's certificate.
pub(super) fn is(ctx: &OpContext<'_>, certificate: &ReadCertificate) -> Result<bool, OpError> {
    let root = ctx.services().ca.existing()?;
    Ok(root.is_some_and(|root| root.certificate.der() == certificate.der()))
}

/// The object in the client's scope that holds the CA's certificate, so that a client can get the
/// whole chain. One that the client has destroyed is made again; no Undo takes it back.
pub(super) fn object(ctx: &mut OpContext<'_>, root: &Root) -> Result<UniqueIdentifier, OpError> {
    let scope = ctx.grant()?.scope().clone();
    let authority = &ctx.services().ca;
    let ctx = std::cell::RefCell::new(ctx);
    authority.object(
        &scope,
        root,
        |uid| match ctx.borrow_mut().object_or_remains(Some(uid.clone())) {
            Ok(object) => Ok(!object.is_destroyed()),
            Err(OpError::NotFound) => Ok(false),
            Err(error) => Err(error),
        },
        || {
            let ctx = &mut **ctx.borrow_mut();
            let mut set = AttributeSet::default();
            let mask = Mask::CertificateSign.union(Mask::CRLSign);
            set.set(Kind::CryptographicUsageMask, &mask);
            set.set(Kind::ActivationDate, &ctx.now());
            set.set(Kind::DeactivationDate, &DateTime(root.certificate.validity().1));
            let object = row::object_of(root.certificate.der());
            crate::ca::x509::describe(&object, &mut set)?;
            let row = birth::newborn(ctx, ObjectType::Certificate, set, Origin::Registered)?;
            let row = row::complete(row, object)?;
            ctx.insert(&[&row])?;
            Ok(row.uid)
        },
    )
}
