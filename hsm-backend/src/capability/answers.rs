//! Known answers: tokens are asked for them at login, and every backend in its contract.

pub(crate) mod agreement;
pub(crate) mod rsa;

use super::rules::hash_row;
use super::{CipherPlan, MacPlan, SignPlan};
use crate::job::{
    BlockCipher, BlockMode, CipherAlgorithm, CipherParams, Curve, HashAlgorithm, MacAlgorithm,
    Padding, SignAlgorithm,
};

/// What a known answer is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Trial {
    Cipher(CipherAlgorithm, CipherPlan),
    Sign(SignAlgorithm, SignPlan),
    Mac(MacAlgorithm, MacPlan),
    /// That the token's OAEP opens with the right label, and with no other.
    OaepLabel,
    /// That the token makes pairs on a curve, which its range of lengths does not tell.
    Curve(Curve),
    /// That the token agrees on the known secret.
    Agree(Curve),
}

impl Trial {
    /// Whether the token's word is taken where it lets in no key to try it with: for what every
    /// token has had since PKCS#11 2.20.
    pub(crate) fn is_believed_untried(self) -> bool {
        let classic = |hash: HashAlgorithm, mgf: HashAlgorithm| {
            // CKG_MGF1_SHA1 to CKG_MGF1_SHA224; the numbers above came with SHA-3.
            hash == mgf && hash_row(hash).and_then(|row| row.mgf).is_some_and(|number| number <= 5)
        };
        match self {
            Self::Cipher(CipherAlgorithm::RsaOaep { hash, mgf }, CipherPlan::OnToken(_))
            | Self::Sign(SignAlgorithm::RsaPss { hash, mgf }, SignPlan::HashHere(_)) => {
                classic(hash, mgf)
            }
            Self::Cipher(..) | Self::Sign(..) | Self::Mac(..) | Self::Curve(_) | Self::Agree(_) => {
                true
            }
            Self::OaepLabel => false,
        }
    }
}

/// What a cipher makes of a text. Keys and texts are those of SP 800-38A appendix F, or of
/// SP 800-67 appendix B.1, unless said otherwise. All in hex.
pub(crate) struct Answer {
    pub(crate) algorithm: CipherAlgorithm,
    pub(crate) key: &'static str,
    pub(crate) iv: &'static str,
    pub(crate) aad: &'static str,
    pub(crate) plain: &'static str,
    pub(crate) sealed: &'static str,
    pub(crate) tag: &'static str,
}

const AES_KEY: &str = "2b7e151628aed2a6abf7158809cf4f3c";
const AES_TEXT: &str = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51";
const AES_IV: &str = "000102030405060708090a0b0c0d0e0f";
/// Of SP 800-38C appendix C.
pub(crate) const CCM_KEY: &str = "404142434445464748494a4b4c4d4e4f";
const DES_KEY: &str = "0123456789abcdef23456789abcdef01456789abcdef0123";
const DES_TEXT: &str = "54686520717569636b2062726f776e20666f78206a756d70";
const DES_IV: &str = "0001020304050607";

use HashAlgorithm as H;

type Row = (BlockMode, Padding, &'static str, &'static str);

const fn aes((mode, padding, iv, sealed): Row) -> Answer {
    let algorithm = CipherAlgorithm::aes(mode, padding);
    Answer { algorithm, key: AES_KEY, iv, aad: "", plain: AES_TEXT, sealed, tag: "" }
}

const fn des((mode, padding, iv, sealed): Row) -> Answer {
    let algorithm = CipherAlgorithm::Block { cipher: BlockCipher::Des3, mode, padding };
    Answer { algorithm, key: DES_KEY, iv, aad: "", plain: DES_TEXT, sealed, tag: "" }
}

