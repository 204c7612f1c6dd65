//! Mechanism numbers the interface crate has no constant for.
//!
//! `cryptoki` can name a mechanism only if it knows the number; SHA-3, SHA-512/t, RIPEMD and
//! RFC 5649 are not among those. This and `assisted.rs` are the places with `unsafe`
//! in this crate.
#![allow(unsafe_code)]

use cryptoki::mechanism::MechanismType;
use cryptoki_sys::CK_MECHANISM_TYPE;

use crate::capability::Mechanism;

const _: () = assert!(size_of::<MechanismType>() == size_of::<CK_MECHANISM_TYPE>());

/// `mechanism` as the interface crate's type.
pub(super) fn mechanism_type(mechanism: Mechanism) -> MechanismType {
    let number: CK_MECHANISM_TYPE = mechanism.0;
    // SAFETY: MechanismType is `repr(transparent)` over CK_MECHANISM_TYPE, and every number is a
    // valid value of that.
    unsafe { core::mem::transmute::<CK_MECHANISM_TYPE, MechanismType>(number) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mechanism_type_keeps_the_number() {
        assert_eq!(mechanism_type(Mechanism::AES_GCM), MechanismType::AES_GCM);
        assert_eq!(*mechanism_type(Mechanism::AES_KEY_WRAP_KWP), 0x210B);
    }
}
