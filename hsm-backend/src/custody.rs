//! Wrapped custody: what the server keeps of a key that lives nowhere else.

use crate::backend::WrappedKey;
use crate::capability::{Capabilities, WrapPlan};
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{
    Curve, EdwardsCurve, KeyPolicy, KeyUsage, SecretKeyKind, SecretKeySpec, WrapAlgorithm,
};
use crate::limits;

const MALFORMED: HsmError = HsmError::new(HsmErrorKind::Damaged, "wrapped key");
const VERSION: u8 = 1;
/// Version, algorithm, kind, usage, policy, and four bytes of length.
const HEAD_BYTES: usize = 9;

/// A wrapped key with what its use needs to know; the server sees one opaque text.
///
/// The head is not authenticated: it says no more than the row beside it, whose usage mask rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Envelope {
    pub(crate) algorithm: WrapAlgorithm,
    pub(crate) contents: Contents,
    pub(crate) usage: KeyUsage,
    pub(crate) sensitive: bool,
    pub(crate) extractable: bool,
    pub(crate) wrapped: Vec<u8>,
}

const ALGORITHMS: [WrapAlgorithm; 2] = [WrapAlgorithm::AesKeyWrap, WrapAlgorithm::AesKeyWrapPad];

/// Longest wrapped private key: RSA of 16,384 bits stays below it.
const MAX_PRIVATE_BYTES: usize = 16 << 10;

/// What kind of key an envelope holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contents {
    Secret(SecretKeySpec),
    /// PKCS#8, as C_WrapKey makes it of private keys; likewise the others.
    Rsa {
        modulus_bits: u32,
    },
    Ec(Curve),
    Edwards(EdwardsCurve),
}

/// The kinds by their number, each with a length to be filled in.
const KINDS: [Contents; 10] = [
    Contents::Secret(SecretKeySpec { kind: SecretKeyKind::Aes, bits: 0 }),
    Contents::Secret(SecretKeySpec { kind: SecretKeyKind::Generic, bits: 0 }),
    Contents::Secret(SecretKeySpec { kind: SecretKeyKind::Des3, bits: 0 }),
    Contents::Rsa { modulus_bits: 0 },
    Contents::Ec(Curve::P256),
    Contents::Ec(Curve::P384),
    Contents::Ec(Curve::P521),
    Contents::Edwards(EdwardsCurve::Ed25519),
    Contents::Edwards(EdwardsCurve::Ed448),
    Contents::Ec(Curve::Secp256k1),
];

impl Contents {
    const fn with_bits(self, bits: u32) -> Self {
        match self {
            Self::Secret(spec) => Self::Secret(SecretKeySpec { bits, ..spec }),
            Self::Rsa { .. } => Self::Rsa { modulus_bits: bits },
            Self::Ec(_) | Self::Edwards(_) => self,
        }
    }

    const fn bits(self) -> u32 {
        match self {
            Self::Secret(spec) => spec.bits,
            Self::Rsa { modulus_bits } => modulus_bits,
            Self::Ec(_) | Self::Edwards(_) => 0,
        }
    }

    /// The mechanism that wraps such a key so that it comes back; `None` where there is none.
    pub(crate) fn algorithm(self, capabilities: &Capabilities) -> Option<WrapAlgorithm> {
        match self {
            Self::Secret(spec) => {
                let bytes = usize::try_from(spec.bits / 8).ok()?;
                algorithm_for(capabilities, bytes)
            }
            // Zeros behind DER do no harm; each private key is tried before it is believed.
            Self::Rsa { .. } | Self::Ec(_) | Self::Edwards(_) => {
                [WrapAlgorithm::AesKeyWrapPad, WrapAlgorithm::AesKeyWrap]
                    .into_iter()
                    .find(|algorithm| capabilities.wrap(*algorithm).is_some())
            }
        }
    }
}

impl Envelope {
    pub(crate) fn new(
        algorithm: WrapAlgorithm,
        contents: Contents,
        policy: &KeyPolicy,
        wrapped: Vec<u8>,
    ) -> Self {
        let (sensitive, extractable) = (policy.sensitive, policy.extractable);
        Self { algorithm, contents, usage: policy.usage, sensitive, extractable, wrapped }
    }

    /// How the live key is to be, without a label.
    pub(crate) fn policy(&self) -> KeyPolicy {
        let (sensitive, extractable) = (self.sensitive, self.extractable);
        KeyPolicy { usage: self.usage, sensitive, extractable, label: String::new() }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let u = self.usage;
        let usage = [u.encrypt, u.decrypt, u.sign, u.verify, u.wrap, u.unwrap, u.derive];
        let mut bytes = vec![
            VERSION,
            place(&ALGORITHMS, self.algorithm),
            place(&KINDS, self.contents.with_bits(0)),
            flags(&usage),
            flags(&[self.sensitive, self.extractable]),
        ];
        bytes.extend_from_slice(&self.contents.bits().to_be_bytes());
        bytes.extend_from_slice(&self.wrapped);
        bytes
    }

