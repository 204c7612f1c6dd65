//! Key agreements with a known outcome, made with OpenSSL for this crate; no key here guards
//! anything.

use super::bytes;
use crate::job::Curve;

/// A private key, somebody else's point and the secret they share. All in hex.
pub(crate) struct AgreedAnswer {
    pub(crate) curve: Curve,
    d: &'static str,
    point: &'static str,
    secret: &'static str,
}

/// One for every curve; the secret on P-521 begins with zeros.
pub(crate) const AGREED: [AgreedAnswer; 4] = [
    AgreedAnswer {
        curve: Curve::P256,
        d: "7596d86e7ee86e8860cfd11b0ffed78137ca765ec8f349046c0a45f10d55646a",
        point: "04ef1b96c04c997ab3fc793fd75824083859da5da2103580719e614d18740e77799c0b5308b49861\
            f27398a45c1caecd835a2d2e798d8da928422633ed05355955",
        secret: "0483ad317a9bf061783f570c2d715ce2628be6b998f3e1b4876f8cc62e8c5fd1",
    },
    AgreedAnswer {
        curve: Curve::P384,
        d: "2ce1f5e714254137467230495186138781bae768b7294dfb6473a87ced4688a965f7907e2b5b8fc734da\
            275556768c39",
        point: "04d7239b4bb841ed98b20913361bd07f51eb2b88f93acc1457dcd514f6ff4f6ada9c9c43cb0e1c54\
            ac64228d2379ffd4436d1a498f1b39963dd28a6a79120529cf10ce2f437812883ad73dd3e882bc0f\
            4ed58723f686874328af7c57bd1df9bc58",
        secret: "f54d205477ebda259393b25a9ae07f58fd7c070d92d28b2865bc3d0983cc8f126ce4d6e3dad057d3\
            9df1c38705c97164",
    },
    AgreedAnswer {
        curve: Curve::P521,
        d: "00cce16ebd8c58793f25e5af7c4f5a8605d5a7c5e8cb7a3047a016fc442eb37abe9b218a91acb9cd9267\
            e12ecca2be334d7b78de84b2e7829b2cb7484127ae7d5dcc",
        point: "0401364fca70fa2f814a81b86d2df1279e0e3121526187b5bcb1752b3d88769da95d51cf2f256c01\
            819c15d362d3e50ecbed39d17f47152cb61495adce143efc9b340c013e3e5404a42b125eaff2923c\
            f1b1aec82e818ee7d124b2f39ba6a95e3495867fe765d62b0cd23eee9ad24a014a94cc1c4fa44a00\
            df8950e0d556e226fadb8415fe",
        secret: "00a11f9e93839d30e427e6bfc71dd6d6a333eedafc774c802ee68b2074e9c50961ce00f8d83ef397\
            1f8a26296080c1f97a1222a717695c0d523c25d65a9a172874d7",
    },
    AgreedAnswer {
        curve: Curve::Secp256k1,
        d: "13ea4471a5df87c45b1cf307fc9ee3a5aa941bef786df630e53d4945498fb56b",
        point: "045acbb9a9ee921debaa0b39a1a6d9b2fdffb4b5cf3396ceb54c71c02cb5bbe9ab250e96e238adde\
            34464714e54c788ed15950a174a1ce0367198e518c17bf3479",
        secret: "44e479ee724be99dc8d618e738fc1f98158010426df95497d5465f36f5261927",
    },
];

impl AgreedAnswer {
    /// The answer on `curve`.
    pub(crate) fn on(curve: Curve) -> Option<&'static Self> {
        AGREED.iter().find(|answer| answer.curve == curve)
    }

    pub(crate) fn scalar(&self) -> Vec<u8> {
        bytes(self.d)
    }

    pub(crate) fn point(&self) -> Vec<u8> {
        bytes(self.point)
    }

    pub(crate) fn secret(&self) -> Vec<u8> {
        bytes(self.secret)
    }
}
