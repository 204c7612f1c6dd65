//! What Certify and Re-certify have in common: from what is asked for to the certificate's object.
//!
//! Spec: KMIP 1.4 §4.7 and §4.8.

mod authority;
mod issuer;
pub(in crate::operation) mod links;
mod row;
pub(in crate::operation) mod subject;

use hsm_backend::PublicKey;
use kmip_core::attribute::{
    AttributeKind as Kind, CryptographicParameters, Link, UniqueIdentifier,
};
use kmip_core::ttlv::{DateTime, Value};
use kmip_core::types::{
    CertificateRequestType, CertificateType, CryptographicUsageMask as Mask, LinkType, ObjectType,
    ProtocolVersion,
};

use self::issuer::Chosen;
use self::links::Named;
use crate::ca::x509;
use crate::ca::{self, Contents, Draft, Issuer, Request, RequestForm, TokenSigner};
use crate::object::{AttributeSet, ManagedObject};
use crate::operation::birth::{self, Origin};
use crate::operation::succession::{self, Beside};
use crate::operation::use_key::spend;
use crate::operation::{OpContext, OpError};

/// A certificate that is asked for.
pub(in crate::operation) struct Order {
    /// The key.
    pub(in crate::operation) key: PublicKey,
    /// What the certificate is to say.
    pub(in crate::operation) contents: Contents,
    /// What its object is to have.
    pub(in crate::operation) attributes: AttributeSet,
    /// How it is to be signed, where that is said.
    pub(in crate::operation) parameters: Option<CryptographicParameters>,
}

/// Where the new object stands among others.
#[derive(Clone, Copy)]
pub(in crate::operation) enum Place<'a> {
    /// It is one more certificate of this public key.
    Beside(&'a ManagedObject),
    /// It replaces this certificate, of this public key as far as that is known.
    InsteadOf {
        /// The older certificate.
        old: &'a ManagedObject,
        /// The key of both.
        public: Option<&'a ManagedObject>,
    },
}

/// What a certificate request asks for, which must be one for `key`. Since 1.1 there need be none.
///
/// # Errors
///
/// `InvalidMessage` for a request without its type, and a type without its request;
/// `FeatureNotSupported` for types other than PKCS#10, in DER or PEM; `InvalidField` for what is no
/// signed request of its type, or one for another key.
pub(in crate::operation) fn asked_by_request(
    ctx: &OpContext<'_>,
    key: &PublicKey,
    request_type: Option<CertificateRequestType>,
    bytes: Option<&[u8]>,
) -> Result<Option<Contents>, OpError> {
    let (request_type, bytes) = match (request_type, bytes) {
        (Some(request_type), Some(bytes)) => (request_type, bytes),
        (None, None) if ctx.version() >= ProtocolVersion::V1_1 => return Ok(None),
        (None, None) => return Err(OpError::InvalidMessage("no certificate request")),
        _ => return Err(OpError::InvalidMessage("a certificate request has a type")),
    };
    let form = match request_type {
        CertificateRequestType::PKCS_10 => RequestForm::Der,
        CertificateRequestType::PEM => RequestForm::Pem,
        CertificateRequestType::CRMF | CertificateRequestType::PGP => {
            return Err(OpError::FeatureNotSupported("certificate requests are PKCS#10 or PEM"));
        }
        _ => return Err(OpError::InvalidField("no such type of certificate request")),
    };
    let request = Request::read(form, bytes)?;
    if request.key != *key {
        return Err(OpError::InvalidField("the certificate request is for another key"));
    }
    Ok(Some(request.contents))
}

/// Certificates that are made are X.509.
///
/// # Errors
///
/// `FeatureNotSupported`, or `InvalidField` for a type that does not exist.
pub(in crate::operation) fn check_type(asked: Option<CertificateType>) -> Result<(), OpError> {
    match asked {
        None | Some(CertificateType::X_509) => Ok(()),
        Some(CertificateType::PGP) => {
            Err(OpError::FeatureNotSupported("PGP certificates are not made"))
        }
        Some(_) => Err(OpError::InvalidField("no such type of certificate")),
    }
}

