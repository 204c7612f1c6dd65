//! How an object comes into being: its identifier, the attributes the server adds, and the order of
//! store and token that leaves no usable rubbish behind a crash.

use hsm_backend::{HsmError, HsmErrorKind, KeyId, KeyPolicy, KeyRef, KeyUsage};
use kmip_core::attribute::{
    AttributeKind as Kind, Digest, Link, RNGParameters, UniqueIdentifier, UsageLimits,
};
use kmip_core::ttlv::{DateTime, Value};
use kmip_core::types::{
    CryptographicAlgorithm, CryptographicUsageMask as Mask, HashingAlgorithm, KeyFormatType,
    LinkType, ObjectType, RNGAlgorithm,
};

use crate::lifecycle;
use crate::object::{AttributeSet, Custody, Lease, ManagedObject, Phase};
use crate::operation::{OpContext, OpError, namespace, one_time_pad, succession};

/// How much longer than the key's making its row is left alone.
const LEASE_MARGIN_SECONDS: i64 = 60;

/// Where an object comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::operation) enum Origin {
    /// The token makes it.
    Generated,
    /// The client brings it.
    Registered,
    /// The client brings it with its past, in which dates may have come out of order.
    Imported,
}

/// A new object with every attribute it is born with, but for its Digest.
///
/// # Errors
///
/// [`OpError`] where the attributes given cannot be.
pub(in crate::operation) fn newborn(
    ctx: &OpContext<'_>,
    object_type: ObjectType,
    given: AttributeSet,
    origin: Origin,
) -> Result<ManagedObject, OpError> {
    if given.iter().count() > ctx.services().bounds.max_attributes_per_object {
        return Err(OpError::IndexOutOfBounds);
    }
    if origin != Origin::Imported {
        check_dates(&given, None)?;
    }
    check_algorithm(ctx, &given)?;
    let uid = new_identifier()?;
    let mut object = ManagedObject::new(ctx.grant()?.scope().clone(), uid.clone(), object_type);
    object.attributes = given;
    let now = ctx.now();
    let set = &mut object.attributes;
    namespace::complete_all(set)?;
    set.set(Kind::UniqueIdentifier, &uid);
    set.set(Kind::ObjectType, &object_type);
    set.set(Kind::InitialDate, &now);
    set.set(Kind::LastChangeDate, &now);
    set.set_default(Kind::OperationPolicyName, &"default".to_owned());
    if origin == Origin::Generated {
        set.set(Kind::OriginalCreationDate, &now);
        set.set(Kind::RandomNumberGenerator, &unspecified_rng());
    }
    if let Some(limits) = set.typed::<UsageLimits>(Kind::UsageLimits) {
        if limits.total <= 0 {
            return Err(OpError::InvalidField("usage limits must be positive"));
        }
        set.set(Kind::UsageLimits, &UsageLimits { count: Some(limits.total), ..limits });
    }
    set_exposure(ctx, &mut object);
    // A Template is nothing but its attributes: it is neither leased nor activated.
    if object_type != ObjectType::Template {
        object.attributes.set(Kind::LeaseTime, &ctx.services().bounds.max_lease);
        object.attributes.set_default(Kind::Fresh, &true);
        lifecycle::begin(&mut object, now);
    }
    Ok(object)
}

/// Refuses a key of an algorithm that the role does not have.
///
/// # Errors
///
/// `PermissionDenied`.
pub(in crate::operation) fn check_algorithm(
    ctx: &OpContext<'_>,
    attributes: &AttributeSet,
) -> Result<(), OpError> {
    let algorithm =
        attributes.enumeration(Kind::CryptographicAlgorithm).map(CryptographicAlgorithm);
    let algorithms = &ctx.rules()?.algorithms;
    if algorithm.is_none_or(|algorithm| algorithms.permit(algorithm)) {
        return Ok(());
    }
    Err(OpError::PermissionDenied("the algorithm is not allowed to the role"))
}

/// The token's generator: what it is made of, no PKCS#11 call tells.
pub(in crate::operation) const fn unspecified_rng() -> RNGParameters {
    RNGParameters {
        rng_algorithm: RNGAlgorithm::Unspecified,
        cryptographic_algorithm: None,
        cryptographic_length: None,
        hashing_algorithm: None,
        drbg_algorithm: None,
        recommended_curve: None,
        fips186_variation: None,
        prediction_resistance: None,
    }
}

