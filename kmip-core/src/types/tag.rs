//! The tags.

use super::ProtocolVersion;

/// A three-byte TTLV tag.
///
/// Spec: KMIP 1.4 §9.1.3.1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(pub u32);

/// One line of the tag table.
#[derive(Clone, Copy, Debug)]
pub struct TagEntry {
    /// The tag.
    pub tag: Tag,
    /// Its name in the XML spelling.
    pub name: &'static str,
    /// The first version that has it.
    pub since: ProtocolVersion,
}

/// Declares the tags; the name is the XML spelling.
macro_rules! tags {
    ($( $since:ident { $( $name:ident = $value:literal ),* $(,)? } )*) => {
        #[allow(non_upper_case_globals, missing_docs)]
        impl Tag {
            $($( pub const $name: Self = Self($value); )*)*
        }

        /// Every tag of KMIP 1.4, in numeric order.
        pub const TAGS: &[TagEntry] = &[ $($( TagEntry {
            tag: Tag($value),
            name: stringify!($name),
            since: ProtocolVersion::$since,
        }, )*)* ];
    };
}

impl Tag {
    /// The line of the table, if the specification has this tag.
    #[must_use]
    pub fn entry(self) -> Option<&'static TagEntry> {
        // The table is dense but for a few holes: sorted by number.
        TAGS.binary_search_by_key(&self, |entry| entry.tag).ok().and_then(|at| TAGS.get(at))
    }

    /// The XML spelling, if the specification has this tag.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        self.entry().map(|entry| entry.name)
    }

    /// The tag spelled `name`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        TAGS.iter().find(|entry| entry.name == name).map(|entry| entry.tag)
    }
}

impl core::fmt::Debug for Tag {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "0x{:06X}", self.0),
        }
    }
}