/// Makes the certificate and stores its object, links included.
///
/// # Errors
///
/// [`OpError`]; nothing is stored then.
pub(in crate::operation) fn carry_out(
    ctx: &mut OpContext<'_>,
    order: Order,
    named: &Named,
    place: Place<'_>,
) -> Result<UniqueIdentifier, OpError> {
    let Order { key, contents, mut attributes, parameters } = order;
    let chosen = issuer::choose(ctx, named, &key, parameters.as_ref())?;
    let contents = allowed(contents, &chosen)?;
    let (not_before, not_after) = dates(ctx, &mut attributes, &chosen)?;
    let mask = contents.mask();
    let serial = ca::serial(ctx.hsm(), &ctx.call())?;
    let draft = Draft { key, contents, serial, not_before, not_after };
    let der = signed(ctx, &chosen, draft)?;
    if let Some(mask) = mask.or_else(|| inherited_mask(&attributes, place)) {
        attributes.set(Kind::CryptographicUsageMask, &mask);
    }
    let object = row::object_of(&der);
    described(&object, &mut attributes)?;
    let row = birth::newborn(ctx, ObjectType::Certificate, attributes, Origin::Registered)?;
    let mut row = row::complete(row, object)?;
    if let Some(above) = &chosen.above {
        birth::link(&mut row, LinkType::CertificateLink, above);
    }
    enter(ctx, row, place)
}

/// What the certificate may say, with this issuer.
fn allowed(mut contents: Contents, chosen: &Chosen) -> Result<Contents, OpError> {
    if contents.contradicts_itself() {
        return Err(OpError::InvalidField("key usage and basic constraints contradict"));
    }
    if !contents.is_ca() {
        return Ok(contents);
    }
    if chosen.is_authority() {
        return Err(OpError::PermissionDenied("the server's CA certifies no other CA"));
    }
    if let Issuer::Holder(above) = &chosen.issuer {
        let longest = above.constraints()?.and_then(|constraints| constraints.path_len_constraint);
        if let (Some(longest), Some(own)) = (longest, contents.basic_constraints.as_mut()) {
            let below = longest
                .checked_sub(1)
                .ok_or(OpError::InvalidField("the issuer's certificate allows no CA below it"))?;
            let asked = own.path_len_constraint.unwrap_or(below);
            own.path_len_constraint = Some(asked.min(below));
        }
    }
    Ok(contents)
}

/// From when to when the certificate is valid: from its Activation Date to its Deactivation Date,
/// which are set where they are not given.
fn dates(
    ctx: &OpContext<'_>,
    attributes: &mut AttributeSet,
    chosen: &Chosen,
) -> Result<(i64, i64), OpError> {
    let rules = ctx.services().ca.rules();
    let now = ctx.now().0;
    let begin = attributes.date(Kind::ActivationDate).map(|date| date.0);
    let not_before = begin.unwrap_or_else(|| now.saturating_sub(ca::BACKDATE_SECONDS));
    let last = match &chosen.issuer {
        Issuer::Holder(above) => above.validity().1,
        Issuer::Subject => i64::MAX,
    };
    // A date long ago is how clients say: at once.
    let from = begin.unwrap_or(now).max(now);
    let usual = from.saturating_add(ca::days(rules.default_certificate_days));
    let end = attributes.date(Kind::DeactivationDate).map(|date| date.0);
    let not_after = end.unwrap_or_else(|| usual.min(last));
    if not_after > last {
        return Err(OpError::InvalidField("the certificate would outlive its issuer's"));
    }
    if not_after <= now || not_after <= not_before {
        return Err(OpError::InvalidField("the certificate's dates are over"));
    }
    let longest = ca::days(rules.max_certificate_days);
    if chosen.is_authority() && not_after.saturating_sub(from) > longest {
        return Err(OpError::InvalidField("the certificate would be valid for too long"));
    }
    attributes.set_default(Kind::ActivationDate, &DateTime(now));
    attributes.set(Kind::DeactivationDate, &DateTime(not_after));
    Ok((not_before, not_after))
}

