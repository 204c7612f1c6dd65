//! Keys that the test knows and brings, and every part of them that a search looks for.

use hsm_backend::{KeyMaterial, SecretValue};
use kmip_core::attribute::Attribute;
use kmip_core::object::KeyMaterial as WireMaterial;
use kmip_core::payload::RegisterRequest;
use kmip_core::types::{
    CryptographicAlgorithm as Algorithm, CryptographicUsageMask as Mask, KeyFormatType,
};
use server::bridge::key_material;
use server::client::Client;
use softhsm_tests::keys;
use softhsm_tests::material::{PrivateKind, random};
use softhsm_tests::memory::Needles;
use softhsm_tests::requests::Id;

/// How much of a secret is as bad as all of it: an allocator writes its own marks over the beginning
/// of what was freed, so that a whole key need not survive.
const PIECE: usize = 16;
/// The secret keys that are brought, with their lengths in bytes.
const SECRETS: [(Algorithm, usize); 7] = [
    (Algorithm::AES, 16),
    (Algorithm::AES, 24),
    (Algorithm::AES, 32),
    (Algorithm::HMAC_SHA256, 32),
    (Algorithm::HMAC_SHA512, 64),
    // SoftHSM2 would lose its length when wrapped, so that it stays in the token.
    (Algorithm::HMAC_SHA256, 131),
    (Algorithm::DES3, 24),
];
/// The private keys of the ordinary proof; [`PrivateKind::Ed25519`] has one of its own.
pub(crate) const PRIVATES: [PrivateKind; 4] =
    [PrivateKind::Rsa2048, PrivateKind::P256, PrivateKind::P384, PrivateKind::P521];

/// The keys as the server knows them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys {
    pub(crate) aes: Vec<Id>,
    pub(crate) des3: Vec<Id>,
    pub(crate) hmac: Vec<Id>,
    pub(crate) rsa: Vec<Id>,
    pub(crate) ec: Vec<Id>,
    pub(crate) edwards: Vec<Id>,
}

impl Keys {
    /// The secret keys that are wrapped where the scope says so.
    pub(crate) fn wrappable(&self) -> impl Iterator<Item = &Id> {
        // The last HMAC key is the one of an odd length.
        self.aes.iter().chain(&self.des3).chain(&self.hmac[..self.hmac.len() - 1])
    }

    /// The private keys.
    pub(crate) fn private(&self) -> impl Iterator<Item = &Id> {
        self.rsa.iter().chain(&self.ec).chain(&self.edwards)
    }

    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Id> {
        let secret = self.aes.iter().chain(&self.des3).chain(&self.hmac);
        secret.chain(self.private())
    }
}

/// What a search looks for.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    pieces: Vec<(String, Vec<u8>)>,
}

impl Secrets {
    /// Adds a secret: every part of it, and every part of it read backwards, since numbers lie in
    /// memory with their last byte first.
    pub(crate) fn add(&mut self, name: &str, secret: &[u8]) {
        let backwards = secret.iter().rev().copied().collect::<Vec<_>>();
        for (order, bytes) in [("", secret), (", backwards", backwards.as_slice())] {
            for (number, piece) in bytes.chunks_exact(PIECE).enumerate() {
                let name = format!("{name}, bytes {} on{order}", number * PIECE);
                self.pieces.push((name, piece.to_vec()));
            }
        }
    }

    fn add_value(&mut self, name: &str, secret: &SecretValue) {
        self.add(name, secret.expose());
    }

    /// Every part, in the order of the counts.
    pub(crate) fn needles(&self) -> Needles<'_> {
        let list = self.pieces.iter().map(|(_, bytes)| bytes.as_slice());
        Needles::new(&list.collect::<Vec<_>>())
    }

    /// The names of what was found.
    pub(crate) fn found(&self, counts: &[usize]) -> Vec<String> {
        let found = self.pieces.iter().zip(counts).filter(|(_, count)| **count > 0);
        found.map(|((name, _), count)| format!("{name}: {count} times")).collect()
    }

    /// How many there are.
    pub(crate) const fn len(&self) -> usize {
        self.pieces.len()
    }
}

/// Registers one new secret key of each kind and private keys of these kinds, with these attributes
/// beside the usual.
pub(crate) fn bring(
    client: &mut Client,
    privates: &[PrivateKind],
    more: &[Attribute],
    secrets: &mut Secrets,
) -> Keys {
    let mut keys = Keys::default();
    let mut register = |request: RegisterRequest| {
        client.call(keys::with(request, more)).unwrap().unique_identifier
    };
    for (algorithm, bytes) in SECRETS {
        let value = random(bytes);
        secrets.add(&format!("{algorithm:?} of {bytes} bytes"), &value);
        match algorithm {
            Algorithm::AES | Algorithm::DES3 => {
                let mask = Mask::Encrypt.union(Mask::Decrypt);
                let id = register(keys::secret(algorithm, &value, mask));
                if algorithm == Algorithm::AES { &mut keys.aes } else { &mut keys.des3 }.push(id);
            }
            _ => {
                let mask = Mask::MACGenerate.union(Mask::MACVerify);
                keys.hmac.push(register(keys::secret(algorithm, &value, mask)));
            }
        }
    }
    for &kind in privates {
        let pkcs8 = kind.generate();
        add_parts(secrets, kind, &pkcs8);
        let mask = match kind {
            PrivateKind::Rsa2048 => Mask::Sign.union(Mask::Decrypt),
            _ => Mask::Sign,
        };
        let id = register(keys::private(kind.algorithm(), &pkcs8, mask));
        match kind {
            PrivateKind::Rsa2048 => &mut keys.rsa,
            PrivateKind::Ed25519 => &mut keys.edwards,
            PrivateKind::P256 | PrivateKind::P384 | PrivateKind::P521 => &mut keys.ec,
        }
        .push(id);
    }
    keys
}

/// Adds each part of a private key by itself: it is kept in parts, and not in this form.
fn add_parts(secrets: &mut Secrets, kind: PrivateKind, pkcs8: &[u8]) {
    let wire = WireMaterial::Bytes(pkcs8.to_vec().into());
    match key_material::read_private(KeyFormatType::PKCS_8, &wire).unwrap() {
        KeyMaterial::RsaPrivate(parts) => {
            let crt = parts.crt.unwrap();
            for (name, part) in [
                ("d", &parts.private_exponent),
                ("p", &crt.prime_p),
                ("q", &crt.prime_q),
                ("d mod p-1", &crt.exponent_p),
                ("d mod q-1", &crt.exponent_q),
                ("1/q mod p", &crt.coefficient),
            ] {
                secrets.add_value(&format!("{kind:?} {name}"), part);
            }
        }
        KeyMaterial::EcPrivate { d, .. } => secrets.add_value(&format!("{kind:?} scalar"), &d),
        KeyMaterial::EdwardsPrivate { seed, .. } => {
            secrets.add_value(&format!("{kind:?} seed"), &seed);
        }
        KeyMaterial::Secret { .. } => panic!("a private key"),
    }
}
