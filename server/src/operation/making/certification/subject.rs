//! What is certified: a public key, and the name of its holder.

use std::sync::Arc;

use hsm_backend::PublicKey;
use kmip_core::attribute::{AttributeKind as Kind, Name};
use kmip_core::object::Object;
use kmip_core::ttlv::DateTime;
use kmip_core::types::{CertificateType, LinkType, ObjectType, State};

use super::links::linked;
use crate::ca::{self, Contents, ReadCertificate};
use crate::lifecycle::Forbidden;
use crate::object::{AttributeSet, ManagedObject};
use crate::operation::public_key::{public_key, stored_object};
use crate::operation::{OpContext, OpError};

/// The reason that the specification has for every object that is no certifiable key.
pub(in crate::operation) const NOT_CERTIFIABLE: OpError =
    OpError::PermissionDenied("the object cannot be certified");

/// The key of an object that is to be certified.
///
/// # Errors
///
/// `PermissionDenied` for what is no public key, or of an algorithm that is not served; `Forbidden`
/// for a key whose life is over; `KeyValueNotPresent`.
pub(in crate::operation) fn key_of(
    object: &ManagedObject,
    now: DateTime,
) -> Result<PublicKey, OpError> {
    if object.object_type != ObjectType::PublicKey {
        return Err(NOT_CERTIFIABLE);
    }
    in_its_life(object, now)?;
    match public_key(object) {
        Ok(key) => Ok(key),
        Err(OpError::KeyValueNotPresent) => Err(OpError::KeyValueNotPresent),
        Err(_) => Err(NOT_CERTIFIABLE),
    }
}

/// Whether the object may yet be relied on: not deactivated, not compromised.
///
/// # Errors
///
/// `Forbidden`.
pub(super) fn in_its_life(object: &ManagedObject, now: DateTime) -> Result<(), OpError> {
    let over = object.attributes.date(Kind::DeactivationDate).is_some_and(|end| end <= now);
    match object.state() {
        None | Some(State::PreActive | State::Active) if !over => Ok(()),
        state => Err(Forbidden::State(state.unwrap_or(State::Deactivated)).into()),
    }
}

/// The X.509 certificate in an object.
///
/// # Errors
///
/// `PermissionDenied` for any other object.
pub(in crate::operation) fn certificate_of(
    object: &ManagedObject,
) -> Result<ReadCertificate, OpError> {
    if object.object_type != ObjectType::Certificate {
        return Err(NOT_CERTIFIABLE);
    }
    match stored_object(object)? {
        Object::Certificate(found) if found.certificate_type == CertificateType::X_509 => {
            Ok(ReadCertificate::read(&found.certificate_value)?)
        }
        _ => Err(NOT_CERTIFIABLE),
    }
}

/// The X.509 certificate in an object, whose key may be certified anew. Its own life may be over,
/// but not because the key was compromised.
///
/// # Errors
///
/// `PermissionDenied` for any other object; `Forbidden`.
pub(in crate::operation) fn renewable(object: &ManagedObject) -> Result<ReadCertificate, OpError> {
    match object.state() {
        Some(state @ (State::Compromised | State::DestroyedCompromised)) => {
            Err(Forbidden::State(state).into())
        }
        _ => certificate_of(object),
    }
}

/// The public key that a certificate is linked to, if it is there.
///
/// # Errors
///
/// [`OpError`]; `Archived`, or `Forbidden` for a key whose life is over.
pub(in crate::operation) fn public_key_of(
    ctx: &mut OpContext<'_>,
    certificate: &ManagedObject,
) -> Result<Option<Arc<ManagedObject>>, OpError> {
    let Some(uid) = linked(certificate, LinkType::PublicKeyLink) else { return Ok(None) };
    match ctx.object(Some(uid)) {
        Ok(object) if object.object_type == ObjectType::PublicKey => {
            in_its_life(&object, ctx.now())?;
            Ok(Some(object))
        }
        Ok(_) => Ok(None),
        Err(OpError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// `contents` with a subject. Where nobody names one, it is the common name of a Name that the
/// certificate is to have, else one of the key's.
///
/// # Errors
///
/// `InvalidField` where there is no name at all.
pub(in crate::operation) fn named(
    mut contents: Contents,
    asked: &AttributeSet,
    key: &ManagedObject,
) -> Result<Contents, OpError> {
    if contents.subject.is_none() && contents.alternative_names.is_none() {
        let mut names = [asked, &key.attributes]
            .into_iter()
            .flat_map(|set| set.all_typed::<Name>(Kind::Name).map(|name| name.name_value));
        let name = names.next().ok_or(OpError::InvalidField("no subject"))?;
        contents.subject = Some(ca::common_name(&name)?);
    }
    Ok(contents)
}
