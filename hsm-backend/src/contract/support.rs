//! What the cases share.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::backend::{CallContext, HsmBackend, KeyId, KeyRef, TokenState};
use crate::capability::Capabilities;
use crate::capability::answers::rsa;
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{
    BlockCipher, BlockMode, CipherAlgorithm, Curve, KeyMaterial, KeyPairSpec, KeyPolicy, KeyUsage,
    Padding, PublicKey, RsaPrivateParts, SecretKeyKind, SecretKeySpec, SecretValue,
};
use crate::software::fill_random;

/// The plainest cipher there is.
pub(super) const AES_ECB: CipherAlgorithm = CipherAlgorithm::aes(BlockMode::Ecb, Padding::None);

pub(super) fn call() -> CallContext {
    let deadline = Instant::now() + Duration::from_secs(60);
    CallContext { deadline, scope: "contract".to_owned(), request_id: 1 }
}

pub(super) fn fresh_id() -> KeyId {
    let mut id = [0; 16];
    fill_random(&mut id).unwrap();
    KeyId(id)
}

pub(super) fn capabilities(backend: &dyn HsmBackend) -> Arc<Capabilities> {
    match backend.state() {
        TokenState::Ready(capabilities) => capabilities,
        state @ (TokenState::Sealed | TokenState::Unavailable) => panic!("backend is {state:?}"),
    }
}

/// May do everything, and may leave.
pub(super) fn open_policy() -> KeyPolicy {
    let usage = KeyUsage {
        encrypt: true,
        decrypt: true,
        sign: true,
        verify: true,
        wrap: true,
        unwrap: true,
        derive: false,
    };
    KeyPolicy { usage, sensitive: false, extractable: true, label: "contract".to_owned() }
}

/// May do nothing.
pub(super) fn idle_policy() -> KeyPolicy {
    KeyPolicy { usage: KeyUsage::default(), ..open_policy() }
}

/// A key in the token, destroyed when dropped.
pub(super) struct TestKey<'a> {
    backend: &'a dyn HsmBackend,
    pub(super) id: KeyId,
    pub(super) key: KeyRef,
}

impl<'a> TestKey<'a> {
    pub(super) fn adopt(backend: &'a dyn HsmBackend, id: KeyId) -> Self {
        Self { backend, id, key: KeyRef::Token(id) }
    }

    pub(super) fn import(
        backend: &'a dyn HsmBackend,
        material: &KeyMaterial,
        policy: &KeyPolicy,
    ) -> Self {
        let key = Self::adopt(backend, fresh_id());
        backend.import_key(&call(), key.id, material, policy).expect("import");
        key
    }

    pub(super) fn aes(backend: &'a dyn HsmBackend, value: &str) -> Self {
        Self::import(backend, &secret(SecretKeyKind::Aes, hex(value)), &open_policy())
    }

    pub(super) fn generated(backend: &'a dyn HsmBackend, kind: SecretKeyKind, bits: u32) -> Self {
        let key = Self::adopt(backend, fresh_id());
        let spec = SecretKeySpec { kind, bits };
        backend.generate_key(&call(), key.id, spec, &open_policy()).expect("generate");
        key
    }

    pub(super) fn rsa(backend: &'a dyn HsmBackend, policy: &KeyPolicy) -> Self {
        Self::import(backend, &KeyMaterial::RsaPrivate(rsa_parts()), policy)
    }

    pub(super) fn ec(backend: &'a dyn HsmBackend, curve: Curve) -> (Self, PublicKey) {
        let key = Self::adopt(backend, fresh_id());
        let made =
            backend.generate_key_pair(&call(), key.id, &KeyPairSpec::Ec(curve), &open_policy());
        (key, made.expect("generate pair").value.public)
    }
}

impl Drop for TestKey<'_> {
    fn drop(&mut self) {
        // Some cases destroy their key themselves, and a failing case may not have made it.
        let absent = self.backend.destroy_key(&call(), &self.key);
        drop(absent);
    }
}

/// The block ciphers whose keys this backend takes; checks that it refuses the others'.
pub(super) fn block_ciphers_taken(backend: &dyn HsmBackend) -> Vec<BlockCipher> {
    let taken = |cipher: &BlockCipher| {
        let takes = capabilities(backend).takes(cipher.key_kind());
        if !takes {
            let key = secret(cipher.key_kind(), vec![1; 24]);
            let id = fresh_id();
            expect_unsupported(backend.import_key(&call(), id, &key, &open_policy()));
        }
        takes
    };
    [BlockCipher::Aes, BlockCipher::Des3].into_iter().filter(taken).collect()
}

pub(super) fn secret(kind: SecretKeyKind, value: Vec<u8>) -> KeyMaterial {
    KeyMaterial::Secret { kind, value: SecretValue::new(value) }
}

pub(super) fn rsa_parts() -> RsaPrivateParts {
    rsa::parts()
}

pub(super) fn rsa_public() -> PublicKey {
    rsa::public()
}

pub(super) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .filter_map(|digit| digit.to_digit(16))
        .map(|digit| u8::try_from(digit).unwrap())
        .collect();
    digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect()
}

/// The kind of an error that had to come.
#[track_caller]
pub(super) fn kind<T>(result: Result<T, HsmError>) -> HsmErrorKind {
    match result {
        Ok(_) => panic!("call succeeded"),
        Err(error) => error.kind,
    }
}

/// Checks that a wish without a plan is refused as such.
#[track_caller]
pub(super) fn expect_unsupported<T>(result: Result<T, HsmError>) {
    assert_eq!(kind(result), HsmErrorKind::Unsupported);
}
