//! Algorithms and their parameters.

kmip_enum! {
    /// Cryptographic Algorithm.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct CryptographicAlgorithm {
        DES = 0x01,
        DES3 = 0x02,
        AES = 0x03,
        RSA = 0x04,
        DSA = 0x05,
        ECDSA = 0x06,
        HMAC_SHA1 = 0x07,
        HMAC_SHA224 = 0x08,
        HMAC_SHA256 = 0x09,
        HMAC_SHA384 = 0x0A,
        HMAC_SHA512 = 0x0B,
        HMAC_MD5 = 0x0C,
        DH = 0x0D,
        ECDH = 0x0E,
        ECMQV = 0x0F,
        Blowfish = 0x10,
        Camellia = 0x11,
        CAST5 = 0x12,
        IDEA = 0x13,
        MARS = 0x14,
        RC2 = 0x15,
        RC4 = 0x16,
        RC5 = 0x17,
        SKIPJACK = 0x18,
        Twofish = 0x19,
        EC = 0x1A since V1_2,
        OneTimePad = 0x1B since V1_3,
        ChaCha20 = 0x1C since V1_4,
        Poly1305 = 0x1D since V1_4,
        ChaCha20Poly1305 = 0x1E since V1_4,
        SHA3_224 = 0x1F since V1_4,
        SHA3_256 = 0x20 since V1_4,
        SHA3_384 = 0x21 since V1_4,
        SHA3_512 = 0x22 since V1_4,
        HMAC_SHA3_224 = 0x23 since V1_4,
        HMAC_SHA3_256 = 0x24 since V1_4,
        HMAC_SHA3_384 = 0x25 since V1_4,
        HMAC_SHA3_512 = 0x26 since V1_4,
        SHAKE_128 = 0x27 since V1_4,
        SHAKE_256 = 0x28 since V1_4,
        Ed25519 = 0x37 since V2_0,
        Ed448 = 0x38 since V2_0,
    }
}

kmip_enum! {
    /// Block Cipher Mode.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct BlockCipherMode {
        CBC = 0x01,
        ECB = 0x02,
        PCBC = 0x03,
        CFB = 0x04,
        OFB = 0x05,
        CTR = 0x06,
        CMAC = 0x07,
        CCM = 0x08,
        GCM = 0x09,
        CBC_MAC = 0x0A,
        XTS = 0x0B,
        AESKeyWrapPadding = 0x0C,
        NISTKeyWrap = 0x0D,
        X9_102AESKW = 0x0E,
        X9_102TDKW = 0x0F,
        X9_102AKW1 = 0x10,
        X9_102AKW2 = 0x11,
        AEAD = 0x12 since V1_4,
    }
}

kmip_enum! {
    /// Padding Method.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct PaddingMethod {
        None = 0x01,
        OAEP = 0x02,
        PKCS5 = 0x03,
        SSL3 = 0x04,
        Zeros = 0x05,
        ANSIX9_23 = 0x06,
        ISO10126 = 0x07,
        PKCS1V1_5 = 0x08,
        X9_31 = 0x09,
        PSS = 0x0A,
    }
}

kmip_enum! {
    /// Hashing Algorithm.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct HashingAlgorithm {
        MD2 = 0x01,
        MD4 = 0x02,
        MD5 = 0x03,
        SHA_1 = 0x04,
        SHA_224 = 0x05,
        SHA_256 = 0x06,
        SHA_384 = 0x07,
        SHA_512 = 0x08,
        RIPEMD_160 = 0x09,
        Tiger = 0x0A,
        Whirlpool = 0x0B,
        SHA_512_224 = 0x0C since V1_2,
        SHA_512_256 = 0x0D since V1_2,
        SHA_3_224 = 0x0E since V1_4,
        SHA_3_256 = 0x0F since V1_4,
        SHA_3_384 = 0x10 since V1_4,
        SHA_3_512 = 0x11 since V1_4,
    }
}