/// Every known answer. Those of 3DES, and those with padding, were computed with OpenSSL.
#[rustfmt::skip]
pub(crate) const ANSWERS: [Answer; 18] = [
    // SP 800-38A F.1.1, F.2.1, F.3.13, F.4.1, F.5.1: the first two blocks.
    aes((BlockMode::Ecb, Padding::None, "", "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf")),
    aes((BlockMode::Cbc, Padding::None, AES_IV, "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2")),
    aes((BlockMode::Cfb, Padding::None, AES_IV, "3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b")),
    aes((BlockMode::Ofb, Padding::None, AES_IV, "3b3fd92eb72dad20333449f8e83cfb4a7789508d16918f03f53c52dac54ed825")),
    aes((BlockMode::Ctr, Padding::None, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff")),
    aes((BlockMode::Cbc, Padding::Pkcs5, AES_IV, "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b255e21d7100b988ffec32feeafaf23538")),
    des((BlockMode::Ecb, Padding::None, "", "1ccf23869d09333ecce21c8112256fe668d5c05dd9b6b900")),
    des((BlockMode::Cbc, Padding::None, DES_IV, "29b01b011b9ebb6f10308a42938279068782e8bec97fe03f")),
    des((BlockMode::Cfb, Padding::None, DES_IV, "645af773cc5c0c237f46ac00e5e73e01c87e475f66955266")),
    des((BlockMode::Ofb, Padding::None, DES_IV, "645af773cc5c0c23cd6750acc94eb37df6eccb9c9f705815")),
    // The counter passes its maximum.
    des((BlockMode::Ctr, Padding::None, "fffffffffffffffe", "452ec6dd646c87db968583d94f53dc0928d50bbcf3fea610")),
    des((BlockMode::Cbc, Padding::Pkcs5, DES_IV, "29b01b011b9ebb6f10308a42938279068782e8bec97fe03fc56efdc7acd151ed")),
    Answer {
        algorithm: CipherAlgorithm::AesGcm, key: AES_KEY, iv: "000102030405060708090a0b", aad: "616164", plain: AES_TEXT,
        sealed: "300e85b4962811d409e56a97d11aa3bda5178ba153daf84e9bbdfa0b7999db66", tag: "343c84fb63eced21874f590fb0109c99",
    },
    // SP 800-38C examples 1 to 3.
    Answer {
        algorithm: CipherAlgorithm::AesCcm, key: CCM_KEY, iv: "10111213141516", aad: "0001020304050607",
        plain: "20212223", sealed: "7162015b", tag: "4dac255d",
    },
    Answer {
        algorithm: CipherAlgorithm::AesCcm, key: CCM_KEY, iv: "1011121314151617", aad: "000102030405060708090a0b0c0d0e0f",
        plain: "202122232425262728292a2b2c2d2e2f", sealed: "d2a1f0e051ea5f62081a7792073d593d", tag: "1fc64fbfaccd",
    },
    Answer {
        algorithm: CipherAlgorithm::AesCcm, key: CCM_KEY, iv: "101112131415161718191a1b", aad: "000102030405060708090a0b0c0d0e0f10111213",
        plain: "202122232425262728292a2b2c2d2e2f3031323334353637", sealed: "e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5", tag: "484392fbc1b09951",
    },
    // RFC 3394 §4.1.
    Answer {
        algorithm: CipherAlgorithm::AesKeyWrap, key: "000102030405060708090a0b0c0d0e0f", iv: "", aad: "",
        plain: "00112233445566778899aabbccddeeff", sealed: "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5", tag: "",
    },
    // RFC 5649 §6, the whole half-blocks of 16 bytes computed with OpenSSL.
    Answer {
        algorithm: CipherAlgorithm::AesKeyWrapPad, key: "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8", iv: "", aad: "",
        plain: "00112233445566778899aabbccddeeff", sealed: "3d5096111d227d3c97f6a8d619ccf2ee7912eebeb1b41e43", tag: "",
    },
];

/// Key of the HMACs: RFC 2202, RFC 2286 and RFC 4231, test case 2.
pub(crate) const HMAC_KEY: &[u8] = b"Jefe";
/// What is authenticated there.
pub(crate) const HMAC_TEXT: &[u8] = b"what do ya want for nothing?";

/// The HMACs of that; those of SHA-3 and SHA-512/t were computed with OpenSSL.
pub(crate) const HMACS: [(HashAlgorithm, &str); 13] = [
    (H::Md5, "750c783e6ab0b503eaa86e310a5db738"),
    (H::Sha1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
    (H::Sha224, "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44"),
    (H::Sha256, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    (
        H::Sha384,
        "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e\
         8e2240ca5e69e2c78b3239ecfab21649",
    ),
    (
        H::Sha512,
        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554\
         9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
    ),
    (H::Sha512T224, "4a530b31a79ebcce36916546317c45f247d83241dfb818fd37254bde"),
    (H::Sha512T256, "6df7b24630d5ccb2ee335407081a87188c221489768fa2020513b2d593359456"),
    (H::Sha3T224, "7fdb8dd88bd2f60d1b798634ad386811c2cfc85bfaf5d52bbace5e66"),
    (H::Sha3T256, "c7d4072e788877ae3596bbb0da73b887c9171f93095b294ae857fbe2645e1ba5"),
    (
        H::Sha3T384,
        "f1101f8cbf9766fd6764d2ed61903f21ca9b18f57cf3e1a23ca13508a93243ce\
         48c045dc007f26a21b3f5e0e9df4c20a",
    ),
    (
        H::Sha3T512,
        "5a4bfeab6166427c7a3647b747292b8384537cdb89afb3bf5665e4c5e709350b\
         287baec921fd7ca0ee7a0c31d022a95e1fc92ba9d77df883960275beb4e62024",
    ),
    (H::Ripemd160, "dda6c0213a485a9e24f4742064a7f033b43c4069"),
];

/// Key, text and outcome of a CMAC: RFC 4493, example 2.
pub(crate) const CMAC: (&str, &str, &str) =
    (AES_KEY, "6bc1bee22e409f96e93d7e117393172a", "070a16b46b4d4144f79bdd9dd04a287c");

impl Answer {
    /// The parameters of the call.
    pub(crate) fn params(&self) -> CipherParams {
        CipherParams {
            iv: bytes(self.iv),
            aad: bytes(self.aad),
            tag_bytes: self.tag.len() / 2,
            counter_bits: None,
            tweak_key: None,
        }
    }
}

/// The bytes that `hex` spells.
pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|n| u8::try_from(n).ok());
    let digits: Vec<u8> = hex.as_bytes().iter().filter_map(digit).collect();
    digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect()
}
