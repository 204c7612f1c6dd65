//! Wish to plans, best first. Data only: a new algorithm is a new line.

use super::mechanism::Mechanism as M;
use super::{CipherPlan, DigestPlan, MacPlan, SignPlan, WrapPlan};
use crate::job::{
    BlockCipher, BlockMode, CipherAlgorithm, Curve, EdwardsCurve, HashAlgorithm, MacAlgorithm,
    Padding, SecretKeyKind, SignAlgorithm, WrapAlgorithm,
};

/// One hash function, and the mechanisms that contain it.
pub(crate) struct HashRow {
    pub(crate) hash: HashAlgorithm,
    pub(crate) digest: M,
    pub(crate) hmac: M,
    pub(crate) rsa_pkcs: Option<M>,
    pub(crate) ecdsa: Option<M>,
    /// CKG_MGF1_* of this hash.
    pub(crate) mgf: Option<u64>,
    /// Whether this crate can compute it.
    pub(crate) here: bool,
}

type Row = (HashAlgorithm, M, M, Option<M>, Option<M>, Option<u64>, bool);

const fn row(r: Row) -> HashRow {
    HashRow { hash: r.0, digest: r.1, hmac: r.2, rsa_pkcs: r.3, ecdsa: r.4, mgf: r.5, here: r.6 }
}

use HashAlgorithm as H;

#[rustfmt::skip]
pub(crate) const HASHES: [HashRow; 13] = [
    row((H::Md5, M::MD5, M::MD5_HMAC, Some(M::MD5_RSA_PKCS), None, None, false)),
    row((H::Sha1, M::SHA_1, M::SHA_1_HMAC, Some(M::SHA1_RSA_PKCS), Some(M::ECDSA_SHA1), Some(1), true)),
    row((H::Sha224, M::SHA224, M::SHA224_HMAC, Some(M::SHA224_RSA_PKCS), Some(M::ECDSA_SHA224), Some(5), true)),
    row((H::Sha256, M::SHA256, M::SHA256_HMAC, Some(M::SHA256_RSA_PKCS), Some(M::ECDSA_SHA256), Some(2), true)),
    row((H::Sha384, M::SHA384, M::SHA384_HMAC, Some(M::SHA384_RSA_PKCS), Some(M::ECDSA_SHA384), Some(3), true)),
    row((H::Sha512, M::SHA512, M::SHA512_HMAC, Some(M::SHA512_RSA_PKCS), Some(M::ECDSA_SHA512), Some(4), true)),
    row((H::Sha512T224, M::SHA512_224, M::SHA512_224_HMAC, None, None, None, true)),
    row((H::Sha512T256, M::SHA512_256, M::SHA512_256_HMAC, None, None, None, true)),
    row((H::Sha3T224, M::SHA3_224, M::SHA3_224_HMAC, Some(M::SHA3_224_RSA_PKCS), Some(M::ECDSA_SHA3_224), Some(6), true)),
    row((H::Sha3T256, M::SHA3_256, M::SHA3_256_HMAC, Some(M::SHA3_256_RSA_PKCS), Some(M::ECDSA_SHA3_256), Some(7), true)),
    row((H::Sha3T384, M::SHA3_384, M::SHA3_384_HMAC, Some(M::SHA3_384_RSA_PKCS), Some(M::ECDSA_SHA3_384), Some(8), true)),
    row((H::Sha3T512, M::SHA3_512, M::SHA3_512_HMAC, Some(M::SHA3_512_RSA_PKCS), Some(M::ECDSA_SHA3_512), Some(9), true)),
    row((H::Ripemd160, M::RIPEMD160, M::RIPEMD160_HMAC, Some(M::RIPEMD160_RSA_PKCS), None, None, true)),
];

/// A block cipher in one mode, and what a token may have for it.
pub(crate) struct BlockRow {
    pub(crate) cipher: BlockCipher,
    pub(crate) mode: BlockMode,
    /// The mode itself.
    pub(crate) native: Option<M>,
    /// The mode with PKCS#5 padding.
    pub(crate) padded: Option<M>,
    /// What encrypts the blocks for [`CipherPlan::XorHere`], each way.
    pub(crate) blocks: Option<(M, M)>,
}

type Modes = (BlockCipher, BlockMode, Option<M>, Option<M>, Option<(M, M)>);

const fn modes(r: Modes) -> BlockRow {
    BlockRow { cipher: r.0, mode: r.1, native: r.2, padded: r.3, blocks: r.4 }
}