/// Has the certificate signed. A key with Usage Limits pays for it as for any signature.
fn signed(ctx: &mut OpContext<'_>, chosen: &Chosen, draft: Draft) -> Result<Vec<u8>, OpError> {
    let unsigned = ca::prepare(chosen.scheme, &chosen.issuer, draft)?;
    if let Some(object) = &chosen.object {
        spend(ctx, object, unsigned.message().len())?;
    }
    let (hsm, call) = (ctx.hsm(), ctx.call());
    let signer = TokenSigner { hsm, call, key: chosen.key.clone(), scheme: chosen.scheme };
    Ok(unsigned.sign(&signer)?)
}

/// The usage mask of a certificate that does not say what its key is for.
fn inherited_mask(attributes: &AttributeSet, place: Place<'_>) -> Option<Mask> {
    let public = match place {
        Place::Beside(public) => Some(public),
        Place::InsteadOf { public, .. } => public,
    };
    let none = attributes.get(Kind::CryptographicUsageMask).is_none();
    none.then(|| public.map(ManagedObject::usage_mask)).flatten()
}

/// Adds what the certificate says of itself; what was asked for must agree with it.
fn described(
    certificate: &kmip_core::object::Certificate,
    attributes: &mut AttributeSet,
) -> Result<(), OpError> {
    let asked = |set: &AttributeSet| {
        let algorithm = set.enumeration(Kind::CryptographicAlgorithm);
        (algorithm, set.integer(Kind::CryptographicLength))
    };
    let (algorithm, length) = asked(attributes);
    let mut own = AttributeSet::default();
    x509::describe(certificate, &mut own)?;
    let (own_algorithm, own_length) = asked(&own);
    if algorithm.is_some_and(|asked| Some(asked) != own_algorithm)
        || length.is_some_and(|asked| Some(asked) != own_length)
    {
        return Err(OpError::InvalidField("the key is of another algorithm or length"));
    }
    Ok(x509::describe(certificate, attributes)?)
}

/// Stores the certificate in its place, together with the links of the others.
fn enter(
    ctx: &mut OpContext<'_>,
    mut row: ManagedObject,
    place: Place<'_>,
) -> Result<UniqueIdentifier, OpError> {
    let uid = row.uid.clone();
    let (old, public) = match place {
        Place::Beside(public) => (None, Some(public)),
        Place::InsteadOf { old, public } => (Some(&old.uid), public),
    };
    if let Some(public) = public {
        birth::link(&mut row, LinkType::PublicKeyLink, &public.uid);
    }
    let most = ctx.services().bounds.max_attributes_per_object;
    let change = |public: &mut ManagedObject| {
        point(public, old, &uid);
        let fits = public.attributes.iter().count() <= most;
        if fits { Ok(()) } else { Err(OpError::IndexOutOfBounds) }
    };
    let beside = public.map(|public| Beside { uid: &public.uid, change: &change });
    let predecessors = old.map(std::slice::from_ref).unwrap_or_default();
    succession::enter(ctx, &[row], predecessors, beside.as_ref())?;
    ctx.note_created(&uid);
    Ok(uid)
}

/// Points the public key's Certificate Link to the new certificate: the link to `old` if there is
/// one, else another.
fn point(public: &mut ManagedObject, old: Option<&UniqueIdentifier>, new: &UniqueIdentifier) {
    let to = |uid: &UniqueIdentifier| {
        let link_type = LinkType::CertificateLink;
        Value::of(&Link { link_type, linked_object_identifier: uid.clone() })
    };
    let place = old.and_then(|old| {
        let mut links = public.attributes.all(Kind::Link);
        links.find(|link| link.value == to(old)).map(|link| link.index)
    });
    match place {
        Some(index) => drop(public.attributes.replace(&Kind::Link.into(), index, to(new))),
        None => birth::link(public, LinkType::CertificateLink, new),
    }
}
