//! The structures that attributes carry.

use crate::types::{
    AlternativeNameType, BlockCipherMode, CryptographicAlgorithm, DRBGAlgorithm,
    DigitalSignatureAlgorithm, FIPS186Variation, HashingAlgorithm, KeyFormatType, KeyRoleType,
    KeyValueLocationType, LinkType, MaskGenerator, NameType, PaddingMethod, RNGAlgorithm,
    RecommendedCurve, RevocationReasonCode, UsageLimitsUnit,
};

use super::UniqueIdentifier;

kmip_struct! {
    /// A name. Spec: KMIP 1.4 §3.2.
    pub struct Name {
        /// The name.
        req NameValue => name_value: String,
        /// Text or URI.
        req NameType => name_type: NameType,
    }
}

kmip_struct! {
    /// Parameters of a cryptographic operation. Spec: KMIP 1.4 §3.6.
    pub struct CryptographicParameters {
        /// Mode of a block cipher.
        opt BlockCipherMode => block_cipher_mode: BlockCipherMode,
        /// Padding.
        opt PaddingMethod => padding_method: PaddingMethod,
        /// Hash.
        opt HashingAlgorithm => hashing_algorithm: HashingAlgorithm,
        /// Role of the key.
        opt KeyRoleType => key_role_type: KeyRoleType,
        /// Signature scheme with its hash.
        opt DigitalSignatureAlgorithm
            => digital_signature_algorithm: DigitalSignatureAlgorithm [since V1_2],
        /// Algorithm.
        opt CryptographicAlgorithm => cryptographic_algorithm: CryptographicAlgorithm [since V1_2],
        /// Whether the server makes the IV.
        opt RandomIV => random_iv: bool [since V1_2],
        /// Length of the IV; bits in the text of the specification, bytes in practice.
        opt IVLength => iv_length: i32 [since V1_2],
        /// Length of the authentication tag in bytes.
        opt TagLength => tag_length: i32 [since V1_2],
        /// Length of the fixed field of a constructed IV, in bits.
        opt FixedFieldLength => fixed_field_length: i32 [since V1_2],
        /// Length of the invocation field of a constructed IV, in bits.
        opt InvocationFieldLength => invocation_field_length: i32 [since V1_2],
        /// Length of the counter, in bits.
        opt CounterLength => counter_length: i32 [since V1_2],
        /// First value of the counter.
        opt InitialCounterValue => initial_counter_value: i32 [since V1_2],
        /// Length of the PSS salt in bytes.
        opt SaltLength => salt_length: i32 [since V1_4],
        /// Mask generation function.
        opt MaskGenerator => mask_generator: MaskGenerator [since V1_4],
        /// Hash of the mask generation function.
        opt MaskGeneratorHashingAlgorithm
            => mask_generator_hashing_algorithm: HashingAlgorithm [since V1_4],
        /// OAEP label.
        opt PSource => p_source: Vec<u8> [since V1_4],
        /// PSS trailer field.
        opt TrailerField => trailer_field: i32 [since V1_4],
    }
}

kmip_struct! {
    /// Domain of an asymmetric key. Spec: KMIP 1.4 §3.7.
    pub struct CryptographicDomainParameters {
        /// Length of Q, in bits.
        opt Qlength => q_length: i32,
        /// The curve.
        opt RecommendedCurve => recommended_curve: RecommendedCurve,
    }
}

kmip_struct! {
    /// Serial number and issuer of an X.509 certificate, in DER. Spec: KMIP 1.4 §3.10.
    pub struct X509CertificateIdentifier {
        /// Issuer's distinguished name.
        req IssuerDistinguishedName => issuer_distinguished_name: Vec<u8>,
        /// Serial number.
        req CertificateSerialNumber => certificate_serial_number: Vec<u8>,
    }
}

kmip_struct! {
    /// Subject of an X.509 certificate, in DER. Spec: KMIP 1.4 §3.11.
    pub struct X509CertificateSubject {
        /// Distinguished name.
        req SubjectDistinguishedName => subject_distinguished_name: Vec<u8>,
        /// Alternative names.
        many SubjectAlternativeName => subject_alternative_names: Vec<u8>,
    }
}

kmip_struct! {
    /// Issuer of an X.509 certificate, in DER. Spec: KMIP 1.4 §3.12.
    pub struct X509CertificateIssuer {
        /// Distinguished name.
        req IssuerDistinguishedName => issuer_distinguished_name: Vec<u8>,
        /// Alternative names.
        many IssuerAlternativeName => issuer_alternative_names: Vec<u8>,
    }
}

