//! Whom the Links of a request name as the issuer.
//!
//! A Certificate Link is the certificate above, as on every certificate. A Private Key Link is the
//! key that signs; with it alone, the certificate signs itself.

use kmip_core::attribute::{AttributeKind as Kind, Link, UniqueIdentifier};
use kmip_core::types::LinkType;

use super::authority;
use super::subject::NOT_CERTIFIABLE;
use crate::ca::ReadCertificate;
use crate::object::{AttributeSet, ManagedObject};
use crate::operation::{OpContext, OpError};

/// The objects that a request names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::operation) struct Named {
    /// The key that signs.
    pub(super) private_key: Option<UniqueIdentifier>,
    /// The certificate above.
    pub(super) certificate: Option<UniqueIdentifier>,
}

impl Named {
    /// Whether it names nobody.
    pub(in crate::operation) const fn is_empty(&self) -> bool {
        self.private_key.is_none() && self.certificate.is_none()
    }
}

/// Takes the links that name the issuer out of the attributes that are asked for.
///
/// # Errors
///
/// `InvalidField` for two of a kind, or one that is the server's to make.
pub(in crate::operation) fn take(asked: &mut AttributeSet) -> Result<Named, OpError> {
    let mut named = Named::default();
    for link in asked.all_typed::<Link>(Kind::Link) {
        let place = match link.link_type {
            LinkType::PrivateKeyLink => &mut named.private_key,
            LinkType::CertificateLink => &mut named.certificate,
            LinkType::PublicKeyLink
            | LinkType::ReplacedObjectLink
            | LinkType::ReplacementObjectLink => {
                return Err(OpError::InvalidField("the link is the server's to make"));
            }
            _ => continue,
        };
        if place.replace(link.linked_object_identifier).is_some() {
            return Err(OpError::InvalidField("two issuers are named"));
        }
    }
    let others: Vec<Link> = asked
        .all_typed::<Link>(Kind::Link)
        .filter(|link| {
            !matches!(link.link_type, LinkType::PrivateKeyLink | LinkType::CertificateLink)
        })
        .collect();
    asked.clear(Kind::Link);
    for link in others {
        asked.add(Kind::Link.into(), kmip_core::ttlv::Value::of(&link));
    }
    Ok(named)
}

/// The issuer of a certificate that is to be renewed, and of the one in its place: the same.
///
/// # Errors
///
/// `PermissionDenied` for one whose issuer's key is not here.
pub(in crate::operation) fn of_certificate(
    ctx: &OpContext<'_>,
    old: &ManagedObject,
    certificate: &ReadCertificate,
    public: Option<&ManagedObject>,
) -> Result<Named, OpError> {
    let mut named = Named::default();
    if certificate.is_self_issued() {
        let private_key = public.and_then(|public| linked(public, LinkType::PrivateKeyLink));
        named.private_key = Some(private_key.ok_or(NOT_CERTIFIABLE)?);
    } else if !authority::issued(ctx, certificate)? {
        let above = linked(old, LinkType::CertificateLink);
        named.certificate = Some(above.ok_or(NOT_CERTIFIABLE)?);
    }
    Ok(named)
}

/// What `object` links to so.
pub(super) fn linked(object: &ManagedObject, link_type: LinkType) -> Option<UniqueIdentifier> {
    let mut links = object.attributes.all_typed::<Link>(Kind::Link);
    links.find(|link| link.link_type == link_type).map(|link| link.linked_object_identifier)
}
