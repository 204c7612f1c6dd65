//! Register: the client brings an object. Keys go into the token at once.
//!
//! Spec: KMIP 1.4 §4.3.

mod arrival;
mod plan;

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::object::Object;
use kmip_core::payload::{RegisterRequest, RegisterResponse};
use kmip_core::ttlv::Writer;
use kmip_core::types::ProtocolVersion;
use zeroize::Zeroizing;

pub(super) use plan::{Plan, is_for_hmac, plan};

use super::birth::{self, Origin};
use super::custody::{self, Source};
use super::{OpContext, OpError, digest, query, template};
use crate::bridge::key_spec;
use crate::object::{Custody, ManagedObject, SealedForm};

/// Takes the object in and answers with its identifier.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: RegisterRequest,
) -> Result<RegisterResponse, OpError> {
    if request.object_type != request.object.object_type() {
        return Err(OpError::InvalidField("the object is of another type"));
    }
    if !query::is_known(request.object_type, ctx.version()) {
        return Err(OpError::InvalidField("this version has no objects of this type"));
    }
    let mut given = template::collect(ctx, Some(&request.template_attribute))?;
    let object = request.object;
    let plan = plan(ctx, &object, &mut given)?;
    let mut row = birth::newborn(ctx, request.object_type, given, Origin::Registered)?;
    describe(&mut row, &object)?;
    let uid = row.uid.clone();
    take_in(ctx, row, &object, plan)?;
    ctx.set_placeholder(Some(uid.clone()));
    Ok(RegisterResponse { unique_identifier: uid, template_attribute: None })
}

/// Brings the object to where its plan says, and stores its row.
///
/// # Errors
///
/// [`OpError`]; no live object is left behind.
pub(super) fn take_in(
    ctx: &mut OpContext<'_>,
    mut row: ManagedObject,
    object: &Object,
    plan: Plan,
) -> Result<(), OpError> {
    match plan {
        Plan::Public => row.blob = Some(encoded(object).to_vec()),
        Plan::Sealed => {
            let sealed = seal(ctx, &row, object)?;
            row.kek_id = Some(sealed.key);
            row.blob = Some(sealed.bytes);
            row.set_custody(Custody::Sealed);
        }
        Plan::Token(material) => {
            return import(ctx, row, object, &Source::Brought(&material), true);
        }
        Plan::Wrapped(key) => return import(ctx, row, object, &Source::Arriving(&key), true),
        Plan::Unwrapped(key) => return import(ctx, row, object, &Source::Arriving(&key), false),
    }
    birth::keep(ctx, &[row], &[])
}

/// The TTLV form that is kept.
fn encoded(object: &Object) -> Zeroizing<Vec<u8>> {
    let mut w = Writer::new(ProtocolVersion::NEWEST);
    object.encode_tagged(&mut w);
    Zeroizing::new(w.into_bytes())
}

/// Seals the object for its row.
pub(super) fn seal(
    ctx: &OpContext<'_>,
    row: &ManagedObject,
    object: &Object,
) -> Result<SealedForm, OpError> {
    let context = sealing_context(row);
    let sealed = ctx.services().sealer.seal(&ctx.call(), &context, &encoded(object))?;
    Ok(SealedForm { key: sealed.0, bytes: sealed.1 })
}

/// What binds a sealed value to its row.
pub(super) fn sealing_context(row: &ManagedObject) -> String {
    format!("claviger/{}/{}", row.scope.as_str(), row.uid)
}

/// Brings the key into the token. Where it may leave again, the form in which it came is kept too,
/// sealed: a client is owed the very bytes it registered.
fn import(
    ctx: &mut OpContext<'_>,
    mut row: ManagedObject,
    object: &Object,
    source: &Source<'_>,
    keeps_form: bool,
) -> Result<(), OpError> {
    let mask = birth::checked_mask(ctx, &row)?;
    let usage = match object {
        Object::PrivateKey(_) => key_spec::private_usage(mask),
        _ => key_spec::secret_usage(mask),
    };
    let policy = birth::key_policy(&row, usage);
    if keeps_form && policy.extractable && !policy.sensitive {
        row.form = Some(seal(ctx, &row, object)?);
    }
    if matches!(source, Source::Arriving(_)) {
        // That of the wrapped value tells nothing of the key.
        row.attributes.clear(Kind::Digest);
    }
    custody::bear(ctx, row, source, &policy, &[])?;
    Ok(())
}

/// Digest, length and presence of the value.
///
/// # Errors
///
/// [`OpError`] where hashing fails.
pub(super) fn describe(row: &mut ManagedObject, object: &Object) -> Result<(), OpError> {
    let bits = row.attributes.integer(Kind::CryptographicLength).unwrap_or(0);
    row.true_bits = u32::try_from(bits).unwrap_or(0);
    if let Some(digest) = digest::of(object)? {
        row.attributes.set(Kind::Digest, &digest);
    } else if object.key_block().is_some() {
        row.attributes.set(Kind::KeyValuePresent, &false);
    }
    Ok(())
}