kmip_struct! {
    /// Serial number and issuer as text; deprecated. Spec: KMIP 1.4 §3.13.
    pub struct CertificateIdentifier {
        /// Issuer.
        req Issuer => issuer: String,
        /// Serial number.
        opt SerialNumber => serial_number: String,
    }
}

kmip_struct! {
    /// Subject as text; deprecated. Spec: KMIP 1.4 §3.14.
    pub struct CertificateSubject {
        /// Distinguished name.
        req CertificateSubjectDistinguishedName => distinguished_name: String,
        /// Alternative names.
        many CertificateSubjectAlternativeName => alternative_names: String,
    }
}

kmip_struct! {
    /// Issuer as text; deprecated. Spec: KMIP 1.4 §3.15.
    pub struct CertificateIssuer {
        /// Distinguished name.
        req CertificateIssuerDistinguishedName => distinguished_name: String,
        /// Alternative names.
        many CertificateIssuerAlternativeName => alternative_names: String,
    }
}

kmip_struct! {
    /// Hash of an object's value. Spec: KMIP 1.4 §3.17.
    pub struct Digest {
        /// Which hash.
        req HashingAlgorithm => hashing_algorithm: HashingAlgorithm,
        /// The hash.
        opt DigestValue => digest_value: Vec<u8>,
        /// Format of the value that was hashed.
        opt KeyFormatType => key_format_type: KeyFormatType [since V1_1],
    }
}

kmip_struct! {
    /// How often a key may be used. Spec: KMIP 1.4 §3.21.
    pub struct UsageLimits {
        /// Allowed in all.
        req UsageLimitsTotal => total: i64,
        /// Left.
        opt UsageLimitsCount => count: i64,
        /// Bytes or objects.
        req UsageLimitsUnit => unit: UsageLimitsUnit,
    }
}

kmip_struct! {
    /// Why an object was revoked. Spec: KMIP 1.4 §3.31.
    pub struct RevocationReason {
        /// The reason.
        req RevocationReasonCode => code: RevocationReasonCode,
        /// In words.
        opt RevocationMessage => message: String,
    }
}

kmip_struct! {
    /// Relation to another object. Spec: KMIP 1.4 §3.35.
    pub struct Link {
        /// What the other object is to this one.
        req LinkType => link_type: LinkType,
        /// The other object.
        req LinkedObjectIdentifier => linked_object_identifier: UniqueIdentifier,
    }
}

kmip_struct! {
    /// Data of the application that owns the object. Spec: KMIP 1.4 §3.36.
    pub struct ApplicationSpecificInformation {
        /// Name space.
        req ApplicationNamespace => application_namespace: String,
        /// Data; absent asks the server to make it.
        opt ApplicationData => application_data: String,
    }
}

kmip_struct! {
    /// Another name. Spec: KMIP 1.4 §3.40.
    pub struct AlternativeName {
        /// The name.
        req AlternativeNameValue => value: String,
        /// What kind of name.
        req AlternativeNameType => name_type: AlternativeNameType,
    }
}

kmip_struct! {
    /// Where the key value of a metadata-only object is. Spec: KMIP 1.4 §3.42.
    pub struct KeyValueLocation {
        /// The place.
        req KeyValueLocationValue => value: String,
        /// Text or URI.
        req KeyValueLocationType => location_type: KeyValueLocationType,
    }
}

kmip_struct! {
    /// A random number generator. Spec: KMIP 1.4 §2.1.18.
    pub struct RNGParameters {
        /// Kind of generator.
        req RNGAlgorithm => rng_algorithm: RNGAlgorithm,
        /// Its cipher.
        opt CryptographicAlgorithm => cryptographic_algorithm: CryptographicAlgorithm,
        /// Its key length in bits.
        opt CryptographicLength => cryptographic_length: i32,
        /// Its hash.
        opt HashingAlgorithm => hashing_algorithm: HashingAlgorithm,
        /// Its construction.
        opt DRBGAlgorithm => drbg_algorithm: DRBGAlgorithm,
        /// Its curve.
        opt RecommendedCurve => recommended_curve: RecommendedCurve,
        /// Its FIPS 186 variation.
        opt FIPS186Variation => fips186_variation: FIPS186Variation,
        /// Whether it is prediction resistant.
        opt PredictionResistance => prediction_resistance: bool,
    }
}