#[rustfmt::skip]
pub(crate) const BLOCKS: [BlockRow; 10] = [
    modes((BlockCipher::Aes, BlockMode::Ecb, Some(M::AES_ECB), None, None)),
    modes((BlockCipher::Aes, BlockMode::Cbc, Some(M::AES_CBC), Some(M::AES_CBC_PAD), None)),
    modes((BlockCipher::Aes, BlockMode::Cfb, Some(M::AES_CFB128), None, Some((M::AES_CBC, M::AES_ECB)))),
    modes((BlockCipher::Aes, BlockMode::Ofb, Some(M::AES_OFB), None, Some((M::AES_CBC, M::AES_CBC)))),
    modes((BlockCipher::Aes, BlockMode::Ctr, Some(M::AES_CTR), None, Some((M::AES_ECB, M::AES_ECB)))),
    modes((BlockCipher::Des3, BlockMode::Ecb, Some(M::DES3_ECB), None, None)),
    modes((BlockCipher::Des3, BlockMode::Cbc, Some(M::DES3_CBC), Some(M::DES3_CBC_PAD), None)),
    modes((BlockCipher::Des3, BlockMode::Cfb, None, None, Some((M::DES3_CBC, M::DES3_ECB)))),
    modes((BlockCipher::Des3, BlockMode::Ofb, None, None, Some((M::DES3_CBC, M::DES3_CBC)))),
    modes((BlockCipher::Des3, BlockMode::Ctr, None, None, Some((M::DES3_ECB, M::DES3_ECB)))),
];

const CCM_HERE: CipherPlan = CipherPlan::CcmHere { mac: M::AES_CBC, stream: M::AES_ECB };

/// Ciphers without mode and hash.
const CIPHERS: &[(CipherAlgorithm, &[CipherPlan])] = &[
    (CipherAlgorithm::AesGcm, &[CipherPlan::OnToken(M::AES_GCM)]),
    (CipherAlgorithm::AesCcm, &[CipherPlan::OnToken(M::AES_CCM), CCM_HERE]),
    (CipherAlgorithm::AesXts, &[CipherPlan::TweakHere(M::AES_ECB)]),
    (CipherAlgorithm::AesKeyWrap, &[CipherPlan::AsKey(M::AES_KEY_WRAP)]),
    (
        CipherAlgorithm::AesKeyWrapPad,
        &[CipherPlan::AsKey(M::AES_KEY_WRAP_KWP), CipherPlan::AsKey(M::AES_KEY_WRAP_PAD)],
    ),
    (CipherAlgorithm::RsaRaw, &[CipherPlan::OnToken(M::RSA_X_509)]),
    (CipherAlgorithm::RsaPkcs1, &[CipherPlan::OnToken(M::RSA_PKCS)]),
];

/// Key wrapping. C_GetMechanismInfo cannot tell what CKM_AES_KEY_WRAP_PAD does (SoftHSM 2.6.1
/// pads with zeros, some pad as PKCS#7), so its plans need a proof; see [`super::WrapProof`].
pub(crate) const WRAPS: &[(WrapAlgorithm, &[WrapPlan])] = &[
    (WrapAlgorithm::AesKeyWrap, &[WrapPlan::OnToken(M::AES_KEY_WRAP)]),
    (
        WrapAlgorithm::AesKeyWrapPad,
        &[
            WrapPlan::OnToken(M::AES_KEY_WRAP_KWP),
            WrapPlan::OnToken(M::AES_KEY_WRAP_PAD),
            WrapPlan::WholeBlocks(M::AES_KEY_WRAP_PAD),
        ],
    ),
];

/// Secret key generation: kind, mechanism, smallest and largest key in bits.
pub(crate) const SECRETS: &[(SecretKeyKind, M, u32, u32)] = &[
    (SecretKeyKind::Aes, M::AES_KEY_GEN, 128, 256),
    (SecretKeyKind::Des3, M::DES3_KEY_GEN, 192, 192),
    (SecretKeyKind::Des3, M::DES2_KEY_GEN, 128, 128),
    (SecretKeyKind::Generic, M::GENERIC_SECRET_KEY_GEN, 8, 8192),
];

/// RSA modulus lengths this crate deals with, in bits.
pub(crate) const RSA_BITS: core::ops::RangeInclusive<u32> = 1024..=4096;

/// Curves and the bits by which a token's range is judged.
pub(crate) const CURVES: &[(Curve, u32)] =
    &[(Curve::P256, 256), (Curve::P384, 384), (Curve::P521, 521), (Curve::Secp256k1, 256)];

/// Curves of Edwards form, and the bits by which a token's range is judged: tokens count them with
/// and without those that are always the same.
pub(crate) const EDWARDS: &[(EdwardsCurve, core::ops::RangeInclusive<u32>)] =
    &[(EdwardsCurve::Ed25519, 255..=256), (EdwardsCurve::Ed448, 448..=456)];

/// The row of `hash`.
pub(crate) fn hash_row(hash: HashAlgorithm) -> Option<&'static HashRow> {
    HASHES.iter().find(|row| row.hash == hash)
}

