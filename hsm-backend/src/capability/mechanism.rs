//! PKCS#11 mechanism numbers and their names.

use core::fmt;

/// A PKCS#11 mechanism number (`CKM_*`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mechanism(pub u64);

macro_rules! mechanisms {
    ($($name:ident = $number:literal,)*) => {
        #[allow(missing_docs)]
        impl Mechanism {
            $(pub const $name: Self = Self($number);)*
        }

        const NAMES: &[(Mechanism, &str)] =
            &[$((Mechanism::$name, concat!("CKM_", stringify!($name)))),*];
    };
}

mechanisms! {
    RSA_PKCS_KEY_PAIR_GEN = 0x0000,
    RSA_PKCS = 0x0001,
    RSA_X_509 = 0x0003,
    MD5_RSA_PKCS = 0x0005,
    SHA1_RSA_PKCS = 0x0006,
    RIPEMD160_RSA_PKCS = 0x0008,
    RSA_PKCS_OAEP = 0x0009,
    RSA_PKCS_PSS = 0x000D,
    SHA256_RSA_PKCS = 0x0040,
    SHA384_RSA_PKCS = 0x0041,
    SHA512_RSA_PKCS = 0x0042,
    SHA224_RSA_PKCS = 0x0046,
    SHA512_224 = 0x0048,
    SHA512_224_HMAC = 0x0049,
    SHA512_256 = 0x004C,
    SHA512_256_HMAC = 0x004D,
    SHA3_256_RSA_PKCS = 0x0060,
    SHA3_384_RSA_PKCS = 0x0061,
    SHA3_512_RSA_PKCS = 0x0062,
    SHA3_224_RSA_PKCS = 0x0066,
    DES2_KEY_GEN = 0x0130,
    DES3_KEY_GEN = 0x0131,
    DES3_ECB = 0x0132,
    DES3_CBC = 0x0133,
    DES3_CBC_PAD = 0x0136,
    MD5 = 0x0210,
    MD5_HMAC = 0x0211,
    SHA_1 = 0x0220,
    SHA_1_HMAC = 0x0221,
    RIPEMD160 = 0x0240,
    RIPEMD160_HMAC = 0x0241,
    SHA256 = 0x0250,
    SHA256_HMAC = 0x0251,
    SHA224 = 0x0255,
    SHA224_HMAC = 0x0256,
    SHA384 = 0x0260,
    SHA384_HMAC = 0x0261,
    SHA512 = 0x0270,
    SHA512_HMAC = 0x0271,
    SHA3_256 = 0x02B0,
    SHA3_256_HMAC = 0x02B1,
    SHA3_224 = 0x02B5,
    SHA3_224_HMAC = 0x02B6,
    SHA3_384 = 0x02C0,
    SHA3_384_HMAC = 0x02C1,
    SHA3_512 = 0x02D0,
    SHA3_512_HMAC = 0x02D1,
    GENERIC_SECRET_KEY_GEN = 0x0350,
    EC_KEY_PAIR_GEN = 0x1040,
    ECDSA = 0x1041,
    ECDSA_SHA1 = 0x1042,
    ECDSA_SHA224 = 0x1043,
    ECDSA_SHA256 = 0x1044,
    ECDSA_SHA384 = 0x1045,
    ECDSA_SHA512 = 0x1046,
    ECDSA_SHA3_224 = 0x1047,
    ECDSA_SHA3_256 = 0x1048,
    ECDSA_SHA3_384 = 0x1049,
    ECDSA_SHA3_512 = 0x104A,
    ECDH1_DERIVE = 0x1050,
    EC_EDWARDS_KEY_PAIR_GEN = 0x1055,
    EDDSA = 0x1057,
    AES_KEY_GEN = 0x1080,
    AES_ECB = 0x1081,
    AES_CBC = 0x1082,
    AES_CBC_PAD = 0x1085,
    AES_CTR = 0x1086,
    AES_GCM = 0x1087,
    AES_CCM = 0x1088,
    AES_CMAC = 0x108A,
    AES_OFB = 0x2104,
    AES_CFB128 = 0x2107,
    AES_KEY_WRAP = 0x2109,
    AES_KEY_WRAP_PAD = 0x210A,
    AES_KEY_WRAP_KWP = 0x210B,
}

impl Mechanism {
    /// The name in the PKCS#11 headers, where this crate knows the number.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        NAMES.iter().find(|(number, _)| *number == self).map(|(_, name)| *name)
    }

    /// Every mechanism this crate knows by name, in order of number.
    pub fn known() -> impl Iterator<Item = Self> {
        NAMES.iter().map(|(number, _)| *number)
    }
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "CKM 0x{:08X}", self.0),
        }
    }
}

impl fmt::Debug for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What C_GetMechanismInfo says of one mechanism.
///
/// Spec: PKCS#11 2.40 §3.5, `CK_MECHANISM_INFO`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct MechanismTraits {
    pub encrypt: bool,
    pub decrypt: bool,
    pub digest: bool,
    pub sign: bool,
    pub generate: bool,
    pub generate_pair: bool,
    pub wrap: bool,
    pub unwrap: bool,
    pub derive: bool,
    /// Smallest key, in the mechanism's own unit; meaningless for some.
    pub min_key: u64,
    /// Largest key, in the mechanism's own unit; meaningless for some.
    pub max_key: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_is_found_for_every_known_number() {
        assert!(Mechanism::known().all(|m| m.name().is_some()));
    }

    #[test]
    fn display_prints_unknown_numbers_in_hex() {
        assert_eq!(Mechanism(0x8000_0171).to_string(), "CKM 0x80000171");
        assert_eq!(Mechanism::AES_GCM.to_string(), "CKM_AES_GCM");
    }
}
