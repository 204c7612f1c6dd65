//! Cases of secret keys: ciphers, key wrapping, MACs.

use kmip_core::types::{
    BlockCipherMode as Mode, CryptographicAlgorithm as Algorithm, HashingAlgorithm as Hash,
    PaddingMethod as Padding,
};
use softhsm_tests::keys::hashed;
use softhsm_tests::material::random;

use crate::plan::{Case, Does, Plan, case};

const MODES: [Mode; 5] = [Mode::ECB, Mode::CBC, Mode::CFB, Mode::OFB, Mode::CTR];
const PADDINGS: [Padding; 5] =
    [Padding::None, Padding::PKCS5, Padding::Zeros, Padding::ANSIX9_23, Padding::ISO10126];
/// Lengths for what takes whole blocks only, and for everything else; the longest goes to the token in
/// parts.
const WHOLE: [usize; 3] = [16, 64, 40_000];
const ANY: [usize; 5] = [1, 15, 16, 33, 40_001];
/// The HMACs that KMIP has algorithms for.
const HMACS: [(Algorithm, Hash); 9] = [
    (Algorithm::HMAC_SHA1, Hash::SHA_1),
    (Algorithm::HMAC_SHA224, Hash::SHA_224),
    (Algorithm::HMAC_SHA256, Hash::SHA_256),
    (Algorithm::HMAC_SHA384, Hash::SHA_384),
    (Algorithm::HMAC_SHA512, Hash::SHA_512),
    (Algorithm::HMAC_SHA3_224, Hash::SHA_3_224),
    (Algorithm::HMAC_SHA3_256, Hash::SHA_3_256),
    (Algorithm::HMAC_SHA3_384, Hash::SHA_3_384),
    (Algorithm::HMAC_SHA3_512, Hash::SHA_3_512),
];
/// Those it has none for, with a key of another HMAC.
const OTHER_HMACS: [Hash; 3] = [Hash::RIPEMD_160, Hash::SHA_512_224, Hash::SHA_512_256];

/// All of them.
pub(crate) fn add_all(plan: &mut Plan) {
    for (algorithm, cipher, lengths) in
        [(Algorithm::AES, "AES", &[16, 24, 32][..]), (Algorithm::DES3, "3DES", &[24])]
    {
        for bytes in lengths {
            let key = plan.secret(algorithm, *bytes, None);
            blocks(plan, cipher, &key);
        }
    }
    for bytes in [16, 24, 32] {
        let key = plan.secret(Algorithm::AES, bytes, None);
        authenticated(plan, &key);
        random_ivs(plan, &key);
        wraps(plan, &key);
        for length in ANY {
            let cmac = case("CMAC".to_owned(), Does::Mac, &key, "CMAC");
            plan.add(cmac.mode(Mode::CMAC, None).data(length));
        }
    }
    xts(plan);
    hmacs(plan);
}

fn sealing(name: &str, key: &str, mode: Mode, padding: Option<Padding>) -> Case {
    let mut kind = format!("{name} {}", mode.name().unwrap());
    if let Some(padding) = padding {
        kind = format!("{kind} {}", padding.name().unwrap());
    }
    case(kind, Does::Seal, key, "cipher").mode(mode, padding)
}

fn blocks(plan: &mut Plan, cipher: &'static str, key: &str) {
    let block = if cipher == "AES" { 16 } else { 8 };
    for mode in MODES {
        for padding in PADDINGS {
            let whole = padding == Padding::None && matches!(mode, Mode::ECB | Mode::CBC);
            for length in if whole { WHOLE.to_vec() } else { ANY.to_vec() } {
                let iv = if mode == Mode::ECB { 0 } else { block };
                let case = sealing(cipher, key, mode, Some(padding)).iv(iv).data(length);
                plan.add(Case { cipher, ..case });
            }
        }
    }
}

/// Tags of every length, nonces of some, with and without data and additional data.
fn authenticated(plan: &mut Plan, key: &str) {
    let gcm = [4, 8, 12, 13, 14, 15, 16].map(|tag| (tag, 12));
    let gcm = gcm.into_iter().chain([(16, 8), (16, 16), (16, 60)]).map(|of| (Mode::GCM, of));
    let ccm = [4, 6, 8, 10, 12, 14, 16].map(|tag| (tag, 12));
    let ccm = ccm.into_iter().chain([(16, 7), (16, 13)]).map(|of| (Mode::CCM, of));
    for (number, (mode, (tag, nonce))) in gcm.chain(ccm).enumerate() {
        for length in [0, 1, 16, 1_000] {
            let mut case = sealing("AES", key, mode, None).iv(nonce).data(length);
            case.tag = Some(tag);
            case.parameters.tag_length = Some(tag);
            // Alternates with the tags, so that there is each with and without.
            case.aad = random((number + length) % 2 * 20);
            plan.add(case);
        }
    }
}

/// The server makes the IV, and says which.
fn random_ivs(plan: &mut Plan, key: &str) {
    for (mode, iv) in
        [(Mode::CBC, 16), (Mode::CFB, 16), (Mode::OFB, 16), (Mode::CTR, 16), (Mode::GCM, 12)]
    {
        let padding = (mode == Mode::CBC).then_some(Padding::PKCS5);
        // The IV is that of the library's own product.
        let mut case = sealing("AES", key, mode, padding).iv(iv).data(100);
        case.kind = format!("AES random IV {}", mode.name().unwrap());
        case.parameters.random_iv = Some(true);
        if mode == Mode::GCM {
            case.tag = Some(16);
            case.parameters.tag_length = case.tag;
        }
        plan.add(case);
    }
}

fn wraps(plan: &mut Plan, key: &str) {
    for (mode, lengths) in
        [(Mode::NISTKeyWrap, &[16, 24, 32, 1_000][..]), (Mode::AESKeyWrapPadding, &[16, 32, 1_000])]
    {
        for length in lengths {
            plan.add(sealing("AES", key, mode, None).data(*length));
        }
    }
    for mode in [Mode::NISTKeyWrap, Mode::AESKeyWrapPadding] {
        for length in [16, 24, 32] {
            let kind = format!("wrapped Get {}", mode.name().unwrap());
            plan.add(case(kind, Does::Wrap, key, "wrap").mode(mode, None).data(length));
        }
    }
    let odd = sealing("AES", key, Mode::AESKeyWrapPadding, None).data(20);
    plan.add(Case { kind: format!("{}, 20 bytes", odd.kind), ..odd });
}

/// Two keys, which the library takes as one.
fn xts(plan: &mut Plan) {
    for bytes in [16, 32] {
        let key = plan.double_secret(bytes);
        for length in [16, 17, 31, 512, 4_101] {
            plan.add(sealing("AES", &key, Mode::XTS, None).iv(16).data(length));
        }
    }
}

fn hmacs(plan: &mut Plan) {
    let other = OTHER_HMACS.map(|hash| (Algorithm::HMAC_SHA256, hash));
    for (number, (algorithm, hash)) in HMACS.into_iter().chain(other).enumerate() {
        for bytes in [20, 64, 131] {
            let own = (number >= HMACS.len()).then_some(hashed(hash));
            let key = plan.secret(algorithm, bytes, own);
            for length in ANY {
                let kind = format!("HMAC {}", hash.name().unwrap());
                plan.add(case(kind, Does::Mac, &key, "HMAC").hash(hash).data(length));
            }
        }
    }
}