/// Activation <= Process Start, Protect Stop <= Deactivation, Activation <= Deactivation: every pair,
/// or only those that `changed` is of. A pair may have come out of order by what happened: a key that
/// was revoked before its Protect Stop Date still takes a new Name.
pub(in crate::operation) fn check_dates(
    set: &AttributeSet,
    changed: Option<Kind>,
) -> Result<(), OpError> {
    let ordered = |earlier: Kind, later: Kind| {
        let concerned = changed.is_none_or(|kind| kind == earlier || kind == later);
        match (set.date(earlier), set.date(later)) {
            (Some(a), Some(b)) if concerned => a <= b,
            _ => true,
        }
    };
    // Process Start after Protect Stop is allowed: such a key can never be used to protect.
    if ordered(Kind::ActivationDate, Kind::ProcessStartDate)
        && ordered(Kind::ProtectStopDate, Kind::DeactivationDate)
        && ordered(Kind::ActivationDate, Kind::DeactivationDate)
    {
        Ok(())
    } else {
        Err(OpError::InvalidField("the dates are out of order"))
    }
}

/// Sensitive and Extractable: the client's wish where its scope may export, else locked away; and so
/// is a One Time Pad that is used here.
fn set_exposure(ctx: &OpContext<'_>, object: &mut ManagedObject) {
    let secret = !matches!(
        object.object_type,
        ObjectType::PublicKey | ObjectType::Certificate | ObjectType::Template
    );
    let stays = one_time_pad::stays(ctx, object);
    let set = &mut object.attributes;
    let (sensitive, extractable) = if secret && (!ctx.may_export() || stays) {
        (true, false)
    } else {
        (
            set.boolean(Kind::Sensitive).unwrap_or(false),
            set.boolean(Kind::Extractable).unwrap_or(true),
        )
    };
    set.set(Kind::Sensitive, &sensitive);
    set.set(Kind::AlwaysSensitive, &sensitive);
    set.set(Kind::Extractable, &extractable);
    set.set(Kind::NeverExtractable, &!extractable);
}

/// An identifier: 128 random bits in the usual spelling.
fn new_identifier() -> Result<UniqueIdentifier, OpError> {
    let text = hex::encode(random_id()?);
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| text.get(part).unwrap_or(""));
    Ok(UniqueIdentifier::new(parts.join("-")))
}

/// 128 random bits.
pub(in crate::operation) fn random_id() -> Result<[u8; 16], OpError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| OpError::GeneralFailure("no randomness"))?;
    Ok(bytes)
}

/// The usage mask, which every key must have.
///
/// # Errors
///
/// `InvalidMessage` if it is absent; `PermissionDenied` where it joins wrapping and encrypting in
/// one key that must not leave: either half would undo the other's protection.
pub(in crate::operation) fn checked_mask(
    ctx: &OpContext<'_>,
    object: &ManagedObject,
) -> Result<Mask, OpError> {
    if object.attributes.get(Kind::CryptographicUsageMask).is_none() {
        return Err(OpError::InvalidMessage("no cryptographic usage mask"));
    }
    let mask = object.usage_mask();
    let any = |bits: Mask| mask.0 & bits.0 != 0;
    let wraps = any(Mask::WrapKey.union(Mask::UnwrapKey));
    let encrypts = any(Mask::Encrypt.union(Mask::Decrypt));
    if wraps && encrypts && !ctx.may_export() {
        return Err(OpError::PermissionDenied("one key may not both wrap and encrypt here"));
    }
    Ok(mask)
}

/// How the key of `object` is to live in the token.
pub(in crate::operation) fn key_policy(object: &ManagedObject, usage: KeyUsage) -> KeyPolicy {
    KeyPolicy {
        usage,
        sensitive: object.attributes.boolean(Kind::Sensitive).unwrap_or(true),
        extractable: object.attributes.boolean(Kind::Extractable).unwrap_or(false),
        label: format!("claviger/{}/{}", object.scope.as_str(), object.uid),
    }
}

