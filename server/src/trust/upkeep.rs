//! What has to be done from time to time: other CAs before the old ones end, another certificate for the
//! server, and new lists of revoked certificates.

use std::sync::PoisonError;
use std::time::Duration;

use der::Decode;
use hsm_backend::{CallContext, TokenState};
use x509_cert::Certificate;
use x509_cert::name::Name;

use super::crl::Revocation;
use super::held::due_at;
use super::{Authorities, Crl, Trust, credential};
use crate::ca::CaError;
use crate::services::Services;
use crate::store::Credential;

/// The first part of the setting that holds a CA's list; the second is the CA's short name.
const CRL: &str = "internal_ca_crl_";
/// Shortest wait for the next round.
const SHORTEST: Duration = Duration::from_secs(1);

/// Does what is due, as far as the token is there; what fails is tried again in the next round.
pub fn keep_up(services: &Services) {
    if !matches!(services.hsm.state(), TokenState::Ready(_)) {
        return;
    }
    let call = credential::call(services, "");
    let now = services.clock.now().0;
    let trust = &services.trust;
    let report = |what: &str, done: Result<(), CaError>| {
        if let Err(error) = done {
            tracing::warn!(what, %error, "not done; it is tried again");
        }
    };
    report("renewing the internal CA", keep_ca_up(services, &call, now));
    report("renewing the server's certificate", provide(services, &call, now));
    report("lists of revoked certificates", trust.renew_crls(services, &call, now));
}

/// How long the next round may wait, `longest` at most.
#[must_use]
pub fn next_round(services: &Services, longest: Duration) -> Duration {
    let now = services.clock.now().0;
    let trust = &services.trust;
    let given = trust.gate.is_certificate_given();
    let shown = trust.gate.server.certificate().filter(|_| !given);
    let end = shown.map(|shown| due_at(shown.validity()));
    let due = end.into_iter().chain(trust.crls.earliest_due()).min();
    let wait = due.map(|due| Duration::from_secs(u64::try_from(due - now).unwrap_or(0)));
    wait.map_or(longest, |wait| wait.clamp(SHORTEST, longest))
}

/// Sees to it that the server has a certificate, where the operator gives none, and the list of revoked
/// ones that it names, as far as the token is there. For the start: later it is part of [`keep_up`].
pub fn provide_server_certificate(services: &Services) {
    let call = credential::call(services, "");
    let now = services.clock.now().0;
    if let Err(error) = provide(services, &call, now) {
        tracing::warn!(%error, "the server has no certificate of its own yet");
    }
    // A CA that was just made has no list yet, and clients look for it as soon as they see the
    // certificate.
    if matches!(services.hsm.state(), TokenState::Ready(_))
        && let Err(error) = services.trust.renew_crls(services, &call, now)
    {
        tracing::warn!(%error, "no list of revoked certificates yet");
    }
    services.bell.ring();
}

fn provide(services: &Services, call: &CallContext, now: i64) -> Result<(), CaError> {
    let trust = &services.trust;
    if trust.gate.is_certificate_given() {
        return Ok(());
    }
    let _one_at_a_time = trust.renewing.lock().unwrap_or_else(PoisonError::into_inner);
    let authorities = trust.ca.existing()?;
    if trust.own_certificate_due(authorities.as_deref(), now)? {
        let renew = || trust.renew_own_certificate(call, now);
        recorded(services, "Renew Server Certificate", renew)?;
    }
    Ok(())
}

fn keep_ca_up(services: &Services, call: &CallContext, now: i64) -> Result<(), CaError> {
    let trust = &services.trust;
    if trust.ca.is_due(now)? {
        recorded(services, "Renew Internal CA", || trust.keep_ca_up(call, now))?;
    }
    Ok(())
}

/// Does `work` between its records in the audit log.
fn recorded<T>(
    services: &Services,
    operation: &str,
    work: impl FnOnce() -> Result<T, CaError>,
) -> Result<T, CaError> {
    let done = services.audit.housekeeping(operation, None, Vec::new(), work);
    done.map_err(|_| CaError::Invalid("no audit sink takes the record"))?
}

impl Trust {
    fn keep_ca_up(&self, call: &CallContext, now: i64) -> Result<(), CaError> {
        let kept = self.ca.keep_up(call, now);
        if let (Ok(true) | Err(_), Some(authorities)) = (&kept, self.ca.existing()?) {
            self.go_by(&authorities);
        }
        kept.map(|_| ())
    }

    pub(super) fn read_crls(&self, authorities: &Authorities) -> Result<(), CaError> {
        for ca in authorities.all() {
            let name = ca.short_name();
            if let Some(der) = self.ca.keyring().setting(&format!("{CRL}{name}"))? {
                self.crls.put(name, Crl::read(&der)?);
            }
        }
        Ok(())
    }

    fn renew_crls(&self, services: &Services, call: &CallContext, now: i64) -> Result<(), CaError> {
        let Some(authorities) = self.ca.existing()? else { return Ok(()) };
        let revoked = by_issuer(&services.directory.revoked(services.clock.now())?);
        let token = (self.ca.hsm(), call);
        let seconds = self.ca.rules().crl_seconds;
        for ca in authorities.all() {
            let name = ca.certificate.subject();
            let of_this = revoked.iter().filter(|(issuer, _)| issuer == name);
            let of_this: Vec<_> = of_this.map(|(_, one)| one.clone()).collect();
            if !self.crls.is_due(ca, &of_this, now) {
                continue;
            }
            let name = ca.short_name();
            let list = recorded(services, "Sign CRL", || {
                let list = self.crls.successor(ca, token, &of_this, seconds, now)?;
                self.ca.keyring().set_setting(&format!("{CRL}{name}"), &list.der)?;
                Ok(list)
            })?;
            let (number, revoked) = (list.number, of_this.len());
            tracing::info!(ca = name, number, revoked, "another list of revoked certificates");
            self.crls.put(name, list);
        }
        Ok(())
    }
}

/// What is revoked, by the name of the CA that issued it, and there by serial number.
fn by_issuer(revoked: &[Credential]) -> Vec<(Name, Revocation)> {
    let entry = |one: &Credential| {
        let certificate = Certificate::from_der(&one.certificate).ok()?;
        let at = one.revoked_at.unwrap_or(one.made_at).0;
        let issuer = certificate.tbs_certificate().issuer().clone();
        Some((issuer, Revocation { serial: one.serial.0.clone(), at }))
    };
    let mut all: Vec<_> = revoked.iter().filter_map(entry).collect();
    all.sort_by(|(_, one), (_, other)| one.cmp(other));
    all
}
