//! Objects, their formats and links.

kmip_enum! {
    /// Object Type.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct ObjectType {
        Certificate = 0x01,
        SymmetricKey = 0x02,
        PublicKey = 0x03,
        PrivateKey = 0x04,
        SplitKey = 0x05,
        Template = 0x06,
        SecretData = 0x07,
        OpaqueObject = 0x08,
        PGPKey = 0x09 since V1_2,
    }
}

kmip_enum! {
    /// Key Format Type.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct KeyFormatType {
        Raw = 0x01,
        Opaque = 0x02,
        PKCS_1 = 0x03,
        PKCS_8 = 0x04,
        X_509 = 0x05,
        ECPrivateKey = 0x06,
        TransparentSymmetricKey = 0x07,
        TransparentDSAPrivateKey = 0x08,
        TransparentDSAPublicKey = 0x09,
        TransparentRSAPrivateKey = 0x0A,
        TransparentRSAPublicKey = 0x0B,
        TransparentDHPrivateKey = 0x0C,
        TransparentDHPublicKey = 0x0D,
        TransparentECDSAPrivateKey = 0x0E,
        TransparentECDSAPublicKey = 0x0F,
        TransparentECDHPrivateKey = 0x10,
        TransparentECDHPublicKey = 0x11,
        TransparentECMQVPrivateKey = 0x12,
        TransparentECMQVPublicKey = 0x13,
        TransparentECPrivateKey = 0x14 since V1_3,
        TransparentECPublicKey = 0x15 since V1_3,
        PKCS_12 = 0x16 since V1_4,
    }
}

kmip_enum! {
    /// Key Compression Type.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct KeyCompressionType {
        ECPublicKeyTypeUncompressed = 0x01,
        ECPublicKeyTypeX9_62CompressedPrime = 0x02,
        ECPublicKeyTypeX9_62CompressedChar2 = 0x03,
        ECPublicKeyTypeX9_62Hybrid = 0x04,
    }
}

kmip_enum! {
    /// Key Wrap Type.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct KeyWrapType {
        NotWrapped = 0x01 since V1_4,
        AsRegistered = 0x02 since V1_4,
    }
}

kmip_enum! {
    /// Key Role Type.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct KeyRoleType {
        BDK = 0x01,
        CVK = 0x02,
        DEK = 0x03,
        MKAC = 0x04,
        MKSMC = 0x05,
        MKSMI = 0x06,
        MKDAC = 0x07,
        MKDN = 0x08,
        MKCP = 0x09,
        MKOTH = 0x0A,
        KEK = 0x0B,
        MAC16609 = 0x0C,
        MAC97971 = 0x0D,
        MAC97972 = 0x0E,
        MAC97973 = 0x0F,
        MAC97974 = 0x10,
        MAC97975 = 0x11,
        ZPK = 0x12,
        PVKIBM = 0x13,
        PVKPVV = 0x14,
        PVKOTH = 0x15,
        DUKPT = 0x16 since V1_4,
        IV = 0x17 since V1_4,
        TRKBK = 0x18 since V1_4,
    }
}

kmip_enum! {
    /// Secret Data Type.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct SecretDataType {
        Password = 0x01,
        Seed = 0x02,
    }
}

kmip_enum! {
    /// Certificate Type.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct CertificateType {
        X_509 = 0x01,
        PGP = 0x02,
    }
}

kmip_enum! {
    /// Certificate Request Type.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct CertificateRequestType {
        CRMF = 0x01,
        PKCS_10 = 0x02,
        PEM = 0x03,
        PGP = 0x04,
    }
}

kmip_enum! {
    /// Link Type.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct LinkType {
        CertificateLink = 0x101,
        PublicKeyLink = 0x102,
        PrivateKeyLink = 0x103,
        DerivationBaseObjectLink = 0x104,
        DerivedKeyLink = 0x105,
        ReplacementObjectLink = 0x106,
        ReplacedObjectLink = 0x107,
        ParentLink = 0x108 since V1_2,
        ChildLink = 0x109 since V1_2,
        PreviousLink = 0x10A since V1_2,
        NextLink = 0x10B since V1_2,
        PKCS_12CertificateLink = 0x10C since V1_4,
        PKCS_12PasswordLink = 0x10D since V1_4,
    }
}

kmip_enum! {
    /// Name Type.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct NameType {
        UninterpretedTextString = 0x01,
        URI = 0x02,
    }
}

kmip_enum! {
    /// Alternative Name Type.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct AlternativeNameType {
        UninterpretedTextString = 0x01 since V1_2,
        URI = 0x02 since V1_2,
        ObjectSerialNumber = 0x03 since V1_2,
        EmailAddress = 0x04 since V1_2,
        DNSName = 0x05 since V1_2,
        X_500DistinguishedName = 0x06 since V1_2,
        IPAddress = 0x07 since V1_2,
    }
}

kmip_enum! {
    /// Key Value Location Type.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct KeyValueLocationType {
        UninterpretedTextString = 0x01 since V1_2,
        URI = 0x02 since V1_2,
    }
}

kmip_enum! {
    /// Wrapping Method.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct WrappingMethod {
        Encrypt = 0x01,
        MACSign = 0x02,
        EncryptThenMACSign = 0x03,
        MACSignThenEncrypt = 0x04,
        TR_31 = 0x05,
    }
}

kmip_enum! {
    /// Encoding Option.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct EncodingOption {
        NoEncoding = 0x01 since V1_1,
        TTLVEncoding = 0x02 since V1_1,
    }
}

kmip_enum! {
    /// Object Group Member.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct ObjectGroupMember {
        GroupMemberFresh = 0x01 since V1_1,
        GroupMemberDefault = 0x02 since V1_1,
    }
}

kmip_mask! {
    /// Storage Status Mask.
    ///
    /// Spec: KMIP 1.4 §9.1.3.3.
    pub struct StorageStatusMask {
        OnLineStorage = 0x01,
        ArchivalStorage = 0x02,
    }
}

kmip_mask! {
    /// Cryptographic Usage Mask.
    ///
    /// Spec: KMIP 1.4 §9.1.3.3.
    pub struct CryptographicUsageMask {
        Sign = 0x01,
        Verify = 0x02,
        Encrypt = 0x04,
        Decrypt = 0x08,
        WrapKey = 0x10,
        UnwrapKey = 0x20,
        Export = 0x40,
        MACGenerate = 0x80,
        MACVerify = 0x100,
        DeriveKey = 0x200,
        ContentCommitmentNonRepudiation = 0x400,
        KeyAgreement = 0x800,
        CertificateSign = 0x1000,
        CRLSign = 0x2000,
        GenerateCryptogram = 0x4000,
        ValidateCryptogram = 0x8000,
        TranslateEncrypt = 0x1_0000,
        TranslateDecrypt = 0x2_0000,
        TranslateWrap = 0x4_0000,
        TranslateUnwrap = 0x8_0000,
    }
}

kmip_enum! {
    /// Usage Limits Unit.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct UsageLimitsUnit {
        Byte = 0x01,
        Object = 0x02,
    }
}
