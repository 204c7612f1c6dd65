//! Key material: bytes in some format, or the numbers of a transparent key.
//!
//! Spec: KMIP 1.4 §2.1.7.

use crate::secret::SecretBytes;
use crate::ttlv::{BigInteger, Codec, DecodeError, ItemType, Reader, Value, Writer};
use crate::types::{KeyFormatType, RecommendedCurve, Tag};

kmip_struct! {
    /// A symmetric key.
    pub struct TransparentSymmetricKey {
        /// The key's bytes.
        req Key => key: SecretBytes,
    }
}

kmip_struct! {
    /// A DSA private key.
    pub struct TransparentDsaPrivateKey {
        /// p
        req P => p: BigInteger,
        /// q
        req Q => q: BigInteger,
        /// g
        req G => g: BigInteger,
        /// x
        req X => x: BigInteger,
    }
}

kmip_struct! {
    /// A DSA public key.
    pub struct TransparentDsaPublicKey {
        /// p
        req P => p: BigInteger,
        /// q
        req Q => q: BigInteger,
        /// g
        req G => g: BigInteger,
        /// y
        req Y => y: BigInteger,
    }
}

kmip_struct! {
    /// An RSA private key: d, or P and Q, or both prime exponents must be there.
    pub struct TransparentRsaPrivateKey {
        /// n
        req Modulus => modulus: BigInteger,
        /// d
        opt PrivateExponent => private_exponent: BigInteger,
        /// e
        opt PublicExponent => public_exponent: BigInteger,
        /// p
        opt P => p: BigInteger,
        /// q
        opt Q => q: BigInteger,
        /// d mod (p - 1)
        opt PrimeExponentP => prime_exponent_p: BigInteger,
        /// d mod (q - 1)
        opt PrimeExponentQ => prime_exponent_q: BigInteger,
        /// q^-1 mod p
        opt CRTCoefficient => crt_coefficient: BigInteger,
    }
}

kmip_struct! {
    /// An RSA public key.
    pub struct TransparentRsaPublicKey {
        /// n
        req Modulus => modulus: BigInteger,
        /// e
        req PublicExponent => public_exponent: BigInteger,
    }
}

kmip_struct! {
    /// A Diffie-Hellman private key.
    pub struct TransparentDhPrivateKey {
        /// p
        req P => p: BigInteger,
        /// q
        opt Q => q: BigInteger,
        /// g
        req G => g: BigInteger,
        /// j
        opt J => j: BigInteger,
        /// x
        req X => x: BigInteger,
    }
}

kmip_struct! {
    /// A Diffie-Hellman public key.
    pub struct TransparentDhPublicKey {
        /// p
        req P => p: BigInteger,
        /// q
        opt Q => q: BigInteger,
        /// g
        req G => g: BigInteger,
        /// j
        opt J => j: BigInteger,
        /// y
        req Y => y: BigInteger,
    }
}

kmip_struct! {
    /// A private key on a named curve (EC, ECDSA, ECDH, ECMQV).
    pub struct TransparentEcPrivateKey {
        /// The curve.
        req RecommendedCurve => recommended_curve: RecommendedCurve,
        /// d
        req D => d: BigInteger,
    }
}

kmip_struct! {
    /// A public key on a named curve (EC, ECDSA, ECDH, ECMQV).
    pub struct TransparentEcPublicKey {
        /// The curve.
        req RecommendedCurve => recommended_curve: RecommendedCurve,
        /// Q, as an encoded point.
        req QString => q_string: Vec<u8>,
    }
}

/// Declares the transparent forms, each with the formats that use it.
macro_rules! transparent {
    ($( $variant:ident $type:ident: $( $format:ident )|+ ; )*) => {
        /// The material of a key.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[allow(missing_docs)]
        pub enum KeyMaterial {
            /// Bytes in the format that the key block names.
            Bytes(SecretBytes),
            $( $variant($type), )*
            /// A structure in a format this crate does not know.
            Other(Value),
        }

        impl Codec for KeyMaterial {
            fn encode(&self, tag: Tag, w: &mut Writer) {
                match self {
                    Self::Bytes(bytes) => bytes.encode(tag, w),
                    $( Self::$variant(key) => key.encode(tag, w), )*
                    Self::Other(value) => value.encode(tag, w),
                }
            }

            fn decode(tag: Tag, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
                Self::decode_as(KeyFormatType::Raw, tag, r)
            }
        }

        impl KeyMaterial {
            /// Reads the material of a key block in `format`.
            ///
            /// # Errors
            ///
            /// [`DecodeError`] where it is neither bytes nor the format's structure.
            pub fn decode_as(
                format: KeyFormatType,
                tag: Tag,
                r: &mut Reader<'_>,
            ) -> Result<Self, DecodeError> {
                if r.peek_type() != Some(ItemType::Structure) {
                    return Codec::decode(tag, r).map(Self::Bytes);
                }
                match format {
                    $( $( KeyFormatType::$format )|+ => {
                        Codec::decode(tag, r).map(Self::$variant)
                    } )*
                    _ => Codec::decode(tag, r).map(Self::Other),
                }
            }
        }
    };
}

transparent! {
    Symmetric TransparentSymmetricKey: TransparentSymmetricKey;
    DsaPrivate TransparentDsaPrivateKey: TransparentDSAPrivateKey;
    DsaPublic TransparentDsaPublicKey: TransparentDSAPublicKey;
    RsaPrivate TransparentRsaPrivateKey: TransparentRSAPrivateKey;
    RsaPublic TransparentRsaPublicKey: TransparentRSAPublicKey;
    DhPrivate TransparentDhPrivateKey: TransparentDHPrivateKey;
    DhPublic TransparentDhPublicKey: TransparentDHPublicKey;
    EcPrivate TransparentEcPrivateKey: TransparentECPrivateKey | TransparentECDSAPrivateKey
        | TransparentECDHPrivateKey | TransparentECMQVPrivateKey;
    EcPublic TransparentEcPublicKey: TransparentECPublicKey | TransparentECDSAPublicKey
        | TransparentECDHPublicKey | TransparentECMQVPublicKey;
}

impl KeyMaterial {
    /// The bytes of the non-transparent formats.
    #[must_use]
    pub const fn bytes(&self) -> Option<&SecretBytes> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }
}