/// Notes what another object is to this one.
pub(in crate::operation) fn link(
    from: &mut ManagedObject,
    link_type: LinkType,
    to: &UniqueIdentifier,
) {
    let link = Link { link_type, linked_object_identifier: to.clone() };
    from.attributes.add(Kind::Link.into(), Value::of(&link));
}

/// A SHA-256 Digest.
pub(in crate::operation) fn digest(value: Vec<u8>, format: KeyFormatType) -> Digest {
    Digest {
        hashing_algorithm: HashingAlgorithm::SHA_256,
        digest_value: Some(value),
        key_format_type: Some(format),
    }
}

/// Makes objects whose first member's secret is a token object: rows first, then the token, then
/// the rows become live. A crash in between leaves rows that the reconciler settles.
///
/// `make` is called with the new CKA_ID; `finish` completes the objects with what it returned. Each
/// of `predecessors` is replaced by the object in its place, as that becomes live.
///
/// # Errors
///
/// [`OpError`]; no live object is left behind.
pub(in crate::operation) fn bear<T>(
    ctx: &mut OpContext<'_>,
    mut objects: Vec<ManagedObject>,
    predecessors: &[UniqueIdentifier],
    make: impl FnOnce(&OpContext<'_>, KeyId) -> Result<T, OpError>,
    finish: impl FnOnce(&OpContext<'_>, &mut [ManagedObject], T) -> Result<(), OpError>,
) -> Result<Vec<ManagedObject>, OpError> {
    let id = KeyId(random_id()?);
    let lease = lease(ctx);
    for object in &mut objects {
        object.phase = Phase::Pending(lease.clone());
    }
    if let Some(first) = objects.first_mut() {
        first.set_custody(Custody::Token);
        first.key_id = Some(id);
    }
    ctx.insert(&refs(&objects))?;
    for object in &mut objects {
        object.version = 1;
    }
    let made = make(ctx, id).and_then(|made| {
        let mut done = objects.clone();
        finish(ctx, &mut done, made)?;
        for object in &mut done {
            object.phase = Phase::Live;
        }
        keep(ctx, &done, predecessors)?;
        Ok(done)
    });
    if made.is_err() {
        give_up(ctx, objects, id);
    }
    made
}

fn refs(objects: &[ManagedObject]) -> Vec<&ManagedObject> {
    objects.iter().collect()
}

/// A lease on rows that a token call of this item is about to settle.
pub(in crate::operation) fn lease(ctx: &OpContext<'_>) -> Lease {
    let seconds = i64::try_from(ctx.services().bounds.keygen_timeout.as_secs()).unwrap_or(0);
    let until = DateTime(ctx.now().0 + seconds + LEASE_MARGIN_SECONDS);
    Lease { owner: ctx.services().instance.clone(), until }
}

/// Destroys what may have been made and marks the rows failed. Where the token does not answer they
/// stay pending, for the reconciler.
fn give_up(ctx: &mut OpContext<'_>, mut objects: Vec<ManagedObject>, id: KeyId) {
    let gone = match ctx.hsm().destroy_key(&ctx.call(), &KeyRef::Token(id)) {
        Ok(()) => true,
        Err(HsmError { kind, .. }) => kind == HsmErrorKind::KeyNotFound,
    };
    if !gone {
        tracing::warn!(request = ctx.request_id(), "a key could not be taken back; left pending");
        return;
    }
    for object in &mut objects {
        object.phase = Phase::Failed;
    }
    if let Err(error) = ctx.replace(&refs(&objects)) {
        tracing::warn!(request = ctx.request_id(), %error, "a failed row could not be marked");
    }
}

/// Stores live objects, all or none, together with those they replace: each of `predecessors` is
/// replaced by the object in its place.
///
/// # Errors
///
/// [`OpError`] of the store, or of a predecessor that is there no more.
pub(in crate::operation) fn keep(
    ctx: &mut OpContext<'_>,
    objects: &[ManagedObject],
    predecessors: &[UniqueIdentifier],
) -> Result<(), OpError> {
    ctx.announce(objects)?;
    if predecessors.is_empty() {
        ctx.store(&refs(objects))?;
    } else {
        succession::enter(ctx, objects, predecessors, None)?;
    }
    objects.iter().for_each(|object| ctx.note_created(&object.uid));
    Ok(())
}