tags! {
    V1_0 {
        ActivationDate = 0x42_0001,
        ApplicationData = 0x42_0002,
        ApplicationNamespace = 0x42_0003,
        ApplicationSpecificInformation = 0x42_0004,
        ArchiveDate = 0x42_0005,
        AsynchronousCorrelationValue = 0x42_0006,
        AsynchronousIndicator = 0x42_0007,
        Attribute = 0x42_0008,
        AttributeIndex = 0x42_0009,
        AttributeName = 0x42_000A,
        AttributeValue = 0x42_000B,
        Authentication = 0x42_000C,
        BatchCount = 0x42_000D,
        BatchErrorContinuationOption = 0x42_000E,
        BatchItem = 0x42_000F,
        BatchOrderOption = 0x42_0010,
        BlockCipherMode = 0x42_0011,
        CancellationResult = 0x42_0012,
        Certificate = 0x42_0013,
        CertificateIdentifier = 0x42_0014,
        CertificateIssuer = 0x42_0015,
        CertificateIssuerAlternativeName = 0x42_0016,
        CertificateIssuerDistinguishedName = 0x42_0017,
        CertificateRequest = 0x42_0018,
        CertificateRequestType = 0x42_0019,
        CertificateSubject = 0x42_001A,
        CertificateSubjectAlternativeName = 0x42_001B,
        CertificateSubjectDistinguishedName = 0x42_001C,
        CertificateType = 0x42_001D,
        CertificateValue = 0x42_001E,
        CommonTemplateAttribute = 0x42_001F,
        CompromiseDate = 0x42_0020,
        CompromiseOccurrenceDate = 0x42_0021,
        ContactInformation = 0x42_0022,
        Credential = 0x42_0023,
        CredentialType = 0x42_0024,
        CredentialValue = 0x42_0025,
        CriticalityIndicator = 0x42_0026,
        CRTCoefficient = 0x42_0027,
        CryptographicAlgorithm = 0x42_0028,
        CryptographicDomainParameters = 0x42_0029,
        CryptographicLength = 0x42_002A,
        CryptographicParameters = 0x42_002B,
        CryptographicUsageMask = 0x42_002C,
        CustomAttribute = 0x42_002D,
        D = 0x42_002E,
        DeactivationDate = 0x42_002F,
        DerivationData = 0x42_0030,
        DerivationMethod = 0x42_0031,
        DerivationParameters = 0x42_0032,
        DestroyDate = 0x42_0033,
        Digest = 0x42_0034,
        DigestValue = 0x42_0035,
        EncryptionKeyInformation = 0x42_0036,
        G = 0x42_0037,
        HashingAlgorithm = 0x42_0038,
        InitialDate = 0x42_0039,
        InitializationVector = 0x42_003A,
        Issuer = 0x42_003B,
        IterationCount = 0x42_003C,
        IVCounterNonce = 0x42_003D,
        J = 0x42_003E,
        Key = 0x42_003F,
        KeyBlock = 0x42_0040,
        KeyCompressionType = 0x42_0041,
        KeyFormatType = 0x42_0042,
        KeyMaterial = 0x42_0043,
        KeyPartIdentifier = 0x42_0044,
        KeyValue = 0x42_0045,
        KeyWrappingData = 0x42_0046,
        KeyWrappingSpecification = 0x42_0047,
        LastChangeDate = 0x42_0048,
        LeaseTime = 0x42_0049,
        Link = 0x42_004A,
        LinkType = 0x42_004B,
        LinkedObjectIdentifier = 0x42_004C,
        MACSignature = 0x42_004D,
        MACSignatureKeyInformation = 0x42_004E,
        MaximumItems = 0x42_004F,
        MaximumResponseSize = 0x42_0050,
        MessageExtension = 0x42_0051,
        Modulus = 0x42_0052,
        Name = 0x42_0053,
        NameType = 0x42_0054,
        NameValue = 0x42_0055,
        ObjectGroup = 0x42_0056,
        ObjectType = 0x42_0057,
        Offset = 0x42_0058,
        OpaqueDataType = 0x42_0059,
        OpaqueDataValue = 0x42_005A,
        OpaqueObject = 0x42_005B,
        Operation = 0x42_005C,
        OperationPolicyName = 0x42_005D,
        P = 0x42_005E,
        PaddingMethod = 0x42_005F,
        PrimeExponentP = 0x42_0060,
        PrimeExponentQ = 0x42_0061,
        PrimeFieldSize = 0x42_0062,
        PrivateExponent = 0x42_0063,
        PrivateKey = 0x42_0064,
        PrivateKeyTemplateAttribute = 0x42_0065,
        PrivateKeyUniqueIdentifier = 0x42_0066,
        ProcessStartDate = 0x42_0067,
        ProtectStopDate = 0x42_0068,
        ProtocolVersion = 0x42_0069,
        ProtocolVersionMajor = 0x42_006A,
        ProtocolVersionMinor = 0x42_006B,
        PublicExponent = 0x42_006C,
        PublicKey = 0x42_006D,
        PublicKeyTemplateAttribute = 0x42_006E,
        PublicKeyUniqueIdentifier = 0x42_006F,
        PutFunction = 0x42_0070,
        Q = 0x42_0071,
        QString = 0x42_0072,
        Qlength = 0x42_0073,
        QueryFunction = 0x42_0074,
        RecommendedCurve = 0x42_0075,
        ReplacedUniqueIdentifier = 0x42_0076,
        RequestHeader = 0x42_0077,
        RequestMessage = 0x42_0078,
        RequestPayload = 0x42_0079,
        ResponseHeader = 0x42_007A,
        ResponseMessage = 0x42_007B,
        ResponsePayload = 0x42_007C,
        ResultMessage = 0x42_007D,
        ResultReason = 0x42_007E,
        ResultStatus = 0x42_007F,
        RevocationMessage = 0x42_0080,
        RevocationReason = 0x42_0081,
        RevocationReasonCode = 0x42_0082,
        KeyRoleType = 0x42_0083,
        Salt = 0x42_0084,
        SecretData = 0x42_0085,
        SecretDataType = 0x42_0086,
        SerialNumber = 0x42_0087,
        ServerInformation = 0x42_0088,
        SplitKey = 0x42_0089,
        SplitKeyMethod = 0x42_008A,
        SplitKeyParts = 0x42_008B,
        SplitKeyThreshold = 0x42_008C,
        State = 0x42_008D,
        StorageStatusMask = 0x42_008E,
        SymmetricKey = 0x42_008F,
        Template = 0x42_0090,
        TemplateAttribute = 0x42_0091,
        TimeStamp = 0x42_0092,
        UniqueBatchItemID = 0x42_0093,
        UniqueIdentifier = 0x42_0094,
        UsageLimits = 0x42_0095,
        UsageLimitsCount = 0x42_0096,
        UsageLimitsTotal = 0x42_0097,
        UsageLimitsUnit = 0x42_0098,
        Username = 0x42_0099,
        ValidityDate = 0x42_009A,
        ValidityIndicator = 0x42_009B,
        VendorExtension = 0x42_009C,
        VendorIdentification = 0x42_009D,
        WrappingMethod = 0x42_009E,
        X = 0x42_009F,
        Y = 0x42_00A0,
        Password = 0x42_00A1,
    }
    V1_1 {
        DeviceIdentifier = 0x42_00A2,
        EncodingOption = 0x42_00A3,
        ExtensionInformation = 0x42_00A4,
        ExtensionName = 0x42_00A5,
        ExtensionTag = 0x42_00A6,
        ExtensionType = 0x42_00A7,
        Fresh = 0x42_00A8,
        MachineIdentifier = 0x42_00A9,
        MediaIdentifier = 0x42_00AA,
        NetworkIdentifier = 0x42_00AB,
        ObjectGroupMember = 0x42_00AC,
        CertificateLength = 0x42_00AD,
        DigitalSignatureAlgorithm = 0x42_00AE,
        CertificateSerialNumber = 0x42_00AF,
        DeviceSerialNumber = 0x42_00B0,
        IssuerAlternativeName = 0x42_00B1,
        IssuerDistinguishedName = 0x42_00B2,
        SubjectAlternativeName = 0x42_00B3,
        SubjectDistinguishedName = 0x42_00B4,
        X_509CertificateIdentifier = 0x42_00B5,
        X_509CertificateIssuer = 0x42_00B6,
        X_509CertificateSubject = 0x42_00B7,
    }
    V1_2 {
        KeyValueLocation = 0x42_00B8,
        KeyValueLocationValue = 0x42_00B9,
        KeyValueLocationType = 0x42_00BA,
        KeyValuePresent = 0x42_00BB,
        OriginalCreationDate = 0x42_00BC,
        PGPKey = 0x42_00BD,
        PGPKeyVersion = 0x42_00BE,
        AlternativeName = 0x42_00BF,
        AlternativeNameValue = 0x42_00C0,
        AlternativeNameType = 0x42_00C1,
        Data = 0x42_00C2,
        SignatureData = 0x42_00C3,
        DataLength = 0x42_00C4,
        RandomIV = 0x42_00C5,
        MACData = 0x42_00C6,
        AttestationType = 0x42_00C7,
        Nonce = 0x42_00C8,
        NonceID = 0x42_00C9,
        NonceValue = 0x42_00CA,
        AttestationMeasurement = 0x42_00CB,
        AttestationAssertion = 0x42_00CC,
        IVLength = 0x42_00CD,
        TagLength = 0x42_00CE,
        FixedFieldLength = 0x42_00CF,
        CounterLength = 0x42_00D0,
        InitialCounterValue = 0x42_00D1,
        InvocationFieldLength = 0x42_00D2,
        AttestationCapableIndicator = 0x42_00D3,
    }
    V1_3 {
        OffsetItems = 0x42_00D4,
        LocatedItems = 0x42_00D5,
        CorrelationValue = 0x42_00D6,
        InitIndicator = 0x42_00D7,
        FinalIndicator = 0x42_00D8,
        RNGParameters = 0x42_00D9,
        RNGAlgorithm = 0x42_00DA,
        DRBGAlgorithm = 0x42_00DB,
        FIPS186Variation = 0x42_00DC,
        PredictionResistance = 0x42_00DD,
        RandomNumberGenerator = 0x42_00DE,
        ValidationInformation = 0x42_00DF,
        ValidationAuthorityType = 0x42_00E0,
        ValidationAuthorityCountry = 0x42_00E1,
        ValidationAuthorityURI = 0x42_00E2,
        ValidationVersionMajor = 0x42_00E3,
        ValidationVersionMinor = 0x42_00E4,
        ValidationType = 0x42_00E5,
        ValidationLevel = 0x42_00E6,
        ValidationCertificateIdentifier = 0x42_00E7,
        ValidationCertificateURI = 0x42_00E8,
        ValidationVendorURI = 0x42_00E9,
        ValidationProfile = 0x42_00EA,
        ProfileInformation = 0x42_00EB,
        ProfileName = 0x42_00EC,
        ServerURI = 0x42_00ED,
        ServerPort = 0x42_00EE,
        StreamingCapability = 0x42_00EF,
        AsynchronousCapability = 0x42_00F0,
        AttestationCapability = 0x42_00F1,
        UnwrapMode = 0x42_00F2,
        DestroyAction = 0x42_00F3,
        ShreddingAlgorithm = 0x42_00F4,
        RNGMode = 0x42_00F5,
        ClientRegistrationMethod = 0x42_00F6,
        CapabilityInformation = 0x42_00F7,
    }
    V1_4 {
        KeyWrapType = 0x42_00F8,
        BatchUndoCapability = 0x42_00F9,
        BatchContinueCapability = 0x42_00FA,
        PKCS_12FriendlyName = 0x42_00FB,
        Description = 0x42_00FC,
        Comment = 0x42_00FD,
        AuthenticatedEncryptionAdditionalData = 0x42_00FE,
        AuthenticatedEncryptionTag = 0x42_00FF,
        SaltLength = 0x42_0100,
        MaskGenerator = 0x42_0101,
        MaskGeneratorHashingAlgorithm = 0x42_0102,
        PSource = 0x42_0103,
        TrailerField = 0x42_0104,
        ClientCorrelationValue = 0x42_0105,
        ServerCorrelationValue = 0x42_0106,
        DigestedData = 0x42_0107,
        CertificateSubjectCN = 0x42_0108,
        CertificateSubjectO = 0x42_0109,
        CertificateSubjectOU = 0x42_010A,
        CertificateSubjectEmail = 0x42_010B,
        CertificateSubjectC = 0x42_010C,
        CertificateSubjectST = 0x42_010D,
        CertificateSubjectL = 0x42_010E,
        CertificateSubjectUID = 0x42_010F,
        CertificateSubjectSerialNumber = 0x42_0110,
        CertificateSubjectTitle = 0x42_0111,
        CertificateSubjectDC = 0x42_0112,
        CertificateSubjectDNQualifier = 0x42_0113,
        CertificateIssuerCN = 0x42_0114,
        CertificateIssuerO = 0x42_0115,
        CertificateIssuerOU = 0x42_0116,
        CertificateIssuerEmail = 0x42_0117,
        CertificateIssuerC = 0x42_0118,
        CertificateIssuerST = 0x42_0119,
        CertificateIssuerL = 0x42_011A,
        CertificateIssuerUID = 0x42_011B,
        CertificateIssuerSerialNumber = 0x42_011C,
        CertificateIssuerTitle = 0x42_011D,
        CertificateIssuerDC = 0x42_011E,
        CertificateIssuerDNQualifier = 0x42_011F,
        Sensitive = 0x42_0120,
        AlwaysSensitive = 0x42_0121,
        Extractable = 0x42_0122,
        NeverExtractable = 0x42_0123,
        ReplaceExisting = 0x42_0124,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_sorted_and_unique() {
        assert!(TAGS.windows(2).all(|pair| pair[0].tag < pair[1].tag));
    }

    #[test]
    fn tag_is_found_by_number_and_by_name() {
        assert_eq!(Tag(0x42_0094).name(), Some("UniqueIdentifier"));
        assert_eq!(Tag::named("UniqueIdentifier"), Some(Tag::UniqueIdentifier));
    }
}
