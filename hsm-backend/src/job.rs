//! Wishes: what a caller may ask for, free of PKCS#11 numbers. Every value here can cross a socket.

mod cipher;
mod stream;

pub use cipher::{BlockCipher, BlockMode, CipherAlgorithm, CipherParams, Padding};
pub use stream::{StreamEnd, StreamId, StreamWish};

use wiping::Wiping;

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum HashAlgorithm {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    Sha512T224,
    Sha512T256,
    Sha3T224,
    Sha3T256,
    Sha3T384,
    Sha3T512,
    Ripemd160,
}

/// A named elliptic curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Curve {
    P256,
    P384,
    P521,
    Secp256k1,
}

/// A curve of Edwards form, on which EdDSA signs.
///
/// Spec: RFC 8032.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum EdwardsCurve {
    Ed25519,
    Ed448,
}

/// What kind of secret key an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SecretKeyKind {
    /// An AES key: 128, 192 or 256 bits.
    Aes,
    /// A 3DES key: 192 bits, or 128 for two keys, of which the first is used again; parity bits
    /// count, and are left as they are.
    Des3,
    /// An HMAC or other generic secret: 1 to 1,024 bytes.
    Generic,
}

/// A secret key to be generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretKeySpec {
    /// What kind of key.
    pub kind: SecretKeyKind,
    /// Length in bits; a multiple of 8.
    pub bits: u32,
}

/// A key pair to be generated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyPairSpec {
    /// RSA of `bits` with the big-endian `public_exponent`.
    Rsa {
        /// Modulus length in bits.
        bits: u32,
        /// Big-endian public exponent, usually 65537.
        public_exponent: Vec<u8>,
    },
    /// A key on a named curve.
    Ec(Curve),
    /// A key on a curve of Edwards form.
    Edwards(EdwardsCurve),
}

/// What a key may be used for. Every flag is set explicitly on the token object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct KeyUsage {
    pub encrypt: bool,
    pub decrypt: bool,
    pub sign: bool,
    pub verify: bool,
    pub wrap: bool,
    pub unwrap: bool,
    pub derive: bool,
}

/// How a key is to live in the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPolicy {
    /// Allowed uses.
    pub usage: KeyUsage,
    /// CKA_SENSITIVE: the value is never readable in plaintext.
    pub sensitive: bool,
    /// CKA_EXTRACTABLE: the value may be wrapped out.
    pub extractable: bool,
    /// CKA_LABEL, at most 255 bytes.
    pub label: String,
}

/// The parts of an RSA private key, big-endian, without leading zeros.
///
/// The CRT parts may be absent; `private_exponent` is always there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct RsaPrivateParts {
    pub modulus: Vec<u8>,
    pub public_exponent: Vec<u8>,
    pub private_exponent: SecretValue,
    pub crt: Option<RsaCrtParts>,
}

/// The CRT half of an RSA private key, big-endian.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct RsaCrtParts {
    pub prime_p: SecretValue,
    pub prime_q: SecretValue,
    pub exponent_p: SecretValue,
    pub exponent_q: SecretValue,
    pub coefficient: SecretValue,
}

/// Secret bytes: wiped on drop, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretValue(Wiping);

impl SecretValue {
    /// Takes ownership of `bytes`.
    #[must_use]
    pub const fn new(bytes: Vec<u8>) -> Self {
        Self(Wiping::new(bytes))
    }

    /// The bytes, which nobody wipes any more.
    pub(crate) fn release(self) -> Vec<u8> {
        self.0.release()
    }

    /// The bytes; the one reader.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl From<Wiping> for SecretValue {
    fn from(bytes: Wiping) -> Self {
        Self(bytes)
    }
}

impl core::fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "SecretValue({} bytes)", self.0.len())
    }
}

/// A secret or private key in plaintext, on its way into or (where allowed) out of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyMaterial {
    /// The bytes of a secret key.
    Secret {
        /// What kind of key.
        kind: SecretKeyKind,
        /// The key's bytes.
        value: SecretValue,
    },
    /// An RSA private key.
    RsaPrivate(RsaPrivateParts),
    /// A private key on a named curve.
    EcPrivate {
        /// The curve.
        curve: Curve,
        /// The scalar, big-endian, as long as the curve's order.
        d: SecretValue,
    },
    /// A private key on a curve of Edwards form.
    EdwardsPrivate {
        /// The curve.
        curve: EdwardsCurve,
        /// The seed, as RFC 8032 calls a private key: as long as a public key.
        seed: SecretValue,
    },
}

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// An RSA public key, big-endian, without leading zeros.
    Rsa {
        /// n
        modulus: Vec<u8>,
        /// e
        public_exponent: Vec<u8>,
    },
    /// A public key on a named curve.
    Ec {
        /// The curve.
        curve: Curve,
        /// The uncompressed point: 04 || X || Y.
        point: Vec<u8>,
    },
    /// A public key on a curve of Edwards form.
    Edwards {
        /// The curve.
        curve: EdwardsCurve,
        /// The encoded point (RFC 8032 §5.1.2 and §5.2.2).
        point: Vec<u8>,
    },
}

/// A signature scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignAlgorithm {
    /// RSASSA-PKCS1-v1_5 with a DigestInfo of this hash.
    RsaPkcs1(HashAlgorithm),
    /// RSASSA-PKCS1-v1_5 over bytes the caller has already encoded as DigestInfo.
    RsaPkcs1Raw,
    /// RSASSA-PSS.
    RsaPss {
        /// Message hash.
        hash: HashAlgorithm,
        /// MGF1 hash.
        mgf: HashAlgorithm,
    },
    /// ECDSA over a hash; signatures are DER `ECDSA-Sig-Value`.
    Ecdsa(HashAlgorithm),
    /// ECDSA over a digest of 16 to 64 bytes whose hash the caller does not tell.
    EcdsaRaw,
    /// EdDSA over the message itself, without a context; no digest of it can stand in.
    EdDsa(EdwardsCurve),
}

/// What is to be signed or verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInput<'a> {
    /// The message; it is hashed as the algorithm says.
    Message(&'a [u8]),
    /// The finished hash of the message.
    Digest(&'a [u8]),
}

/// A message authentication code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MacAlgorithm {
    /// HMAC over a hash.
    Hmac(HashAlgorithm),
    /// AES-CMAC.
    AesCmac,
}

/// A key-wrapping mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WrapAlgorithm {
    /// RFC 3394; the key's length must be a multiple of 8.
    AesKeyWrap,
    /// RFC 5649.
    AesKeyWrapPad,
}

impl HashAlgorithm {
    /// Length of the hash in bytes.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 | Self::Ripemd160 => 20,
            Self::Sha224 | Self::Sha512T224 | Self::Sha3T224 => 28,
            Self::Sha256 | Self::Sha512T256 | Self::Sha3T256 => 32,
            Self::Sha384 | Self::Sha3T384 => 48,
            Self::Sha512 | Self::Sha3T512 => 64,
        }
    }
}

impl EdwardsCurve {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Ed25519, Self::Ed448];

    /// Length of a seed and of a public key in bytes; a signature is twice as long.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::Ed25519 => 32,
            Self::Ed448 => 57,
        }
    }
}

impl Curve {
    /// Every curve.
    pub const ALL: [Self; 4] = [Self::P256, Self::P384, Self::P521, Self::Secp256k1];

    /// Length of a coordinate, and of the group's order, in bytes.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::P256 | Self::Secp256k1 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}