/// Every cipher with its plans.
///
/// The token's own OAEP is tried by known answers (SoftHSM takes SHA-1 only), and a label is given
/// to it only where it was seen to heed one (SoftHSM ignores it); else it is unpadded here.
pub(crate) fn ciphers() -> Vec<(CipherAlgorithm, Vec<CipherPlan>)> {
    let mut all: Vec<_> = BLOCKS.iter().flat_map(block_ciphers).collect();
    all.extend(CIPHERS.iter().map(|(wish, plans)| (*wish, plans.to_vec())));
    for (hash, mgf) in pairs() {
        let mut plans = Vec::new();
        if hash.here && mgf.mgf.is_some() {
            plans.push(CipherPlan::OnToken(M::RSA_PKCS_OAEP));
        }
        if hash.here && mgf.here {
            plans.push(CipherPlan::UnpadHere(M::RSA_X_509));
        }
        all.push((CipherAlgorithm::RsaOaep { hash: hash.hash, mgf: mgf.hash }, plans));
    }
    all
}

/// One mode with every padding.
///
/// Paddings are taken off here before the token's own padded mechanism is thought of: here it
/// takes the same time whatever is wrong, and a refusal asks the token nothing more.
fn block_ciphers(row: &BlockRow) -> impl Iterator<Item = (CipherAlgorithm, Vec<CipherPlan>)> {
    let here = row.blocks.map(|(encrypt, decrypt)| CipherPlan::XorHere { encrypt, decrypt });
    Padding::ALL.into_iter().map(move |padding| {
        let wish = CipherAlgorithm::Block { cipher: row.cipher, mode: row.mode, padding };
        let (native, padded) = match padding {
            Padding::None => (row.native.map(CipherPlan::OnToken), None),
            Padding::Pkcs5 => {
                (row.native.map(CipherPlan::PadHere), row.padded.map(CipherPlan::OnToken))
            }
            Padding::AnsiX923 | Padding::Iso10126 | Padding::Zeros | Padding::OneAndZeros => {
                (row.native.map(CipherPlan::PadHere), None)
            }
        };
        (wish, native.into_iter().chain(padded).chain(here).collect())
    })
}

/// Every signature scheme with its plans.
///
/// Hashing here comes first: it serves messages and finished digests alike, and only the digest
/// crosses the wire to a network HSM.
pub(crate) fn signs() -> Vec<(SignAlgorithm, Vec<SignPlan>)> {
    let mut all = vec![
        (SignAlgorithm::RsaPkcs1Raw, vec![SignPlan::Raw(M::RSA_PKCS)]),
        (SignAlgorithm::EcdsaRaw, vec![SignPlan::Raw(M::ECDSA)]),
    ];
    for curve in EdwardsCurve::ALL {
        all.push((SignAlgorithm::EdDsa(curve), vec![SignPlan::OnToken(M::EDDSA)]));
    }
    for row in &HASHES {
        let here = |mechanism| row.here.then_some(SignPlan::HashHere(mechanism));
        let pkcs1 = here(M::RSA_PKCS).into_iter().chain(row.rsa_pkcs.map(SignPlan::OnToken));
        all.push((SignAlgorithm::RsaPkcs1(row.hash), pkcs1.collect()));
        let ecdsa = here(M::ECDSA).into_iter().chain(row.ecdsa.map(SignPlan::OnToken));
        all.push((SignAlgorithm::Ecdsa(row.hash), ecdsa.collect()));
    }
    for (hash, mgf) in pairs() {
        let mut plans = Vec::new();
        // Many tokens take one hash for both only, or none but the oldest: known answers tell.
        if hash.here && mgf.mgf.is_some() {
            plans.push(SignPlan::HashHere(M::RSA_PKCS_PSS));
        }
        if hash.here && mgf.here {
            plans.push(SignPlan::EncodeHere(M::RSA_X_509));
        }
        all.push((SignAlgorithm::RsaPss { hash: hash.hash, mgf: mgf.hash }, plans));
    }
    all
}

/// Every MAC with its plans.
pub(crate) fn macs() -> Vec<(MacAlgorithm, Vec<MacPlan>)> {
    let hmacs = HASHES.iter().map(|r| (MacAlgorithm::Hmac(r.hash), vec![MacPlan::OnToken(r.hmac)]));
    hmacs.chain([(MacAlgorithm::AesCmac, vec![MacPlan::OnToken(M::AES_CMAC)])]).collect()
}

/// Every hash with the plan by which the token digests a key.
pub(crate) fn digests() -> Vec<(HashAlgorithm, Vec<DigestPlan>)> {
    HASHES.iter().map(|r| (r.hash, vec![DigestPlan::OnToken(r.digest)])).collect()
}

fn pairs() -> impl Iterator<Item = (&'static HashRow, &'static HashRow)> {
    HASHES.iter().flat_map(|hash| HASHES.iter().map(move |mgf| (hash, mgf)))
}
