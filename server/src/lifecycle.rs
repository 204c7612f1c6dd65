//! The life cycle: which state allows what, and how one leads to the next.
//!
//! Spec: KMIP 1.4 §3.22. Pure: works on attributes alone; the caller stores the outcome.

use kmip_core::attribute::{AttributeKind as Kind, Changes, RevocationReason, UsageLimits};
use kmip_core::ttlv::DateTime;
use kmip_core::types::{CryptographicUsageMask, RevocationReasonCode, State};

use crate::object::ManagedObject;

/// Why the life cycle forbids something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// The object's state does not allow it.
    #[error("state {0:?} does not allow this")]
    State(State),
    /// The object has no state at all.
    #[error("this kind of object has no state")]
    Stateless,
    /// The usage mask lacks a bit.
    #[error("usage mask lacks {0:?}")]
    Usage(CryptographicUsageMask),
    /// Before Process Start Date.
    #[error("before its Process Start Date")]
    BeforeProcessStart,
    /// After Protect Stop Date.
    #[error("after its Protect Stop Date")]
    AfterProtectStop,
    /// A Compromise Occurrence Date with a reason that is no compromise.
    #[error("occurrence date without a compromise")]
    OccurrenceDate,
    /// The key was used, and its Usage Limits count.
    #[error("the key has been used already")]
    Used,
}

/// Whether a key is about to protect something, or to process what it protected earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Encrypt, sign, MAC, wrap: Active keys only, inside their dates.
    Protect,
    /// Decrypt, verify, unwrap: Deactivated and Compromised keys too.
    Process,
}

/// Gives a new object its state: Active if its Activation Date is not in the future.
pub fn begin(object: &mut ManagedObject, now: DateTime) {
    object.attributes.set(Kind::State, &State::PreActive);
    advance(object, now);
}

/// Carries out what the dates call for by `now`; when the state changed last, if it did.
pub fn advance(object: &mut ManagedObject, now: DateTime) -> Option<DateTime> {
    let mut changed = None;
    while let Some(due) = object.due_at().filter(|due| *due <= now) {
        let next = match object.state() {
            Some(State::PreActive) => State::Active,
            _ => State::Deactivated,
        };
        object.attributes.set(Kind::State, &next);
        changed = Some(due);
    }
    changed
}

/// Pre-Active becomes Active.
///
/// # Errors
///
/// [`Forbidden`] in any other state.
pub fn activate(object: &mut ManagedObject, now: DateTime) -> Result<(), Forbidden> {
    match object.state().ok_or(Forbidden::Stateless)? {
        State::PreActive => {
            object.attributes.set(Kind::ActivationDate, &now);
            object.attributes.set(Kind::State, &State::Active);
            // A Deactivation Date may have passed already.
            advance(object, now);
            Ok(())
        }
        other => Err(Forbidden::State(other)),
    }
}

/// Ends an object's life in use: Compromised for the compromise codes, else Deactivated.
///
/// # Errors
///
/// [`Forbidden`] where no transition of the specification leads there.
pub fn revoke(
    object: &mut ManagedObject,
    reason: &RevocationReason,
    occurred: Option<DateTime>,
    now: DateTime,
) -> Result<(), Forbidden> {
    let state = object.state().ok_or(Forbidden::Stateless)?;
    let compromise = matches!(
        reason.code,
        RevocationReasonCode::KeyCompromise | RevocationReasonCode::CACompromise
    );
    let next = match (compromise, state) {
        (true, State::PreActive | State::Active | State::Deactivated) => State::Compromised,
        (true, State::Destroyed) => State::DestroyedCompromised,
        (false, State::Active) => State::Deactivated,
        (_, other) => return Err(Forbidden::State(other)),
    };
    if compromise {
        let since = occurred.or_else(|| object.attributes.date(Kind::InitialDate)).unwrap_or(now);
        object.attributes.set(Kind::CompromiseDate, &now);
        object.attributes.set(Kind::CompromiseOccurrenceDate, &since);
    } else if occurred.is_some_and(|date| date.0 != 0) {
        // kmippp sends the date 0 with every Revoke.
        return Err(Forbidden::OccurrenceDate);
    } else {
        object.attributes.set(Kind::DeactivationDate, &now);
    }
    object.attributes.set(Kind::RevocationReason, reason);
    object.attributes.set(Kind::State, &next);
    Ok(())
}