    /// # Errors
    ///
    /// `Damaged`.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, HsmError> {
        let (head, wrapped) = bytes.split_at_checked(HEAD_BYTES).ok_or(MALFORMED)?;
        let [VERSION, algorithm, kind, usage, policy, b0, b1, b2, b3] = *head else {
            return Err(MALFORMED);
        };
        let has = |flags: u8, bit: u8| flags >> bit & 1 == 1;
        let contents = KINDS.get(usize::from(kind)).ok_or(MALFORMED)?;
        let envelope = Self {
            algorithm: *ALGORITHMS.get(usize::from(algorithm)).ok_or(MALFORMED)?,
            contents: contents.with_bits(u32::from_be_bytes([b0, b1, b2, b3])),
            usage: KeyUsage {
                encrypt: has(usage, 0),
                decrypt: has(usage, 1),
                sign: has(usage, 2),
                verify: has(usage, 3),
                wrap: has(usage, 4),
                unwrap: has(usage, 5),
                derive: has(usage, 6),
            },
            sensitive: has(policy, 0),
            extractable: has(policy, 1),
            wrapped: wrapped.to_vec(),
        };
        envelope.check_length()?;
        Ok(envelope)
    }

    /// Lengths are checked before the token sees them.
    fn check_length(&self) -> Result<(), HsmError> {
        match self.contents {
            Contents::Secret(spec) => {
                let fits = limits::spec_bytes(spec)
                    .and_then(|bytes| limits::check_wrapped(&self.wrapped, bytes));
                fits.map_err(HsmError::about_stored)
            }
            Contents::Rsa { .. } | Contents::Ec(_) | Contents::Edwards(_) => {
                let bytes = self.wrapped.len();
                let fits = bytes.is_multiple_of(8) && (24..=MAX_PRIVATE_BYTES).contains(&bytes);
                if fits { Ok(()) } else { Err(MALFORMED) }
            }
        }
    }
}

impl WrappedKey {
    /// `blob` with Sensitive set and Extractable cleared, as asked; the key in it is untouched, and
    /// so is what lives in the token, which gives nothing away in any case.
    ///
    /// # Errors
    ///
    /// `Damaged` for what is no wrapped key.
    pub fn restricted(
        blob: &[u8],
        sensitive: bool,
        not_extractable: bool,
    ) -> Result<Vec<u8>, HsmError> {
        let mut envelope = Envelope::decode(blob)?;
        envelope.sensitive |= sensitive;
        envelope.extractable &= !not_extractable;
        Ok(envelope.encode())
    }
}

fn place<T: PartialEq>(all: &[T], one: T) -> u8 {
    all.iter().position(|other| *other == one).and_then(|at| u8::try_from(at).ok()).unwrap_or(0)
}

fn flags(all: &[bool]) -> u8 {
    all.iter().rev().fold(0, |flags, flag| flags << 1 | u8::from(*flag))
}

/// The mechanism that gives a key of `bytes` back exactly; `None` where this token has none.
///
/// SoftHSM pads with zeros and loses the length, so odd lengths stay in token custody there.
pub(crate) fn algorithm_for(capabilities: &Capabilities, bytes: usize) -> Option<WrapAlgorithm> {
    let whole = bytes >= 16 && bytes.is_multiple_of(8);
    if whole && capabilities.wrap(WrapAlgorithm::AesKeyWrap).is_some() {
        return Some(WrapAlgorithm::AesKeyWrap);
    }
    let exact = match capabilities.wrap(WrapAlgorithm::AesKeyWrapPad)? {
        WrapPlan::OnToken(_) => true,
        WrapPlan::WholeBlocks(_) => bytes.is_multiple_of(8),
    };
    exact.then_some(WrapAlgorithm::AesKeyWrapPad)
}

/// The policy of a wrapping key: it wraps and unwraps, and never touches data.
pub(crate) fn kek_policy() -> KeyPolicy {
    let usage = KeyUsage { wrap: true, unwrap: true, ..KeyUsage::default() };
    let label = "claviger wrapping key".to_owned();
    KeyPolicy { usage, sensitive: true, extractable: false, label }
}

/// A wrapping key is AES-256.
pub(crate) const KEK_SPEC: SecretKeySpec = SecretKeySpec { kind: SecretKeyKind::Aes, bits: 256 };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn envelope_comes_back_as_it_was() {
        let policy = KeyPolicy { extractable: true, ..kek_policy() };
        for (kind, bits) in KINDS.into_iter().zip([128, 8_192, 192, 2_048, 0, 0, 0, 0, 0, 0]) {
            let contents = kind.with_bits(bits);
            let bytes = usize::try_from(bits / 8).unwrap().max(16) + 8;
            let wrapped = vec![1; bytes];
            let envelope = Envelope::new(WrapAlgorithm::AesKeyWrapPad, contents, &policy, wrapped);
            assert_eq!(Envelope::decode(&envelope.encode()), Ok(envelope));
        }
        for bad in [vec![], vec![0; 40], vec![1, 2, 0, 0, 0, 0, 0, 0, 0], vec![1; 8]] {
            assert!(Envelope::decode(&bad).is_err());
        }
    }
}
