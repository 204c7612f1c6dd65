//! Which keys a token makes, and how long they may be.

use std::collections::HashMap;

use super::rules;
use super::{AgreePlan, GeneratePlan, Mechanism, MechanismTraits, Trial};
use crate::job::{Curve, EdwardsCurve, SecretKeyKind};

type Ask<'a> = &'a dyn Fn(Mechanism) -> Option<MechanismTraits>;

pub(super) fn secrets(info: Ask<'_>) -> HashMap<SecretKeyKind, Vec<GeneratePlan>> {
    let mut plans: HashMap<SecretKeyKind, Vec<GeneratePlan>> = HashMap::new();
    for (kind, mechanism, min_bits, max_bits) in rules::SECRETS {
        if info(*mechanism).is_some_and(|traits| traits.generate) {
            let (mechanism, min_bits, max_bits) = (*mechanism, *min_bits, *max_bits);
            let plan = GeneratePlan { mechanism, min_bits, max_bits };
            plans.entry(*kind).or_default().push(plan);
        }
    }
    plans
}

pub(super) fn rsa(info: Ask<'_>) -> Option<GeneratePlan> {
    let mechanism = Mechanism::RSA_PKCS_KEY_PAIR_GEN;
    let traits = info(mechanism).filter(|traits| traits.generate_pair)?;
    let (ours, none_told) = (rules::RSA_BITS, traits.max_key == 0);
    let bits = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    let max_bits = if none_told { *ours.end() } else { bits(traits.max_key).min(*ours.end()) };
    let min_bits = bits(traits.min_key).max(*ours.start());
    (min_bits <= max_bits).then_some(GeneratePlan { mechanism, min_bits, max_bits })
}

pub(super) fn curves(
    info: Ask<'_>,
    answers: &dyn Fn(Trial) -> bool,
) -> HashMap<Curve, GeneratePlan> {
    let mechanism = Mechanism::EC_KEY_PAIR_GEN;
    let Some(traits) = info(mechanism).filter(|traits| traits.generate_pair) else {
        return HashMap::new();
    };
    let plan = |bits| GeneratePlan { mechanism, min_bits: bits, max_bits: bits };
    // Those of NIST are on every token that has their length; of others, the length tells nothing.
    let there = |curve: Curve| curve != Curve::Secp256k1 || answers(Trial::Curve(curve));
    let ours = rules::CURVES.iter().filter(|(curve, bits)| fits(traits, *bits) && there(*curve));
    ours.map(|(curve, bits)| (*curve, plan(*bits))).collect()
}

/// Those of the `known` curves on which the token agrees, each tried.
pub(super) fn agreements(
    info: Ask<'_>,
    answers: &dyn Fn(Trial) -> bool,
    known: &HashMap<Curve, GeneratePlan>,
) -> HashMap<Curve, AgreePlan> {
    let mechanism = Mechanism::ECDH1_DERIVE;
    let Some(traits) = info(mechanism).filter(|traits| traits.derive) else {
        return HashMap::new();
    };
    let usable = |curve, bits| fits(traits, bits) && answers(Trial::Agree(curve));
    let ours = known.iter().filter(|(curve, plan)| usable(**curve, plan.max_bits));
    ours.map(|(curve, _)| (*curve, AgreePlan::OnToken(mechanism))).collect()
}

/// Whether a length is in the token's range.
fn fits(traits: MechanismTraits, bits: u32) -> bool {
    traits.max_key == 0 || (traits.min_key..=traits.max_key).contains(&u64::from(bits))
}

pub(super) fn edwards(info: Ask<'_>) -> HashMap<EdwardsCurve, GeneratePlan> {
    let mechanism = Mechanism::EC_EDWARDS_KEY_PAIR_GEN;
    let Some(traits) = info(mechanism).filter(|traits| traits.generate_pair) else {
        return HashMap::new();
    };
    let plan = |bits| GeneratePlan { mechanism, min_bits: bits, max_bits: bits };
    let ours = rules::EDWARDS.iter().filter(|(curve, _)| fits_edwards(traits, *curve));
    ours.map(|(curve, bits)| (*curve, plan(*bits.end()))).collect()
}

/// Whether the token's range of key lengths has the curve in it.
pub(super) fn fits_edwards(traits: MechanismTraits, curve: EdwardsCurve) -> bool {
    let bits = rules::EDWARDS.iter().find(|(known, _)| *known == curve).map(|(_, bits)| bits);
    bits.is_some_and(|bits| {
        let (least, most) = (u64::from(*bits.start()), u64::from(*bits.end()));
        traits.max_key == 0 || (traits.min_key <= most && least <= traits.max_key)
    })
}

/// The longest minimum among the token's HMACs, capped at the shortest block of any hash: padding
/// beyond that would change the MAC.
pub(super) fn mac_min_bytes(info: Ask<'_>) -> usize {
    const SHORTEST_BLOCK: u64 = 64;
    let minima = rules::HASHES.iter().filter_map(|row| info(row.hmac)).map(|traits| traits.min_key);
    let longest = minima.filter(|min| *min <= SHORTEST_BLOCK).max().unwrap_or(0);
    usize::try_from(longest).unwrap_or(0)
}
