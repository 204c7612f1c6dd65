//! Ciphers tried: what is encrypted must come back, and a wrong tag must not.

use std::rc::Rc;

use hsm_backend::{
    BlockMode, CipherAlgorithm, CipherParams, Encrypted, HsmErrorKind, KeyRef, Padding,
    SecretKeyKind, software,
};

use super::keys::{Role, Workbench};
use super::tries::{Failure, Work, check};

const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
/// 1 KiB in whole blocks, and once it is padded.
const WHOLE: [u8; 1024] = [0x5A; 1024];
const PADDED: [u8; 1020] = [0x5A; 1020];
/// What key wrapping is given: a key.
const KEY: [u8; 32] = [0x5A; 32];

/// Tries `algorithm`, and gives the encryption, or the decryption of RSA.
pub(super) fn begin<'w>(
    bench: &'w Workbench<'_>,
    algorithm: CipherAlgorithm,
) -> Result<Work<'w>, Failure> {
    let (role, text, params): (_, &'static [u8], _) = match algorithm {
        CipherAlgorithm::Block { cipher, mode, padding } => {
            let iv = if mode.has_iv() { vec![0x17; cipher.block_bytes()] } else { Vec::new() };
            let text: &[u8] = if padding == Padding::None { &WHOLE } else { &PADDED };
            let params = CipherParams { iv, ..CipherParams::default() };
            (Role::Cipher(cipher.key_kind()), text, params)
        }
        CipherAlgorithm::AesGcm | CipherAlgorithm::AesCcm => {
            let (iv, aad) = (vec![0x17; NONCE_BYTES], b"doctor".to_vec());
            let params = CipherParams { iv, aad, tag_bytes: TAG_BYTES, ..CipherParams::default() };
            (Role::Cipher(SecretKeyKind::Aes), &WHOLE, params)
        }
        CipherAlgorithm::AesXts => {
            let tweak_key = Some(bench.key(Role::Tweak)?.key.clone());
            let params = CipherParams { iv: vec![0x17; 16], tweak_key, ..CipherParams::default() };
            (Role::Cipher(SecretKeyKind::Aes), &WHOLE, params)
        }
        CipherAlgorithm::AesKeyWrap | CipherAlgorithm::AesKeyWrapPad => {
            (Role::Wrapping, &KEY, CipherParams::default())
        }
        CipherAlgorithm::RsaRaw | CipherAlgorithm::RsaPkcs1 | CipherAlgorithm::RsaOaep { .. } => {
            return private(bench, algorithm);
        }
    };
    let job = Job { bench, key: bench.key(role)?, algorithm, params };
    job.comes_back(text)?;
    Ok(Box::new(move || job.encrypt(text).map(drop)))
}

struct Job<'w, 'a> {
    bench: &'w Workbench<'a>,
    key: Rc<super::keys::ThrowAway<'a>>,
    algorithm: CipherAlgorithm,
    params: CipherParams,
}

impl Job<'_, '_> {
    fn encrypt(&self, text: &[u8]) -> Result<Encrypted, Failure> {
        let Self { bench, key, algorithm, params } = self;
        let made = bench.hsm.encrypt(&bench.call(), &key.key, *algorithm, params, text)?;
        Ok(made.value)
    }

    fn comes_back(&self, text: &[u8]) -> Result<(), Failure> {
        let sealed = self.encrypt(text)?;
        check(sealed.data != text, "the ciphertext is the text")?;
        let open = |tag: &[u8]| {
            let (bench, key) = (self.bench, &self.key.key);
            let (call, how) = (bench.call(), stripped(self.algorithm));
            bench.hsm.decrypt(&call, key, how, &self.params, &sealed.data, tag)
        };
        let opened = open(&sealed.tag)?.value;
        // Zeros that pad cannot be told from data: they are left.
        let zeros = stripped(self.algorithm) != self.algorithm;
        let same = if zeros { opened.expose().starts_with(text) } else { opened.expose() == text };
        check(same, "the decryption is not the text")?;
        let mut forged = sealed.tag.clone();
        let Some(byte) = forged.first_mut() else { return Ok(()) };
        *byte ^= 1;
        let refused = open(&forged).is_err_and(|error| error.kind == HsmErrorKind::BadData);
        check(refused, "a wrong tag is not refused")
    }
}

/// The algorithm to decrypt with.
const fn stripped(algorithm: CipherAlgorithm) -> CipherAlgorithm {
    match algorithm {
        CipherAlgorithm::Block { cipher, mode, padding: Padding::Zeros } => {
            CipherAlgorithm::Block { cipher, mode, padding: Padding::None }
        }
        _ => algorithm,
    }
}

fn private<'w>(bench: &'w Workbench<'_>, algorithm: CipherAlgorithm) -> Result<Work<'w>, Failure> {
    let pair = bench.key(Role::Rsa)?;
    let public = pair.public.as_ref().ok_or(Failure::Wrong("the pair has no public half"))?;
    let params = CipherParams::default();
    let sealed = software::encrypt_public(public, algorithm, &params, &KEY)?;
    let open = move || {
        let opened =
            bench.hsm.decrypt(&bench.call(), &pair.key, algorithm, &params, &sealed, &[])?;
        check(opened.value.expose() == KEY, "the decryption is not the text")
    };
    open()?;
    Ok(Box::new(open))
}

/// Whether what one AES key encrypts another decrypts.
pub(super) fn crossed(
    bench: &Workbench<'_>,
    one: &KeyRef,
    other: &KeyRef,
) -> Result<bool, Failure> {
    let algorithm = CipherAlgorithm::aes(BlockMode::Ecb, Padding::None);
    let params = CipherParams::default();
    let sealed = bench.hsm.encrypt(&bench.call(), one, algorithm, &params, &KEY)?.value;
    let opened = bench.hsm.decrypt(&bench.call(), other, algorithm, &params, &sealed.data, &[])?;
    Ok(opened.value.expose() == KEY)
}