/// The object's end: its key is to be destroyed.
///
/// # Errors
///
/// [`Forbidden`] for an Active object: it must be revoked first.
pub fn destroy(object: &mut ManagedObject, now: DateTime) -> Result<(), Forbidden> {
    let next = match object.state() {
        None => None,
        Some(State::PreActive | State::Deactivated) => Some(State::Destroyed),
        Some(State::Compromised) => Some(State::DestroyedCompromised),
        Some(other) => return Err(Forbidden::State(other)),
    };
    if let Some(next) = next {
        object.attributes.set(Kind::State, &next);
    }
    object.attributes.set(Kind::DestroyDate, &now);
    Ok(())
}

/// Whether the object may be used for `usage` now.
///
/// # Errors
///
/// [`Forbidden`]: the state, a date, or the usage mask is against it.
pub fn may_use(
    object: &ManagedObject,
    usage: CryptographicUsageMask,
    purpose: Purpose,
    now: DateTime,
) -> Result<(), Forbidden> {
    let state = object.state().ok_or(Forbidden::Stateless)?;
    match (purpose, state) {
        (_, State::Active) | (Purpose::Process, State::Deactivated | State::Compromised) => {}
        (_, other) => return Err(Forbidden::State(other)),
    }
    if object.attributes.date(Kind::ProcessStartDate).is_some_and(|start| start > now) {
        return Err(Forbidden::BeforeProcessStart);
    }
    if purpose == Purpose::Protect {
        before_protect_stop(object, now)?;
    }
    if !object.usage_mask().contains(usage) {
        return Err(Forbidden::Usage(usage));
    }
    Ok(())
}

/// Uses that protect something, as opposed to those that process what was protected earlier.
const PROTECTS: CryptographicUsageMask = CryptographicUsageMask::Sign
    .union(CryptographicUsageMask::Encrypt)
    .union(CryptographicUsageMask::WrapKey)
    .union(CryptographicUsageMask::MACGenerate)
    .union(CryptographicUsageMask::DeriveKey)
    .union(CryptographicUsageMask::ContentCommitmentNonRepudiation)
    .union(CryptographicUsageMask::KeyAgreement)
    .union(CryptographicUsageMask::CertificateSign)
    .union(CryptographicUsageMask::CRLSign)
    .union(CryptographicUsageMask::GenerateCryptogram)
    .union(CryptographicUsageMask::TranslateEncrypt)
    .union(CryptographicUsageMask::TranslateWrap);

/// Whether a client may intend every use in `usage`, now or later: a Check comes right after a
/// Create, too, so an object that is not active yet is no obstacle; one that never will be again is.
///
/// # Errors
///
/// [`Forbidden`]: the usage mask, the state, or the Protect Stop Date is against it.
pub fn may_intend(
    object: &ManagedObject,
    usage: CryptographicUsageMask,
    now: DateTime,
) -> Result<(), Forbidden> {
    if !object.usage_mask().contains(usage) {
        return Err(Forbidden::Usage(usage));
    }
    if usage.0 & PROTECTS.0 == 0 {
        return Ok(());
    }
    match object.state().ok_or(Forbidden::Stateless)? {
        State::PreActive | State::Active => {}
        over => return Err(Forbidden::State(over)),
    }
    before_protect_stop(object, now)
}

/// Whether the object's usage mask has any use that protects.
#[must_use]
pub fn protects(object: &ManagedObject) -> bool {
    object.usage_mask().0 & PROTECTS.0 != 0
}

