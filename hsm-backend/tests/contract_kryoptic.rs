//! The backend contract, and what only a token has, on Kryoptic: a PKCS#11 3.x token that has what
//! SoftHSM2 lacks, and fails differently.

mod support;

use std::path::PathBuf;

use hsm_backend::{
    BlockMode, CipherAlgorithm, HashAlgorithm, MacAlgorithm, Mechanism, Padding, SignAlgorithm,
    Wish, WrapAlgorithm,
};
use support::{SoftToken, capabilities};

/// Where `./test` builds it.
fn built() -> PathBuf {
    let home = std::env::var_os("HOME").map_or_else(PathBuf::new, PathBuf::from);
    home.join(".cache/claviger/kryoptic/release/libkryoptic_module.so")
}

const KRYOPTIC: SoftToken = SoftToken {
    module_variable: "CLAVIGER_KRYOPTIC_MODULE",
    default_module: built,
    remedy: "run `tools/kryoptic`, which builds it",
    conf_variable: "KRYOPTIC_CONF",
    conf: |tokens| {
        let slot = |number: u32| {
            let path = tokens.join(format!("{number}.sql"));
            format!("[[slots]]\nslot = {number}\ndbtype = \"sqlite\"\ndbargs = {path:?}\n")
        };
        slot(1) + &slot(2)
    },
};

cases_on! { KRYOPTIC }

/// What SoftHSM2 lacks, or does wrongly, and Kryoptic's own mechanism does.
fn native() -> Vec<(Wish, Mechanism)> {
    use HashAlgorithm::{Sha3T224, Sha3T256, Sha3T384, Sha3T512, Sha256, Sha512T224, Sha512T256};
    let mode = |mode| Wish::Cipher(CipherAlgorithm::aes(mode, Padding::None));
    let hmac = |hash| Wish::Mac(MacAlgorithm::Hmac(hash));
    let oaep = |hash, mgf| Wish::Cipher(CipherAlgorithm::RsaOaep { hash, mgf });
    let pss = |hash, mgf| Wish::Sign(SignAlgorithm::RsaPss { hash, mgf });
    vec![
        (mode(BlockMode::Cfb), Mechanism::AES_CFB128),
        (mode(BlockMode::Ofb), Mechanism::AES_OFB),
        (Wish::Cipher(CipherAlgorithm::AesCcm), Mechanism::AES_CCM),
        (Wish::Wrap(WrapAlgorithm::AesKeyWrapPad), Mechanism::AES_KEY_WRAP_KWP),
        (hmac(Sha3T224), Mechanism::SHA3_224_HMAC),
        (hmac(Sha3T256), Mechanism::SHA3_256_HMAC),
        (hmac(Sha3T384), Mechanism::SHA3_384_HMAC),
        (hmac(Sha3T512), Mechanism::SHA3_512_HMAC),
        (hmac(Sha512T224), Mechanism::SHA512_224_HMAC),
        (hmac(Sha512T256), Mechanism::SHA512_256_HMAC),
        (oaep(Sha256, Sha256), Mechanism::RSA_PKCS_OAEP),
        (oaep(Sha256, Sha3T512), Mechanism::RSA_PKCS_OAEP),
        (pss(Sha3T256, Sha3T256), Mechanism::RSA_PKCS_PSS),
        (pss(Sha3T384, Sha256), Mechanism::RSA_PKCS_PSS),
    ]
}

#[test]
fn native_mechanisms_are_used() {
    KRYOPTIC.in_child("native_mechanisms_are_used", |_| {
        KRYOPTIC.provision("native");
        let backend = KRYOPTIC.open("native");
        let capabilities = capabilities(&backend);
        for (wish, mechanism) in native() {
            assert_eq!(capabilities.row(wish).mechanism, Some(mechanism), "{wish}");
        }
        assert!(capabilities.oaep_labels());
    });
}

/// C_Decrypt of CKM_RSA_X_509 fails when it is asked for the length, and leaves the operation open:
/// the login must see the one and survive the other.
#[test]
fn listed_mechanism_that_fails_is_not_used() {
    KRYOPTIC.in_child("listed_mechanism_that_fails_is_not_used", |_| {
        KRYOPTIC.provision("listed");
        let backend = KRYOPTIC.open("listed");
        let served = capabilities(&backend).row(Wish::Cipher(CipherAlgorithm::RsaRaw)).mechanism;
        assert_eq!(served, None);
    });
}