kmip_enum! {
    /// Digital Signature Algorithm.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct DigitalSignatureAlgorithm {
        MD2WithRSAEncryptionPKCS_1V1_5 = 0x01 since V1_1,
        MD5WithRSAEncryptionPKCS_1V1_5 = 0x02 since V1_1,
        SHA_1WithRSAEncryptionPKCS_1V1_5 = 0x03 since V1_1,
        SHA_224WithRSAEncryptionPKCS_1V1_5 = 0x04 since V1_1,
        SHA_256WithRSAEncryptionPKCS_1V1_5 = 0x05 since V1_1,
        SHA_384WithRSAEncryptionPKCS_1V1_5 = 0x06 since V1_1,
        SHA_512WithRSAEncryptionPKCS_1V1_5 = 0x07 since V1_1,
        RSASSA_PSSPKCS_1V2_1 = 0x08 since V1_1,
        DSAWithSHA_1 = 0x09 since V1_1,
        DSAWithSHA224 = 0x0A since V1_1,
        DSAWithSHA256 = 0x0B since V1_1,
        ECDSAWithSHA_1 = 0x0C since V1_1,
        ECDSAWithSHA224 = 0x0D since V1_1,
        ECDSAWithSHA256 = 0x0E since V1_1,
        ECDSAWithSHA384 = 0x0F since V1_1,
        ECDSAWithSHA512 = 0x10 since V1_1,
        SHA3_256WithRSAEncryption = 0x11 since V1_4,
        SHA3_384WithRSAEncryption = 0x12 since V1_4,
        SHA3_512WithRSAEncryption = 0x13 since V1_4,
    }
}

kmip_enum! {
    /// Mask Generator.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct MaskGenerator {
        MGF1 = 0x01 since V1_4,
    }
}

kmip_enum! {
    /// Derivation Method.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct DerivationMethod {
        PBKDF2 = 0x01,
        HASH = 0x02,
        HMAC = 0x03,
        ENCRYPT = 0x04,
        NIST800_108_C = 0x05,
        NIST800_108_F = 0x06,
        NIST800_108_DPI = 0x07,
        AsymmetricKey = 0x08 since V1_4,
    }
}

kmip_enum! {
    /// Split Key Method.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct SplitKeyMethod {
        XOR = 0x01,
        PolynomialSharingGF2_16 = 0x02,
        PolynomialSharingPrimeField = 0x03,
        PolynomialSharingGF2_8 = 0x04 since V1_2,
    }
}

kmip_enum! {
    /// RNGAlgorithm.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct RNGAlgorithm {
        Unspecified = 0x01 since V1_3,
        FIPS186_2 = 0x02 since V1_3,
        DRBG = 0x03 since V1_3,
        NRBG = 0x04 since V1_3,
        ANSIX9_31 = 0x05 since V1_3,
        ANSIX9_62 = 0x06 since V1_3,
    }
}

kmip_enum! {
    /// DRBGAlgorithm.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct DRBGAlgorithm {
        Unspecified = 0x01 since V1_3,
        Dual_EC = 0x02 since V1_3,
        Hash = 0x03 since V1_3,
        HMAC = 0x04 since V1_3,
        CTR = 0x05 since V1_3,
    }
}

kmip_enum! {
    /// FIPS186 Variation.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct FIPS186Variation {
        Unspecified = 0x01 since V1_3,
        GPXOriginal = 0x02 since V1_3,
        GPXChangeNotice = 0x03 since V1_3,
        XOriginal = 0x04 since V1_3,
        XChangeNotice = 0x05 since V1_3,
        KOriginal = 0x06 since V1_3,
        KChangeNotice = 0x07 since V1_3,
    }
}

kmip_enum! {
    /// RNGMode.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct RNGMode {
        Unspecified = 0x01 since V1_3,
        SharedInstantiation = 0x02 since V1_3,
        NonSharedInstantiation = 0x03 since V1_3,
    }
}