/// Whether a client may set aside a part of the object's Usage Limits: Active objects, before their
/// Protect Stop Date.
///
/// # Errors
///
/// [`Forbidden`].
pub fn may_allocate(object: &ManagedObject, now: DateTime) -> Result<(), Forbidden> {
    match object.state().ok_or(Forbidden::Stateless)? {
        State::Active => before_protect_stop(object, now),
        other => Err(Forbidden::State(other)),
    }
}

fn before_protect_stop(object: &ManagedObject, now: DateTime) -> Result<(), Forbidden> {
    let stopped = object.attributes.date(Kind::ProtectStopDate).is_some_and(|stop| stop <= now);
    if stopped { Err(Forbidden::AfterProtectStop) } else { Ok(()) }
}

/// Whether a client may be given a lease on the object.
///
/// # Errors
///
/// [`Forbidden::State`] for a compromised object: its copies are to be given up, not to be kept.
pub fn may_lease(object: &ManagedObject) -> Result<(), Forbidden> {
    match object.state().ok_or(Forbidden::Stateless)? {
        state @ State::Compromised => Err(Forbidden::State(state)),
        _ => Ok(()),
    }
}

/// Whether a client may add, modify or delete this attribute now, as far as the object's life goes.
///
/// # Errors
///
/// [`Forbidden::State`] where the specification no longer allows it, [`Forbidden::Used`] for Usage
/// Limits that began to count.
pub fn may_change(object: &ManagedObject, kind: Kind, now: DateTime) -> Result<(), Forbidden> {
    let (ours, reached): (&[State], _) = match kind.rule().changes {
        Changes::Always => return Ok(()),
        Changes::UntilUsed => return before_first_use(object),
        Changes::PreActive => (&[State::PreActive], false),
        Changes::UntilDeactivated => (&[State::PreActive, State::Active], false),
        Changes::UntilReached => {
            let reached = object.attributes.date(kind).is_some_and(|date| date <= now);
            (&[State::PreActive, State::Active], reached)
        }
    };
    let state = object.state().ok_or(Forbidden::Stateless)?;
    if ours.contains(&state) && !reached { Ok(()) } else { Err(Forbidden::State(state)) }
}

