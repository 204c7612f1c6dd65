//! Whether a chain of certificates holds.
//!
//! Spec: RFC 5280 §6, without policies and name constraints: a chain that has them is not judged.

use std::cell::Cell;
use std::collections::BTreeSet;

use der::asn1::ObjectIdentifier;

use super::ReadCertificate;
use super::read::Checked;

/// What is found of a chain; the better comes later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It does not hold.
    Invalid,
    /// It cannot be told: an issuer is not at hand, or something is not understood.
    Unknown,
    /// It holds, up to a certificate that signs itself.
    Valid,
}

/// Signatures that one chain may take to verify, before it is given up as [`Verdict::Unknown`]:
/// certificates of one name can be made to issue each other in any order.
const MAX_SIGNATURES: u32 = 64;

/// Extensions whose meaning is heeded, or that forbid nothing here.
const UNDERSTOOD: &[ObjectIdentifier] = &[
    ObjectIdentifier::new_unwrap("2.5.29.14"), // Subject Key Identifier
    ObjectIdentifier::new_unwrap("2.5.29.15"), // Key Usage
    ObjectIdentifier::new_unwrap("2.5.29.17"), // Subject Alternative Name
    ObjectIdentifier::new_unwrap("2.5.29.18"), // Issuer Alternative Name
    ObjectIdentifier::new_unwrap("2.5.29.19"), // Basic Constraints
    ObjectIdentifier::new_unwrap("2.5.29.32"), // Certificate Policies: any will do
    ObjectIdentifier::new_unwrap("2.5.29.35"), // Authority Key Identifier
    ObjectIdentifier::new_unwrap("2.5.29.37"), // Extended Key Usage: nobody says for what
];

/// It must be processed, critical or not, and is not here.
const NAME_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.30");

/// Judges the chain that `certificates` make, in whatever order, at `at` seconds since 1970.
///
/// The chain ends in a certificate that signs itself: one of those given, or one of `anchors`.
#[must_use]
pub fn validate(certificates: &[ReadCertificate], anchors: &[ReadCertificate], at: i64) -> Verdict {
    let mut given: Vec<&ReadCertificate> = Vec::new();
    for certificate in certificates {
        if given.iter().all(|other| other.der() != certificate.der()) {
            given.push(certificate);
        }
    }
    // The chain begins with the one certificate that issued none of the others.
    let issued_none = |candidate: &&&ReadCertificate| {
        let others = given.iter().filter(|other| other.der() != candidate.der());
        others.into_iter().all(|other| other.issuer() != candidate.subject())
    };
    let mut first = given.iter().filter(issued_none);
    let (Some(first), None) = (first.next(), first.next()) else { return Verdict::Invalid };
    let mut issuers = given.clone();
    issuers.extend(anchors);
    let climb = Climb { issuers, at, signatures: Cell::new(MAX_SIGNATURES) };
    climb.from(&mut vec![*first], 0)
}

/// The way up from one certificate to the next.
struct Climb<'a> {
    issuers: Vec<&'a ReadCertificate>,
    at: i64,
    signatures: Cell<u32>,
}

impl<'a> Climb<'a> {
    /// What holds of the last of `path` and of all that is above it. `below` counts the CAs between
    /// the issuer and the first certificate.
    fn from(&self, path: &mut Vec<&'a ReadCertificate>, below: usize) -> Verdict {
        let Some(current) = path.last().copied() else { return Verdict::Invalid };
        let own = self.alone(current);
        if own == Verdict::Invalid || current.signs_itself() {
            return own;
        }
        let mut best = None;
        for issuer in self.issuers.iter().copied() {
            let is_used = path.iter().any(|used| used.der() == issuer.der());
            if is_used || issuer.subject() != current.issuer() || !may_refer(current, issuer) {
                continue;
            }
            let Some(left) = self.signatures.get().checked_sub(1) else {
                best = best.max(Some(Verdict::Unknown));
                break;
            };
            self.signatures.set(left);
            let link = link(current, issuer, below);
            let through = if link == Verdict::Invalid {
                link
            } else {
                let counted = below + usize::from(!issuer.is_self_issued());
                path.push(issuer);
                let above = self.from(path, counted);
                path.pop();
                link.min(above)
            };
            best = best.max(Some(through));
            if best == Some(Verdict::Valid) {
                break;
            }
        }
        own.min(best.unwrap_or(Verdict::Unknown))
    }

    /// What holds of a certificate by itself.
    fn alone(&self, certificate: &ReadCertificate) -> Verdict {
        let (not_before, not_after) = certificate.validity();
        let extensions = certificate.extensions();
        let mut seen = BTreeSet::new();
        let is_twice = extensions.iter().any(|extension| !seen.insert(extension.extn_id));
        if !(not_before..=not_after).contains(&self.at)
            || is_twice
            || certificate.contents().is_err()
        {
            return Verdict::Invalid;
        }
        let is_understood = extensions.iter().all(|extension| {
            extension.extn_id != NAME_CONSTRAINTS
                && (!extension.critical || UNDERSTOOD.contains(&extension.extn_id))
        });
        if is_understood { Verdict::Valid } else { Verdict::Unknown }
    }
}

/// Whether `issuer` issued `current`, and might, with `below` CAs between the two ends.
fn link(current: &ReadCertificate, issuer: &ReadCertificate, below: usize) -> Verdict {
    let Some(key) = issuer.key() else { return Verdict::Unknown };
    let signed = match current.check_signature(key) {
        Checked::Good => Verdict::Valid,
        Checked::Bad => return Verdict::Invalid,
        Checked::Weak | Checked::Unknown => Verdict::Unknown,
    };
    match issuer.constraints() {
        Ok(Some(constraints)) => {
            let longest = constraints.path_len_constraint.map_or(usize::MAX, usize::from);
            if below <= longest { signed } else { Verdict::Invalid }
        }
        // Roots of old have no extensions; they are believed because they were given.
        Ok(None) if issuer.is_of_old_version() && issuer.signs_itself() => signed,
        Ok(None) | Err(_) => Verdict::Invalid,
    }
}

/// Whether `current` may mean this `issuer`, where both say which key it is.
fn may_refer(current: &ReadCertificate, issuer: &ReadCertificate) -> bool {
    match (current.authority_key_identifier(), issuer.key_identifier()) {
        (Some(meant), Some(own)) => meant == own,
        _ => true,
    }
}

#[cfg(test)]
mod tests;
