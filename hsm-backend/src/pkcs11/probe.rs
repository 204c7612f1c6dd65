//! Asks the token for its mechanisms, and by known answers what they are worth.

use std::collections::HashMap;

use cryptoki::context::Pkcs11;
use cryptoki::session::Session;
use cryptoki::slot::Slot;

use super::answers::Prober;
use super::number::mechanism_type;
use super::rv::Fault;
use crate::capability::{Capabilities, Mechanism, MechanismTraits};

/// The table for the token in `slot`; `session` is logged in, and no operation is begun in it.
///
/// Fails where the token went away meanwhile: what it did not show then, it may well have.
pub(super) fn capabilities(
    library: &Pkcs11,
    slot: Slot,
    session: &Session,
) -> Result<Capabilities, Fault> {
    let prober = Prober::new(library, slot, session);
    let ask = |mechanism| match traits(library, slot, mechanism) {
        Ok(traits) => Some((mechanism, traits)),
        Err(fault) => {
            prober.note(&fault);
            None
        }
    };
    let told: HashMap<_, _> = Mechanism::known().filter_map(ask).collect();
    let capabilities = Capabilities::resolve(
        &|mechanism| told.get(&mechanism).copied(),
        &|mechanism| prober.wrap_proof(mechanism),
        &|trial| prober.holds(trial),
    );
    prober.interruption().map_or(Ok(capabilities), Err)
}

/// Asked by number: the interface crate's list drops the numbers it does not know.
fn traits(library: &Pkcs11, slot: Slot, mechanism: Mechanism) -> Result<MechanismTraits, Fault> {
    let info = library.get_mechanism_info(slot, mechanism_type(mechanism))?;
    let number = |size: usize| u64::try_from(size).unwrap_or(u64::MAX);
    Ok(MechanismTraits {
        encrypt: info.encrypt(),
        decrypt: info.decrypt(),
        digest: info.digest(),
        sign: info.sign(),
        generate: info.generate(),
        generate_pair: info.generate_key_pair(),
        wrap: info.wrap(),
        unwrap: info.unwrap(),
        derive: info.derive(),
        min_key: number(info.min_key_size()),
        max_key: number(info.max_key_size()),
    })
}