fn before_first_use(object: &ManagedObject) -> Result<(), Forbidden> {
    match object.attributes.typed::<UsageLimits>(Kind::UsageLimits) {
        Some(limits) if limits.count != Some(limits.total) => Err(Forbidden::Used),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::Scope;
    use kmip_core::attribute::UniqueIdentifier;
    use kmip_core::types::ObjectType;

    const NOW: DateTime = DateTime(1_000_000);

    fn object(state: State) -> ManagedObject {
        let uid = UniqueIdentifier::new("k");
        let mut object = ManagedObject::new(Scope::new("s"), uid, ObjectType::SymmetricKey);
        object.attributes.set(Kind::State, &state);
        object.attributes.set(Kind::InitialDate, &DateTime(500));
        object.attributes.set(
            Kind::CryptographicUsageMask,
            &CryptographicUsageMask::Encrypt.union(CryptographicUsageMask::Decrypt),
        );
        object
    }

    fn reason(code: RevocationReasonCode) -> RevocationReason {
        RevocationReason { code, message: None }
    }

    #[test]
    fn begin_makes_active_when_activation_date_is_past() {
        let mut past = object(State::PreActive);
        past.attributes.set(Kind::ActivationDate, &DateTime(0));
        begin(&mut past, NOW);
        assert_eq!(past.state(), Some(State::Active));
        let mut future = object(State::PreActive);
        future.attributes.set(Kind::ActivationDate, &DateTime(NOW.0 + 1));
        begin(&mut future, NOW);
        assert_eq!(future.state(), Some(State::PreActive));
    }

    #[test]
    fn advance_runs_through_both_dates() {
        let mut key = object(State::PreActive);
        key.attributes.set(Kind::ActivationDate, &DateTime(NOW.0 - 10));
        key.attributes.set(Kind::DeactivationDate, &DateTime(NOW.0 - 5));
        assert_eq!(advance(&mut key, NOW), Some(DateTime(NOW.0 - 5)));
        assert_eq!(key.state(), Some(State::Deactivated));
        assert_eq!(advance(&mut key, NOW), None);
    }

    #[test]
    fn activate_refuses_all_states_but_pre_active() {
        assert_eq!(activate(&mut object(State::PreActive), NOW), Ok(()));
        for state in [State::Active, State::Deactivated, State::Compromised, State::Destroyed] {
            assert_eq!(activate(&mut object(state), NOW), Err(Forbidden::State(state)));
        }
    }

    #[test]
    fn revoke_follows_the_table() {
        use RevocationReasonCode as Code;
        for (state, code, next) in [
            (State::PreActive, Code::KeyCompromise, Some(State::Compromised)),
            (State::Active, Code::KeyCompromise, Some(State::Compromised)),
            (State::Deactivated, Code::CACompromise, Some(State::Compromised)),
            (State::Destroyed, Code::KeyCompromise, Some(State::DestroyedCompromised)),
            (State::Active, Code::Superseded, Some(State::Deactivated)),
            (State::PreActive, Code::Unspecified, None),
            (State::Deactivated, Code::Unspecified, None),
            (State::Compromised, Code::KeyCompromise, None),
        ] {
            let mut key = object(state);
            let outcome = revoke(&mut key, &reason(code), None, NOW);
            assert_eq!(outcome.is_ok(), next.is_some(), "{state:?} {code:?}");
            assert_eq!(key.state(), Some(next.unwrap_or(state)));
        }
    }

    #[test]
    fn revoke_dates_a_compromise_from_the_initial_date_if_none_is_given() {
        let mut key = object(State::Active);
        revoke(&mut key, &reason(RevocationReasonCode::KeyCompromise), None, NOW).unwrap();
        assert_eq!(key.attributes.date(Kind::CompromiseOccurrenceDate), Some(DateTime(500)));
    }

    #[test]
    fn destroy_refuses_active_objects() {
        let active = destroy(&mut object(State::Active), NOW);
        assert_eq!(active, Err(Forbidden::State(State::Active)));
        let mut compromised = object(State::Compromised);
        destroy(&mut compromised, NOW).unwrap();
        assert_eq!(compromised.state(), Some(State::DestroyedCompromised));
    }

    #[test]
    fn may_use_lets_deactivated_keys_process_but_not_protect() {
        let key = object(State::Deactivated);
        let decrypt = CryptographicUsageMask::Decrypt;
        assert_eq!(may_use(&key, decrypt, Purpose::Process, NOW), Ok(()));
        let refused = may_use(&key, CryptographicUsageMask::Encrypt, Purpose::Protect, NOW);
        assert_eq!(refused, Err(Forbidden::State(State::Deactivated)));
    }

    #[test]
    fn may_use_looks_at_mask_and_dates() {
        let mut key = object(State::Active);
        let sign = CryptographicUsageMask::Sign;
        assert_eq!(may_use(&key, sign, Purpose::Protect, NOW), Err(Forbidden::Usage(sign)));
        key.attributes.set(Kind::ProtectStopDate, &NOW);
        let encrypt = may_use(&key, CryptographicUsageMask::Encrypt, Purpose::Protect, NOW);
        assert_eq!(encrypt, Err(Forbidden::AfterProtectStop));
        let decrypt = may_use(&key, CryptographicUsageMask::Decrypt, Purpose::Process, NOW);
        assert_eq!(decrypt, Ok(()));
        key.attributes.set(Kind::ProcessStartDate, &DateTime(NOW.0 + 1));
        let early = may_use(&key, CryptographicUsageMask::Decrypt, Purpose::Process, NOW);
        assert_eq!(early, Err(Forbidden::BeforeProcessStart));
    }
}
